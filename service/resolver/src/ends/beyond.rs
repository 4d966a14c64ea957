//! Flows that start or end beyond what the topology holds: on a user's premises, behind each connection that has the address, and beyond
//! gateways, peering connections and attachments, at any of the addresses there.

use std::net::IpAddr;

use causeway_model::flow::Flow;
use causeway_model::resource::Body;
use causeway_model::resources::Vpc;
use causeway_model::resources::routing::RouteState;
use causeway_model::resources::transit::TransitGatewayRouteDestination;
use causeway_model::trace::{Addr, Code, Verdict};
use ipnet::IpNet;

use crate::network::{Ahead, Network, Origin};
use crate::packet::{Packet, is_private_address, overlap};
use crate::table::ResourceIx;

use super::{Begin, Must, Settled, Source, Target, header, settled};

/// The connections that have an address behind them. A default route says nothing of public addresses.
pub(super) fn sources(network: &Network, address: IpAddr) -> Vec<Source> {
    let is_private = is_private_address(address);
    let covers = |net: &IpNet| net.contains(&address) && (is_private || net.prefix_len() > 0);
    let origins = network.frame.origins.iter().enumerate();
    let origins =
        origins.filter(|(_, origin)| origin.is_of_premises && origin.behind.iter().any(covers));
    origins
        .map(|(place, _)| Source::Beyond(Addr::Ip(address), place))
        .collect()
}

/// Some address behind a connection, a gateway or an attachment.
pub(super) fn of_gate(network: &Network, at: ResourceIx) -> Settled<Vec<Source>> {
    let sources = of(network, at).flat_map(|(place, origin)| {
        let behind = origin.behind.iter();
        behind.map(move |net| Source::Beyond(Addr::Within(*net), place))
    });
    told(sources.collect(), at)
}

/// Some address behind a connection, a gateway or an attachment, which must be reached over it; for who is behind it, some address that it
/// leads to.
pub(super) fn targets(network: &Network, at: ResourceIx, source: &Source) -> Settled<Vec<Target>> {
    let is_here = |origin: &&Origin| !origin.is_of_premises && is_behind(network, origin, source);
    let all = || of(network, at).map(|(_, origin)| origin);
    let mut nets: Vec<IpNet> = if all().any(|origin| is_here(&origin)) {
        let here = all().filter(is_here);
        here.flat_map(|origin| leads_to(network, origin)).collect()
    } else {
        all().flat_map(|origin| origin.inward.clone()).collect()
    };
    nets.sort_unstable();
    nets.dedup();
    let targets = nets.into_iter().map(|net| Target {
        address: Addr::Within(net),
        must: Must::Pass(at),
        interface: None,
    });
    told(targets.collect(), at)
}

/// The origins of a resource.
fn of(network: &Network, at: ResourceIx) -> impl Iterator<Item = (usize, &Origin)> {
    let places = network.frame.origins_of.get(&at).into_iter().flatten();
    places.filter_map(|place| Some((*place, network.frame.origins.get(*place)?)))
}

/// Whether a flow comes from behind a gate.
fn is_behind(network: &Network, origin: &Origin, source: &Source) -> bool {
    let holds = |address: &IpAddr| origin.behind.iter().any(|net| net.contains(address));
    match source {
        Source::Interface(from) => {
            let from = network.interface(*from);
            from.is_some_and(|from| from.addresses.iter().any(holds))
        }
        Source::Beyond(Addr::Ip(address), _) => holds(address),
        Source::Beyond(Addr::Within(own), _) => origin.behind.iter().any(|net| net.contains(own)),
        Source::Beyond(Addr::Internet | Addr::Service(_), _) | Source::Outside(..) => false,
    }
}

/// Blocks that an origin leads to.
fn leads_to(network: &Network, origin: &Origin) -> Vec<IpNet> {
    match &origin.ahead {
        Ahead::Blocks(blocks) => blocks.clone(),
        Ahead::Table(table) => {
            let routes = routes_of(network, *table, origin.resource);
            let blocks = routes.flat_map(|(net, attached)| match attached {
                Some(vpc) => {
                    let blocks = vpc.cidr_blocks.iter();
                    blocks.filter_map(|block| overlap(block, &net)).collect()
                }
                // A default route says nothing of who is there.
                None if net.prefix_len() > 0 => vec![net],
                None => Vec::new(),
            });
            blocks.collect()
        }
    }
}

/// The routes of a transit gateway's table but those back to an attachment, each with the VPC that it leads to.
fn routes_of(
    network: &Network,
    table: ResourceIx,
    but: ResourceIx,
) -> impl Iterator<Item = (IpNet, Option<&Vpc>)> {
    let table = network.resource(table).map(|held| &held.body);
    let routes = match table {
        Some(Body::TransitGatewayRouteTable(table)) => table.routes.as_slice(),
        Some(_) | None => &[],
    };
    let active = routes
        .iter()
        .filter(|route| route.state == RouteState::Active);
    let active = active.filter_map(|route| match route.destination {
        TransitGatewayRouteDestination::Cidr(net) => {
            Some((net, &route.transit_gateway_attachment_ids))
        }
        TransitGatewayRouteDestination::PrefixList(_) => None,
    });
    active.flat_map(move |(net, ids)| {
        let held = ids.iter().filter_map(|id| network.find(id.as_str()));
        let others = held.filter(move |at| *at != but);
        others.map(move |at| (net, vpc_attached(network, at)))
    })
}

fn vpc_attached(network: &Network, at: ResourceIx) -> Option<&Vpc> {
    let Body::TransitGatewayAttachment(attachment) = &network.resource(at)?.body else {
        return None;
    };
    let vpc = network.find(&attachment.resource_id)?;
    let Body::Vpc(vpc) = &network.resource(vpc)?.body else {
        return None;
    };
    Some(vpc)
}

fn told<T>(found: Vec<T>, at: ResourceIx) -> Settled<Vec<T>> {
    if found.is_empty() {
        let detail = "the topology does not tell what addresses are beyond it";
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
    begins.retain(|begin| !begin.comes_by_gate || Some(begin.grade) == best);
}

pub(super) fn begin(
    network: &Network,
    flow: &Flow,
    (address, origin): (&Addr, usize),
    target: &Target,
) -> Settled<Begin> {
    let is_ipv6 = is_ipv6(address).unwrap_or(false);
    let is_other_family = target
        .is_ipv6(network)
        .is_some_and(|other| other != is_ipv6);
    if is_other_family {
        let detail = format!("{address} and {} are of different families", target.address);
        let code = Code::UnassociatedComponent;
        return settled(Verdict::Unreachable, code, None, detail);
    }
    let Some(origin) = network.frame.origins.get(origin) else {
        let detail = "where the packet comes in is not known";
        return settled(Verdict::Undetermined, Code::UnknownResource, None, detail);
    };
    let leads_there = leads_there(network, origin, &target.address);
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
        comes_by_gate: true,
        grade: match (leads_there, origin.is_up) {
            (true, true) => 2,
            (true, false) => 1,
            (false, _) => 0,
        },
        is_zonal: false,
    })
}

/// Whether an origin leads to an address.
fn leads_there(network: &Network, origin: &Origin, address: &Addr) -> bool {
    let is_meant = |net: &IpNet| match address {
        Addr::Ip(to) => net.contains(to),
        Addr::Within(to) => net.contains(to),
        Addr::Internet | Addr::Service(_) => net.prefix_len() == 0,
    };
    match &origin.ahead {
        Ahead::Blocks(blocks) => blocks.iter().any(is_meant),
        Ahead::Table(table) => {
            routes_of(network, *table, origin.resource).any(|(net, _)| is_meant(&net))
        }
    }
}
