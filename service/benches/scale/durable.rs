//! What one change costs with the durable commit: from the call that applies it to the answer to the next path, on a store on disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_engine::{Clock, Consistency, Depth, Engine, Limits, Write};
use causeway_model::flow::Flow;
use causeway_model::revision::{Timestamp, TopologyName};
use causeway_model::{ChangeSet, Snapshot};
use causeway_store::SledStore;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Always the same moment.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(Duration::ZERO)
    }
}

/// An engine that holds an estate.
pub(crate) struct Served {
    engine: Engine,
    runtime: Runtime,
    name: TopologyName,
    _directory: TempDir,
}

impl Served {
    /// Imports a snapshot, and makes its network.
    pub(crate) fn new(snapshot: &Snapshot, flow: &Flow) -> Self {
        let (directory, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
        let store = Arc::new(SledStore::open(directory.path()).unwrap());
        // A checkpoint would be written beside some of the turns.
        let limits = Limits {
            checkpoint_every: 0,
            ..Limits::default()
        };
        let served = Self {
            engine: Engine::new(store, Arc::new(Still), limits),
            runtime,
            name: "estate".parse().unwrap(),
            _directory: directory,
        };
        let resources = snapshot
            .iter()
            .map(|held| (held.id().clone(), std::sync::Arc::clone(held)));
        let resources: BTreeMap<_, _> = resources.collect();
        let made = served
            .engine
            .create_topology(served.name.clone(), String::new(), None);
        served.runtime.block_on(made).unwrap();
        let import = served.engine.import(served.write(), Vec::new(), resources);
        served.runtime.block_on(import).unwrap();
        served.runtime.block_on(served.resolve(flow));
        served
    }

    fn write(&self) -> Write {
        Write {
            topology: self.name.clone(),
            expected: None,
            request: None,
            author: String::new(),
            message: String::new(),
            trace: None,
        }
    }

    /// The time until the change is durable, and from there to the answer.
    pub(crate) fn change(&self, changes: ChangeSet, flow: &Flow) -> [Duration; 2] {
        self.runtime.block_on(async {
            let begin = Instant::now();
            self.engine.apply(self.write(), changes).await.unwrap();
            let commit = begin.elapsed();
            self.resolve(flow).await;
            [commit, begin.elapsed().saturating_sub(commit)]
        })
    }

    async fn resolve(&self, flow: &Flow) {
        let paths = self.engine.paths(&self.name, Consistency::Newest);
        paths.await.unwrap().resolve(flow, Depth::Full).unwrap();
    }
}
