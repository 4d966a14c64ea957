//! What the answer needs of a walk: the ways that the packets of a flow take, and what they met.
//!
//! Two walks give it: `walk`, which answers questions, and `naive`, which tests hold the first one against. They share these nouns, and
//! nothing that decides.

use causeway_model::flow::Request;
use causeway_model::trace::{Code, Direction, Disposition, Header, Hop};

use crate::constraints::Wanted;
use crate::network::Network;
use crate::packet::Packet;
use crate::table::{InterfaceIx, PlaceIx, ResourceIx};

/// How many ways of one flow are walked.
pub(crate) const MAX_WAYS: usize = 64;

/// How many places one way may have: far more than any network needs, as loops are found before.
pub(crate) const MAX_PLACES: usize = 256;

/// What is asked of a walk.
#[derive(Debug)]
pub(crate) struct Asked<'n> {
    pub(crate) network: &'n Network,
    /// Whether hops are recorded.
    pub(crate) records: bool,
    /// What the flow asks a service for.
    pub(crate) request: Option<&'n Request>,
    /// What the asker wants of the ways.
    pub(crate) wanted: Wanted,
}

/// A walk over one network.
pub(crate) trait Walker<'n> {
    /// What a way leaves behind for the walk to go back by.
    type Track: Clone;

    /// A walk that does what is asked.
    fn new(asked: Asked<'n>) -> Self;

    fn network(&self) -> &'n Network;

    /// Whether hops are recorded.
    fn records(&self) -> bool;

    /// All ways of a packet from a place, at most `most`, the one to tell of first; and whether there are more.
    fn packet(&self, packet: &Packet, at: PlaceIx, most: usize) -> (Vec<Way<Self::Track>>, bool);

    /// All ways of the reply to a packet, likewise; none if it did not arrive.
    fn reply(&self, way: &Way<Self::Track>, most: usize) -> (Vec<Way<Self::Track>>, bool);

    /// Whether a way was at a place of this resource.
    fn has_passed(&self, way: &Way<Self::Track>, resource: ResourceIx) -> bool;

    /// Notes which component that a way must pass it does not; a way that does not arrive may have passed it yet.
    fn check_passes(&self, way: &mut Way<Self::Track>);

    /// Notes which component that a way may not pass it does.
    fn check_avoids(&self, way: &mut Way<Self::Track>);

    /// Notes on a reply that arrived the devices that keep state, and know the packet or the reply to it alone.
    fn check_devices(&self, forward: &Way<Self::Track>, reply: &mut Way<Self::Track>);
}

/// A way at its end.
#[derive(Debug, Clone)]
pub(crate) struct Way<T> {
    /// The header that the packet ended with.
    pub(crate) header: Header,
    pub(crate) direction: Direction,
    pub(crate) hops: Vec<Hop>,
    pub(crate) issues: Vec<Issue>,
    pub(crate) disposition: Disposition,
    /// Where replies enter, if it arrived.
    pub(crate) reply_at: Option<PlaceIx>,
    /// The interface it was delivered to.
    pub(crate) interface: Option<InterfaceIx>,
    pub(crate) track: T,
}

/// What a way met that matters for its verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Issue {
    pub(crate) effect: Effect,
    pub(crate) code: Code,
    pub(crate) resource: Option<ResourceIx>,
    pub(crate) direction: Direction,
    pub(crate) detail: String,
}

/// What an issue does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// The packet does not pass.
    Blocks,
    /// Whether it passes is not known.
    Doubts,
    /// Some of the flow's packets pass.
    Splits,
    /// It may go this way, or another: which one is not known.
    Guesses,
    /// Nothing.
    Informs,
}

impl<T> Way<T> {
    pub(crate) fn note(
        &mut self,
        effect: Effect,
        code: Code,
        resource: Option<ResourceIx>,
        detail: String,
    ) {
        let direction = self.direction;
        let issue = Issue {
            effect,
            code,
            resource,
            direction,
            detail,
        };
        issue.add_to(&mut self.issues);
    }

    /// Whether something is proven to stop the packet.
    pub(crate) fn is_blocked(&self) -> bool {
        let mut issues = self.issues.iter();
        issues.any(|issue| issue.effect == Effect::Blocks)
    }
}

impl Issue {
    /// Adds it to what was noted before, once.
    pub(crate) fn add_to(self, issues: &mut Vec<Self>) {
        if !issues.contains(&self) {
            issues.push(self);
        }
    }
}
