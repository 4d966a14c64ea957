//! Resolving flows: one state for all flows of a call, walks in pieces on the compute pool.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use causeway_model::flow::Flow;
use causeway_model::ids::{AccountId, ResourceId};
use causeway_model::revision::{Revision, TopologyName};
use causeway_model::snapshot::Snapshot;
use causeway_model::trace::PathAnswer;
use causeway_resolver::{Depth, Network, ResolveError};
use causeway_store::TopologyId;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use tokio::sync::OwnedSemaphorePermit;

use crate::commit::check_count;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::Consistency;
use crate::topology::{Topology, View};

/// The answer to one flow.
pub type Answer = Result<PathAnswer, ResolveError>;

/// One state of a topology, to resolve flows in. Clones share everything.
#[derive(Debug, Clone)]
pub struct Paths {
    engine: Engine,
    name: TopologyName,
    topology: TopologyId,
    network: Arc<Network>,
    revision: Revision,
    is_what_if: bool,
    /// How many answers were there before, where that is counted.
    hits: Option<Arc<AtomicU64>>,
    /// The state that tells what its caller may see; none if that is everything.
    hidden: Option<Snapshot>,
    /// What allows it to hold a network of its own that shares nothing with others.
    _turn: Option<Arc<OwnedSemaphorePermit>>,
}

// === impl Engine ===

impl Engine {
    /// The state in which flows are to be resolved.
    ///
    /// # Errors
    /// Those of [`Engine::view`].
    pub async fn paths(
        &self,
        name: &TopologyName,
        consistency: Consistency,
    ) -> Result<Paths, EngineError> {
        let (paths, _) = self.paths_and_snapshot(name, consistency).await?;
        Ok(paths)
    }

    /// The same, with the snapshot that it was compiled from.
    pub(crate) async fn paths_and_snapshot(
        &self,
        name: &TopologyName,
        consistency: Consistency,
    ) -> Result<(Paths, Snapshot), EngineError> {
        let topology = self.topology(name).await?;
        let view = self.view_of(&topology, consistency).await?;
        let snapshot = view.snapshot.clone();
        Ok((self.paths_at(&topology, view).await?, snapshot))
    }

    pub(crate) async fn paths_at(
        &self,
        topology: &Topology,
        view: View,
    ) -> Result<Paths, EngineError> {
        let revision = view.revision;
        let hidden = self.veil().map(|_| view.snapshot.clone());
        let network = self.network(topology, view).await?;
        Ok(Paths {
            engine: self.clone(),
            name: topology.record.name.clone(),
            topology: topology.record.id,
            network,
            revision,
            is_what_if: false,
            hits: None,
            hidden,
            _turn: None,
        })
    }

    /// Refuses a batch of more flows than the limit, before any of them is looked at.
    ///
    /// # Errors
    /// [`EngineError::TooManyItems`].
    pub fn check_batch(&self, count: usize) -> Result<(), EngineError> {
        check_count("flows", count, self.limits.max_flows)
    }
}

// === impl Paths ===

impl Paths {
    /// The revision that every answer is computed at; with changes laid over it, the one that lies beneath.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The same topology and revision with another network, which is this call's alone.
    pub(crate) fn with_changes(self, network: Network, turn: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            network: Arc::new(network),
            is_what_if: true,
            _turn: turn.map(Arc::new),
            ..self
        }
    }

    pub(crate) fn with_hits(self, hits: Arc<AtomicU64>) -> Self {
        Self {
            hits: Some(hits),
            ..self
        }
    }

    pub(crate) fn counted_hits(&self) -> Option<&AtomicU64> {
        self.hits.as_deref()
    }

    /// Whether something may be hidden from its caller.
    #[must_use]
    pub fn is_veiled(&self) -> bool {
        self.hidden.is_some()
    }

    /// The account of a resource that its caller may not see; none for one that they may. What is not in the revision itself was laid over it by its caller.
    #[must_use]
    pub fn hides(&self, id: &ResourceId) -> Option<AccountId> {
        let held = self.hidden.as_ref()?.get(id.as_str())?;
        (!self.engine.shows(held)).then(|| held.owner_id.clone())
    }

    /// That a flow names a resource that is not there, or that its caller may not see.
    #[must_use]
    pub fn not_found(&self, id: &ResourceId) -> EngineError {
        self.engine.not_found(&self.name, id, self.revision)
    }

    /// Whether changes are laid over the revision: then its answers are for nobody else, and those of others are not for it.
    pub(crate) fn is_what_if(&self) -> bool {
        self.is_what_if
    }

    /// How much work waits for a thread of the pool now.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> u64 {
        let waiting = self.engine.compute.waiting();
        waiting.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(crate) fn topology(&self) -> TopologyId {
        self.topology
    }

    pub(crate) fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The answer to a flow. It blocks for as long as the walk takes, and belongs on the compute pool.
    ///
    /// # Errors
    /// [`ResolveError`] if the flow names what the topology does not hold.
    pub fn resolve(&self, flow: &Flow, depth: Depth) -> Answer {
        self.network.resolve(flow, depth)
    }

    /// Does work that resolves flows, piece by piece on the compute pool, and gives what comes of the pieces in their order. If one fails, or nobody
    /// waits any more, no further one is begun.
    ///
    /// # Errors
    /// Those of the work; [`EngineError::Interrupted`] if it panicked.
    pub async fn in_pieces<P, T, E>(
        &self,
        pieces: Vec<P>,
        work: impl Fn(&Self, P) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Vec<T>, E>
    where
        P: Send + 'static,
        T: Send + 'static,
        E: From<EngineError> + Send + 'static,
    {
        self.each_in_order(stream::iter(pieces), work)
            .try_collect()
            .await
    }

    /// The same for pieces that come and go one by one: they are taken only as fast as what comes of them is taken.
    pub(crate) fn each_in_order<S, T, E, W>(
        &self,
        pieces: S,
        work: W,
    ) -> impl Stream<Item = Result<T, E>> + use<S, T, E, W>
    where
        S: Stream<Item: Send + 'static>,
        T: Send + 'static,
        E: From<EngineError> + Send + 'static,
        W: Fn(&Self, S::Item) -> Result<T, E> + Send + Sync + 'static,
    {
        let (paths, work) = (self.clone(), Arc::new(work));
        let threads = self.engine.compute.threads();
        let run = move |piece| {
            let (paths, work) = (paths.clone(), Arc::clone(&work));
            async move {
                let engine = paths.engine.clone();
                let done = engine.compute.run(move || work(&paths, piece)).await;
                done.map_err(E::from)?
            }
        };
        // No more pieces of one call wait for a thread than there are threads, so that another caller's wait is short.
        pieces.map(run).buffered(threads)
    }
}
