//! What a connection keeps in both directions: the choice that a component once made for it, and the devices that must see all of it.

use causeway_model::trace::{Addr, Code};

use crate::network::Network;
use crate::packet::Matched;
use crate::table::{Action, Order, Place, PlaceIx, Rule, Table};

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
    /// The ends of the packet, alike for both directions.
    fn ends(&self) -> [Addr; 2] {
        let header = &self.packet.header;
        let mut ends = [header.source.clone(), header.destination.clone()];
        ends.sort();
        ends
    }

    /// Of the rules that match, leaves the one that the connection was given before.
    pub(super) fn keep(&self, table: &Table, rules: &mut Vec<(&Rule, Matched)>) {
        if !matches!(table.order, Order::EachOfFlow | Order::OneOf(_)) {
            return;
        }
        let (here, ends) = ((self.at, self.next), self.ends());
        let mut kept = self.kept.iter();
        let kept = kept.find(|kept| kept.table == here && kept.ends == ends);
        let is_kept = |rule: &Rule| kept.is_some_and(|kept| kept.action == rule.action);
        if rules.iter().any(|(rule, _)| is_kept(rule)) {
            rules.retain(|(rule, _)| is_kept(rule));
        }
    }

    /// Notes what the connection is given.
    pub(super) fn chose(&mut self, table: &Table, rule: &Rule) {
        if matches!(table.order, Order::EachOfFlow | Order::OneOf(_)) {
            self.kept.push(Kept {
                table: (self.at, self.next),
                ends: self.ends(),
                action: rule.action.clone(),
            });
        }
    }

    /// The devices that it passed, each once, in order.
    fn devices(&self, network: &Network) -> Vec<PlaceIx> {
        let places = self.visited.iter();
        let passed = places.filter_map(|(place, _)| network.place(*place)?.device);
        let mut devices = Vec::new();
        for device in passed {
            if !devices.contains(&device) {
                devices.push(device);
            }
        }
        devices
    }
}

impl<R> Walk<'_, R> {
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

/// Notes on the reply the devices that see one direction of the connection alone: they keep state, and do not let half of one pass.
pub(crate) fn check(network: &Network, forward: &Way, reply: &mut Way) {
    let (forth, back) = (
        forward.traveller.devices(network),
        reply.traveller.devices(network),
    );
    let missed = forth.iter().filter(|device| !back.contains(device));
    let missed = missed.map(|device| (*device, "the packet passes it, and its reply does not"));
    let new = back.iter().filter(|device| !forth.contains(device));
    let new = new.map(|device| (*device, "the reply passes it, and the packet did not"));
    // An end without an interface is outside.
    let (leaves, comes_in) = (forward.interface.is_none(), reply.interface.is_none());
    for (device, words) in missed.chain(new) {
        let resource = network.place(device).and_then(|place| place.resource);
        let is_missed_by_reply = forth.contains(&device);
        let goes_past = (comes_in && is_missed_by_reply) || (leaves && !is_missed_by_reply);
        let is_redirected = goes_past && network.redirections.contains(&device);
        let code = if is_redirected {
            Code::IngressRtbTrafficRedirection
        } else {
            Code::ReturnPathAsymmetric
        };
        let redirected =
            "; the gateway's route table sends what comes in there, and what leaves goes past it";
        let detail = format!(
            "{words}: it sees half of the connection{}",
            if is_redirected { redirected } else { "" }
        );
        reply.traveller.note(Effect::Blocks, code, resource, detail);
    }
}
