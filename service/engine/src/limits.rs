//! What bounds the engine: sizes of requests, and of what it keeps in memory.

use std::time::Duration;

/// What is kept of the past. A revision is let go only if no rule keeps it; without a rule all are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// So many newest revisions, at least 1.
    pub revisions: Option<u64>,
    /// Every state that was the newest one within this time.
    pub age: Option<Duration>,
    /// How long it is known what a request did.
    pub requests: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            revisions: None,
            age: None,
            requests: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

/// Bounds of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Flows in one batch.
    pub max_flows: usize,
    /// Ends on an axis of a matrix.
    pub max_axis: usize,
    /// Cells of a matrix.
    pub max_cells: usize,
    /// Changes in one set.
    pub max_changes: usize,
    /// Changes that are laid over a revision for one call.
    pub max_laid_over: usize,
    /// Labels of one topology.
    pub max_labels: usize,
    /// Networks of what-ifs that share nothing with others and are held at once; further calls wait.
    pub compiled_what_ifs: usize,
    /// States below the heads that are kept in memory, over all topologies.
    pub kept_states: usize,
    /// Compiled networks that are kept in memory, over all topologies.
    pub kept_networks: usize,
    /// Fewest revisions from one checkpoint to the next; 0 for no checkpoints.
    pub checkpoint_every: u64,
    /// What is kept of the past.
    pub retention: Retention,
    /// Threads that walk and compile at once.
    pub compute_threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_flows: 100_000,
            max_axis: 100_000,
            max_cells: 10_000_000,
            max_changes: 100_000,
            max_laid_over: 10_000,
            max_labels: 2_000,
            compiled_what_ifs: 4,
            kept_states: 8,
            kept_networks: 8,
            checkpoint_every: 128,
            retention: Retention::default(),
            compute_threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}
