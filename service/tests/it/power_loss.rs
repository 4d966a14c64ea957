//! The power-loss test: what is done to the files of a loaded service is recorded, and for many moments the directory is rebuilt as
//! a disk might hold it that lost its power then. Everything that was acknowledged before must be there.
//!
//! `CAUSEWAY_POWER_IMAGES` and `CAUSEWAY_POWER_SEED` set how many moments and which; docs/reliability.md has the command.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod disk;
mod record;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use causeway_client::Client;
use causeway_model::revision::Revision;
use causeway_store::{SledStore, Store, StoreError};
use fastrand::Rng;
use tokio::time::timeout;

use self::disk::{Disk, Kept};
use self::record::Record;
use crate::harness::{Process, causeway, setting};
use crate::load::{self, Ledger, SharedLedger, lock};

/// Moments that are rebuilt where nothing else is said.
const IMAGES: u64 = 90;

/// How long each of the services is under load, in milliseconds. All but the last are killed.
const LIVES: [u64; 5] = [200, 0, 60, 10, 250];

/// So many operations after its start, a service is still opening its store.
const OPENING: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_survives_a_loss_of_power() {
    let (images, seed) = (
        setting("CAUSEWAY_POWER_IMAGES", IMAGES),
        setting("CAUSEWAY_POWER_SEED", 1),
    );
    println!("seed {seed}, {images} images");
    let directory = tempfile::tempdir().unwrap();
    let ledger = SharedLedger::default();
    let (record, lives) = record_a_load(directory.path(), &ledger).await;
    let records = record::read(&record);
    let ledger = std::mem::take(&mut *lock(&ledger));
    println!(
        "{} operations, {} of them syncs, {} bytes; {} writes acknowledged",
        records.len(),
        records.iter().filter(|record| record.is_synced()).count(),
        record.len(),
        ledger.acknowledged.len()
    );
    assert!(ledger.acknowledged.len() > 20, "there was hardly a load");
    let moments = moments(&records, images, &mut Rng::with_seed(seed));
    let mut disk = Disk::default();
    let mut rng = Rng::with_seed(seed);
    for (index, record) in records.iter().enumerate() {
        disk.apply(record);
        if let Some(files) = lives.get(&record.end) {
            let image = directory.path().join("image");
            disk.write(Kept::All, &mut rng, &image);
            assert!(
                read_files(&image) == *files,
                "after operation {index} ({record}) the records tell of other files than there were"
            );
            std::fs::remove_dir_all(&image).unwrap();
        }
        for _ in 0..moments.iter().filter(|moment| **moment == index).count() {
            let kept = [Kept::Synced, Kept::Some, Kept::Some, Kept::All][rng.usize(..4)];
            let image = directory.path().join("image");
            disk.write(kept, &mut rng, &image);
            let about = format!("seed {seed}, after operation {index} ({record}), {kept:?} kept");
            verify(&image, &ledger, record.end, &about).await;
            std::fs::remove_dir_all(&image).unwrap();
        }
    }
}

/// Indices of the records after which power is lost: a third where a sync has just ended, a third while a service opens its store, the
/// others anywhere.
fn moments(records: &[Record], count: u64, rng: &mut Rng) -> Vec<usize> {
    let all = || 0..records.len();
    let syncs: Vec<usize> = all().filter(|index| records[*index].is_synced()).collect();
    let starts: Vec<usize> = all().filter(|index| records[*index].is_start()).collect();
    let moments = (0..count).map(|number| match number % 3 {
        0 => syncs[rng.usize(..syncs.len())],
        1 => starts[rng.usize(..starts.len())] + rng.usize(..OPENING),
        _ => rng.usize(all()),
    });
    moments.collect()
}

/// The files of a directory with their content.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Runs services under load one after the other, and gives what was recorded, and the files after each of them by how much was recorded
/// until then.
async fn record_a_load(directory: &Path, ledger: &SharedLedger) -> (Vec<u8>, BTreeMap<u64, Files>) {
    let (data, config) = (directory.join("data"), directory.join("c.toml"));
    let (record, shim) = (directory.join("record"), directory.join("shim.so"));
    build_shim(&shim);
    std::fs::create_dir(&data).unwrap();
    std::fs::write(&config, "[limits]\ncheckpoint_every = 2\n").unwrap();
    let mut lives = BTreeMap::new();
    for (number, life) in LIVES.into_iter().enumerate() {
        let mut command = causeway();
        command
            .env("LD_PRELOAD", &shim)
            .env("SHIM_ROOT", &data)
            .env("SHIM_RECORD", &record)
            .env("SHIM_SYNC_MICROSECONDS", "300");
        let process = Process::start(command, &data, &["--config", config.to_str().unwrap()]);
        let client = Client::connect(process.endpoint.clone()).await.unwrap();
        load::create(&client, ledger).await;
        load::verify(&client, ledger).await;
        let recorded = record.clone();
        let now = move || std::fs::metadata(&recorded).unwrap().len();
        let mut writers = load::start(&client, ledger, now);
        let _ = timeout(Duration::from_millis(life), writers.join_next()).await;
        if number + 1 < LIVES.len() {
            kill_between_operations(process, &record);
            writers.shutdown().await;
        } else {
            writers.shutdown().await;
            process.terminate();
        }
        let recorded = std::fs::metadata(&record).unwrap().len();
        lives.insert(recorded, read_files(&data));
    }
    (std::fs::read(&record).unwrap(), lives)
}

fn read_files(directory: &Path) -> Files {
    let mut files = Files::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let below = read_files(&path);
            files.extend(below);
        } else {
            let name = path.file_name().unwrap().into();
            files.insert(name, std::fs::read(path).unwrap());
        }
    }
    files
}

/// Kills a service while none of its operations is done and not recorded: the next one would find on the disk what no record tells.
fn kill_between_operations(process: Process, record: &Path) {
    let record = File::open(record).unwrap();
    record.lock().unwrap();
    process.kill();
    record.unlock().unwrap();
}

/// Compiles the shim, with the compiler that compiled this.
pub(crate) fn build_shim(to: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shim/disk.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(compiler)
        .args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-o"])
        .arg(to)
        .arg(source)
        .status()
        .unwrap();
    assert!(status.success(), "the shim cannot be compiled");
}

/// Does it again while the directory is held: a child that another test is just starting has the lock until it runs its own program.
fn once_free<T>(mut attempt: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    for _ in 0..100_000 {
        match attempt() {
            Err(StoreError::Held { .. }) => std::thread::yield_now(),
            outcome => return outcome,
        }
    }
    attempt()
}

/// That a store opens and holds what was acknowledged before a moment.
async fn verify(image: &Path, ledger: &Ledger, moment: u64, about: &str) {
    let acknowledged = |topology: &str| {
        let before = ledger
            .acknowledged
            .iter()
            .filter(|(name, _, at)| *name == topology && *at <= moment);
        before.map(|(_, revision, _)| *revision).max().unwrap_or(0)
    };
    if !image.join("db").exists() {
        let is_any = ledger
            .revisions
            .keys()
            .any(|topology| acknowledged(topology) > 0);
        assert!(!is_any, "{about}: there is no store");
        return;
    }
    let report = once_free(|| SledStore::check(image));
    let report = report.unwrap_or_else(|error| panic!("{about}: {error}"));
    assert_eq!(report.faults, [], "{about}");
    let store = once_free(|| SledStore::open(image)).unwrap();
    for (topology, revisions) in &ledger.revisions {
        let expected = acknowledged(topology);
        let found = store.find(&topology.parse().unwrap()).await.unwrap();
        let Some(found) = found else {
            assert_eq!(expected, 0, "{about}: `{topology}` is lost");
            continue;
        };
        assert!(
            found.head.0 >= expected,
            "{about}: `{topology}` was acknowledged up to {expected}, the head is {}",
            found.head
        );
        let history = store
            .history(found.id, found.head, usize::MAX)
            .await
            .unwrap();
        for logged in history {
            let Revision(number) = logged.revision;
            let write = revisions.get(&number);
            // What was never answered and is not there after the last start is known to nobody.
            if let Some(write) = write {
                assert_eq!(
                    logged.note.message,
                    write.id(),
                    "{about}: `{topology}` at {number}"
                );
            }
        }
    }
}
