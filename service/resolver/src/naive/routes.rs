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
    let mut met = Met::new();
    let rule = best.and_then(|best| table.rules.get(best.number));
    let is_local = rule.is_some_and(|rule| matches!(rule.action, Action::ByAddress(..)));
    // A static route to the very address goes before any list.
    let whole = if to.address.is_ipv6() { 128 } else { 32 };
    let is_beyond_lists = rule.is_some_and(|rule| rule.rank == Rank::Static && length == whole);
    let unknown = covering.iter().filter(|route| route.length.is_none());
    let unknown = unknown.filter(|_| !is_local && !is_beyond_lists);
    let maybe = unknown.clone().filter(|route| route.fit == Fit::Maybe);
    met.extend(maybe.map(|route| (route.number, Fit::Maybe)));
    // What an unknown list surely covers it takes, but for routes that are as long as its prefixes may be. Of several, all have the same list.
    let surely = unknown.filter(|route| route.fit == Fit::Yes);
    let listed = surely
        .clone()
        .min_by_key(|route| (rank(route), route.number));
    if let Some(listed) = listed {
        met.push((listed.number, Fit::Yes));
        let others = equals(table, listed, surely).into_iter();
        met.extend(others.map(|number| (number, Fit::Yes)));
    }
    let is_surely_listed = listed.is_some();
    if is_surely_listed && length < SHORTEST {
        return met;
    }
    let fit = if is_surely_listed {
        Fit::Maybe
    } else {
        Fit::Yes
    };
    let Some(best) = best else {
        met.push((table.rules.len(), fit));
        return met;
    };
    met.push((best.number, fit));
    met.extend(
        equals(table, best, known)
            .into_iter()
            .map(|number| (number, fit)),
    );
    met
}

/// The other routes to prefix lists that AWS may pick as well: they lead elsewhere.
fn equals<'c>(
    table: &Table,
    best: &Covering,
    others: impl Iterator<Item = &'c Covering>,
) -> Vec<usize> {
    let rule = |number: usize| table.rules.get(number);
    let mut actions: Vec<&Action> = rule(best.number).iter().map(|rule| &rule.action).collect();
    let mut equals = Vec::new();
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
        let fit = is_in(&rule.matches.destination, to, network);
        if fit != Fit::No {
            covering.push(Covering {
                number,
                fit,
                length: length(rule, to, network),
            });
        }
    }
    covering
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
        AddressMatch::Any | AddressMatch::Service(_) | AddressMatch::Group(_) => None,
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
        let to = &rule.matches.destination;
        samples.all(|sample| is_in(to, &sample.destination, network) == Fit::Yes)
    };
    chosen.sort_by_key(|chosen| (covers_all(chosen.rule), Reverse(length(chosen.rule))));
}
