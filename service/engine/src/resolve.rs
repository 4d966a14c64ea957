//! Resolving flows: one state for all, walks on the compute pool, equal flows once.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_model::flow::Flow;
use causeway_model::revision::{Revision, TopologyName};
use causeway_model::trace::PathAnswer;
use causeway_resolver::{Depth, Network, ResolveError};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::Consistency;

/// Flows that one thread walks before another caller has its turn.
const CHUNK: usize = 256;

/// The answer to one flow.
pub type Answer = Result<PathAnswer, ResolveError>;

/// The answers to a batch.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The revision that all of them were computed at.
    pub revision: Revision,
    /// One for each flow, in the order of the flows; equal flows share one.
    pub answers: Vec<Arc<Answer>>,
}

/// A flow and its places in the batch.
type Placed = (Flow, Vec<usize>);

// === impl Engine ===

impl Engine {
    /// Resolves one flow in full, and tells the revision it was computed at.
    ///
    /// # Errors
    /// [`EngineError::ResourceNotFound`] for an end that the topology does not hold; those of [`Engine::view`].
    pub async fn resolve(
        &self,
        name: &TopologyName,
        consistency: Consistency,
        flow: Flow,
    ) -> Result<(PathAnswer, Revision), EngineError> {
        let topology = self.topology(name).await?;
        let view = self.view_of(&topology, consistency).await?;
        let revision = view.revision;
        let network = self.network(&topology, view).await?;
        match self
            .compute
            .run(move || network.resolve(&flow, Depth::Full))
            .await?
        {
            Ok(answer) => Ok((answer, revision)),
            Err(ResolveError::UnknownResource { id }) => Err(EngineError::ResourceNotFound {
                topology: name.clone(),
                id,
                revision,
            }),
        }
    }

    /// Resolves many flows at one revision. A flow without an answer fails none of the others.
    ///
    /// # Errors
    /// [`EngineError::TooManyItems`] for more flows than the limit; those of [`Engine::view`].
    pub async fn resolve_batch(
        &self,
        name: &TopologyName,
        consistency: Consistency,
        flows: Vec<Flow>,
        depth: Depth,
    ) -> Result<Answers, EngineError> {
        self.check_batch(flows.len())?;
        let topology = self.topology(name).await?;
        let view = self.view_of(&topology, consistency).await?;
        let revision = view.revision;
        let network = self.network(&topology, view).await?;
        let count = flows.len();
        let chunks = self.compute.run(move || chunks_of(flows)).await?;
        // No more chunks of one batch wait for a thread than there are threads, so that another caller's wait is short.
        let walked: Vec<Vec<(Vec<usize>, Arc<Answer>)>> = stream::iter(chunks)
            .map(|chunk| self.walk(Arc::clone(&network), chunk, depth))
            .buffer_unordered(self.compute.threads())
            .try_collect()
            .await?;
        Ok(Answers {
            revision,
            answers: in_order(count, walked.into_iter().flatten()),
        })
    }

    /// Refuses a batch of more flows than the limit, before any of them is looked at.
    ///
    /// # Errors
    /// [`EngineError::TooManyItems`].
    pub fn check_batch(&self, count: usize) -> Result<(), EngineError> {
        let maximum = self.limits.max_flows;
        if count > maximum {
            Err(EngineError::TooManyItems {
                what: "flows",
                count,
                maximum,
            })
        } else {
            Ok(())
        }
    }

    async fn walk(
        &self,
        network: Arc<Network>,
        chunk: Vec<Placed>,
        depth: Depth,
    ) -> Result<Vec<(Vec<usize>, Arc<Answer>)>, EngineError> {
        let walk = move |(flow, places): Placed| (places, Arc::new(network.resolve(&flow, depth)));
        self.compute
            .run(move || chunk.into_iter().map(walk).collect())
            .await
    }
}

/// The flows, each once with all of its places, in chunks.
fn chunks_of(flows: Vec<Flow>) -> Vec<Vec<Placed>> {
    let mut places: BTreeMap<Flow, Vec<usize>> = BTreeMap::new();
    for (place, flow) in flows.into_iter().enumerate() {
        places.entry(flow).or_default().push(place);
    }
    let mut chunks = Vec::with_capacity(places.len().div_ceil(CHUNK));
    let mut rest = places.into_iter().peekable();
    while rest.peek().is_some() {
        chunks.push(rest.by_ref().take(CHUNK).collect());
    }
    chunks
}

/// The answers at their places.
fn in_order(
    count: usize,
    answers: impl Iterator<Item = (Vec<usize>, Arc<Answer>)>,
) -> Vec<Arc<Answer>> {
    let mut placed = Vec::with_capacity(count);
    for (places, answer) in answers {
        placed.extend(places.into_iter().map(|place| (place, Arc::clone(&answer))));
    }
    placed.sort_unstable_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, answer)| answer).collect()
}
