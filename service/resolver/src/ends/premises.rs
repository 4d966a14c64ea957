//! Flows that start on a user's premises: by each connection that has the source address behind it.

use std::net::IpAddr;

use causeway_model::flow::Flow;
use causeway_model::trace::{Addr, Code, Verdict};
use ipnet::IpNet;

use crate::network::Network;
use crate::packet::{Packet, is_private_address};
use crate::table::ResourceIx;

use super::{Begin, Must, Settled, Source, Target, header, settled};

/// The connections that have an address behind them. A default route says nothing of public addresses.
pub(super) fn sources(network: &Network, address: IpAddr) -> Vec<Source> {
    let is_private = is_private_address(address);
    let covers = |net: &IpNet| net.contains(&address) && (is_private || net.prefix_len() > 0);
    let origins = network.origins.iter().enumerate();
    let origins = origins.filter(|(_, origin)| origin.behind.iter().any(covers));
    origins
        .map(|(place, _)| Source::Premises(Addr::Ip(address), place))
        .collect()
}

/// Some address behind a connection.
pub(super) fn of_connection(network: &Network, at: ResourceIx) -> Settled<Vec<Source>> {
    let origins = network.origins.iter().enumerate();
    let own = origins.filter(|(_, origin)| origin.resource == at);
    let sources = own.flat_map(|(place, origin)| {
        let behind = origin.behind.iter();
        behind.map(move |net| Source::Premises(Addr::Within(*net), place))
    });
    told(sources.collect(), at)
}

/// Some address behind a connection, which must be reached over it.
pub(super) fn targets(network: &Network, at: ResourceIx) -> Settled<Vec<Target>> {
    let own = network
        .origins
        .iter()
        .filter(|origin| origin.resource == at);
    let targets = own.flat_map(|origin| &origin.behind).map(|net| Target {
        address: Addr::Within(*net),
        must: Must::Pass(at),
        interface: None,
    });
    told(targets.collect(), at)
}

fn told<T>(found: Vec<T>, at: ResourceIx) -> Settled<Vec<T>> {
    if found.is_empty() {
        let detail = "the topology does not tell what addresses are behind it";
        let code = Code::UnknownDestination;
        return settled(Verdict::Undetermined, code, Some(at), detail);
    }
    Ok(found)
}

/// The family of an address, where it has one.
pub(super) fn is_ipv6(address: &Addr) -> Option<bool> {
    match address {
        Addr::Ip(address) => Some(address.is_ipv6()),
        Addr::Within(net) => Some(net.addr().is_ipv6()),
        Addr::Internet | Addr::Service(_) => None,
    }
}

/// Who sends from premises takes a connection that leads to the destination and is up, if there is one.
pub(super) fn prefer_good(begins: &mut Vec<Begin>) {
    let best = begins.iter().map(|begin| begin.grade).max();
    begins.retain(|begin| !begin.is_on_premises || Some(begin.grade) == best);
}

pub(super) fn begin(
    network: &Network,
    flow: &Flow,
    (address, origin): (&Addr, usize),
    target: &Target,
) -> Settled<Begin> {
    let is_ipv6 = is_ipv6(address).unwrap_or(false);
    let is_other_family = self::is_ipv6(&target.address).is_some_and(|other| other != is_ipv6);
    if is_other_family {
        let detail = format!("{address} and {} are of different families", target.address);
        let code = Code::UnassociatedComponent;
        return settled(Verdict::Unreachable, code, None, detail);
    }
    let Some(origin) = network.origins.get(origin) else {
        let detail = "where the packet comes in is not known";
        return settled(Verdict::Undetermined, Code::UnknownResource, None, detail);
    };
    let leads_there = |net: &IpNet| match &target.address {
        Addr::Ip(to) => net.contains(to),
        Addr::Within(to) => net.contains(to),
        Addr::Internet | Addr::Service(_) => net.prefix_len() == 0,
    };
    Ok(Begin {
        at: origin.at,
        packet: Packet {
            header: header(flow, address.clone(), target.address.clone(), is_ipv6),
            is_ipv6,
            is_reply: false,
            sender: None,
            zone: None,
        },
        from: None,
        must: target.must,
        is_on_premises: true,
        grade: match (origin.ahead.iter().any(leads_there), origin.is_up) {
            (true, true) => 2,
            (true, false) => 1,
            (false, _) => 0,
        },
        is_zonal: false,
    })
}
