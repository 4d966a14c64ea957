//! Gateways, connections and attachments as ends of a flow: which of them somebody is behind, and which lead out alone.

use causeway_model::resource::{Body, Kind};
use causeway_model::resources::gateways::ConnectivityType;
use causeway_model::resources::hybrid::VirtualInterfaceType;
use causeway_model::trace::{Addr, Code, Verdict};

use crate::network::Network;
use crate::table::ResourceIx;

use super::{Must, Settled, Source, Target, settled};

/// Whether a resource is one that packets come in by from what nobody looks into.
pub(super) fn is_gate(network: &Network, at: ResourceIx) -> bool {
    let kind = network.resource(at).map(|resource| resource.kind());
    matches!(
        kind,
        Some(
            Kind::VpnConnection
                | Kind::VirtualInterface
                | Kind::CustomerGateway
                | Kind::VpnGateway
                | Kind::DirectConnectGateway
                | Kind::VpcPeeringConnection
                | Kind::TransitGateway
                | Kind::TransitGatewayAttachment
        )
    )
}

/// Whether a resource is a virtual interface to public addresses of AWS.
pub(super) fn is_public_interface(network: &Network, at: ResourceIx) -> bool {
    let body = network.resource(at).map(|resource| &resource.body);
    matches!(
        body,
        Some(Body::VirtualInterface(interface))
            if interface.virtual_interface_type == VirtualInterfaceType::Public
    )
}

/// The family of what a gateway lets out, where it is one alone.
pub(super) fn is_ipv6(network: &Network, at: ResourceIx) -> Option<bool> {
    let kind = network.resource(at).map(|resource| resource.kind());
    match kind {
        Some(Kind::EgressOnlyInternetGateway) => Some(true),
        Some(Kind::NatGateway) => Some(false),
        _ => None,
    }
}

/// A gateway that leads out to the internet and takes no connections: the internet, by way of it; none if it is another resource.
pub(super) fn way_out(
    network: &Network,
    at: ResourceIx,
    source: &Source,
) -> Option<Settled<Vec<Target>>> {
    let body = network.resource(at).map(|resource| &resource.body);
    let is_private = match body {
        Some(Body::NatGateway(nat)) => nat.connectivity_type == ConnectivityType::Private,
        Some(Body::EgressOnlyInternetGateway(_)) => false,
        _ => return None,
    };
    if matches!(source, Source::Outside(..)) {
        let detail = "the gateway takes no connections";
        let code = Code::NoPossibleDestination;
        return Some(settled(Verdict::Unreachable, code, Some(at), detail));
    }
    if is_private {
        let detail = "what a private NAT gateway leads to is for the routes of its subnet: ask for an address, through the gateway";
        let code = Code::UnknownDestination;
        return Some(settled(Verdict::Undetermined, code, Some(at), detail));
    }
    Some(Ok(vec![Target {
        address: Addr::Internet,
        must: Must::Pass(at),
        interface: None,
    }]))
}
