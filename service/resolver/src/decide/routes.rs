//! Which routes of a table a packet takes: those with the longest prefix of its destination (VPC guide, "Route priority").

use std::cmp::Reverse;

use causeway_model::trace::Addr;
use ipnet::IpNet;

use crate::cover::Cover;
use crate::network::Network;
use crate::packet::{Matched, Packet};
use crate::prefix_index::PrefixIndex;
use crate::table::{Action, AddressMatch, Rank, Rule, Table};

use super::Deciding;

/// The routes of a table that decide about a packet, best first: by the table's index of prefixes.
pub(super) fn longest<'t>(
    table: &'t Table,
    index: &'t PrefixIndex,
    packet: &Packet,
    network: &Network,
) -> Deciding<'t> {
    let Addr::Ip(address) = packet.header.destination else {
        return symbolic(table, packet, network);
    };
    let places = index.longest(address);
    let rules = places
        .iter()
        .filter_map(|(_, place)| table.rules.get(usize::try_from(*place).ok()?));
    let mut best = best_of_equals(rules);
    let tied = tied(&best);
    if best.is_empty() {
        best.push(&table.otherwise);
    }
    let rules = with_unlisted(table, packet, network, best);
    Deciding { rules, tied }
}

/// The route that alone decides about a packet to one address: there is no other of its prefix, and no list that may cover the address unseen.
pub(super) fn only<'t>(
    table: &'t Table,
    index: &'t PrefixIndex,
    packet: &Packet,
) -> Option<&'t Rule> {
    let Addr::Ip(address) = packet.header.destination else {
        return None;
    };
    if index.has_unlisted() {
        return None;
    }
    match index.longest(address) {
        [] => Some(&table.otherwise),
        [(_, place)] => table.rules.get(usize::try_from(*place).ok()?),
        [(_, place), ..] => {
            let rule = table.rules.get(usize::try_from(*place).ok()?)?;
            (rule.rank != Rank::PrefixList).then_some(rule)
        }
    }
}

/// The first two of several best routes.
fn tied<'t>(best: &[&'t Rule]) -> Option<[&'t Rule; 2]> {
    best.first_chunk().copied()
}

/// Of routes with one prefix, in order of precedence: the first, and with a prefix-list route all of its rank, for AWS picks one at random.
pub(super) fn best_of_equals<'t>(rules: impl Iterator<Item = &'t Rule>) -> Vec<&'t Rule> {
    let mut found: Vec<&Rule> = Vec::new();
    for rule in rules {
        match found.first() {
            None => found.push(rule),
            Some(first) if first.rank == Rank::PrefixList && rule.rank == Rank::PrefixList => {
                if found.iter().all(|other| other.action != rule.action) {
                    found.push(rule);
                }
            }
            Some(_) => break,
        }
    }
    found
}

/// The best routes, after those to prefix lists whose entries are not known: whether they cover the address cannot be told. What is local
/// stays so: only routes to a whole subnet lead elsewhere, and lists are not for that. A static route to the very address is better than any.
fn with_unlisted<'t>(
    table: &'t Table,
    packet: &Packet,
    network: &Network,
    best: Vec<&'t Rule>,
) -> Vec<(&'t Rule, Matched)> {
    let is_beaten = !best.iter().all(|rule| is_beyond_lists(rule));
    let is_list = |rule: &&Rule| {
        let to = &rule.matches.destination;
        matches!(to, AddressMatch::List(_) | AddressMatch::Service(_))
    };
    let lists = table.rules.iter().filter(|_| is_beaten).filter(is_list);
    let matched = lists.map(|rule| (rule, packet.matches(&rule.matches, network)));
    let may_match = matched.filter(|(_, matched)| *matched != Matched::No);
    let unlisted = may_match.filter(|(rule, _)| !is_told(&rule.matches.destination, network));
    let unlisted = unlisted.map(|(rule, _)| (rule, Matched::Unknown));
    let best = best.into_iter().map(|rule| (rule, Matched::Yes));
    unlisted.chain(best).collect()
}

/// Whether the entries of a list are known, so that the index tells what they cover.
fn is_told(list: &AddressMatch, network: &Network) -> bool {
    let AddressMatch::List(list) = list else {
        return false;
    };
    network
        .list(*list)
        .is_some_and(|list| list.entries.is_some())
}

/// Whether no prefix list is better than a route, whatever its entries are.
fn is_beyond_lists(rule: &Rule) -> bool {
    let is_whole = match &rule.matches.destination {
        AddressMatch::Net(net) => net.prefix_len() == net.max_prefix_len(),
        AddressMatch::Any
        | AddressMatch::List(_)
        | AddressMatch::Service(_)
        | AddressMatch::Group(_) => false,
    };
    matches!(rule.action, Action::ByAddress(..)) || is_whole && rule.rank == Rank::Static
}

/// No prefix list of AWS has a block as large as this prefix's, so a longer one may win over a list whose entries are not known.
const SHORTEST_LISTED: u8 = 8;

/// Routes for a symbolic address: the longer prefixes first, each for what those before have left of it; a list whose entries are not known
/// may be for any part.
fn symbolic<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Deciding<'t> {
    let to = &packet.header.destination;
    let mut prefixes = prefixes(table, packet, network);
    let mut unlisted = unlisted(table, packet, network);
    // What a service's list surely holds only a prefix takes that may be longer than the list's. Routes to it twice are equals.
    let is_sure = |(.., matched): &(&Rule, Matched)| *matched == Matched::Yes;
    let listed = unlisted.iter().copied().filter(is_sure);
    let listed = best_of_equals(listed.map(|(rule, _)| rule));
    unlisted.retain(|one| !is_sure(one) || listed.iter().any(|rule| std::ptr::eq(*rule, one.0)));
    let is_listed = !listed.is_empty();
    if is_listed {
        prefixes.retain(|(block, _)| block.prefix_len() >= SHORTEST_LISTED);
    }
    let whole = packet.whole_of(to);
    let is_public = !matches!(to, Addr::Within(_));
    let beside = is_public.then_some(&network.frame.never_public);
    let mut decided = Cover::default();
    let mut best: Vec<&Rule> = Vec::new();
    let (mut shared, mut parts) = (tied(&listed), 0);
    let is_same = |one: &Prefix<'_>, other: &Prefix<'_>| one.0 == other.0;
    for same in prefixes.chunk_by(is_same) {
        let block = same.first().map_or(whole, |(block, _)| *block);
        if decided.holds(whole, beside) || decided.holds(block, beside) {
            continue;
        }
        let equals = best_of_equals(same.iter().map(|(_, rule)| *rule));
        shared = shared.or_else(|| tied(&equals).filter(|_| !is_listed));
        best.extend(equals);
        parts += 1;
        decided.add(if block.contains(&whole) { whole } else { block }, beside);
    }
    if !is_listed && !decided.holds(whole, beside) {
        best.push(&table.otherwise);
        parts += 1;
    }
    let is_beaten = is_listed || !best.iter().all(|rule| is_beyond_lists(rule));
    let unlisted: Vec<_> = unlisted.into_iter().filter(|_| is_beaten).collect();
    let is_one = !matches!(to, Addr::Internet);
    // A route of every part is for all packets.
    let is_of_all = |rule: &Rule| {
        let own = best.iter().filter(|other| std::ptr::eq(**other, rule));
        own.count() == parts && unlisted.is_empty()
    };
    let matched = |rule: &Rule| match (is_of_all(rule), is_one) {
        (true, _) => Matched::Yes,
        (false, true) => Matched::Unknown,
        (false, false) => Matched::Partly,
    };
    let best = best.iter().map(|rule| (*rule, matched(rule)));
    let found: Vec<_> = unlisted.iter().copied().chain(best).collect();
    Deciding {
        rules: in_order(table, packet, network, &found),
        tied: shared,
    }
}

/// A block, and a route to it.
type Prefix<'t> = (IpNet, &'t Rule);

/// The prefixes of a table that some of a symbolic address may have, longest first, then in order of precedence.
fn prefixes<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Vec<Prefix<'t>> {
    let to = &packet.header.destination;
    let whole = packet.whole_of(to);
    let mut prefixes = Vec::new();
    for rule in &table.rules {
        let blocks = rule.matches.destination.blocks(to, network);
        let blocks = blocks.into_iter().flatten().copied();
        let meets = |block: &IpNet| block.contains(&whole) || whole.contains(block);
        prefixes.extend(blocks.filter(meets).map(|block| (block, rule)));
    }
    // Rules are in order of precedence, and stay so.
    prefixes.sort_by_key(|(block, _)| (Reverse(block.prefix_len()), *block));
    prefixes
}

/// The routes to prefix lists whose entries are not known, if they may be for a symbolic address, or surely are.
fn unlisted<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Vec<(&'t Rule, Matched)> {
    let to = &packet.header.destination;
    let rules = table.rules.iter();
    let rules = rules.filter(|rule| rule.matches.destination.blocks(to, network).is_none());
    let matched = rules.map(|rule| (rule, packet.matches(&rule.matches, network)));
    matched
        .filter(|(_, matched)| *matched != Matched::No)
        .collect()
}

/// Routes for a symbolic address in the order in which they are told: as in the table, longer prefixes first, those for all of it last; each once.
fn in_order<'t>(
    table: &'t Table,
    packet: &Packet,
    network: &Network,
    found: &[(&'t Rule, Matched)],
) -> Vec<(&'t Rule, Matched)> {
    let mut rules = Vec::new();
    for rule in table.rules.iter().chain([&table.otherwise]) {
        let mut same = found.iter().filter(|(other, _)| std::ptr::eq(*other, rule));
        rules.extend(same.next());
    }
    rules.sort_by_cached_key(|(rule, _)| {
        let is_for_all = is_for_all(rule, packet, network);
        (is_for_all, Reverse(specificity(&rule.matches.destination)))
    });
    rules
}

/// Whether a route is for all that a symbolic address may be: the entries of a list may be so together.
fn is_for_all(rule: &Rule, packet: &Packet, network: &Network) -> bool {
    let to = &packet.header.destination;
    let beside = (!matches!(to, Addr::Within(_))).then_some(&network.frame.never_public);
    let mut together = Cover::default();
    let blocks = rule.matches.destination.blocks(to, network);
    for block in blocks.into_iter().flatten() {
        together.add(*block, beside);
    }
    together.holds(packet.whole_of(to), beside)
        || packet.matches(&rule.matches, network) == Matched::Yes
}

/// How long the prefixes of a route are; those of a list may be as long as any.
pub(crate) fn specificity(destination: &AddressMatch) -> u8 {
    match destination {
        AddressMatch::Net(net) => net.prefix_len(),
        AddressMatch::List(_) | AddressMatch::Service(_) => u8::MAX,
        AddressMatch::Any | AddressMatch::Group(_) => 0,
    }
}
