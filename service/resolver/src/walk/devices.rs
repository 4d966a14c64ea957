//! What a connection keeps in both directions: the choice that a component once made for it, and the devices that must see all of it.

use causeway_model::trace::{Addr, Code, Header};

use crate::network::Network;
use crate::packet::Matched;
use crate::table::{Action, Order, Place, PlaceIx, ResourceIx, Rule, Table};

use super::{Effect, Traveller, Walk, Way};

/// What one table gave the packets between two ends.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// The place and the number of the table there.
    table: (PlaceIx, usize),
    ends: [Addr; 2],
    action: Action,
}

impl Traveller {
    /// Of the rules that match, leaves the one that the connection was given before.
    pub(super) fn keep(&self, table: &Table, rules: &mut Vec<(&Rule, Matched)>) {
        if !matches!(table.order, Order::EachOfFlow | Order::OneOf(_)) {
            return;
        }
        let (here, ends) = ((self.at, self.next), ends(&self.packet.header));
        let mut kept = self.kept.iter();
        let kept = kept.find(|kept| kept.table == here && kept.ends == ends);
        let is_kept = |rule: &Rule| kept.is_some_and(|kept| kept.action == rule.action);
        if rules.iter().any(|(rule, _)| is_kept(rule)) {
            rules.retain(|(rule, _)| is_kept(rule));
        } else if matches!(table.order, Order::EachOfFlow) {
            self.keep_to_what_it_took(rules);
        }
    }

    /// Notes what the connection is given.
    pub(super) fn chose(&mut self, table: &Table, rule: &Rule) {
        if matches!(table.order, Order::EachOfFlow | Order::OneOf(_)) {
            self.kept.push(Kept {
                table: (self.at, self.next),
                ends: ends(&self.packet.header),
                action: rule.action.clone(),
            });
        }
    }

    /// The devices that it passed with the ends that they saw, each once, in order.
    fn devices(&self, network: &Network) -> Vec<(PlaceIx, [Addr; 2])> {
        let places = self.visited.iter();
        let passed = places
            .filter_map(|(place, header)| Some((network.place(place)?.device?, ends(header))));
        let mut devices = Vec::new();
        for device in passed {
            if !devices.contains(&device) {
                devices.push(device);
            }
        }
        devices
    }

    /// Whether a device has changed the ends by itself.
    fn is_translated_by(&self, resource: Option<ResourceIx>) -> bool {
        let mut made = self.translations.iter();
        made.any(|made| made.by.is_some() && made.by == resource)
    }
}

/// The ends of a packet, alike for both directions.
fn ends(header: &Header) -> [Addr; 2] {
    let mut ends = [header.source.clone(), header.destination.clone()];
    ends.sort();
    ends
}

impl Walk<'_> {
    /// What a component does is one of several things, and nobody knows which.
    pub(super) fn note_either(
        traveller: &mut Traveller,
        place: &Place,
        rules: &[(&Rule, Matched)],
        code: Code,
    ) {
        let labels: Vec<&str> = rules.iter().map(|(rule, _)| rule.label.as_ref()).collect();
        if labels.len() > 1 {
            let detail = format!("which holds is not known: {}", labels.join(", or "));
            traveller.note(Effect::Guesses, code, place.resource, detail);
        }
    }
}

/// Notes on the reply the devices that see one direction of the connection alone: they keep state, and do not let half of one pass. One that
/// sees the reply with other addresses than the packet does not know it either, unless it has changed them itself.
pub(super) fn check(network: &Network, forward: &Way, reply: &mut Way) {
    let (forth, back) = (forward.track.devices(network), reply.track.devices(network));
    let resource_of = |device: PlaceIx| network.place(device).and_then(|place| place.resource);
    let sees = |all: &[(PlaceIx, [Addr; 2])], device| all.iter().any(|(other, _)| *other == device);
    let missed = forth.iter().filter(|seen| !back.contains(seen));
    let missed =
        missed.map(|(device, _)| (*device, "the packet passes it, and its reply does not"));
    let new = back.iter().filter(|seen| !forth.contains(seen));
    let new = new.map(|(device, _)| (*device, "the reply passes it, and the packet did not"));
    // An end without an interface is outside.
    let (leaves, comes_in) = (forward.interface.is_none(), reply.interface.is_none());
    for (device, words) in missed.chain(new) {
        let (is_in_packet, is_in_reply) = (sees(&forth, device), sees(&back, device));
        let is_seen_twice = is_in_packet && is_in_reply;
        let resource = resource_of(device);
        if is_seen_twice && forward.track.is_translated_by(resource) {
            continue;
        }
        let goes_past =
            (comes_in && is_in_packet && !is_in_reply) || (leaves && is_in_reply && !is_in_packet);
        let (code, detail) = if is_seen_twice {
            let words = "it sees the packet and its reply with other addresses, and so half of two connections";
            (Code::ReturnPathAsymmetric, words.to_owned())
        } else if goes_past && network.frame.redirections.contains(&device) {
            let detail = format!(
                "{words}: it sees half of the connection; the gateway's route table sends what comes in there, and what leaves goes past it"
            );
            (Code::IngressRtbTrafficRedirection, detail)
        } else {
            let detail = format!("{words}: it sees half of the connection");
            (Code::ReturnPathAsymmetric, detail)
        };
        reply.note(Effect::Blocks, code, resource, detail);
    }
}
