//! What tells from outside how the engine is doing: numbers, and nothing of who asked for what.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use crate::engine::{Engine, Shared};

/// How the engine is doing: what was done since it was made, and what is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EngineCounts {
    /// States that were rebuilt from the store.
    pub rebuilt_states: u64,
    /// Networks that were compiled from nothing.
    pub compiled_networks: u64,
    /// Networks that were derived from another one of their topology; some of those are compiled after all.
    pub derived_networks: u64,
    /// Topologies that are in memory now, each with its newest state.
    pub topologies: u64,
    /// Other states that are kept now.
    pub states: u64,
    /// Networks that are kept now.
    pub networks: u64,
    /// Pieces of work that a thread of the compute pool does now.
    pub running: u64,
    /// Pieces of work that wait for one.
    pub waiting: u64,
    /// The threads of the compute pool.
    pub threads: u64,
    /// Watches that are under way now.
    pub watches: u64,
}

/// What is counted as it happens.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    pub(crate) rebuilt_states: AtomicU64,
    pub(crate) compiled_networks: AtomicU64,
    pub(crate) derived_networks: AtomicU64,
    pub(crate) watches: Arc<AtomicU64>,
}

/// Reads the counts of an engine for as long as there is one; it does not keep it.
#[derive(Debug, Clone)]
pub struct CountsReader {
    shared: Weak<Shared>,
}

/// Counts as one for as long as it is there.
#[derive(Debug)]
pub(crate) struct Counted(Arc<AtomicU64>);

// === impl Engine ===

impl Engine {
    /// Tells from elsewhere how it is doing.
    #[must_use]
    pub fn counts_reader(&self) -> CountsReader {
        CountsReader {
            shared: Arc::downgrade(&self.shared),
        }
    }

    /// How it is doing.
    #[must_use]
    pub fn counts(&self) -> EngineCounts {
        let Tallies {
            rebuilt_states,
            compiled_networks,
            derived_networks,
            watches,
        } = &self.tallies;
        let read = |tally: &AtomicU64| tally.load(Ordering::Relaxed);
        let (states, networks) = self.states.kept();
        EngineCounts {
            rebuilt_states: read(rebuilt_states),
            compiled_networks: read(compiled_networks),
            derived_networks: read(derived_networks),
            topologies: count(self.registry.len()),
            states: count(states),
            networks: count(networks),
            running: count(self.compute.running()),
            waiting: read(self.compute.waiting()),
            threads: count(self.compute.threads()),
            watches: read(watches),
        }
    }
}

// === impl CountsReader ===

impl CountsReader {
    /// How the engine is doing; none once it is gone.
    #[must_use]
    pub fn read(&self) -> Option<EngineCounts> {
        let shared = self.shared.upgrade()?;
        let guard = None;
        Some(Engine { shared, guard }.counts())
    }
}

/// One more.
pub(crate) fn add(tally: &AtomicU64) {
    tally.fetch_add(1, Ordering::Relaxed);
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

// === impl Counted ===

impl Counted {
    pub(crate) fn new(tally: &Arc<AtomicU64>) -> Self {
        add(tally);
        Self(Arc::clone(tally))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
