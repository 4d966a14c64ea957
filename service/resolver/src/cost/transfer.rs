//! What is charged for data that leaves a zone, a Region or the Amazon network.

use causeway_model::Region;
use causeway_model::price::CostItem;
use causeway_model::resource::{Body, Kind};
use causeway_model::resources::load_balancers::LoadBalancerType;
use causeway_model::trace::{Addr, Direction, Disposition, Header, Hop, Trace};

use crate::network::{Network, SubnetEntry};
use crate::table::ResourceIx;

use super::Bill;
use super::charges::resource_of;

/// Where data stops on its way, as far as transfers between zones go.
#[derive(Debug, Clone, Copy)]
enum Station<'n> {
    /// At an interface, a NAT gateway or a node of a load balancer: in a zone, if that is known.
    Zonal(Option<&'n SubnetEntry>),
    /// At a node of an Application Load Balancer, which does not pay for what it sends to its targets.
    Application(Option<&'n SubnetEntry>),
    /// At what takes data from and to all zones alike.
    Regional,
}

/// Adds what one direction of a way transfers.
pub(super) fn add(network: &Network, bill: &mut Bill, direction: Direction, trace: &Trace) {
    zones(network, bill, direction, trace);
    regions(network, bill, direction, trace);
    public_transfers(network, bill, direction, trace);
    exits(network, bill, direction, trace);
}

/// Data between stations of different zones. What passes an endpoint or a transit gateway on its way is free of it (AWS, April 2022).
fn zones(network: &Network, bill: &mut Bill, direction: Direction, trace: &Trace) {
    let mut last: Option<(Station<'_>, Option<Region>)> = None;
    for at in 0..trace.hops.len() {
        let Some((station, region)) = station(network, bill, (direction, trace), at) else {
            continue;
        };
        if let Some((from, _)) = last.as_ref().filter(|(_, other)| *other == region) {
            let is_crossing = crosses(direction, *from, station);
            if is_crossing != Some(false) {
                bill.note(CostItem::ZoneTransfer, None, region.as_ref(), |entry| {
                    entry.charge(direction);
                    if is_crossing.is_none() {
                        entry.doubt = Some("whether it crosses zones is not known");
                    }
                });
            }
        }
        last = Some((station, region));
    }
}

/// Whether data from one station to another crosses zones at a price. Between an Application Load Balancer and its targets there is none.
fn crosses(direction: Direction, from: Station<'_>, to: Station<'_>) -> Option<bool> {
    use Direction::{Forward, Return};
    use Station::{Application, Zonal};
    match (direction, from, to) {
        (_, Zonal(from), Zonal(to))
        | (Forward, Zonal(from), Application(to))
        | (Return, Application(from), Zonal(to)) => {
            let (from, to) = (from?, to?);
            if from.resource == to.resource {
                return Some(false);
            }
            Some(from.zone_ix? != to.zone_ix?)
        }
        _ => Some(false),
    }
}

fn station<'n>(
    network: &'n Network,
    bill: &mut Bill,
    (direction, trace): (Direction, &Trace),
    at: usize,
) -> Option<(Station<'n>, Option<Region>)> {
    let hop = trace.hops.get(at)?;
    let (_, resource) = resource_of(network, hop)?;
    let station = match &resource.body {
        Body::NetworkInterface(_) => of_interface(network, hop)?,
        Body::NatGateway(nat) => match &nat.subnet_id {
            Some(subnet) => Station::Zonal(subnet_of(network, network.find(subnet.as_str())?)),
            None => Station::Regional,
        },
        Body::LoadBalancer(balancer) => {
            let subnet = node_subnet(network, bill, (direction, trace), at);
            match balancer.r#type {
                LoadBalancerType::Application => Station::Application(subnet),
                LoadBalancerType::Network => Station::Zonal(subnet),
                LoadBalancerType::Gateway => Station::Regional,
            }
        }
        Body::VpcEndpoint(_)
        | Body::TransitGatewayAttachment(_)
        | Body::InternetGateway(_)
        | Body::EgressOnlyInternetGateway(_)
        | Body::VpnGateway(_) => Station::Regional,
        Body::Vpc(_)
        | Body::Subnet(_)
        | Body::RouteTable(_)
        | Body::Instance(_)
        | Body::SecurityGroup(_)
        | Body::NetworkAcl(_)
        | Body::ManagedPrefixList(_)
        | Body::Address(_)
        | Body::VpcEndpointService(_)
        | Body::TargetGroup(_)
        | Body::VpcPeeringConnection(_)
        | Body::TransitGateway(_)
        | Body::TransitGatewayRouteTable(_)
        | Body::CustomerGateway(_)
        | Body::VpnConnection(_)
        | Body::DirectConnectGateway(_)
        | Body::VirtualInterface(_)
        | Body::DhcpOptions(_)
        | Body::HostedZone(_)
        | Body::ResolverRule(_)
        | Body::Firewall(_)
        | Body::FirewallPolicy(_)
        | Body::FirewallRuleGroup(_)
        | Body::VpcBlockPublicAccessOptions(_) => return None,
    };
    Some((station, resource.region.clone()))
}

/// What uses an interface is a hop of its own, but for what replies leave from.
fn of_interface<'n>(network: &'n Network, hop: &Hop) -> Option<Station<'n>> {
    let at = network.find(hop.resource.as_ref()?.id.as_str())?;
    let own = network.interface(network.primary(at)?)?;
    let user = own.user.and_then(|user| network.resource(user));
    match user.map(|user| user.kind()) {
        Some(Kind::VpcEndpoint) => Some(Station::Regional),
        Some(_) => None,
        None => Some(Station::Zonal(network.subnet(own.subnet))),
    }
}

fn subnet_of(network: &Network, at: ResourceIx) -> Option<&SubnetEntry> {
    let found = network
        .frame
        .subnets
        .binary_search_by_key(&at, |subnet| subnet.resource);
    network.frame.subnets.get(found.ok()?)
}

/// The subnet of a load balancer's node: what the node sends leaves by it, and replies pass the same node.
fn node_subnet<'n>(
    network: &'n Network,
    bill: &mut Bill,
    (direction, trace): (Direction, &Trace),
    at: usize,
) -> Option<&'n SubnetEntry> {
    let found = |at: usize| {
        let named = trace.hops.get(at)?.resource.as_ref()?;
        network.find(named.id.as_str())
    };
    let balancer = found(at)?;
    if direction == Direction::Return {
        let known = bill.nodes.get(&balancer);
        return known.and_then(|node| subnet_of(network, *node));
    }
    let subnet = subnet_of(network, found(at.checked_add(1)?)?)?;
    bill.nodes.insert(balancer, subnet.resource);
    Some(subnet)
}

/// Data from one Region to the next.
fn regions(network: &Network, bill: &mut Bill, direction: Direction, trace: &Trace) {
    let mut last: Option<(&Region, Kind)> = None;
    for hop in &trace.hops {
        let Some((named, resource)) = resource_of(network, hop) else {
            continue;
        };
        let Some(region) = &resource.region else {
            continue;
        };
        if let Some((from, kind)) = last.filter(|(from, _)| *from != region) {
            let ends = [kind, named.kind];
            let is_endpoint = ends.iter().any(|end| {
                matches!(
                    end,
                    Kind::VpcEndpoint | Kind::VpcEndpointService | Kind::LoadBalancer
                )
            });
            let item = if is_endpoint {
                CostItem::CrossRegionEndpoint
            } else {
                CostItem::RegionTransfer
            };
            bill.transfer(item, Some(from), direction);
        }
        last = Some((region, named.kind));
    }
}

/// Data between public addresses of one Region costs what data between zones does, in one zone too (EC2 pricing).
fn public_transfers(network: &Network, bill: &mut Bill, direction: Direction, trace: &Trace) {
    let gateways = trace.hops.iter().map(|hop| {
        let found = resource_of(network, hop);
        found.filter(|(named, _)| named.kind == Kind::InternetGateway)
    });
    let gateways: Vec<_> = gateways.collect();
    for pair in gateways.windows(2) {
        if let [Some((_, from)), Some((_, to))] = pair
            && from.region == to.region
        {
            bill.transfer(CostItem::ZoneTransfer, from.region.as_ref(), direction);
        }
    }
}

/// Data that leaves the network of the customer, or comes from outside of it: the internet, premises, or a service of AWS at its public address.
fn exits(network: &Network, bill: &mut Bill, direction: Direction, trace: &Trace) {
    let region = resource_regions(network, trace).last();
    let passes = |kind: Kind| {
        let mut named = trace.hops.iter().filter_map(|hop| hop.resource.as_ref());
        named.any(|named| named.kind == kind)
    };
    match trace.disposition {
        Disposition::ExitedToInternet => {
            bill.transfer(CostItem::InternetEgress, region, direction);
        }
        Disposition::ExitedToOnPremises if passes(Kind::VpnConnection) => {
            bill.transfer(CostItem::InternetEgress, region, direction);
        }
        Disposition::ExitedToOnPremises if !passes(Kind::VirtualInterface) => {
            bill.note(CostItem::DirectConnect, None, region, |entry| {
                entry.charge(direction);
                entry.doubt = Some("by which connection it leaves is not known");
            });
        }
        Disposition::DeliveredToService if passes(Kind::InternetGateway) => {
            let to =
                last_header(trace).and_then(|header| service_region(network, &header.destination));
            if to.is_some() && to.as_ref() != region {
                bill.transfer(CostItem::RegionTransfer, region, direction);
            }
        }
        Disposition::Delivered if passes(Kind::InternetGateway) => {
            let first = resource_regions(network, trace).next();
            let from =
                first_header(trace).and_then(|header| service_region(network, &header.source));
            if from.is_some() && from.as_ref() != first {
                bill.transfer(CostItem::RegionTransfer, from.as_ref(), direction);
            }
        }
        Disposition::ExitedToOnPremises
        | Disposition::DeliveredToService
        | Disposition::Delivered
        | Disposition::DeliveredToGateway
        | Disposition::Denied
        | Disposition::NoNextHop
        | Disposition::Loop
        | Disposition::Unknown => {}
    }
}

/// The Regions of the hops, in order.
fn resource_regions<'n>(
    network: &'n Network,
    trace: &'n Trace,
) -> impl Iterator<Item = &'n Region> {
    let hops = trace.hops.iter();
    let resources = hops.filter_map(|hop| resource_of(network, hop));
    resources.filter_map(|(_, resource)| resource.region.as_ref())
}

/// The packet as the first step sees it.
fn first_header(trace: &Trace) -> Option<&Header> {
    let mut steps = trace.hops.iter().flat_map(|hop| &hop.steps);
    steps.next().map(|step| &step.before)
}

/// The packet as the last step leaves it.
fn last_header(trace: &Trace) -> Option<&Header> {
    let mut steps = trace
        .hops
        .iter()
        .rev()
        .flat_map(|hop| hop.steps.iter().rev());
    let step = steps.next()?;
    step.after.as_ref().or(Some(&step.before))
}

/// The Region of the service of AWS that an address is of.
fn service_region(network: &Network, address: &Addr) -> Option<Region> {
    let service = match address {
        Addr::Service(service) => Some(service.as_ref()),
        Addr::Ip(address) => network.service_of(*address),
        Addr::Internet | Addr::Within(_) => None,
    };
    service.map(|service| service.region.clone())
}
