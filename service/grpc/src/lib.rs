//! The contract of Causeway, served over gRPC.
//!
//! Handlers read a request, make one call of the engine and write the answer. This room knows tonic, the contract and the engine;
//! it must not know the store or what a network does with a packet.
//!
//! Requests may have 64 MiB (an import: any number of chunks of 4 MiB), answers as much.

mod accept;
mod access;
mod admission;
mod apply;
mod backup_service;
mod connection;
mod deadline;
mod difference;
mod error;
mod expiry;
mod faults;
mod gate;
mod health;
mod identity;
mod import;
mod numbering;
mod offload;
mod page;
mod path_service;
mod place;
mod requests;
mod seats;
mod server;
mod starting;
mod status;
mod telemetry;
mod tls;
mod topology_service;
mod wire;

use causeway_model::resource::Resource;
use causeway_model::revision::Revision;
use causeway_model::trace::PathAnswer;
use causeway_proto::v1;

pub use crate::access::StandIn;
pub use crate::admission::{AdmissionCounts, AdmissionLimits, TakenOn};
pub use crate::identity::{Identity, Sidecar};
pub use crate::seats::{ConnectionCounts, ConnectionFigures, ConnectionLimits};
pub use crate::server::{AnswerCounts, MAX_MESSAGE_BYTES, ServeError, Server, Within};
pub use crate::tls::{Tls, TlsError, TlsFiles};

/// An answer as the contract writes it, computed at this revision. For tests, which hold what is sent against what was computed.
#[must_use]
pub fn render_answer(answer: &PathAnswer, revision: Revision) -> v1::PathAnswer {
    wire::answer::path(answer, revision)
}

/// A resource as the contract writes it. For tests, which put into a server what they have in the model.
#[must_use]
pub fn render_resource(resource: &Resource) -> v1::Resource {
    wire::Wire::render(resource)
}

/// The resource that the contract writes so; none if the server would refuse it. For benchmarks, which have an engine without a server.
#[must_use]
pub fn parse_resource(resource: v1::Resource) -> Option<Resource> {
    wire::Wire::parse(resource, &mut faults::Faults::default())
}
