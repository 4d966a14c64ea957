//! A packet on its way: what it has on it, what it leaves behind, and how it ends.

use causeway_model::protocol::PortRange;
use causeway_model::trace::{Addr, Code, Direction, Disposition, Header, Hop};

use smallvec::SmallVec;

use crate::network::Network;
use crate::packet::Packet;
use crate::table::{InterfaceIx, PlaceIx, ResourceIx, SubnetIx};

use super::{Effect, Way, devices};
use crate::way::Issue;

/// A rewriting that replies undo.
#[derive(Debug, Clone, Default)]
pub(super) struct Translation {
    pub(super) by: Option<ResourceIx>,
    /// The source it replaced.
    pub(super) source: Option<(Addr, PortRange)>,
    /// The destination it replaced.
    pub(super) destination: Option<(Addr, PortRange)>,
    /// The source it gave, and where replies to that come back to.
    pub(super) back: Option<(Addr, PlaceIx)>,
    /// Whether replies come back there whatever routes say.
    pub(super) skips_routes: bool,
}

/// A packet on one way, with what it leaves behind.
#[derive(Debug, Clone)]
pub(crate) struct Traveller {
    pub(crate) packet: Packet,
    pub(super) direction: Direction,
    pub(super) at: PlaceIx,
    pub(super) next: usize,
    /// The subnet whose link it was on last, until now.
    pub(super) link: Option<SubnetIx>,
    /// The interface it comes from, even when nobody can tell any more.
    pub(super) origin: Option<InterfaceIx>,
    /// The interfaces it passed last, newest last.
    pub(super) passed: SmallVec<[InterfaceIx; 4]>,
    /// The interfaces that keep state of the connection.
    pub(super) stateful: SmallVec<[InterfaceIx; 4]>,
    /// Where the packet was that this is the reply to.
    pub(super) went: SmallVec<[PlaceIx; 16]>,
    /// Why nobody can tell any more what security groups it comes from.
    pub(super) lost: Option<Code>,
    pub(super) translations: Vec<Translation>,
    /// What tables gave the connection that it keeps.
    pub(super) kept: Vec<devices::Kept>,
    pub(super) visited: Visited,
    /// The resources whose tables it met, where somebody asks for that.
    pub(super) met: Vec<ResourceIx>,
    pub(crate) hops: Vec<Hop>,
    pub(crate) issues: Vec<Issue>,
}

/// The places where it was, and with what header: most ways have few of either, which stand here without an allocation.
#[derive(Debug, Clone, Default)]
pub(super) struct Visited {
    /// Places, each with the number of its header.
    moments: SmallVec<[(PlaceIx, u32); 16]>,
    /// The headers, each once.
    headers: SmallVec<[Header; 2]>,
}

impl Visited {
    /// Notes that a packet with this header is at a place; says whether it was not there with it before.
    pub(super) fn is_new(&mut self, at: PlaceIx, header: &Header) -> bool {
        let held = self.headers.iter().rposition(|held| held == header);
        let number = held.unwrap_or_else(|| {
            self.headers.push(header.clone());
            self.headers.len().saturating_sub(1)
        });
        let moment = (at, u32::try_from(number).unwrap_or(u32::MAX));
        let is_new = !self.moments.contains(&moment);
        if is_new {
            self.moments.push(moment);
        }
        is_new
    }

    pub(super) fn len(&self) -> usize {
        self.moments.len()
    }

    pub(super) fn places(&self) -> impl Iterator<Item = PlaceIx> {
        self.moments.iter().map(|(place, _)| *place)
    }

    /// The places with the headers there.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PlaceIx, &Header)> {
        self.moments.iter().filter_map(|(place, number)| {
            let number = usize::try_from(*number).ok()?;
            Some((*place, self.headers.get(number)?))
        })
    }
}

impl Traveller {
    /// A packet at its start.
    pub(crate) fn new(packet: Packet, at: PlaceIx) -> Self {
        Self {
            origin: packet.sender,
            packet,
            direction: Direction::Forward,
            at,
            next: 0,
            link: None,
            passed: SmallVec::new(),
            stateful: SmallVec::new(),
            went: SmallVec::new(),
            lost: None,
            translations: Vec::new(),
            kept: Vec::new(),
            visited: Visited::default(),
            met: Vec::new(),
            hops: Vec::new(),
            issues: Vec::new(),
        }
    }

    /// Whether it was at a place of this resource.
    pub(crate) fn has_passed(&self, network: &Network, resource: ResourceIx) -> bool {
        self.visited.places().any(|place| {
            network
                .place(place)
                .is_some_and(|place| place.resource == Some(resource))
        })
    }

    /// Whether it has come over a transit gateway, which it may have done with its security groups still known.
    pub(super) fn has_crossed_a_hub(&self, network: &Network) -> bool {
        self.visited.places().any(|place| {
            let place = network.place(place);
            place.is_some_and(|place| place.lost_groups == Code::SgReferencingSupport)
        })
    }

    /// From here on nobody knows what security groups it comes from; that a component loses them outweighs that one is told not to keep them.
    pub(super) fn forget_groups(&mut self, code: Code) {
        if self.lost.is_none() || code == Code::SgReferencesNotPreserved {
            self.lost = Some(code);
        }
        self.packet.sender = None;
    }

    /// Where a reply comes back to that goes to an address which a component gave the packet, and which no interface has.
    pub(super) fn way_back(&self) -> Option<PlaceIx> {
        self.back_of(|made| !made.skips_routes)
    }

    /// Where a reply comes back to that goes to a source which a component has kept: no route is asked. It does so in the VPC of the component,
    /// and in one that is peered with it (NLB guide, "Client IP preservation").
    pub(super) fn kept_way_back(&self, network: &Network) -> Option<PlaceIx> {
        let back = self.back_of(|made| made.skips_routes)?;
        let vpc_of = |link: Option<SubnetIx>| Some(network.subnet(link?)?.vpc);
        let here = vpc_of(self.link)?;
        let there = vpc_of(network.place(back)?.link)?;
        let peers = network.frame.peers.get(&there);
        let is_near = here == there || peers.is_some_and(|peers| peers.contains(&here));
        is_near.then_some(back)
    }

    /// Where replies to the packet's destination come back to, by the newest translation of a kind that gave or kept it.
    fn back_of(&self, is_meant: impl Fn(&Translation) -> bool) -> Option<PlaceIx> {
        let to = &self.packet.header.destination;
        let made = self.translations.iter().rev();
        let made = made.filter(|made| self.packet.is_reply && is_meant(made));
        let mut made = made.filter_map(|made| made.back.as_ref());
        made.find(|(address, _)| address == to)
            .map(|(_, back)| *back)
    }

    pub(crate) fn note(
        &mut self,
        effect: Effect,
        code: Code,
        resource: Option<ResourceIx>,
        detail: String,
    ) {
        let issue = Issue {
            effect,
            code,
            resource,
            direction: self.direction,
            detail,
        };
        issue.add_to(&mut self.issues);
    }
}

impl Way {
    /// The way of a traveller that is at its end.
    pub(super) fn ended(
        mut traveller: Box<Traveller>,
        disposition: Disposition,
        reply_at: Option<PlaceIx>,
        interface: Option<InterfaceIx>,
    ) -> Self {
        Self {
            header: traveller.packet.header.clone(),
            direction: traveller.direction,
            hops: std::mem::take(&mut traveller.hops),
            issues: std::mem::take(&mut traveller.issues),
            disposition,
            reply_at,
            interface,
            track: traveller,
        }
    }

    pub(super) fn lost(traveller: Box<Traveller>, disposition: Disposition) -> Self {
        Self::ended(traveller, disposition, None, None)
    }

    /// The reply to the packet that arrived, where it enters the network.
    pub(super) fn answering(&self) -> Option<Box<Traveller>> {
        let sent = &self.track;
        let mut reply = Box::new(Traveller::new(sent.packet.reply(), self.reply_at?));
        reply.direction = Direction::Return;
        reply.stateful.clone_from(&sent.passed);
        reply.went = sent.visited.places().collect();
        reply.translations.clone_from(&sent.translations);
        reply.kept.clone_from(&sent.kept);
        Some(reply)
    }
}
