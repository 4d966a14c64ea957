//! The reference reader: every rule of a route table in turn, by the rules as AWS states them. Tests alone use it.

use causeway_model::trace::Addr;
use ipnet::IpNet;

use crate::decide::{Reader, symbolic_routes, with_unlisted};
use crate::network::Network;
use crate::packet::{Matched, Packet};
use crate::prefix_index::PrefixIndex;
use crate::table::{AddressMatch, Rank, Rule, Table};

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
