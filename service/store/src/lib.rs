//! The store: keeps the logs and checkpoints of topologies, durably.
//!
//! Only this room knows sled and the format of what is stored. It knows no wire types and no resolver, and gives revisions no
//! meaning beyond their order.

pub mod backup;
mod catalogue;
mod causes;
mod memory_store;
mod observer;
pub mod port;
mod records;
mod report;
#[cfg(test)]
#[path = "../tests/it/samples.rs"]
mod samples;
mod sled_store;

pub use memory_store::MemoryStore;
pub use observer::{Observer, Written};
pub use port::{
    Append, Appended, Base, Deletion, Label, Logged, NewTopology, Origin, RequestKey,
    RequestRecord, Store, StoreError, TopologyId, TopologyRecord,
};
pub use report::{Fault, Report, TopologyReport};
pub use sled_store::{Building, SledStore};
