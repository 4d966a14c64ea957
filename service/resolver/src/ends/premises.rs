//! Flows that start on a user's premises: by each connection that has the source address behind it.

use std::net::IpAddr;

use causeway_model::flow::Flow;
use causeway_model::trace::{Addr, Code, Verdict};
use ipnet::IpNet;

use crate::network::Network;
use crate::packet::{Packet, is_private_address};

use super::{Begin, Settled, Source, Target, header, settled};

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

/// Who sends from premises takes a connection that leads to the destination, if there is one.
pub(super) fn prefer_announced(begins: &mut Vec<Begin>) {
    if begins.iter().any(|begin| begin.is_on_premises && begin.is_zonal) {
        begins.retain(|begin| !begin.is_on_premises || begin.is_zonal);
    }
}

pub(super) fn begin(
    network: &Network,
    flow: &Flow,
    (address, origin): (&Addr, usize),
    target: &Target,
) -> Settled<Begin> {
    let is_ipv6 = matches!(address, Addr::Ip(address) if address.is_ipv6());
    let is_other_family = match target.address {
        Addr::Ip(to) => to.is_ipv6() != is_ipv6,
        Addr::Internet | Addr::Service(_) | Addr::Within(_) => false,
    };
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
        Addr::Internet | Addr::Service(_) | Addr::Within(_) => net.prefix_len() == 0,
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
        is_zonal: origin.ahead.iter().any(leads_there),
    })
}
