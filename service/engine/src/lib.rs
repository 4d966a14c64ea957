//! The engine: what the users of Causeway ask for, as use cases on topologies.
//!
//! It knows heads, old states, requests that are repeated, limits and which work runs where. It must not know sled, tonic or a
//! wire type; time comes from a [`Clock`], so that it never asks the system.
//!
//! Invariants:
//! - a revision is visible only once the store has it durably;
//! - commits of one topology are one after the other, each checked against the state that the one before it made;
//! - a caller that goes away changes nothing about the commit that it began.

mod checkpoint;
mod clock;
mod commit;
mod compute;
mod counts;
mod create;
mod delete;
mod diff;
mod earlier;
mod engine;
mod error;
mod export;
mod fork;
mod guard;
mod label;
mod limits;
mod matrix;
mod memory;
mod moment;
mod part;
mod patch;
mod read;
mod rebuild;
mod recent;
mod registry;
mod resolve;
mod retention;
mod rollback;
mod state;
mod topology;
mod warm;
mod watch;
mod what_if;

pub use causeway_resolver::{Depth, ResolveError};
pub use causeway_store::{Label, Logged, Origin, RequestKey, StoreError, TopologyId};

pub use crate::clock::Clock;
pub use crate::commit::{Applied, Request, Write};
pub use crate::counts::{CountsReader, EngineCounts};
pub use crate::create::TopologyInfo;
pub use crate::diff::DifferencePage;
pub use crate::engine::Engine;
pub use crate::error::EngineError;
pub use crate::export::Export;
pub use crate::fork::Fork;
pub use crate::guard::{Deed, Guard};
pub use crate::limits::{Limits, Retention};
pub use crate::matrix::{EndFilter, EndKind, EndSelector, Matrix, MatrixQuestion};
pub use crate::memory::{AtHand, Memory, MemoryCounts};
pub use crate::part::Part;
pub use crate::patch::{Asked, Changes, Patch};
pub use crate::read::{Consistency, Filter, ResourcePage, RevisionPage, TagFilter};
pub use crate::resolve::{Answer, Paths};
pub use crate::topology::View;
pub use crate::watch::{Watch, WatchEvent, WatchPoint, WatchStart};

#[cfg(test)]
mod tests;
