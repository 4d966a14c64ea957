//! How fast commits are: one after the other against a bare loop of write and fdatasync of the same bytes, and from many writers at once.
//!
//! The kinds take turns in short rounds of one run, so that what else the machine does meets them alike; what counts are the ratios of
//! the medians. `cargo bench -p causeway-store --bench commit`, with the directory to write in as an argument if it should be another.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has failed, and printing is what it is for"
)]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::{Revision, RevisionNote, Timestamp};
use causeway_store::{Append, Base, NewTopology, SledStore, Store, TopologyId};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

#[expect(dead_code, reason = "the tests use all of it, the benchmark a part")]
#[path = "../tests/it/samples.rs"]
mod samples;

const ROUNDS: usize = 15;
/// Commits of a round, one after the other.
const SERIAL: u64 = 200;
/// Writers at once, each in a topology of its own, and the commits of each in a round.
const WRITERS: u64 = 64;
const EACH: u64 = 20;

/// A topology and its head.
#[derive(Debug, Clone, Copy)]
struct Written {
    topology: TopologyId,
    head: u64,
}

fn main() {
    let place = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let place = place.map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = tempfile::tempdir_in(place).unwrap();
    let runtime = Runtime::new().unwrap();
    let store = Arc::new(SledStore::open(&directory.path().join("store")).unwrap());
    let mut writers: Vec<Written> = (0..=WRITERS)
        .map(|number| runtime.block_on(create(&store, number)))
        .collect();
    // The bytes that a commit adds to the store's own files, as a first round shows.
    let before = bytes(directory.path());
    let (first, others) = writers.split_first_mut().unwrap();
    runtime.block_on(write(&store, first, SERIAL));
    let each = usize::try_from((bytes(directory.path()) - before) / SERIAL).unwrap();
    let mut bare = OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.path().join("bare"))
        .unwrap();
    let (mut loops, mut serial, mut many) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        loops.push(rate(SERIAL, || write_bare(&mut bare, each)));
        serial.push(rate(SERIAL, || {
            runtime.block_on(write(&store, first, SERIAL))
        }));
        many.push(rate(WRITERS * EACH, || {
            runtime.block_on(write_at_once(&store, others));
        }));
    }
    let (loops, serial, many) = (median(loops), median(serial), median(many));
    println!("{each} bytes a commit, {ROUNDS} rounds, medians");
    println!("write and fdatasync      {loops:>8.0} a second");
    println!(
        "serial commits           {serial:>8.0} a second, {:.2} of the bare loop",
        serial / loops
    );
    println!(
        "commits of {WRITERS} writers    {many:>8.0} a second, {:.1} of serial",
        many / serial
    );
}

/// How many there are a second.
fn rate(count: u64, work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    let count = u32::try_from(count).unwrap();
    f64::from(count) / begin.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn write_bare(file: &mut File, each: usize) {
    let bytes = vec![0x5a; each];
    for _ in 0..SERIAL {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
    }
}

async fn create(store: &SledStore, number: u64) -> Written {
    let new = NewTopology {
        name: format!("t{number}").parse().unwrap(),
        description: String::new(),
        time: Timestamp::default(),
        request: None,
        base: Base::Empty,
    };
    let topology = store.create(new).await.unwrap().id;
    Written { topology, head: 0 }
}

/// Commits one resource each time.
async fn write(store: &SledStore, written: &mut Written, count: u64) {
    for _ in 0..count {
        let number = u32::try_from(written.head % 1000).unwrap();
        let resource = samples::subnet(number).unwrap();
        let append = Append {
            topology: written.topology,
            head: Revision(written.head),
            changes: ChangeSet {
                changes: vec![Change::put(resource)],
            },
            note: RevisionNote::default(),
            counts: [1, 0],
            request: None,
        };
        written.head = store.append(append).await.unwrap().revision.0;
    }
}

async fn write_at_once(store: &Arc<SledStore>, writers: &mut [Written]) {
    let mut tasks = JoinSet::new();
    for (place, written) in writers.iter().enumerate() {
        let (store, mut written) = (Arc::clone(store), *written);
        tasks.spawn(async move {
            write(&store, &mut written, EACH).await;
            (place, written)
        });
    }
    while let Some(done) = tasks.join_next().await {
        let (place, written) = done.unwrap();
        writers[place] = written;
    }
}

/// The bytes that the files of the store have, as far as they are written.
fn bytes(directory: &Path) -> u64 {
    let store = directory.join("store");
    let files = std::fs::read_dir(store).unwrap().map(Result::unwrap);
    files.map(|file| file.metadata().unwrap().len()).sum()
}
