//! The client of Causeway: a small layer over the generated code that adds what every caller needs.
//!
//! It knows channels, deadlines, retries and errors; it must not know what a path or a resource means. Every call
//!
//! - carries a deadline to the service (header `grpc-timeout`), the same for all its attempts; a watch, an export and a matrix have none: a watch
//!   goes on by itself where it was interrupted ([`Client::watch`]), an export ([`Client::export`]) and a matrix ([`Client::matrix`]) take what they take;
//! - names its topology in the header [`TOPOLOGY_HEADER`], so that a mesh may send the calls of one topology to one replica by consistent
//!   hashing (Istio: `consistentHash.httpHeaderName`); nothing depends on it;
//! - is repeated after UNAVAILABLE, a few times and with growing, random pauses, if it is safe to repeat: reads are, and writes are by
//!   their request ids, which are made up where the caller gives none;
//! - is in the trace of the current OpenTelemetry context: each attempt is a span of the kind CLIENT, if the program has installed a provider, and the
//!   service gets `traceparent` and `tracestate`.
//! - shows the bearer token that the client was given ([`ClientBuilder::token`]). With the feature `tls`, an endpoint may be `https://HOST:PORT`, and the
//!   client may have a certificate (`ClientBuilder::ca_certificates`, `ClientBuilder::client_certificate`).
//!
//! ```no_run
//! use causeway_client::{Client, consistency, flow, v1};
//!
//! # async fn example() -> Result<(), causeway_client::ClientError> {
//! let client = Client::connect("http://127.0.0.1:50151").await?;
//! let flow = flow::tcp("i-0abc", "s3.eu-west-1.amazonaws.com", 443);
//! let answer = client.resolve("prod", flow, consistency::newest()).await?;
//! assert_eq!(answer.verdict(), v1::Verdict::Reachable);
//! # Ok(())
//! # }
//! ```

mod apply;
mod at;
mod builder;
mod call;
mod change;
mod client;
pub mod consistency;
mod error;
mod export;
pub mod flow;
mod fork;
mod history;
mod import;
mod labels;
pub mod matrix;
mod pages;
mod paths;
mod proxied;
mod rollback;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod topologies;
mod traced;
mod traces;
mod watch;
mod what_if;

pub use causeway_proto::v1;
pub use tonic::Code;
pub use tonic_types::FieldViolation;

pub use crate::apply::Apply;
pub use crate::at::{At, AtError, Timestamp};
pub use crate::builder::ClientBuilder;
pub use crate::call::TOPOLOGY_HEADER;
pub use crate::client::Client;
pub use crate::error::{Cause, ClientError, Refusal};
pub use crate::export::Export;
pub use crate::fork::Fork;
pub use crate::history::Differences;
pub use crate::import::Import;
pub use crate::matrix::{Matrix, MatrixAxes, MatrixQuestion, MatrixRow, MatrixRows};
pub use crate::paths::{MAX_BATCH, MAX_FULL_BATCH};
pub use crate::rollback::Rollback;
pub use crate::stream::PathChunk;
pub use crate::topologies::ResourceList;
pub use crate::watch::{WatchEvent, WatchFrom, Watched};
pub use crate::what_if::WhatIf;
