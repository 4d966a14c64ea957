//! Bytes a resource: of a snapshot and its parts, of the network compiled from it, and at most while an estate is imported and compiled; once
//! for an estate that comes in, and once for the same estate after a restart, from a checkpoint.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use causeway_engine::{Clock, Consistency, Engine, Limits, Write};
use causeway_loadtest::estate::Estate;
use causeway_model::ids::ResourceId;
use causeway_model::resource::{Kind, Resource};
use causeway_model::revision::{Revision, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;
use causeway_resolver::Network;
use causeway_store::{SledStore, Store};
use tokio::runtime::Runtime;

use crate::ALLOCATOR;

/// Resources of the estates of the load generator: 468 interfaces of instances to a thousand.
const INTERFACES: (u32, u32) = (468, 1000);

pub(crate) fn run(resources: u32) {
    let (some, of) = INTERFACES;
    let interfaces = u64::from(resources) * u64::from(some) / u64::from(of);
    let estate = Estate::new(u32::try_from(interfaces).unwrap().max(1));
    let (directory, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());

    println!("bytes a resource, as imported");
    let begin = Meter::start();
    let snapshot = runtime.block_on(import(estate, directory.path()));
    begin.say("import, at most", begin.peak(), &snapshot);
    tell(snapshot);

    println!("\nbytes a resource, after a restart, from a checkpoint");
    let begin = Meter::start();
    let snapshot = runtime.block_on(load(directory.path()));
    begin.say("load, at most", begin.peak(), &snapshot);
    tell(snapshot);
}

/// Tells what the snapshot takes, its parts, and its network.
fn tell(snapshot: Snapshot) {
    let parts = Kind::ALL.iter().map(|&kind| (kind, part(&snapshot, kind)));
    let mut parts: Vec<_> = parts.filter(|(_, (count, _))| *count > 0).collect();
    parts.sort_by_key(|(_, (_, bytes))| std::cmp::Reverse(*bytes));
    let compiling = Meter::start();
    let network = Network::compile(&snapshot);
    compiling.say("compile, at most", compiling.peak(), &snapshot);
    let held = compiling.live();
    drop(network);

    // What the store and its threads have left behind is no part of it, so it is counted as it goes.
    let count = snapshot.len();
    let full = Meter::start();
    drop(snapshot);
    let alone = full.freed();
    println!("{count} resources");
    say("snapshot and network", alone + held, count);
    say("network", held, count);
    say("snapshot", alone, count);
    let all: usize = parts.iter().map(|(_, (_, bytes))| bytes).sum();
    for (kind, (count_of_kind, bytes)) in parts.iter().take(8) {
        let each = bytes / count_of_kind;
        say(&format!("  {kind}, {each} each"), *bytes, count);
    }
    say("  its maps, and what is shared", alone - all, count);
}

fn say(what: &str, bytes: usize, resources: usize) {
    println!("{what:<40}{:>7}", bytes / resources);
}

/// How many resources of a kind there are, and what they take without what they share.
fn part(snapshot: &Snapshot, kind: Kind) -> (usize, usize) {
    let own = snapshot.iter().filter(|resource| resource.kind() == kind);
    let own: Vec<&Arc<Resource>> = own.collect();
    let mut copies: Vec<Arc<Resource>> = Vec::with_capacity(own.len());
    let begin = Meter::start();
    copies.extend(
        own.iter()
            .map(|&resource| Arc::new(Resource::clone(resource))),
    );
    (copies.len(), begin.live())
}

/// The state of an estate that was read from the contract and imported, with a checkpoint of it in the store.
async fn import(estate: Estate, directory: &Path) -> Snapshot {
    let resources = estate.resources().map(|wire| {
        let resource = causeway_grpc::parse_resource(wire).unwrap();
        (resource.id().clone(), Arc::new(resource))
    });
    let resources: BTreeMap<ResourceId, Arc<Resource>> = resources.collect();
    let store = Arc::new(SledStore::open(directory).unwrap());
    let engine = Engine::new(
        Arc::clone(&store) as Arc<dyn Store>,
        Arc::new(Still),
        Limits::default(),
    );
    let (name, no_request) = (name(), None);
    engine
        .create_topology(name.clone(), String::new(), no_request)
        .await
        .unwrap();
    let write = Write {
        topology: name.clone(),
        expected: None,
        request: None,
        author: String::new(),
        message: String::new(),
        trace: None,
    };
    engine.import(write, Vec::new(), resources).await.unwrap();
    let view = engine.view(&name, Consistency::Newest).await.unwrap();
    let record = store.find(&name).await.unwrap().unwrap();
    store
        .put_checkpoint(record.id, view.revision, view.snapshot.clone())
        .await
        .unwrap();
    view.snapshot
}

/// The state that the checkpoint holds.
async fn load(directory: &Path) -> Snapshot {
    let store = SledStore::open(directory).unwrap();
    let record = store.find(&name()).await.unwrap().unwrap();
    let (revision, snapshot) = store
        .checkpoint(record.id, record.head)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(revision, Revision(1));
    snapshot
}

fn name() -> TopologyName {
    "big".parse().unwrap()
}

/// A clock that stands still.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

/// Bytes and time since it was started.
struct Meter {
    begin: usize,
    time: Instant,
}

impl Meter {
    fn start() -> Self {
        ALLOCATOR.reset_peak_usage();
        Self {
            begin: ALLOCATOR.current_usage(),
            time: Instant::now(),
        }
    }

    /// What is held more than at the beginning.
    fn live(&self) -> usize {
        ALLOCATOR.current_usage().saturating_sub(self.begin)
    }

    /// What is held less than at the beginning.
    fn freed(&self) -> usize {
        self.begin.saturating_sub(ALLOCATOR.current_usage())
    }

    /// What was held at most, since the last meter was started.
    fn peak(&self) -> usize {
        ALLOCATOR.peak_usage().saturating_sub(self.begin)
    }

    fn say(&self, what: &str, bytes: usize, snapshot: &Snapshot) {
        let time = self.time.elapsed().as_secs_f64();
        println!("{what:<40}{:>7} in {time:.1} s", bytes / snapshot.len());
    }
}
