//! The nouns of Causeway: what a topology is made of, how it changes, what is asked of it and what an answer is.
//!
//! This room has no IO, no async code, no wire types, and no serialization but the reading of IAM policies, whose text is kept. It knows what is well-formed; it does not know what a
//! network does with a packet (the resolver does), where revisions are kept (the store does), or how the contract writes things (grpc does).

pub mod change;
pub mod check;
pub mod fields;
pub mod flow;
pub mod ids;
pub mod policy;
pub mod price;
pub mod protocol;
pub mod resource;
pub mod resources;
pub mod revision;
pub mod snapshot;
pub mod text;
pub mod trace;

pub use change::{Change, ChangeSet, Effect, Fault};
pub use flow::{Flow, FlowEnd};
pub use ids::{AccountId, Region, ResourceId};
pub use policy::PolicyDocument;
pub use protocol::{PortRange, Protocol, ProtocolMatch};
pub use resource::{Body, Kind, Resource, Tag};
pub use revision::{Revision, TopologyName};
pub use snapshot::Snapshot;
pub use text::Text;
