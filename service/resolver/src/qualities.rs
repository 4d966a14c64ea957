//! What a way is like: read from its traces.

use causeway_model::ids::{Region, ZoneName};
use causeway_model::resource::{Body, Kind};
use causeway_model::trace::{Addr, Disposition, Header, Hop, Qualities, Trace};

use crate::network::Network;
use crate::packet::{is_private, is_private_address};

/// What a way is like, of which these are the packet's and the reply's.
pub(crate) fn of(network: &Network, forward: &Trace, reply: Option<&Trace>) -> Qualities {
    let both = || std::iter::once(forward).chain(reply);
    let hops = || both().flat_map(|trace| &trace.hops);
    let steps = hops().flat_map(|hop| &hop.steps);
    let mut headers = steps.flat_map(|step| std::iter::once(&step.before).chain(&step.after));
    let exits = |trace: &Trace| {
        matches!(
            trace.disposition,
            Disposition::ExitedToInternet | Disposition::ExitedToOnPremises
        )
    };
    let mut found = Qualities {
        uses_public_addresses: headers.any(has_public_address),
        leaves_aws_network: both().any(exits) || hops().any(leads_out),
        ..Qualities::default()
    };
    for hop in &forward.hops {
        let (region, zone) = place(network, hop);
        if let Some(region) = region.filter(|region| found.regions.last() != Some(region)) {
            found.regions.push(region);
        }
        if let Some(zone) = zone.filter(|zone| found.zones.last() != Some(zone)) {
            found.zones.push(zone);
        }
    }
    found
}

fn has_public_address(header: &Header) -> bool {
    let is_public = |address: &Addr| match address {
        Addr::Ip(address) => !is_private_address(*address),
        Addr::Within(block) => !is_private(block),
        Addr::Internet | Addr::Service(_) => true,
    };
    is_public(&header.source) || is_public(&header.destination)
}

/// Whether what comes after a hop is the customer's own network.
fn leads_out(hop: &Hop) -> bool {
    let kind = hop.resource.as_ref().map(|named| named.kind);
    matches!(
        kind,
        Some(
            Kind::VpnConnection
                | Kind::CustomerGateway
                | Kind::DirectConnectGateway
                | Kind::VirtualInterface
        )
    )
}

/// The Region of a hop, and its zone if it is in a subnet, or is one.
fn place(network: &Network, hop: &Hop) -> (Option<Region>, Option<ZoneName>) {
    let named = hop.resource.as_ref();
    let at = named.and_then(|named| network.find(named.id.as_str()));
    let Some((at, resource)) = at.and_then(|at| Some((at, network.resource(at)?))) else {
        return (None, None);
    };
    let zone = if let Body::Subnet(subnet) = &resource.body {
        subnet.availability_zone.clone()
    } else {
        let own = network.primary(at);
        own.and_then(|own| network.zone(own).cloned())
    };
    (resource.region.clone(), zone)
}
