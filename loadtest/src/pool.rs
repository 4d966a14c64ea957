//! The questions that calls are made of, by their sources, so that sources can be drawn by Zipf's law: few ask often, and most seldom.

use std::collections::BTreeMap;

use causeway_client::v1::Flow;
use fastrand::Rng;

use crate::scenario::Flows;
use crate::zipf;

/// First of the ephemeral ports, and how many there are.
const FIRST_EPHEMERAL: u32 = 32_768;
const EPHEMERAL: u32 = 32_768;

/// Questions by source.
#[derive(Debug)]
pub(crate) struct Pool {
    /// In the order in which the sources came: the first ones ask the most.
    sources: Vec<Vec<Flow>>,
    settings: Flows,
}

impl Pool {
    pub(crate) fn new(flows: Vec<Flow>, settings: Flows) -> Self {
        let mut places = BTreeMap::new();
        let mut sources: Vec<Vec<Flow>> = Vec::new();
        for flow in flows {
            let place = *places.entry(flow.source.clone()).or_insert(sources.len());
            match sources.get_mut(place) {
                Some(of_source) => of_source.push(flow),
                None => sources.push(vec![flow]),
            }
        }
        Self { sources, settings }
    }

    /// A question; an empty one, if there is none at all.
    pub(crate) fn draw(&self, rng: &mut Rng) -> Flow {
        let count = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let place = zipf::draw(count, self.settings.zipf, rng);
        let of_source = usize::try_from(place)
            .ok()
            .and_then(|place| self.sources.get(place));
        let flow = of_source.and_then(|flows| rng.choice(flows));
        let mut flow = flow.cloned().unwrap_or_default();
        if self.settings.distinct && flow.destination_port.is_some() {
            flow.source_port = Some(FIRST_EPHEMERAL + rng.u32(..EPHEMERAL));
        }
        flow
    }

    /// So many questions.
    pub(crate) fn many(&self, count: usize, rng: &mut Rng) -> Vec<Flow> {
        std::iter::repeat_with(|| self.draw(rng))
            .take(count)
            .collect()
    }
}

#[cfg(test)]
mod tests;
