//! Which route a packet takes (VPC guide, "Route priority"): the longest prefix; of equal ones the better origin; of equal prefix lists AWS
//! picks one at random. A list whose entries nobody knows may have a longer prefix than any.

use std::cmp::Reverse;

use crate::network::Network;
use crate::table::{Action, AddressMatch, Rank, Rule, Table};

use super::matching::{Fit, is_in};
use super::sample::{Of, Spot, World};
use super::table::{Chosen, Met};

/// A route that covers an address, or may.
struct Covering {
    number: usize,
    fit: Fit,
    /// The length of its longest prefix that covers the address; none if nobody knows.
    length: Option<u8>,
}

/// The shortest prefix in a list of AWS.
const SHORTEST: u8 = 8;

/// The routes that a packet to an address may take.
pub(super) fn longest(table: &Table, to: &Spot, network: &Network) -> Met {
    let covering = covering(table, to, network);
    let known = covering.iter().filter(|route| route.length.is_some());
    let rank = |route: &Covering| table.rules.get(route.number).map(|rule| rule.rank);
    let best = known
        .clone()
        .min_by_key(|route| (Reverse(route.length), rank(route), route.number));
    let length = best.and_then(|best| best.length).unwrap_or(0);
    let best: Vec<usize> = best.map_or_else(Vec::new, |best| with_equals(table, best, known));
    let rules: Vec<&Rule> = best.iter().flat_map(|at| table.rules.get(*at)).collect();
    // A static route to the very address goes before any list; a local one before those that may be for it.
    let whole = if to.address.is_ipv6() { 128 } else { 32 };
    let is_exact = |rule: &&Rule| rule.rank == Rank::Static && length == whole;
    let is_local = |rule: &&Rule| matches!(rule.action, Action::ByAddress(..));
    let is_beyond_lists = rules.iter().any(is_exact);
    let is_local = !rules.is_empty() && rules.iter().all(is_local);
    let unknown = covering.iter().filter(|route| route.length.is_none());
    let unknown = unknown.filter(|_| !is_beyond_lists);
    // What an unknown list surely covers it takes, but for routes that are as long as its prefixes may be. Of several, all have the same list.
    let surely = unknown.clone().filter(|route| route.fit == Fit::Yes);
    let listed = surely.clone();
    let listed = listed.min_by_key(|route| (rank(route), route.number));
    let listed = listed.map_or_else(Vec::new, |listed| with_equals(table, listed, surely));
    let maybe = unknown.filter(|route| route.fit == Fit::Maybe);
    let maybe = maybe.filter(|_| !is_local || !listed.is_empty());
    let mut met: Met = maybe.map(|route| (route.number, Fit::Maybe)).collect();
    let fit = if listed.is_empty() {
        Fit::Yes
    } else {
        Fit::Maybe
    };
    met.extend(listed.iter().map(|number| (*number, Fit::Yes)));
    if fit == Fit::Maybe && length < SHORTEST {
        return met;
    }
    if best.is_empty() {
        met.push((table.rules.len(), fit));
    }
    met.extend(best.iter().map(|number| (*number, fit)));
    met
}

/// A best route, and the others to prefix lists that AWS may pick as well: they lead elsewhere.
fn with_equals<'c>(
    table: &Table,
    best: &Covering,
    others: impl Iterator<Item = &'c Covering>,
) -> Vec<usize> {
    let rule = |number: usize| table.rules.get(number);
    let mut actions: Vec<&Action> = rule(best.number).iter().map(|rule| &rule.action).collect();
    let mut equals = vec![best.number];
    for other in others.filter(|other| other.length == best.length) {
        let ranks = [best.number, other.number].map(|number| rule(number).map(|rule| rule.rank));
        let Some(action) = rule(other.number).map(|rule| &rule.action) else {
            continue;
        };
        if ranks == [Some(Rank::PrefixList); 2] && !actions.contains(&action) {
            actions.push(action);
            equals.push(other.number);
        }
    }
    equals
}

/// All routes that cover an address, or may.
fn covering(table: &Table, to: &Spot, network: &Network) -> Vec<Covering> {
    let mut covering = Vec::new();
    for (number, rule) in table.rules.iter().enumerate() {
        let length = length(rule, to, network);
        let fit = fit(rule, to, network);
        if fit != Fit::No {
            covering.push(Covering {
                number,
                fit,
                length,
            });
        }
    }
    covering
}

/// Whether a route covers an address. Of one that is known, a list that is not known may have no prefix, whatever service it is of.
fn fit(rule: &Rule, to: &Spot, network: &Network) -> Fit {
    let fit = is_in(&rule.matches.destination, to, network);
    let is_certain = matches!(to.of, Of::Service(_)) || length(rule, to, network).is_some();
    if fit == Fit::Yes && !is_certain {
        Fit::Maybe
    } else {
        fit
    }
}

/// The length of a route's longest prefix that covers an address.
fn length(rule: &Rule, to: &Spot, network: &Network) -> Option<u8> {
    match &rule.matches.destination {
        AddressMatch::Net(net) => Some(net.prefix_len()),
        AddressMatch::List(list) => {
            let list = network.list(*list)?;
            // Which of a service's prefixes an address has that stands for all of them, nobody knows.
            if list.service.is_some() && matches!(to.of, Of::Service(_)) {
                return None;
            }
            let entries = list.entries.iter().flatten();
            let entries = entries.filter(|entry| entry.contains(&to.address));
            entries.map(|entry| entry.prefix_len()).max()
        }
        AddressMatch::Any => Some(0),
        AddressMatch::Service(_) | AddressMatch::Group(_) => None,
    }
}

/// Puts the routes into the order in which they are told: those for some of the addresses first, of these lists and longer prefixes first,
/// and then what covers all of them.
pub(super) fn sort(chosen: &mut [Chosen<'_>], worlds: &[World], network: &Network) {
    let length = |rule: &Rule| match &rule.matches.destination {
        AddressMatch::Net(net) => net.prefix_len(),
        AddressMatch::List(_) | AddressMatch::Service(_) => u8::MAX,
        AddressMatch::Any | AddressMatch::Group(_) => 0,
    };
    let covers_all = |rule: &Rule| {
        let mut samples = worlds.iter().flatten();
        samples.all(|sample| fit(rule, &sample.destination, network) == Fit::Yes)
    };
    chosen.sort_by_key(|chosen| (covers_all(chosen.rule), Reverse(length(chosen.rule))));
}
