//! What is charged for the components that a packet passes.

use std::net::IpAddr;

use causeway_model::price::CostItem;
use causeway_model::resource::{Body, Kind, Resource};
use causeway_model::resources::TransitGatewayAttachment;
use causeway_model::resources::endpoints::VpcEndpointType;
use causeway_model::resources::load_balancers::LoadBalancerType;
use causeway_model::resources::transit::TransitGatewayAttachmentResourceType as AttachmentType;
use causeway_model::trace::{Addr, Direction, Disposition, Hop, Named, Step, Trace};

use crate::network::Network;
use crate::packet::is_private_address;

use super::Bill;

/// Adds what one direction of a way passes.
pub(super) fn add(network: &Network, bill: &mut Bill, direction: Direction, trace: &Trace) {
    let mut entered_by: Option<&Named> = None;
    for (at, hop) in trace.hops.iter().enumerate() {
        let Some((named, resource)) = resource_of(network, hop) else {
            continue;
        };
        public_addresses(network, bill, (named, resource), hop);
        if let Body::TransitGatewayAttachment(attachment) = &resource.body {
            attached(network, bill, (named, resource), attachment);
            entered_by = Some(named);
        } else if let Body::TransitGateway(_) = &resource.body {
            charge_entry(network, bill, direction, entered_by.take());
        } else {
            component(network, bill, direction, (trace, at), (named, resource));
        }
    }
}

fn component(
    network: &Network,
    bill: &mut Bill,
    direction: Direction,
    (trace, at): (&Trace, usize),
    (named, resource): (&Named, &Resource),
) {
    match &resource.body {
        Body::NatGateway(_) => {
            pass(bill, CostItem::NatGateway, (named, resource), direction);
        }
        Body::LoadBalancer(balancer) => {
            let item = balancer_item(balancer.r#type);
            pass(bill, item, (named, resource), direction);
        }
        Body::VpnConnection(_) => {
            bill.hold(CostItem::VpnConnection, named, resource.region.as_ref());
        }
        Body::VirtualInterface(_) => {
            let region = resource.region.as_ref();
            bill.note(CostItem::DirectConnect, Some(named), region, |entry| {
                if trace.disposition == Disposition::ExitedToOnPremises {
                    entry.charge(direction);
                }
            });
        }
        Body::VpcEndpoint(endpoint) => {
            let item = endpoint_item(endpoint.vpc_endpoint_type, is_of_firewall(trace, at));
            let is_twice = endpoint.vpc_endpoint_type == VpcEndpointType::GatewayLoadBalancer;
            if !(is_twice && is_back(trace, at)) {
                pass(bill, item, (named, resource), direction);
            }
        }
        Body::NetworkInterface(_) => through_interface(network, bill, direction, (trace, at)),
        // Not charged by themselves, or by another hop.
        Body::Vpc(_)
        | Body::Subnet(_)
        | Body::RouteTable(_)
        | Body::InternetGateway(_)
        | Body::EgressOnlyInternetGateway(_)
        | Body::Instance(_)
        | Body::SecurityGroup(_)
        | Body::NetworkAcl(_)
        | Body::ManagedPrefixList(_)
        | Body::Address(_)
        | Body::VpcEndpointService(_)
        | Body::TargetGroup(_)
        | Body::VpcPeeringConnection(_)
        | Body::TransitGatewayRouteTable(_)
        | Body::VpnGateway(_)
        | Body::CustomerGateway(_)
        | Body::DirectConnectGateway(_)
        | Body::DhcpOptions(_)
        | Body::HostedZone(_)
        | Body::ResolverRule(_)
        | Body::Firewall(_)
        | Body::FirewallPolicy(_)
        | Body::FirewallRuleGroup(_)
        | Body::TransitGateway(_)
        | Body::TransitGatewayAttachment(_)
        | Body::VpcBlockPublicAccessOptions(_) => {}
    }
}

/// The resource of a hop.
pub(super) fn resource_of<'n, 'h>(
    network: &'n Network,
    hop: &'h Hop,
) -> Option<(&'h Named, &'n Resource)> {
    let named = hop.resource.as_ref()?;
    let at = network.find(named.id.as_str())?;
    Some((named, network.resource(at)?.as_ref()))
}

fn pass(
    bill: &mut Bill,
    item: CostItem,
    (named, resource): (&Named, &Resource),
    direction: Direction,
) {
    let region = resource.region.as_ref();
    bill.note(item, Some(named), region, |entry| entry.charge(direction));
}

/// An attachment is charged by the hour; a peering to the owners of both gateways, each by their Region's price.
fn attached(
    network: &Network,
    bill: &mut Bill,
    (named, resource): (&Named, &Resource),
    attachment: &TransitGatewayAttachment,
) {
    let (item, region) = (CostItem::TransitGatewayAttachment, resource.region.as_ref());
    let is_peering = attachment.resource_type == AttachmentType::Peering;
    let peer = attachment.peer_transit_gateway_id.as_ref();
    let peer = peer.and_then(|peer| network.resource(network.find(peer.as_str())?));
    let peer = peer.and_then(|peer| peer.region.as_ref());
    let peer = attachment.peer_region.as_ref().or(peer);
    bill.note(item, Some(named), region, |entry| {
        if !is_of_known_price(attachment.resource_type) {
            entry.doubt = Some("the price of an attachment of this type is not known");
        } else if is_peering && peer.is_none() {
            entry.doubt = Some("the Region of the other gateway is not known");
        } else if is_peering && peer == region {
            entry.hours = 2;
        }
    });
    if is_peering && peer.is_some() && peer != region {
        bill.hold(item, named, peer);
    }
}

/// Who sends data into a transit gateway pays for it; what comes over a peering was paid for before (Transit Gateway pricing).
fn charge_entry(network: &Network, bill: &mut Bill, direction: Direction, by: Option<&Named>) {
    let found = by.and_then(|by| Some((by, network.resource(network.find(by.id.as_str())?)?)));
    let Some((named, resource)) = found else {
        return;
    };
    let Body::TransitGatewayAttachment(attachment) = &resource.body else {
        return;
    };
    if attachment.resource_type != AttachmentType::Peering {
        let item = CostItem::TransitGatewayAttachment;
        pass(bill, item, (named, resource), direction);
    }
}

fn is_of_known_price(kind: AttachmentType) -> bool {
    matches!(
        kind,
        AttachmentType::Vpc
            | AttachmentType::Vpn
            | AttachmentType::DirectConnectGateway
            | AttachmentType::Peering
    )
}

fn balancer_item(kind: LoadBalancerType) -> CostItem {
    match kind {
        LoadBalancerType::Application => CostItem::ApplicationLoadBalancer,
        LoadBalancerType::Network => CostItem::NetworkLoadBalancer,
        LoadBalancerType::Gateway => CostItem::GatewayLoadBalancer,
    }
}

fn endpoint_item(kind: VpcEndpointType, is_of_firewall: bool) -> CostItem {
    match kind {
        VpcEndpointType::Interface => CostItem::InterfaceEndpoint,
        VpcEndpointType::Gateway => CostItem::GatewayEndpoint,
        VpcEndpointType::GatewayLoadBalancer if is_of_firewall => CostItem::NetworkFirewall,
        VpcEndpointType::GatewayLoadBalancer => CostItem::GatewayLoadBalancerEndpoint,
        VpcEndpointType::Resource | VpcEndpointType::ServiceNetwork | VpcEndpointType::Tunnel => {
            CostItem::LatticeEndpoint
        }
    }
}

fn kind_at(trace: &Trace, at: Option<usize>) -> Option<Kind> {
    let named = trace.hops.get(at?)?.resource.as_ref();
    named.map(|named| named.kind)
}

/// Whether the endpoint at a hop is a Network Firewall's: its rules come right before or after.
fn is_of_firewall(trace: &Trace, at: usize) -> bool {
    [at.checked_sub(1), at.checked_add(1)]
        .into_iter()
        .any(|beside| kind_at(trace, beside) == Some(Kind::Firewall))
}

/// Whether a packet comes back to the endpoint of a hop from the appliance behind it.
fn is_back(trace: &Trace, at: usize) -> bool {
    let before = trace.hops.get(..at).unwrap_or_default();
    let this = trace.hops.get(at).and_then(|hop| hop.resource.as_ref());
    let visits = before.iter().filter(|hop| hop.resource.as_ref() == this);
    visits.count() % 2 == 1
}

/// Interface endpoints are met at their interfaces, of which replies meet nothing else.
fn through_interface(
    network: &Network,
    bill: &mut Bill,
    direction: Direction,
    (trace, at): (&Trace, usize),
) {
    let hop = trace.hops.get(at);
    let own = hop.and_then(|hop| network.find(hop.resource.as_ref()?.id.as_str()));
    let own = own.and_then(|own| network.interface(network.primary(own)?));
    let user = own.and_then(|own| own.user);
    let endpoint = user.and_then(|user| Some((network.named(user)?, network.resource(user)?)));
    let Some((named, resource)) = endpoint else {
        return;
    };
    let is_next = kind_at(trace, at.checked_add(1)) == Some(Kind::VpcEndpoint);
    let Body::VpcEndpoint(endpoint) = &resource.body else {
        return;
    };
    if endpoint.vpc_endpoint_type == VpcEndpointType::Interface && !is_next {
        let item = CostItem::InterfaceEndpoint;
        pass(bill, item, (&named, resource), direction);
    }
}

/// Public IPv4 addresses that gateways give a packet, or take from it, are paid for by the hour.
fn public_addresses(
    network: &Network,
    bill: &mut Bill,
    (named, resource): (&Named, &Resource),
    hop: &Hop,
) {
    if !matches!(named.kind, Kind::InternetGateway | Kind::NatGateway) {
        return;
    }
    for address in hop.steps.iter().flat_map(translated) {
        if let (Addr::Ip(address @ IpAddr::V4(_)), false) = (address, is_private(address)) {
            let holder = network.by_public.get(address);
            let holder = holder.and_then(|(own, _)| network.interface(*own));
            let holder = holder.and_then(|own| network.named(own.user.unwrap_or(own.resource)));
            let holder = holder.unwrap_or_else(|| named.clone());
            let region = resource.region.as_ref();
            bill.hold(CostItem::PublicIpv4Address, &holder, region);
        }
    }
}

fn is_private(address: &Addr) -> bool {
    matches!(address, Addr::Ip(address) if is_private_address(*address))
}

/// The addresses of the customer that a translation gives or takes.
fn translated(step: &Step) -> impl Iterator<Item = &Addr> {
    let after = step.after.as_ref();
    let given = after.filter(|after| after.source != step.before.source);
    let taken = after.filter(|after| after.destination != step.before.destination);
    let given = given.map(|after| &after.source);
    given
        .into_iter()
        .chain(taken.map(|_| &step.before.destination))
}
