//! The topologies that are in memory, each once.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use causeway_model::revision::TopologyName;
use tokio::sync::Mutex;

use crate::topology::Topology;

/// How many names may be worked on at once. Names share a lock by their bytes, so that unknown names cost no memory.
const LOCKS: usize = 64;

/// The topologies that are in memory.
#[derive(Debug)]
pub(crate) struct Registry {
    loaded: RwLock<BTreeMap<TopologyName, Arc<Topology>>>,
    locks: NameLocks,
}

/// Locks for what is done with one name at a time.
#[derive(Debug)]
pub(crate) struct NameLocks {
    locks: Vec<Mutex<()>>,
    last: Mutex<()>,
}

// === impl Registry ===

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            loaded: RwLock::default(),
            locks: NameLocks::new(),
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

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.loaded
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Held while a topology is loaded, forked into or deleted, so that none of them sees another half done. Who holds it loads no other topology: that
    /// one may share the lock.
    pub(crate) fn lock(&self, name: &TopologyName) -> &Mutex<()> {
        self.locks.of(name)
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

// === impl NameLocks ===

impl NameLocks {
    pub(crate) fn new() -> Self {
        Self {
            locks: (1..LOCKS).map(|_| Mutex::new(())).collect(),
            last: Mutex::new(()),
        }
    }

    /// The lock of a name, which others may share.
    pub(crate) fn of(&self, name: &TopologyName) -> &Mutex<()> {
        let sum = name.as_str().bytes().fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        self.locks.get(sum % LOCKS).unwrap_or(&self.last)
    }
}
