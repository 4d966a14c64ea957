//! The contract of Causeway, served over gRPC.
//!
//! Handlers read a request, make one call of the engine and write the answer. This room knows tonic, the contract and the engine;
//! it must not know the store or what a network does with a packet.
//!
//! Requests may have 64 MiB (an import: any number of chunks of 4 MiB), answers as much.

mod deadline;
mod error;
mod faults;
mod import;
mod offload;
mod page;
mod path_service;
mod requests;
mod server;
mod status;
mod telemetry;
mod topology_service;
mod wire;

pub use crate::server::{MAX_MESSAGE_BYTES, ServeError, Server};
