//! Ends of flows that are alike: the verdict from or to one of them is that of the other.

use causeway_model::flow::FlowEnd;

use crate::network::Network;

/// What an end of a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Like {
    class: usize,
    own: usize,
}

impl Like {
    /// The number of its class.
    pub(crate) fn class(self) -> usize {
        self.class
    }

    /// Whether two ends are one.
    pub(crate) fn is_same(self, other: Self) -> bool {
        self.own == other.own
    }
}

/// What each of some ends is.
pub(crate) fn alike(_network: &Network, ends: [&[FlowEnd]; 2]) -> Vec<Like> {
    let [sources, destinations] = ends;
    (0..sources.len() + destinations.len())
        .map(|own| Like { class: own, own })
        .collect()
}
