//! The client of Causeway: a small layer over the generated code that adds what every caller needs.
//!
//! It knows channels, deadlines, retries and errors; it must not know what a path or a resource means. Every call
//!
//! - carries a deadline to the service (header `grpc-timeout`), the same for all its attempts; a watch, an export and a matrix have none: a watch
//!   goes on by itself where it was interrupted ([`Client::watch`]), an export ([`Client::export`]) and a matrix ([`Client::matrix`]) take what they take;
//! - names its topology in the header [`TOPOLOGY_HEADER`], `x-causeway-topology`, so that a mesh may send the calls of one topology to one replica by consistent
//!   hashing (Istio: `consistentHash.httpHeaderName`); nothing depends on it;
//! - is repeated after UNAVAILABLE and after a refusal that asks for it, a few times and with growing, random pauses, never sooner than the service asked for (RetryInfo and
//!   `grpc-retry-pushback-ms`), if it is safe to repeat: reads are, and writes are by their request ids, which are made up where the caller gives none;
//! - may be asked again while the answer is out, if it reads and the client is told to hedge ([`Hedge`]);
//! - is in the trace of the current OpenTelemetry context: each attempt is a span of the kind CLIENT, if the program has installed a provider, and the
//!   service gets `traceparent` and `tracestate`;
//! - shows the bearer token that the client was given ([`ClientBuilder::token`]). With the feature `tls`, an endpoint may be `https://HOST:PORT`, and the
//!   client may have a certificate (`ClientBuilder::ca_certificates`, `ClientBuilder::client_certificate`);
//! - fails with a [`ClientError`] that has the service's reason ([`ClientError::reason`]), and each field that was wrong.
//!
//! Many flows are a [`Batch`]; a watch goes on by itself ([`Client::watch`]); flows and resources have builders in [`flow`] and [`resource`]; the feature `fake` has a service for
//! tests.
//!
//! ```
//! use causeway_client::{Client, consistency, flow, v1};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = causeway_client::fake::Fake::start().await?;
//! # fake.topology("prod");
//! # fake.answer(|_| Ok(causeway_client::fake::reachable(["vpce-0s3"])));
//! # let endpoint = fake.endpoint();
//! // As "http://127.0.0.1:50151".
//! let client = Client::connect(endpoint).await?;
//! let flow = flow::tcp("i-0abc", "s3.eu-west-1.amazonaws.com", 443);
//! let answer = client.resolve("prod", flow, consistency::newest()).await?;
//! assert_eq!(answer.verdict(), v1::Verdict::Reachable);
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

mod apply;
mod at;
mod batch;
mod builder;
mod call;
mod change;
mod client;
pub mod consistency;
mod error;
mod export;
#[cfg(feature = "fake")]
pub mod fake;
pub mod flow;
mod fork;
mod hedge;
mod history;
mod import;
mod labels;
pub mod matrix;
mod pages;
mod paths;
mod proxied;
pub mod resource;
mod rollback;
mod shared;
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
pub use crate::batch::flows::{Coming, Each, Flows};
pub use crate::batch::{Answered, Batch, MAX_BATCH, MAX_FULL_BATCH};
pub use crate::builder::ClientBuilder;
pub use crate::call::TOPOLOGY_HEADER;
pub use crate::client::Client;
pub use crate::error::{Cause, ClientError, Refusal};
pub use crate::export::Export;
pub use crate::fork::Fork;
pub use crate::hedge::Hedge;
pub use crate::history::Differences;
pub use crate::import::Import;
pub use crate::matrix::{Matrix, MatrixAxes, MatrixQuestion, MatrixRow, MatrixRows};
pub use crate::rollback::Rollback;
pub use crate::stream::PathChunk;
pub use crate::topologies::ResourceList;
pub use crate::watch::{WatchEvent, WatchFrom, Watched};
pub use crate::what_if::WhatIf;
