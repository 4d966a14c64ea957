//! A packet on its journey: where it is, and all that it leaves behind.

use causeway_model::protocol::PortRange;
use causeway_model::trace::{Addr, Code, Direction, Header, Hop};

use crate::packet::Packet;
use crate::table::{InterfaceIx, PlaceIx, ResourceIx, SubnetIx};
use crate::way::{Effect, Issue};

use super::connection::Given;

/// A packet on its journey.
#[derive(Debug, Clone)]
pub(crate) struct Journey {
    pub(super) packet: Packet,
    /// The place where it is, and the number of the table there that is next.
    pub(super) at: PlaceIx,
    pub(super) table: usize,
    /// The places where it was, with the header that it came in with.
    pub(super) been: Vec<(PlaceIx, Header)>,
    /// The resources whose tables were asked about it.
    pub(super) met: Vec<Option<ResourceIx>>,
    /// The interfaces that it passed.
    pub(super) interfaces: Vec<InterfaceIx>,
    /// The subnet whose link it was on last.
    pub(super) link: Option<SubnetIx>,
    /// The interface that it comes from in truth.
    pub(super) true_sender: Option<InterfaceIx>,
    /// With what code a rule is told of that would have to know the sender's security groups, once they are not known any more.
    pub(super) groups_lost: Option<Code>,
    /// The changes of its ends that a reply has to undo, the oldest first.
    pub(super) changes: Vec<Change>,
    /// What the connection was given for good.
    pub(super) given: Vec<Given>,
    /// The journey of the packet that it is the reply to.
    pub(super) packet_before: Option<Box<Journey>>,
    pub(super) hops: Vec<Hop>,
    pub(super) issues: Vec<Issue>,
}

/// A change of a packet's ends.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// The resource that made it.
    pub(super) by: Option<ResourceIx>,
    /// The source before, where it was replaced.
    pub(super) old_source: Option<(Addr, PortRange)>,
    /// The destination before, where it was replaced.
    pub(super) old_destination: Option<(Addr, PortRange)>,
    /// Where replies to the source have to come back to.
    pub(super) replies: Option<Replies>,
}

/// Where replies to an address come back to.
#[derive(Debug, Clone)]
pub(super) struct Replies {
    pub(super) address: Addr,
    pub(super) to: PlaceIx,
    /// Whether no route is asked.
    pub(super) past_routes: bool,
}

impl Journey {
    /// The journey of a packet, at its start.
    pub(super) fn of_packet(packet: Packet, at: PlaceIx) -> Self {
        Self {
            true_sender: packet.sender,
            packet,
            at,
            table: 0,
            been: Vec::new(),
            met: Vec::new(),
            interfaces: Vec::new(),
            link: None,
            groups_lost: None,
            changes: Vec::new(),
            given: Vec::new(),
            packet_before: None,
            hops: Vec::new(),
            issues: Vec::new(),
        }
    }

    /// The journey of the reply to a packet that has arrived: its ends are the packet's, the other way round, and nobody knows who sends it.
    pub(super) fn of_reply(arrived: Self, at: PlaceIx) -> Self {
        let header = &arrived.packet.header;
        let packet = Packet {
            header: Header {
                source: header.destination.clone(),
                destination: header.source.clone(),
                protocol: header.protocol,
                source_ports: header.destination_ports,
                destination_ports: header.source_ports,
            },
            is_ipv6: arrived.packet.is_ipv6,
            is_reply: true,
            sender: None,
            zone: None,
        };
        Self {
            changes: arrived.changes.clone(),
            given: arrived.given.clone(),
            packet_before: Some(Box::new(arrived)),
            ..Self::of_packet(packet, at)
        }
    }

    pub(super) fn direction(&self) -> Direction {
        if self.packet.is_reply {
            Direction::Return
        } else {
            Direction::Forward
        }
    }

    /// Whether the packet that this is the reply to was at a place.
    pub(super) fn packet_was_at(&self, place: PlaceIx) -> bool {
        let before = self.packet_before.iter();
        let mut been = before.flat_map(|before| &before.been);
        been.any(|(other, _)| *other == place)
    }

    /// Whether the packet that this is the reply to passed an interface.
    pub(super) fn packet_passed(&self, interface: InterfaceIx) -> bool {
        let before = self.packet_before.iter();
        let mut passed = before.flat_map(|before| &before.interfaces);
        passed.any(|other| *other == interface)
    }

    pub(super) fn note(
        &mut self,
        effect: Effect,
        code: Code,
        resource: Option<ResourceIx>,
        detail: String,
    ) {
        let direction = self.direction();
        let issue = Issue {
            effect,
            code,
            resource,
            direction,
            detail,
        };
        issue.add_to(&mut self.issues);
    }
}
