//! The kill test: the real binary under load is killed at random moments, and nothing that it acknowledged is lost or torn.
//!
//! `CAUSEWAY_KILL_ROUNDS` and `CAUSEWAY_KILL_SEED` set how often and by which moments; docs/reliability.md has the command.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

use std::future::pending;
use std::process::Stdio;
use std::time::{Duration, Instant};

use causeway_client::Client;
use causeway_store::SledStore;
use fastrand::Rng;
use tokio::time::timeout;

use crate::ahead::Ahead;
use crate::harness::setting;
use crate::load::{self, SharedLedger, lock};

/// Rounds that are run where nothing else is said.
const ROUNDS: u64 = 100;

/// The longest that a loaded service lives.
const LIFE: Duration = Duration::from_millis(150);

/// The clock of each service is so many hours ahead of the one before, so that requests come to be forgotten.
const HOURS: u64 = 5;

const HOUR: u64 = 3_600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_survives_kills_at_any_moment() {
    let (rounds, seed) = (
        setting("CAUSEWAY_KILL_ROUNDS", ROUNDS),
        setting("CAUSEWAY_KILL_SEED", 1),
    );
    println!("seed {seed}, {rounds} rounds");
    let services = Ahead::new(&load::config());
    let (mut rng, ledger) = (Rng::with_seed(seed), SharedLedger::default());
    let (mut opening, mut while_opening, mut interrupted) = (Duration::from_millis(30), 0, 0);
    for round in 1..=rounds {
        lock(&ledger).hour = round * HOURS;
        // A third of the kills falls into the time that opening takes, some of them one after the other.
        while rng.u8(..3) == 0 && services.data().exists() {
            while_opening += 1;
            let after = opening.mul_f64(rng.f64() * 1.2);
            kill_while_opening(&services, round * HOURS * HOUR, after).await;
        }
        if rng.u8(..8) == 0 && services.data().exists() {
            interrupted += u64::from(check(&services) > 0);
        }
        let begin = Instant::now();
        let (process, client) = services.serve(round * HOURS * HOUR).await;
        opening = begin.elapsed();
        load::create(&client, &ledger).await;
        load::verify(&client, &ledger, || 0).await;
        let mut writers = load::start(&client, &ledger, || 0);
        let _ = timeout(LIFE.mul_f64(rng.f64()), writers.join_next()).await;
        process.kill();
        writers.shutdown().await;
        if round.is_multiple_of(50) {
            println!("{round} rounds");
        }
    }
    let (process, client) = services.serve(rounds * HOURS * HOUR).await;
    lock(&ledger).verified.clear();
    load::verify(&client, &ledger, || 0).await;
    is_forgotten(&client, &ledger).await;
    process.terminate();
    assert_eq!(check(&services), 0, "what is left after a good end");
    let ledger = lock(&ledger);
    println!(
        "{} writes acknowledged, {} moves of a label, {} forks and others that passed; {while_opening} kills while opening, {rounds} under load; \
         {interrupted} checks met interrupted work",
        ledger.acknowledged.len(),
        ledger.labelled.acknowledged.len(),
        ledger.forks.len()
    );
    assert!(
        !ledger.acknowledged.is_empty(),
        "nothing was acknowledged, so nothing was tested"
    );
}

/// That requests were forgotten meanwhile: the oldest write, done again, is done once more.
async fn is_forgotten(client: &Client, ledger: &SharedLedger) {
    let (revision, write) = {
        let ledger = lock(ledger);
        let oldest = ledger.revisions["small"].first_key_value();
        oldest
            .map(|(revision, write)| (*revision, write.clone()))
            .unwrap()
    };
    let again = write.send(client).await.unwrap();
    assert!(again > revision, "{write:?} is still known");
}

/// Starts the service and kills it after a while, whatever it is doing.
async fn kill_while_opening(services: &Ahead, seconds: u64, after: Duration) {
    let mut child = services
        .command(seconds)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(services.data())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = timeout(after, pending::<()>()).await;
    child.kill().unwrap();
    child.wait().unwrap();
}

/// That the store has no faults; how many leftovers it has.
fn check(services: &Ahead) -> u64 {
    let report = SledStore::check(&services.data()).unwrap();
    assert_eq!(report.faults, []);
    report.leftovers
}
