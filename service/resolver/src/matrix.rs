//! The verdicts of all flows between many ends: each pair of classes of ends is asked for once (`alike`), whoever of them is asked for first.

use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};

use causeway_model::flow::{FlowEnd, Service};
use causeway_model::trace::Verdict;
use rustc_hash::FxHashMap;

use crate::alike::{Like, alike};
use crate::network::Network;
use crate::{Depth, ResolveError};

/// The verdicts from every source to every destination for every service. Several threads may read them at once.
#[derive(Debug)]
pub struct Matrix {
    network: Network,
    sources: Axis,
    destinations: Axis,
    services: Vec<Service>,
    /// What is known so far, by class of sources, class of destinations and service: at most as many as there are cells.
    known: Vec<AtomicU8>,
}

/// The ends of an axis.
#[derive(Debug)]
struct Axis {
    ends: Vec<FlowEnd>,
    /// For each end what it is, and the number of its class on this axis.
    likes: Vec<(Like, usize)>,
    classes: usize,
}

/// A cell of a matrix, by the places on its axes.
#[derive(Debug, Clone, Copy)]
struct Cell {
    source: usize,
    destination: usize,
    service: usize,
}

/// Verdicts as they are kept; the first stands for none.
const VERDICTS: [Option<Verdict>; 5] = [
    None,
    Some(Verdict::Reachable),
    Some(Verdict::Unreachable),
    Some(Verdict::Ambiguous),
    Some(Verdict::Undetermined),
];

// === impl Matrix ===

impl Matrix {
    /// The matrix of these ends and services.
    ///
    /// # Errors
    /// [`ResolveError`] if an end is a resource that the topology does not hold.
    pub fn new(
        network: &Network,
        sources: Vec<FlowEnd>,
        destinations: Vec<FlowEnd>,
        services: Vec<Service>,
    ) -> Result<Self, ResolveError> {
        for end in sources.iter().chain(&destinations) {
            if let FlowEnd::Resource(id) = end
                && network.find(id.as_str()).is_none()
            {
                return Err(ResolveError::UnknownResource { id: id.clone() });
            }
        }
        let mut likes = alike(network, [&sources, &destinations]);
        let of_destinations = likes.split_off(sources.len().min(likes.len()));
        let sources = Axis::new(sources, likes);
        let destinations = Axis::new(destinations, of_destinations);
        let known = sources
            .classes
            .saturating_mul(destinations.classes)
            .saturating_mul(services.len());
        Ok(Self {
            network: network.clone(),
            sources,
            destinations,
            services,
            known: std::iter::repeat_with(AtomicU8::default)
                .take(known)
                .collect(),
        })
    }

    /// The sources, in order.
    #[must_use]
    pub fn sources(&self) -> &[FlowEnd] {
        &self.sources.ends
    }

    /// The destinations, in order.
    #[must_use]
    pub fn destinations(&self) -> &[FlowEnd] {
        &self.destinations.ends
    }

    /// The services, in order.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// How many cells there are.
    #[must_use]
    pub fn cells(&self) -> usize {
        let pairs = self
            .sources
            .ends
            .len()
            .saturating_mul(self.destinations.ends.len());
        pairs.saturating_mul(self.services.len())
    }

    /// How many classes the sources and the destinations have.
    #[must_use]
    pub fn classes(&self) -> [usize; 2] {
        [self.sources.classes, self.destinations.classes]
    }

    /// The verdicts of some cells, which are in the order of their sources, then of their destinations, then of their services; those behind the last
    /// cell are left out. It blocks for as long as the walks take.
    ///
    /// # Errors
    /// None that a matrix has which was made.
    pub fn verdicts(&self, cells: Range<usize>) -> Result<Vec<Verdict>, ResolveError> {
        let cells = cells.start..cells.end.min(self.cells());
        let mut told = Vec::with_capacity(cells.len());
        let Some(mut cell) = self.cell(cells.start) else {
            return Ok(told);
        };
        for _ in cells {
            told.push(self.verdict(cell)?);
            cell.service += 1;
            if cell.service == self.services.len() {
                cell.service = 0;
                cell.destination += 1;
            }
            if cell.destination == self.destinations.ends.len() {
                cell.destination = 0;
                cell.source += 1;
            }
        }
        Ok(told)
    }

    /// The cell of a number.
    fn cell(&self, number: usize) -> Option<Cell> {
        let pair = number.checked_div(self.services.len())?;
        let source = pair.checked_div(self.destinations.ends.len())?;
        Some(Cell {
            source,
            destination: pair % self.destinations.ends.len(),
            service: number % self.services.len(),
        })
    }

    fn verdict(&self, cell: Cell) -> Result<Verdict, ResolveError> {
        let from = self.sources.likes.get(cell.source);
        let to = self.destinations.likes.get(cell.destination);
        let Some(((from, row), (to, column))) = from.zip(to) else {
            return self.ask(cell);
        };
        if from.is_same(*to) {
            return self.ask(cell);
        }
        let pair = row * self.destinations.classes + column;
        let Some(known) = self.known.get(pair * self.services.len() + cell.service) else {
            return self.ask(cell);
        };
        let kept = usize::from(known.load(Ordering::Relaxed));
        if let Some(verdict) = VERDICTS.get(kept).copied().flatten() {
            return Ok(verdict);
        }
        let verdict = self.ask(cell)?;
        known.store(number(verdict), Ordering::Relaxed);
        Ok(verdict)
    }

    fn ask(&self, cell: Cell) -> Result<Verdict, ResolveError> {
        let source = self.sources.ends.get(cell.source);
        let destination = self.destinations.ends.get(cell.destination);
        let ends = source.cloned().zip(destination.cloned());
        let service = self.services.get(cell.service);
        // A cell has its ends, and a service fits its port: there is nothing else that could be asked.
        let flow = ends
            .zip(service)
            .and_then(|(ends, service)| service.flow(ends).ok());
        let Some(flow) = flow else {
            return Ok(Verdict::Undetermined);
        };
        Ok(self.network.resolve(&flow, Depth::Verdict)?.verdict)
    }
}

fn number(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Reachable => 1,
        Verdict::Unreachable => 2,
        Verdict::Ambiguous => 3,
        Verdict::Undetermined => 4,
    }
}

// === impl Axis ===

impl Axis {
    fn new(ends: Vec<FlowEnd>, likes: Vec<Like>) -> Self {
        let mut numbers = FxHashMap::default();
        let numbered = likes.into_iter().map(|like| {
            let next = numbers.len();
            (like, *numbers.entry(like.class()).or_insert(next))
        });
        let likes = numbered.collect();
        Self {
            ends,
            likes,
            classes: numbers.len(),
        }
    }
}
