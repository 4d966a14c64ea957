//! Which rules of a table decide about a packet: one for a single address, several where a flow's packets differ.

mod left;
pub(crate) mod routes;

use crate::network::Network;
use crate::packet::{Matched, Packet};
use crate::table::{Action, Order, Rule, Table};

use left::Left;

/// What a filter says of a packet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Filtered<'t> {
    /// All of the flow's packets pass.
    Allowed(&'t Rule),
    /// None passes.
    Denied(&'t Rule),
    /// Some pass; the rule is the one that stops others.
    Partly(&'t Rule),
    /// It cannot be known; the rule is the one in doubt.
    Unknown(&'t Rule),
}

/// What may become of the packets of a flow at a filter.
#[derive(Debug, Default)]
struct Outcomes<'t> {
    allow: Option<&'t Rule>,
    deny: Option<&'t Rule>,
    /// The first rule of which it is not known whether it decides, or what.
    doubt: Option<&'t Rule>,
    allow_is_certain: bool,
    deny_is_certain: bool,
    /// Whether a rule may decide of which it is not known what it does.
    may_be_either: bool,
}

impl<'t> Outcomes<'t> {
    fn note(&mut self, rule: &'t Rule, is_certain: bool) {
        match rule.action {
            Action::Allow => {
                self.allow.get_or_insert(rule);
                self.allow_is_certain |= is_certain;
            }
            Action::Deny(_) => {
                self.deny.get_or_insert(rule);
                self.deny_is_certain |= is_certain;
            }
            Action::Doubt(_)
            | Action::Inform(_)
            | Action::Pass
            | Action::Forward(_)
            | Action::ByAddress(..)
            | Action::ByPublicAddress
            | Action::Rewrite(_)
            | Action::PairSource(_)
            | Action::PairDestination(_)
            | Action::Undo
            | Action::Deliver(_)
            | Action::Drop(_)
            | Action::Unknown(_) => {
                self.doubt.get_or_insert(rule);
                self.may_be_either = true;
                return;
            }
        }
        if !is_certain {
            self.doubt.get_or_insert(rule);
        }
    }

    /// Which of several rules of one action decides does not matter; that some deny and some allow does.
    fn result(&self, otherwise: &'t Rule) -> Filtered<'t> {
        match (self.allow, self.deny, self.doubt) {
            (Some(rule), None, _) if !self.may_be_either => Filtered::Allowed(rule),
            (None, Some(rule), _) if !self.may_be_either => Filtered::Denied(rule),
            (Some(_), Some(rule), _) if self.allow_is_certain && self.deny_is_certain => {
                Filtered::Partly(rule)
            }
            (_, _, Some(rule)) => Filtered::Unknown(rule),
            _ => Filtered::Denied(otherwise),
        }
    }
}

/// The rule of an ordered table that decides about all packets of a flow, if no other has a part of them: so it is for most.
fn plain<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Option<&'t Rule> {
    for rule in table.rules.iter().chain([&table.otherwise]) {
        match packet.matches(&rule.matches, network) {
            Matched::No => {}
            Matched::Yes => return Some(rule),
            Matched::Partly | Matched::Unknown => return None,
        }
    }
    None
}

/// The rule that alone decides about a packet in a table that hands it on; none if there may be several, or what is chosen is to be kept.
pub(crate) fn only<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Option<&'t Rule> {
    match &table.order {
        Order::First | Order::Stateful => plain(table, packet, network),
        Order::LongestPrefix(index) => routes::only(table, index, packet),
        Order::Each | Order::EachOfFlow | Order::OneOf(_) => None,
    }
}

/// What a filter says of a packet: its rules in order, each for the packets that those before have left.
pub(crate) fn filter<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Filtered<'t> {
    let mut outcomes = Outcomes::default();
    if let Some(rule) = plain(table, packet, network) {
        outcomes.note(rule, true);
        return outcomes.result(&table.otherwise);
    }
    let mut left = Left::all(packet, network);
    for rule in table.rules.iter().chain([&table.otherwise]) {
        if let Some(taken) = left.take(&rule.matches) {
            outcomes.note(rule, taken.is_certain);
        }
        if left.is_empty() {
            break;
        }
    }
    outcomes.result(&table.otherwise)
}

/// The rules of an ordered table that decide, with what they match: each for the packets that those before have left.
fn first<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Vec<(&'t Rule, Matched)> {
    let mut found = Vec::new();
    let mut left = Left::all(packet, network);
    for rule in table.rules.iter().chain([&table.otherwise]) {
        found.extend(left.take(&rule.matches).map(|taken| (rule, taken.matched)));
        if left.is_empty() {
            break;
        }
    }
    found
}

/// All rules that match; where none surely does, what happens otherwise too.
fn each<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Vec<(&'t Rule, Matched)> {
    let rules = table.rules.iter();
    let matched = rules.map(|rule| (rule, packet.matches(&rule.matches, network)));
    let mut found: Vec<_> = matched
        .filter(|(_, matched)| *matched != Matched::No)
        .collect();
    if found.iter().all(|(_, matched)| *matched != Matched::Yes) {
        found.push((&table.otherwise, Matched::Yes));
    }
    found
}

/// All rules that match, where one of them holds: of each it is not known whether it does.
fn one_of<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Vec<(&'t Rule, Matched)> {
    let mut found = each(table, packet, network);
    if found.len() > 1 {
        for (_, matched) in &mut found {
            *matched = Matched::Unknown;
        }
    }
    found
}

/// The rules that decide about a packet in a table that hands it on.
#[derive(Debug)]
pub(crate) struct Deciding<'t> {
    /// The rules, with what they match.
    pub(crate) rules: Vec<(&'t Rule, Matched)>,
    /// Two routes to prefix lists for the same addresses, of which AWS picks one at random.
    pub(crate) tied: Option<[&'t Rule; 2]>,
}

/// The rules that decide about a packet in a table that hands it on.
pub(crate) fn deciding<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Deciding<'t> {
    let rules = match &table.order {
        Order::First | Order::Stateful => first(table, packet, network),
        Order::Each | Order::EachOfFlow => each(table, packet, network),
        Order::OneOf(_) => one_of(table, packet, network),
        Order::LongestPrefix(index) => return routes::longest(table, index, packet, network),
    };
    Deciding { rules, tied: None }
}

#[cfg(test)]
mod tests;
