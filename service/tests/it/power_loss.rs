//! The power-loss test: what is done to the files of a loaded service is recorded, and for many moments the directory is rebuilt as
//! a disk might hold it that lost its power then. Everything that was acknowledged before must be there.
//!
//! `CAUSEWAY_POWER_IMAGES` and `CAUSEWAY_POWER_SEED` set how many moments and which; docs/reliability.md has the command.

#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod disk;
mod image;
mod record;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway_client::Client;
use fastrand::Rng;
use tokio::time::timeout;

use self::disk::{Disk, Kept};
use self::record::Record;
use crate::harness::{Process, causeway, setting};
use crate::load::{self, SharedLedger, lock};
use crate::shims;

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
        "{} operations, {} of them syncs, {} bytes; {} writes, {} moves of a label and {} forks and others acknowledged",
        records.len(),
        records.iter().filter(|record| record.is_synced()).count(),
        record.len(),
        ledger.acknowledged.len(),
        ledger.labelled.acknowledged.len(),
        ledger.forks.len()
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
            image::verify(&image, &ledger, record.end, &about).await;
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
    shims::build("disk.rs", &shim);
    std::fs::create_dir(&data).unwrap();
    std::fs::write(&config, load::config()).unwrap();
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
        let recorded = record.clone();
        let now = move || std::fs::metadata(&recorded).unwrap().len();
        load::create(&client, ledger).await;
        load::verify(&client, ledger, &now).await;
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
