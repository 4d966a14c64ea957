//! Matrices: the verdicts of all flows between many ends, computed in pieces on the compute pool as fast as somebody takes them.

mod select;

use std::ops::Range;
use std::sync::Arc;

use causeway_model::flow::{FlowEnd, Service};
use causeway_model::resource::Resource;
use causeway_model::revision::{Revision, TopologyName};
use causeway_model::trace::Verdict;
use causeway_resolver::ResolveError;
use futures::stream::{self, Stream};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::Consistency;
use crate::resolve::Paths;

pub use select::{EndFilter, EndKind, EndSelector};

/// What a matrix is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixQuestion {
    /// The sources: what any of these chooses.
    pub sources: Vec<EndSelector>,
    /// The destinations.
    pub destinations: Vec<EndSelector>,
    /// The services, in order.
    pub services: Vec<Service>,
}

/// The verdicts of all flows between many ends, at one revision. Clones share everything.
#[derive(Debug, Clone)]
pub struct Matrix {
    paths: Paths,
    cells: Arc<causeway_resolver::Matrix>,
}

/// Cells that one thread resolves before another caller has its turn: at most some milliseconds of work.
const PIECE: usize = 2_048;

// === impl Engine ===

impl Engine {
    /// The matrix of what is asked for. Its verdicts are computed as they are read.
    ///
    /// # Errors
    /// [`EngineError::TooManyItems`] for more ends or cells than the limits; [`EngineError::NothingSelected`] for an axis without an end;
    /// [`EngineError::ResourceNotFound`] for an id that the topology does not hold; those of [`Engine::view`].
    pub async fn matrix(
        &self,
        name: &TopologyName,
        consistency: Consistency,
        question: MatrixQuestion,
    ) -> Result<Matrix, EngineError> {
        let (paths, snapshot) = self.paths_and_snapshot(name, consistency).await?;
        let MatrixQuestion {
            sources,
            destinations,
            services,
        } = question;
        let (limits, network) = (self.limits, Arc::clone(paths.network()));
        let missing = |id| paths.not_found(&id);
        let engine = self.clone();
        let make = move || {
            let shows = |held: &Resource| engine.shows(held);
            let chosen = select::Chosen::new(&snapshot, &shows);
            let sources = chosen.ends(&sources)?;
            let destinations = chosen.ends(&destinations)?;
            let counts = [sources.len(), destinations.len(), services.len()];
            if let Err(error) = check(limits.max_axis, limits.max_cells, counts) {
                return Ok(Err(error));
            }
            let made = causeway_resolver::Matrix::new(&network, sources, destinations, services)?;
            Ok(Ok(made))
        };
        let made = self.compute.run(make).await?;
        let made = made.map_err(|ResolveError::UnknownResource { id }| missing(id))?;
        Ok(Matrix {
            cells: Arc::new(made?),
            paths: paths.clone(),
        })
    }
}

/// Refuses an axis without an end, and more of anything than there may be.
fn check(
    max_axis: usize,
    max_cells: usize,
    [sources, destinations, services]: [usize; 3],
) -> Result<(), EngineError> {
    let axes = [("sources", sources), ("destinations", destinations)];
    for (what, count) in axes {
        if count == 0 {
            return Err(EngineError::NothingSelected { what });
        }
        if count > max_axis {
            return Err(EngineError::TooManyItems {
                what,
                count,
                maximum: max_axis,
            });
        }
    }
    let cells = sources
        .saturating_mul(destinations)
        .saturating_mul(services);
    if cells > max_cells {
        return Err(EngineError::TooManyItems {
            what: "cells of a matrix (sources times destinations times services)",
            count: cells,
            maximum: max_cells,
        });
    }
    Ok(())
}

// === impl Matrix ===

impl Matrix {
    /// The revision that every verdict is computed at.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.paths.revision()
    }

    /// The sources, in order.
    #[must_use]
    pub fn sources(&self) -> &[FlowEnd] {
        self.cells.sources()
    }

    /// The destinations, in order.
    #[must_use]
    pub fn destinations(&self) -> &[FlowEnd] {
        self.cells.destinations()
    }

    /// The services, in order.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        self.cells.services()
    }

    /// What becomes of all verdicts, in order and piece by piece, each made on the compute pool. A piece has a multiple of 4 cells, the last one excepted; only a few are made
    /// before they are taken, and none once nobody takes them.
    pub fn pieces<T, W>(
        &self,
        work: W,
    ) -> impl Stream<Item = Result<T, EngineError>> + Send + use<T, W>
    where
        T: Send + 'static,
        W: Fn(Range<usize>, Vec<Verdict>) -> T + Send + Sync + 'static,
    {
        let (cells, count) = (Arc::clone(&self.cells), self.cells.cells());
        let begins = (0..count).step_by(PIECE);
        let pieces = begins.map(move |begin| begin..begin.saturating_add(PIECE).min(count));
        let of = self.paths.clone();
        self.paths
            .each_in_order(stream::iter(pieces), move |_, piece| {
                let told = cells.verdicts(piece.clone());
                let told =
                    told.map_err(|ResolveError::UnknownResource { id }| of.not_found(&id))?;
                Ok(work(piece, told))
            })
    }
}
