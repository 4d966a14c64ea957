//! The calls of a scenario: which one a number is, and how it is asked. All of a call is drawn from the seed and its number, so that it does not matter
//! when it is sent.

mod ask;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use causeway_client::v1::{self, Flow, Resource};
use causeway_client::{Client, MatrixQuestion, matrix};
use fastrand::Rng;

use crate::drive::{Ending, Kind, Target};
use crate::pool::Pool;
use crate::scenario::{Consistency, Detail, Mix, Scenario};

pub(crate) use ask::{Patch, ending_of, revisions};

/// What asks, and what it knows of the estate.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) clients: Vec<Client>,
    pub(crate) topology: String,
    pub(crate) scenario: Scenario,
    pub(crate) deadline: Duration,
    pub(crate) pool: Pool,
    /// Security groups that change sets change; none, if the mix has no change set.
    pub(crate) groups: Vec<Resource>,
    /// The revision that was the newest at the begin.
    pub(crate) pinned: u64,
    /// The newest revision that this run knows of.
    pub(crate) newest: AtomicU64,
}

/// A call that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Question {
    /// The connection that it goes over, by its place.
    client: usize,
    what: What,
}

#[derive(Debug)]
enum What {
    Single(Flow),
    Batch(Vec<Flow>),
    Stream(Vec<Vec<Flow>>),
    Matrix(MatrixQuestion),
    Mutate(Vec<Patch>),
    Watch,
}

impl Target for Asker {
    type Question = Question;

    fn prepare(&self, number: u64) -> Question {
        let clients = u64::try_from(self.clients.len()).unwrap_or(1).max(1);
        Question {
            client: usize::try_from(number % clients).unwrap_or(0),
            what: self.draw(number),
        }
    }

    fn kind(question: &Question) -> Kind {
        match question.what {
            What::Single(_) => Kind::Single,
            What::Batch(_) => Kind::Batch,
            What::Stream(_) => Kind::Stream,
            What::Matrix(_) => Kind::Matrix,
            What::Mutate(_) => Kind::Mutate,
            What::Watch => Kind::Watch,
        }
    }

    async fn ask(&self, question: Question) -> Ending {
        let Some(client) = self.clients.get(question.client) else {
            return ask::nobody();
        };
        let answered = match question.what {
            What::Single(flow) => self.single(client, flow).await,
            What::Batch(flows) => self.batch(client, flows).await,
            What::Stream(chunks) => self.within(self.stream(client, chunks)).await,
            What::Matrix(matrix) => self.within(self.matrix(client, matrix)).await,
            What::Mutate(patches) => self.mutate(client, patches).await,
            What::Watch => self.within(self.watch(client)).await,
        };
        ending_of(answered)
    }
}

impl Asker {
    fn draw(&self, number: u64) -> What {
        // Numbers that follow each other are spread over all seeds.
        let own = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut rng = Rng::with_seed(self.scenario.seed ^ own);
        match kind(self.scenario.mix, rng.f64()) {
            Kind::Single => What::Single(self.pool.draw(&mut rng)),
            Kind::Batch => {
                let size = rng.choice(&self.scenario.batch.sizes).copied();
                What::Batch(self.pool.many(size.unwrap_or(1), &mut rng))
            }
            Kind::Stream => {
                let stream = self.scenario.stream;
                let chunk = || self.pool.many(stream.chunk_flows, &mut rng);
                What::Stream(std::iter::repeat_with(chunk).take(stream.chunks).collect())
            }
            Kind::Matrix => What::Matrix(self.draw_matrix(&mut rng)),
            Kind::Mutate => What::Mutate(self.draw_patches(number, &mut rng)),
            Kind::Watch => What::Watch,
        }
    }

    fn draw_matrix(&self, rng: &mut Rng) -> MatrixQuestion {
        let settings = &self.scenario.matrix;
        let sources = self.pool.many(settings.sources, rng);
        let destinations = self.pool.many(settings.destinations, rng);
        let ports = settings.ports.iter();
        MatrixQuestion {
            sources: sources
                .into_iter()
                .map(|flow| matrix::one(flow.source))
                .collect(),
            // Names are ends of flows, and none of a matrix; sources are both.
            destinations: destinations
                .into_iter()
                .map(|flow| matrix::one(flow.source))
                .collect(),
            services: ports.map(|port| matrix::service("tcp", *port)).collect(),
        }
    }

    /// Changes to different groups, as far as there are so many.
    pub(crate) fn draw_patches(&self, number: u64, rng: &mut Rng) -> Vec<Patch> {
        let count = self.scenario.mutate.changes.min(self.groups.len());
        let first = rng.usize(..self.groups.len().max(1));
        let groups = self.groups.iter().cycle().skip(first).take(count);
        let what = self.scenario.mutate.what;
        groups
            .filter_map(|group| ask::patch(group, what, number))
            .collect()
    }

    fn consistency(&self) -> v1::Consistency {
        match self.scenario.consistency {
            Consistency::Newest => causeway_client::consistency::newest(),
            Consistency::OwnWrites => {
                causeway_client::consistency::at_least(self.newest.load(Ordering::Relaxed))
            }
            Consistency::Pinned => causeway_client::consistency::exactly(self.pinned),
        }
    }
}

/// The kind that a number from 0 to 1 chooses.
fn kind(mix: Mix, drawn: f64) -> Kind {
    let weights = [
        (Kind::Single, mix.single),
        (Kind::Batch, mix.batch),
        (Kind::Stream, mix.stream),
        (Kind::Matrix, mix.matrix),
        (Kind::Mutate, mix.mutate),
        (Kind::Watch, mix.watch),
    ];
    let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let mut left = drawn * all;
    for (kind, weight) in weights {
        if left < weight {
            return kind;
        }
        left -= weight;
    }
    // By the rounding of sums: the last that has a weight.
    let last = weights.iter().rev().find(|(_, weight)| *weight > 0.0);
    last.map_or(Kind::Single, |(kind, _)| *kind)
}

fn detail(detail: Detail) -> v1::Detail {
    match detail {
        Detail::Verdict => v1::Detail::Verdict,
        Detail::Path => v1::Detail::Path,
        Detail::Full => v1::Detail::Full,
    }
}

#[cfg(test)]
mod tests;
