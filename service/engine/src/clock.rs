//! The clock as a port: what time it is, the caller of the engine says.

use std::fmt::Debug;

use causeway_model::revision::Timestamp;

/// Tells the time at which topologies and revisions are made.
pub trait Clock: Send + Sync + Debug {
    /// The time now.
    fn now(&self) -> Timestamp;
}
