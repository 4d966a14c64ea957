//! The resolver: compiles a snapshot into tables, walks flows through them, explains what they meet.
//!
//! No IO, no async code. It knows no revisions, no store, no cache and no wire types.

mod alike;
mod answer;
mod array;
mod basis;
mod compile;
mod constraints;
mod cost;
mod counts;
mod cover;
mod decide;
mod dns;
mod ends;
mod map;
mod matrix;
#[cfg(feature = "naive")]
mod naive;
mod network;
mod packet;
mod policy;
mod prefix_index;
mod qualities;
mod table;
mod walk;
mod way;

use std::sync::Arc;

use causeway_model::flow::Flow;
use causeway_model::ids::ResourceId;
use causeway_model::price::PriceBook;
use causeway_model::snapshot::Snapshot;
use causeway_model::trace::PathAnswer;
use thiserror::Error;

pub use basis::{Basis, Stamp};
pub use matrix::Matrix;
pub use network::Network;

/// How much of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// Verdict and explanations; no traces, and not which resource it was that something was met at.
    Verdict,
    /// Everything.
    Full,
}

/// A flow that has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResolveError {
    /// An end of the flow, or a resource or zone of its constraints, is not in the topology.
    #[error("`{id}` is not in the topology")]
    UnknownResource {
        /// Its id.
        id: ResourceId,
    },
}

impl Network {
    /// Compiles a snapshot.
    #[must_use]
    pub fn compile(snapshot: &Snapshot) -> Self {
        compile::network(snapshot)
    }

    /// The network of another snapshot, which answers as its compiled one does: derived from this one where that is possible, at the cost of what differs.
    #[must_use]
    pub fn derive(&self, after: &Snapshot) -> Self {
        self.derive_if_local(after)
            .unwrap_or_else(|| Self::compile(after).priced(Arc::clone(&self.prices)))
    }

    /// The same if it can be derived; none if it would have to be compiled.
    #[must_use]
    pub fn derive_if_local(&self, after: &Snapshot) -> Option<Self> {
        compile::derived(self, after)
    }

    /// How many derivations it is away from a compile: 0 for a network that was compiled.
    #[must_use]
    pub fn derivations(&self) -> u32 {
        self.generation
    }

    /// The same network, with prices: answers in full tell what ways cost by them. Without, all prices are unknown.
    #[must_use]
    pub fn priced(mut self, prices: Arc<PriceBook>) -> Self {
        self.prices = prices;
        self
    }

    /// The answer to a flow.
    ///
    /// # Errors
    /// [`ResolveError`] if the flow names a resource or a zone that the topology does not hold.
    pub fn resolve(&self, flow: &Flow, depth: Depth) -> Result<PathAnswer, ResolveError> {
        answer::resolve::<walk::Walk<'_>>(self, flow, depth)
    }

    /// The same answer by another walk, which follows the rules one by one and shares nothing that decides: what tests hold this one against.
    ///
    /// # Errors
    /// As [`Network::resolve`].
    #[cfg(feature = "naive")]
    pub fn resolve_naively(&self, flow: &Flow, depth: Depth) -> Result<PathAnswer, ResolveError> {
        answer::resolve::<naive::Naive<'_>>(self, flow, depth)
    }
}
