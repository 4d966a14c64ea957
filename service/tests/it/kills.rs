//! The kill test: the real binary under load is killed at random moments, and nothing that it acknowledged is lost or torn.
//!
//! `CAUSEWAY_KILL_ROUNDS` and `CAUSEWAY_KILL_SEED` set how often and by which moments; docs/reliability.md has the command.

use std::future::pending;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use causeway_client::Client;
use causeway_store::SledStore;
use fastrand::Rng;
use tokio::time::timeout;

use crate::harness::{Process, causeway, setting};
use crate::load::{self, SharedLedger, lock};

/// Rounds that are run where nothing else is said.
const ROUNDS: u64 = 100;

/// The longest that a loaded service lives.
const LIFE: Duration = Duration::from_millis(150);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_survives_kills_at_any_moment() {
    let (rounds, seed) = (
        setting("CAUSEWAY_KILL_ROUNDS", ROUNDS),
        setting("CAUSEWAY_KILL_SEED", 1),
    );
    println!("seed {seed}, {rounds} rounds");
    let directory = tempfile::tempdir().unwrap();
    let (data, config) = (
        directory.path().join("data"),
        directory.path().join("c.toml"),
    );
    std::fs::write(&config, load::config()).unwrap();
    let arguments = ["--config", config.to_str().unwrap()];
    let (mut rng, ledger) = (Rng::with_seed(seed), SharedLedger::default());
    let (mut opening, mut while_opening, mut interrupted) = (Duration::from_millis(30), 0, 0);
    for round in 1..=rounds {
        // A third of the kills falls into the time that opening takes, some of them one after the other.
        while rng.u8(..3) == 0 && data.exists() {
            while_opening += 1;
            kill_while_opening(&data, &arguments, opening.mul_f64(rng.f64() * 1.2)).await;
        }
        if rng.u8(..8) == 0 && data.exists() {
            interrupted += u64::from(check(&data) > 0);
        }
        let begin = Instant::now();
        let process = Process::serve(&data, &arguments);
        opening = begin.elapsed();
        let client = Client::connect(process.endpoint.clone()).await.unwrap();
        load::create(&client, &ledger).await;
        load::verify(&client, &ledger).await;
        let mut writers = load::start(&client, &ledger, || 0);
        let _ = timeout(LIFE.mul_f64(rng.f64()), writers.join_next()).await;
        process.kill();
        writers.shutdown().await;
        if round.is_multiple_of(50) {
            println!("{round} rounds");
        }
    }
    let process = Process::serve(&data, &arguments);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    lock(&ledger).verified.clear();
    load::verify(&client, &ledger).await;
    process.terminate();
    assert_eq!(check(&data), 0, "what is left after a good end");
    let acknowledged = lock(&ledger).acknowledged.len();
    println!(
        "{acknowledged} writes acknowledged; {while_opening} kills while opening, {rounds} under load; {interrupted} checks met interrupted work"
    );
    assert!(
        acknowledged > 0,
        "nothing was acknowledged, so nothing was tested"
    );
}

/// Starts the service and kills it after a while, whatever it is doing.
async fn kill_while_opening(data: &Path, arguments: &[&str], after: Duration) {
    let mut child = causeway()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .args(arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = timeout(after, pending::<()>()).await;
    child.kill().unwrap();
    child.wait().unwrap();
}

/// That the store has no faults; how many leftovers it has.
fn check(data: &Path) -> u64 {
    let report = SledStore::check(data).unwrap();
    assert_eq!(report.faults, []);
    report.leftovers
}
