//! What bounds the engine: sizes of requests, and of what it keeps in memory.

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
    /// Labels of one topology.
    pub max_labels: usize,
    /// States below the heads that are kept in memory, over all topologies.
    pub kept_states: usize,
    /// Compiled networks that are kept in memory, over all topologies.
    pub kept_networks: usize,
    /// Revisions from one checkpoint to the next; 0 for no checkpoints.
    pub checkpoint_every: u64,
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
            max_labels: 2_000,
            kept_states: 8,
            kept_networks: 8,
            checkpoint_every: 128,
            compute_threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}
