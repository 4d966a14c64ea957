//! Endpoint services (AWS PrivateLink guide, "Share your services").
//!
//! Behind an interface endpoint of a customer's service is the service of another account, or of the same. It takes a connection that its
//! allowed principals admit and that its owner has accepted, in a zone and a Region where it is offered, and hands it to the node of its
//! Network Load Balancer in the zone of the endpoint's interface.

use causeway_model::ids::{AccountId, Region};
use causeway_model::resource::Body;
use causeway_model::resources::endpoints::{
    DnsNameState, ServiceState, ServiceType, VpcEndpointConnection, VpcEndpointState,
    VpcEndpointType,
};
use causeway_model::resources::{VpcEndpoint, VpcEndpointService};
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::dns::service_of_name;
use crate::table::{
    Action, AddressMatch, InterfaceIx, Match, Order, ResourceIx, Rule, SubnetIx, TableIx,
};

use super::builder::{Builder, Key, pick};
use super::load_balancer::{self, Fleet};
use super::zone::Zone;

/// An interface of an endpoint, in front of a service.
#[derive(Debug, Clone, Copy)]
struct Front<'f> {
    endpoint: &'f VpcEndpoint,
    /// The account of the endpoint.
    consumer: &'f AccountId,
    /// The Region of the endpoint.
    region: Option<&'f Region>,
    interface: InterfaceIx,
    subnet: SubnetIx,
    service: &'f VpcEndpointService,
    /// The account of the service.
    provider: &'f AccountId,
    at: ResourceIx,
}

/// The service of an endpoint, where it is a customer's that the topology holds.
fn held(builder: &Builder, endpoint: &VpcEndpoint) -> Option<ResourceIx> {
    let name = endpoint.service_name.as_ref()?;
    if service_of_name(name.as_str()).is_some() {
        return None;
    }
    let first = builder.known.services.get(name)?.at;
    let id = name.as_str().rsplit('.').next()?;
    let is_it = |body: &Body| matches!(body, Body::VpcEndpointService(service) if service.service_name == *name);
    let named = builder.find(id).filter(|(_, held)| is_it(&held.body));
    Some(named.map_or(first, |(at, _)| at))
}

/// Where an endpoint hands packets to the service that the topology holds: each of its interfaces is a way in of its own.
pub(crate) fn entrance(builder: &mut Builder, endpoint: &VpcEndpoint) -> Option<TableIx> {
    let at = held(builder, endpoint)?;
    let mut rules = Vec::new();
    for own in interfaces(builder, endpoint) {
        let to = builder.place(Key::ServiceFor(at, own));
        let addresses = builder.network.interface(own);
        let addresses = addresses.map_or_else(Vec::new, |own| own.addresses.to_vec());
        for address in addresses {
            let matches = Match::to(AddressMatch::Net(IpNet::from(address)));
            let label = format!("to {}", builder.network.describe(at));
            rules.push(Rule::when(matches, Action::Forward(to), label));
        }
    }
    let label = "the topology does not hold the endpoint's interface";
    let unknown = Rule::always(Action::Unknown(Code::UnknownResource), label);
    Some(builder.ordered(Stage::Forwarding, rules, unknown))
}

/// Whether nothing is known against the private name of an endpoint's service.
pub(crate) fn is_verified(builder: &Builder, endpoint: &VpcEndpoint) -> bool {
    let held = held(builder, endpoint).and_then(|at| builder.network.resource(at));
    let Some(Body::VpcEndpointService(service)) = held.map(|held| &held.body) else {
        return true;
    };
    !matches!(
        service.private_dns_name_state,
        Some(DnsNameState::PendingVerification | DnsNameState::Failed)
    )
}

fn interfaces(builder: &Builder, endpoint: &VpcEndpoint) -> Vec<InterfaceIx> {
    let ids = endpoint.network_interface_ids.iter();
    let known = ids.filter_map(|id| builder.interface(id.as_resource_id()));
    known.collect()
}

pub(crate) fn compile(builder: &mut Builder, fleet: &Fleet) {
    for (own, endpoint) in builder.each(pick!(VpcEndpoint)) {
        if endpoint.vpc_endpoint_type != VpcEndpointType::Interface {
            continue;
        }
        let Some(at) = held(builder, &endpoint) else {
            continue;
        };
        let (Some(front), Some(back)) = (
            builder.network.resource(own).cloned(),
            builder.network.resource(at).cloned(),
        ) else {
            continue;
        };
        let Body::VpcEndpointService(service) = &back.body else {
            continue;
        };
        for interface in interfaces(builder, &endpoint) {
            let Some(subnet) = builder.network.interface(interface).map(|own| own.subnet) else {
                continue;
            };
            let front = Front {
                endpoint: &endpoint,
                consumer: &front.owner_id,
                region: front.region.as_ref(),
                interface,
                subnet,
                service,
                provider: &back.owner_id,
                at,
            };
            service_for(builder, fleet, &front, back.region.as_ref());
        }
    }
}

fn service_for(builder: &mut Builder, fleet: &Fleet, front: &Front<'_>, region: Option<&Region>) {
    let crosses = crosses_regions(front, region);
    let service = front.service;
    let state = builder.state(
        service.service_state == ServiceState::Available,
        Code::BadState,
        service.service_state,
    );
    let region = region.map(ToString::to_string).unwrap_or_default();
    let checks = [
        r#type(service),
        principals(front),
        acceptance(front.endpoint, service),
        crosses.then(|| offered_abroad(front, &region)).flatten(),
        (!crosses).then(|| offered_in_zone(fleet, front)).flatten(),
    ];
    let mut tables = vec![state];
    for (action, label) in checks.into_iter().flatten() {
        tables.push(builder.always(Stage::Admission, action, label));
    }
    tables.push(choice(builder, fleet, front, crosses));
    let place = builder.fill(Key::ServiceFor(front.at, front.interface), front.at, tables);
    builder.edit(place, |place| place.keeps_groups = false);
}

/// Whether endpoint and service are in different Regions.
fn crosses_regions(front: &Front<'_>, region: Option<&Region>) -> bool {
    let regions = front.region.zip(region);
    regions.is_some_and(|(own, region)| own != region)
}

/// What is said of a connection, if anything.
pub(super) type Check = Option<(Action, String)>;

fn r#type(service: &VpcEndpointService) -> Check {
    let other = service
        .service_type
        .filter(|own| *own != ServiceType::Interface)?;
    let words = other.as_str().replace('_', " ");
    let label = format!("the service is for {words} endpoints");
    Some((Action::Deny(Code::VpceServiceTypeMismatch), label))
}

/// The connection of the endpoint, as the service's owner sees it.
fn connection<'s>(
    endpoint: &VpcEndpoint,
    service: &'s VpcEndpointService,
) -> Option<&'s VpcEndpointConnection> {
    let mut connections = service.connections.iter();
    connections.find(|connection| connection.vpc_endpoint_id == endpoint.vpc_endpoint_id)
}

fn is_accepted(front: &Front<'_>) -> bool {
    connection(front.endpoint, front.service)
        .is_some_and(|own| own.vpc_endpoint_state == VpcEndpointState::Available)
}

/// Whether the service's owner lets the endpoint's account make endpoints. That permission is withdrawn does not cut what was accepted.
fn principals(front: &Front<'_>) -> Check {
    let service = front.service;
    let account = front.consumer;
    let mut allowed = service.allowed_principals.iter();
    if let Some(by) = allowed.find(|principal| admits(principal, account)) {
        return Some((Action::Allow, format!("allowed as {by}")));
    }
    if is_accepted(front) || front.provider == account {
        return None;
    }
    let code = Code::VpcePrincipalNotAllowed;
    if service.permissions_known {
        let label = format!("no allowed principal is of account {account}");
        Some((Action::Deny(code), label))
    } else {
        let label = "the service's allowed principals are not known".to_owned();
        Some((Action::Doubt(code), label))
    }
}

/// Whether a principal is one of an account: anybody, the account itself, a user or a role of it.
fn admits(principal: &str, account: &AccountId) -> bool {
    if principal == "*" || principal == account.as_str() {
        return true;
    }
    let mut parts = principal.split(':');
    let is_iam = parts.next() == Some("arn") && parts.nth(1) == Some("iam");
    is_iam && parts.nth(1) == Some(account.as_str())
}

/// Whether the service's owner has accepted the connection of an endpoint, of whatever type.
pub(super) fn acceptance(endpoint: &VpcEndpoint, service: &VpcEndpointService) -> Check {
    let code = Code::VpceConnectionNotAccepted;
    match connection(endpoint, service) {
        Some(own) if own.vpc_endpoint_state == VpcEndpointState::Available => {
            let required = service.acceptance_required;
            required.then(|| (Action::Allow, "the owner has accepted it".to_owned()))
        }
        Some(own) => {
            let state = own.vpc_endpoint_state.as_str().replace('_', " ");
            let label = format!("the connection is {state}");
            Some((Action::Deny(code), label))
        }
        None if !service.acceptance_required => None,
        None if service.connections.is_empty() => {
            let label = "whether the owner has accepted the endpoint is not known".to_owned();
            Some((Action::Doubt(code), label))
        }
        None => {
            let label = "the owner has accepted other endpoints, and not this one".to_owned();
            Some((Action::Deny(code), label))
        }
    }
}

fn offered_abroad(front: &Front<'_>, own: &str) -> Check {
    let region = front.region?;
    if front.service.supported_regions.contains(region) {
        return None;
    }
    let label = format!("a service of {own} that is not offered in {region}");
    Some((Action::Deny(Code::VpceRegionNotSupported), label))
}

fn offered_in_zone(fleet: &Fleet, front: &Front<'_>) -> Check {
    let code = Code::VpceServiceNotInstalledInAz;
    let zones = &front.service.availability_zones;
    if zones.is_empty() {
        return None;
    }
    let own = fleet.zones.of_subnet(front.subnet);
    let known = zones.iter().map(|name| {
        let zone = fleet.zones.named(front.provider, name);
        own.and_then(|own| own.is(&zone))
    });
    let known: Vec<Option<bool>> = known.collect();
    if known.contains(&Some(true)) {
        return None;
    }
    let own = own.map(ToString::to_string);
    let own = own.unwrap_or_else(|| "the interface's zone".to_owned());
    if known.contains(&None) {
        let label = format!("whether the service is offered in {own} is not known");
        return Some((Action::Doubt(code), label));
    }
    let names: Vec<&str> = zones.iter().map(|name| name.as_str()).collect();
    let label = format!("offered in {}, and not in {own}", names.join(", "));
    Some((Action::Deny(code), label))
}

/// The nodes that may take the connection: those in the zone of the endpoint's interface; of a service in another Region, all.
fn choice(builder: &mut Builder, fleet: &Fleet, front: &Front<'_>, crosses: bool) -> TableIx {
    let mut rules = Vec::new();
    let own = fleet.zones.of_subnet(front.subnet);
    let mut is_missing = false;
    for arn in &front.service.network_load_balancer_arns {
        let Some((at, balancer)) = fleet.balancer(arn) else {
            let label = format!("{arn} is not in the topology");
            rules.push(Rule::always(Action::Unknown(Code::UnknownResource), label));
            continue;
        };
        for (subnet, _) in load_balancer::nodes(builder, *at) {
            let zone = fleet.zones.of_subnet(subnet);
            let is_here = |zone: &Zone| own.is_none_or(|own| own.is(zone) != Some(false));
            if !crosses && zone.is_some_and(|zone| !is_here(zone)) {
                is_missing = true;
                continue;
            }
            let ends = (subnet, front.interface);
            let node = load_balancer::behind_endpoint(builder, fleet, (*at, balancer), ends);
            let zone = zone.map(ToString::to_string).unwrap_or_default();
            let label = format!("{} in {zone}", balancer.load_balancer_name);
            rules.push(Rule::always(Action::Forward(node), label));
        }
    }
    let otherwise = if is_missing {
        let label = "no load balancer of the service has a node in the interface's zone";
        Rule::always(Action::Drop(Code::ElbInstalledAzRestriction), label)
    } else {
        let label = "the topology does not hold what is behind the service";
        Rule::always(Action::Unknown(Code::UnknownResource), label)
    };
    builder.choice(Order::Each, rules, otherwise)
}
