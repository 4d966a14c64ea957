//! Which rules of a table decide about a packet: one for a single address, several where a flow's packets differ.

use causeway_model::protocol::PortRange;
use causeway_model::trace::Addr;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::network::Network;
use crate::packet::{Matched, Packet};
use crate::prefix_index::PrefixIndex;
use crate::table::{Action, AddressMatch, Order, Rank, Rule, Table};

/// How tables are read: by their indexes, or by every rule in turn.
pub(crate) trait Reader {
    /// The rules that decide about a packet in a route table, with what they match, best first.
    fn routes<'t>(
        table: &'t Table,
        index: &'t PrefixIndex,
        packet: &Packet,
        network: &Network,
    ) -> Vec<(&'t Rule, Matched)>;

    /// What a filter says of a packet.
    fn filter<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Filtered<'t>;
}

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
}

impl<'t> Outcomes<'t> {
    fn note(&mut self, rule: &'t Rule, matched: Matched) {
        let is_certain = matched != Matched::Unknown;
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
                return;
            }
        }
        if !is_certain {
            self.doubt.get_or_insert(rule);
        }
    }

    /// Which of several rules of one action decides does not matter; that some deny and some allow does.
    fn result(&self, otherwise: &'t Rule) -> Filtered<'t> {
        let is_doubtful = self
            .doubt
            .is_some_and(|rule| matches!(rule.action, Action::Doubt(_)));
        match (self.allow, self.deny, self.doubt) {
            (Some(rule), None, _) if !is_doubtful => Filtered::Allowed(rule),
            (None, Some(rule), _) if !is_doubtful => Filtered::Denied(rule),
            (Some(_), Some(rule), _) if self.allow_is_certain && self.deny_is_certain => {
                Filtered::Partly(rule)
            }
            (_, _, Some(rule)) => Filtered::Unknown(rule),
            _ => Filtered::Denied(otherwise),
        }
    }
}

/// What a filter says of a packet: its rules in order, each for the part of the ports and addresses that those before have left.
pub(crate) fn filter<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Filtered<'t> {
    let mut outcomes = Outcomes::default();
    let mut left = vec![packet.ports()];
    let mut seen = Vec::new();
    for rule in &table.rules {
        let ports = rule.matches.destination_ports;
        if !left.iter().any(|range| range.intersection(ports).is_some()) {
            continue;
        }
        let matched = packet.matches_but_for_ports(&rule.matches, network);
        let net = net_of(rule, packet).filter(|_| matched != Matched::Yes);
        if matched == Matched::No || net.is_some_and(|net| is_within(net, &seen)) {
            continue;
        }
        outcomes.note(rule, matched);
        seen.extend(net.filter(|_| ports.covers(packet.ports())));
        if covers_all(&seen, packet) {
            return outcomes.result(&table.otherwise);
        }
        if matched == Matched::Yes {
            left = left
                .into_iter()
                .flat_map(|range| without(range, ports))
                .collect();
        }
        if left.is_empty() {
            return outcomes.result(&table.otherwise);
        }
    }
    outcomes.note(&table.otherwise, Matched::Yes);
    outcomes.result(&table.otherwise)
}

/// The network that a rule wants a symbolic address to be in.
fn net_of(rule: &Rule, packet: &Packet) -> Option<IpNet> {
    let wanted = if matches!(packet.header.destination, Addr::Ip(_)) {
        &rule.matches.source
    } else {
        &rule.matches.destination
    };
    match wanted {
        AddressMatch::Net(net) => Some(*net),
        AddressMatch::Any
        | AddressMatch::List(_)
        | AddressMatch::Service(_)
        | AddressMatch::Group(_) => None,
    }
}

/// Whether a network lies within others.
fn is_within(net: IpNet, others: &[IpNet]) -> bool {
    let whole = IpNet::aggregate(&others.to_vec());
    whole.iter().any(|other| other.contains(&net))
}

/// Whether networks cover all that a packet's symbolic address may be: its block, else its whole family.
fn covers_all(nets: &[IpNet], packet: &Packet) -> bool {
    let header = &packet.header;
    let symbolic = if matches!(header.destination, Addr::Ip(_)) {
        &header.source
    } else {
        &header.destination
    };
    let whole = match symbolic {
        Addr::Within(block) => *block,
        Addr::Internet | Addr::Service(_) | Addr::Ip(_) => {
            if packet.is_ipv6 {
                IpNet::V6(Ipv6Net::default())
            } else {
                IpNet::V4(Ipv4Net::default())
            }
        }
    };
    is_within(whole, nets)
}

/// The ports of a range that are not in another: none, one or two ranges.
fn without(range: PortRange, taken: PortRange) -> impl Iterator<Item = PortRange> {
    let below = taken
        .from()
        .checked_sub(1)
        .and_then(|to| PortRange::new(range.from(), range.to().min(to)));
    let above = taken
        .to()
        .checked_add(1)
        .and_then(|from| PortRange::new(range.from().max(from), range.to()));
    below.into_iter().chain(above)
}

/// The rules of an ordered table that decide, with what they match: one that all packets match, after those that some do.
pub(crate) fn first<'t>(
    table: &'t Table,
    packet: &Packet,
    network: &Network,
) -> Vec<(&'t Rule, Matched)> {
    let mut found = Vec::new();
    for rule in &table.rules {
        match packet.matches(&rule.matches, network) {
            Matched::No => {}
            Matched::Yes => {
                found.push((rule, Matched::Yes));
                return found;
            }
            matched @ (Matched::Partly | Matched::Unknown) => found.push((rule, matched)),
        }
    }
    found.push((&table.otherwise, Matched::Yes));
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
pub(crate) fn deciding<'t, R: Reader>(
    table: &'t Table,
    packet: &Packet,
    network: &Network,
) -> Vec<(&'t Rule, Matched)> {
    match &table.order {
        Order::First | Order::Stateful => first(table, packet, network),
        Order::Each | Order::EachOfFlow => each(table, packet, network),
        Order::OneOf(_) => one_of(table, packet, network),
        Order::LongestPrefix(index) => R::routes(table, index, packet, network),
    }
}

/// Reads route tables by their prefix index.
#[derive(Debug)]
pub(crate) enum Indexed {}

impl Reader for Indexed {
    fn routes<'t>(
        table: &'t Table,
        index: &'t PrefixIndex,
        packet: &Packet,
        network: &Network,
    ) -> Vec<(&'t Rule, Matched)> {
        let Addr::Ip(address) = packet.header.destination else {
            return symbolic_routes(table, packet, network);
        };
        let places = index.longest(address);
        let rules = places
            .iter()
            .filter_map(|(_, place)| table.rules.get(usize::try_from(*place).ok()?));
        let best = best_of_equals(rules);
        if best.is_empty() {
            return with_unlisted(table, packet, network, vec![&table.otherwise]);
        }
        with_unlisted(table, packet, network, best)
    }

    fn filter<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Filtered<'t> {
        filter(table, packet, network)
    }
}

/// Of routes with one prefix, in order of precedence: the first, and with a prefix-list route all of its rank, for AWS picks one at random.
fn best_of_equals<'t>(rules: impl Iterator<Item = &'t Rule>) -> Vec<&'t Rule> {
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
/// stays so: only routes to a whole subnet lead elsewhere, and lists are not for that.
pub(crate) fn with_unlisted<'t>(
    table: &'t Table,
    packet: &Packet,
    network: &Network,
    best: Vec<&'t Rule>,
) -> Vec<(&'t Rule, Matched)> {
    let is_local = best
        .iter()
        .any(|rule| matches!(rule.action, Action::ByAddress(..)));
    let lists = table
        .rules
        .iter()
        .filter(|rule| rule.rank == Rank::PrefixList && !is_local);
    let matched = lists.map(|rule| (rule, packet.matches(&rule.matches, network)));
    let unlisted = matched.filter(|(_, matched)| *matched == Matched::Unknown);
    let best = best.into_iter().map(|rule| (rule, Matched::Yes));
    unlisted.chain(best).collect()
}

/// Routes for a symbolic address: the longest prefix that holds all of it, after the longer ones that may hold some of it. Public addresses
/// that no interface holds are never local; an address of a known block may be.
pub(crate) fn symbolic_routes<'t>(
    table: &'t Table,
    packet: &Packet,
    network: &Network,
) -> Vec<(&'t Rule, Matched)> {
    let rules = table.rules.iter();
    let is_of_block = matches!(packet.header.destination, Addr::Within(_));
    let rules = rules.filter(|rule| is_of_block || !matches!(rule.action, Action::ByAddress(..)));
    let mut matched: Vec<_> = rules
        .map(|rule| (rule, packet.matches(&rule.matches, network)))
        .filter(|(_, matched)| *matched != Matched::No)
        .collect();
    matched.sort_by_key(|(rule, _)| std::cmp::Reverse(specificity(&rule.matches.destination)));
    let best = matched.iter().find(|(_, matched)| *matched == Matched::Yes);
    let least = best.map_or(0, |(rule, _)| {
        specificity(&rule.matches.destination).min(SHORTEST_LISTED)
    });
    let mut found = Vec::new();
    let mut seen = Vec::new();
    for (rule, matched) in matched
        .iter()
        .filter(|(_, matched)| *matched != Matched::Yes)
    {
        let net = net_of(rule, packet);
        if specificity(&rule.matches.destination) >= least
            && !net.is_some_and(|net| is_within(net, &seen))
        {
            found.push((*rule, *matched));
            seen.extend(net);
        }
    }
    if !covers_all(&seen, packet) {
        found.push(best.copied().unwrap_or((&table.otherwise, Matched::Yes)));
    }
    found
}

/// No prefix list of AWS has a block as large as this prefix's, so a longer one may win over a list whose entries are not known.
const SHORTEST_LISTED: u8 = 8;

/// How long the prefixes of a route are; those of a list may be as long as any.
pub(crate) fn specificity(destination: &AddressMatch) -> u8 {
    match destination {
        AddressMatch::Net(net) => net.prefix_len(),
        AddressMatch::List(_) | AddressMatch::Service(_) => u8::MAX,
        AddressMatch::Any | AddressMatch::Group(_) => 0,
    }
}

#[cfg(test)]
mod tests;
