//! Who is told how the store is doing, as it happens. What becomes of it is theirs to know; the store waits for them, so they must be quick.

use std::fmt;
use std::time::Duration;

/// Is told how a store is doing.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A change set became durable and visible; so long it took from when it was asked for.
    fn appended(&self, took: Duration);

    /// So many writes were made durable together, or none of them was.
    fn written(&self, writes: usize, outcome: Written);

    /// What was written was synced to the disk, which took so long.
    fn synced(&self, took: Duration);
}

/// What became of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// They are durable.
    Durably,
    /// They failed, and the store takes no more of them.
    Failed,
}

/// Nobody.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn appended(&self, _took: Duration) {}

    fn written(&self, _writes: usize, _outcome: Written) {}

    fn synced(&self, _took: Duration) {}
}
