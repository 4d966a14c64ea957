//! What a connection keeps in both directions: what it was once given, the way back to who kept its source, and the devices that must see
//! all of it.

use causeway_model::trace::{Addr, Code, Header};

use crate::table::{Action, Order, Place, PlaceIx, ResourceIx, SubnetIx, Table, VpcIx};
use crate::way::Effect;

use super::journey::{Journey, Replies};
use super::table::Chosen;
use super::{Naive, Way};

/// What a table gave a connection for good.
#[derive(Debug, Clone)]
pub(super) struct Given {
    place: PlaceIx,
    table: usize,
    /// The ends of the connection as the table saw them.
    ends: (Addr, Addr),
    action: Action,
}

/// A device, and the ends that it saw.
type Seen = (PlaceIx, (Addr, Addr));

/// The two ends of a packet, the lower one first: the same for a packet and its reply.
fn ends(header: &Header) -> (Addr, Addr) {
    let (one, other) = (header.source.clone(), header.destination.clone());
    if one <= other {
        (one, other)
    } else {
        (other, one)
    }
}

/// Whether a connection keeps what a table gives it.
fn is_for_good(table: &Table) -> bool {
    matches!(table.order, Order::EachOfFlow | Order::OneOf(_))
}

impl Naive<'_> {
    /// Of several rules, those that a connection may be given here: what it was given before; or, of places that a component chooses for it, one
    /// where the packet has been.
    pub(super) fn keep<'t>(
        &self,
        journey: &Journey,
        table: &Table,
        chosen: Vec<Chosen<'t>>,
    ) -> Vec<Chosen<'t>> {
        if !is_for_good(table) {
            return chosen;
        }
        let own = ends(&journey.packet.header);
        let mut given = journey.given.iter();
        let given = given.find(|given| {
            (given.place, given.table) == (journey.at, journey.table) && given.ends == own
        });
        let is_given =
            |one: &&Chosen<'t>| given.is_some_and(|given| given.action == one.rule.action);
        let kept: Vec<Chosen<'t>> = chosen.iter().filter(is_given).copied().collect();
        if !kept.is_empty() {
            return kept;
        }
        if !matches!(table.order, Order::EachOfFlow) {
            return chosen;
        }
        let was_there = |one: &&Chosen<'t>| matches!(one.rule.action, Action::Forward(to) if journey.packet_was_at(to));
        let taken: Vec<Chosen<'t>> = chosen.iter().filter(was_there).copied().collect();
        if taken.is_empty() { chosen } else { taken }
    }

    /// Remembers what a table gives the connection.
    pub(super) fn give(&self, journey: &mut Journey, table: &Table, action: &Action) {
        if is_for_good(table) {
            journey.given.push(Given {
                place: journey.at,
                table: journey.table,
                ends: ends(&journey.packet.header),
                action: action.clone(),
            });
        }
    }

    /// Where a reply comes back to by an address that a component gave the packet.
    pub(super) fn way_back(&self, journey: &Journey) -> Option<PlaceIx> {
        let replies = newest(journey, false)?;
        Some(replies.to)
    }

    /// Where a reply comes back to past all routes, for a component kept the source: from the component's VPC, and from its peers.
    pub(super) fn way_past_routes(&self, journey: &Journey) -> Option<PlaceIx> {
        let to = newest(journey, true)?.to;
        let here = self.vpc_of_link(journey.link?)?;
        let there = self.vpc_of_link(self.place(to)?.link?)?;
        let peers = self.asked.network.frame.peers.get(&there);
        let mut near = peers.into_iter().flatten().chain([&there]);
        near.any(|vpc| *vpc == here).then_some(to)
    }

    fn vpc_of_link(&self, link: SubnetIx) -> Option<VpcIx> {
        Some(self.asked.network.subnet(link)?.vpc)
    }

    /// Tells of a reply that is in another zone of a component here than the packet was, and in none where the packet was.
    pub(super) fn tell_other_zone(&self, journey: &mut Journey, place: &Place) {
        if !place.is_zonal || !journey.packet.is_reply || journey.packet_was_at(journey.at) {
            return;
        }
        let before = journey.packet_before.iter();
        let places = before.flat_map(|before| &before.been);
        let mut places = places.filter_map(|(at, _)| self.place(*at));
        if places.any(|other| other.is_zonal && other.resource == place.resource) {
            let detail = "the reply is in another zone here than the packet was, and an appliance there does not know the flow".to_owned();
            let code = Code::TransitGatewayApplianceModeRecommended;
            journey.note(Effect::Informs, code, place.resource, detail);
        }
    }

    /// Tells of the devices that know the packet, or the reply to it, by its ends, and not the other one; but for those that change ends.
    pub(super) fn tell_half_connections(&self, forward: &Way, reply: &mut Way) {
        let forth = self.devices(&forward.track);
        let back = self.devices(&reply.track);
        for (device, ends) in &forth {
            if !back.contains(&(*device, ends.clone())) {
                let words = "the packet passes it, and its reply does not";
                self.tell_half(*device, words, (forward, &forth), (reply, &back));
            }
        }
        for (device, ends) in &back {
            if !forth.contains(&(*device, ends.clone())) {
                let words = "the reply passes it, and the packet did not";
                self.tell_half(*device, words, (forward, &forth), (reply, &back));
            }
        }
    }

    fn tell_half(
        &self,
        device: PlaceIx,
        words: &str,
        (forward, forth): (&Way, &[Seen]),
        (reply, back): (&mut Way, &[Seen]),
    ) {
        let resource = self.place(device).and_then(|place| place.resource);
        let sees_packet = forth.iter().any(|(other, _)| *other == device);
        let sees_reply = back.iter().any(|(other, _)| *other == device);
        let asymmetric = Code::ReturnPathAsymmetric;
        if sees_packet && sees_reply {
            if has_changed(&forward.track, resource) {
                return;
            }
            let detail = "it sees the packet and its reply with other addresses, and so half of two connections".to_owned();
            reply.note(Effect::Blocks, asymmetric, resource, detail);
            return;
        }
        // What ends at no interface is outside of the gateway.
        let comes_in_by_it = reply.interface.is_none() && sees_packet;
        let leaves_by_it = forward.interface.is_none() && sees_reply;
        let redirections = &self.asked.network.frame.redirections;
        let half = format!("{words}: it sees half of the connection");
        if (comes_in_by_it || leaves_by_it) && redirections.contains(&device) {
            let detail = format!(
                "{half}; the gateway's route table sends what comes in there, and what leaves goes past it"
            );
            let code = Code::IngressRtbTrafficRedirection;
            reply.note(Effect::Blocks, code, resource, detail);
        } else {
            reply.note(Effect::Blocks, asymmetric, resource, half);
        }
    }

    /// The devices that a journey passed, each once with the ends that it saw.
    fn devices(&self, journey: &Journey) -> Vec<Seen> {
        let mut devices = Vec::new();
        for (at, header) in &journey.been {
            let device = self.place(*at).and_then(|place| place.device);
            let seen = device.map(|device| (device, ends(header)));
            devices.extend(seen.filter(|seen| !devices.contains(seen)));
        }
        devices
    }
}

/// Whether a resource has changed the ends of a packet.
fn has_changed(journey: &Journey, resource: Option<ResourceIx>) -> bool {
    let mut changes = journey.changes.iter();
    resource.is_some() && changes.any(|change| change.by == resource)
}

/// Where a reply to the destination comes back to, by the newest change that says so; of those that ask no route, or of those that do.
fn newest(journey: &Journey, past_routes: bool) -> Option<&Replies> {
    let to = &journey.packet.header.destination;
    let mut found = None;
    for change in &journey.changes {
        let replies = change.replies.as_ref();
        let replies =
            replies.filter(|replies| replies.past_routes == past_routes && replies.address == *to);
        found = replies.or(found);
    }
    found.filter(|_| journey.packet.is_reply)
}
