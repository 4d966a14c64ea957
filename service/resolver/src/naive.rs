//! The reference reader: every rule of a route table in turn, every port of a filter by itself. Tests alone use it.

use std::collections::BTreeSet;

use causeway_model::protocol::PortRange;
use causeway_model::trace::Addr;
use ipnet::IpNet;

use crate::decide::{Filtered, Reader, filter, symbolic_routes, with_unlisted};
use crate::network::Network;
use crate::packet::{Matched, Packet};
use crate::prefix_index::PrefixIndex;
use crate::table::{Action, AddressMatch, Rank, Rule, Table};

/// Reads route tables rule by rule.
#[derive(Debug)]
pub(crate) enum Naive {}

impl Reader for Naive {
    fn routes<'t>(
        table: &'t Table,
        _index: &'t PrefixIndex,
        packet: &Packet,
        network: &Network,
    ) -> Vec<(&'t Rule, Matched)> {
        let Addr::Ip(address) = packet.header.destination else {
            return symbolic_routes(table, packet, network);
        };
        let mut best: Vec<(u8, &Rule)> = Vec::new();
        for rule in &table.rules {
            let length = networks(rule, network)
                .filter(|net| net.contains(&address))
                .map(|net| net.prefix_len())
                .max();
            let Some(length) = length else { continue };
            let is_better = best.first().is_none_or(|(other, first)| {
                length > *other || (length == *other && rule.rank < first.rank)
            });
            let is_equal = best.first().is_some_and(|(other, first)| {
                length == *other && rule.rank == first.rank && rule.rank == Rank::PrefixList
            });
            if is_better {
                best = vec![(length, rule)];
            } else if is_equal && best.iter().all(|(_, other)| other.action != rule.action) {
                best.push((length, rule));
            }
        }
        if best.is_empty() {
            best.push((0, &table.otherwise));
        }
        let best = best.into_iter().map(|(_, rule)| rule).collect();
        with_unlisted(table, packet, network, best)
    }

    fn filter<'t>(table: &'t Table, packet: &Packet, network: &Network) -> Filtered<'t> {
        let rules = table.rules.iter().chain([&table.otherwise]);
        let matched =
            rules.map(|rule| (rule, packet.matches_but_for_ports(&rule.matches, network)));
        let matched: Vec<(&Rule, Matched)> = matched.collect();
        let is_certain =
            |(_, matched): &(&Rule, Matched)| matches!(matched, Matched::Yes | Matched::No);
        if !matched.iter().all(is_certain) {
            return filter(table, packet, network);
        }
        let rules = matched
            .iter()
            .filter(|(_, matched)| *matched == Matched::Yes);
        let rules: Vec<&Rule> = rules.map(|(rule, _)| *rule).collect();
        let decides = |port: u16| {
            let port = PortRange::one(port);
            let mut all = rules.iter();
            all.position(|rule| rule.matches.destination_ports.covers(port))
        };
        let ports = packet.ports();
        let deciding: BTreeSet<usize> = (ports.from()..=ports.to()).filter_map(decides).collect();
        let deciding = || {
            deciding
                .iter()
                .filter_map(|place| rules.get(*place).copied())
        };
        let allow = deciding().find(|rule| rule.action == Action::Allow);
        let deny = deciding().find(|rule| matches!(rule.action, Action::Deny(_)));
        let doubt = deciding().find(|rule| matches!(rule.action, Action::Doubt(_)));
        match (allow, deny, doubt) {
            (Some(rule), None, None) => Filtered::Allowed(rule),
            (Some(_), Some(rule), _) => Filtered::Partly(rule),
            (_, _, Some(rule)) => Filtered::Unknown(rule),
            (None, deny, None) => Filtered::Denied(deny.unwrap_or(&table.otherwise)),
        }
    }
}

/// The networks that a route is for.
fn networks<'r>(rule: &'r Rule, network: &'r Network) -> Box<dyn Iterator<Item = IpNet> + 'r> {
    match &rule.matches.destination {
        AddressMatch::Net(net) => Box::new(std::iter::once(*net)),
        AddressMatch::List(list) => Box::new(
            network
                .list(*list)
                .and_then(|list| list.entries.as_ref())
                .into_iter()
                .flatten()
                .copied(),
        ),
        AddressMatch::Any | AddressMatch::Service(_) | AddressMatch::Group(_) => {
            Box::new(std::iter::empty())
        }
    }
}
