//! The topologies that are in memory, each once.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use causeway_model::revision::TopologyName;
use tokio::sync::Mutex;

use crate::topology::Topology;

/// How many names may be loaded or deleted at once. Names share a lock by their bytes, so that unknown names cost no memory.
const LOCKS: usize = 64;

/// The topologies that are in memory.
#[derive(Debug)]
pub(crate) struct Registry {
    loaded: RwLock<BTreeMap<TopologyName, Arc<Topology>>>,
    locks: Vec<Mutex<()>>,
    last_lock: Mutex<()>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        let locks = (1..LOCKS).map(|_| Mutex::new(())).collect();
        Self {
            loaded: RwLock::default(),
            locks,
            last_lock: Mutex::new(()),
        }
    }

    /// The topology, if it is in memory.
    pub(crate) fn get(&self, name: &TopologyName) -> Option<Arc<Topology>> {
        self.loaded
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// Held while a topology is loaded or deleted, so that neither sees the other half done.
    pub(crate) fn lock(&self, name: &TopologyName) -> &Mutex<()> {
        let sum = name.as_str().bytes().fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        self.locks.get(sum % LOCKS).unwrap_or(&self.last_lock)
    }

    /// Only who holds the name's lock may.
    pub(crate) fn insert(&self, topology: Arc<Topology>) {
        self.loaded
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(topology.record.name.clone(), topology);
    }

    /// Only who holds the name's lock may.
    pub(crate) fn remove(&self, name: &TopologyName) {
        self.loaded
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }
}
