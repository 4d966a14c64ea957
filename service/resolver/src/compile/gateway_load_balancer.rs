//! Gateway Load Balancer endpoints (AWS PrivateLink guide, "Access virtual appliances"; Gateway Load Balancer guide).
//!
//! A route leads a packet to the endpoint, through the network ACL of the endpoint's subnet even from that subnet itself. The endpoint
//! hands it to its service, that to the Gateway Load Balancer in the endpoint's zone, and that in GENEVE (UDP 6081) to one of its targets,
//! the same for all of a connection. It comes back to the same endpoint unchanged, and goes on by the route table of the endpoint's
//! subnet. What the appliance itself lets pass is not known here: it is taken to pass everything, and the answer says so. What is behind
//! a service that the topology does not hold is in doubt, and the walk goes on from the endpoint.

use std::sync::Arc;

use causeway_model::resource::{Body, Resource};
use causeway_model::resources::endpoints::{ServiceState, ServiceType, VpcEndpointType};
use causeway_model::resources::load_balancers::LoadBalancerType;
use causeway_model::resources::{LoadBalancer, VpcEndpoint, VpcEndpointService};
use causeway_model::trace::{Code, Stage};

use crate::table::{Action, PlaceIx, ResourceIx, Rule, SubnetIx, TableIx};

use super::builder::{Builder, Key, pick};
use super::endpoint;
use super::endpoint_service::acceptance;
use super::gateway_targets;
use super::inspection::gate;
use super::load_balancer::{Fleet, is_in_service};
use super::zone::Zone;

/// A Gateway Load Balancer endpoint under construction.
#[derive(Debug)]
pub(super) struct Inspection<'f> {
    pub(super) at: ResourceIx,
    endpoint: VpcEndpoint,
    /// Where the endpoint hands packets back.
    pub(super) back: PlaceIx,
    pub(super) zone: Zone,
    pub(super) fleet: &'f Fleet,
    /// How many places are behind it.
    places: u32,
}

impl Inspection<'_> {
    /// A key for one more place behind the endpoint.
    pub(super) fn key(&mut self) -> Key {
        self.places += 1;
        Key::Inspection(self.at, self.places)
    }
}

/// Tells where routes to the endpoints lead.
pub(crate) fn register(builder: &mut Builder) {
    for (at, endpoint) in all(builder) {
        let place = builder.place(Key::Inspection(at, 0));
        let id = endpoint.vpc_endpoint_id.as_resource_id().clone();
        builder.learn().inspections.insert(id, place);
    }
}

fn all(builder: &Builder) -> Vec<(ResourceIx, VpcEndpoint)> {
    let mut all = builder.each(pick!(VpcEndpoint));
    all.retain(|(_, endpoint): &(_, VpcEndpoint)| {
        endpoint.vpc_endpoint_type == VpcEndpointType::GatewayLoadBalancer
    });
    all
}

pub(crate) fn compile(builder: &mut Builder, fleet: &Fleet) {
    for (at, endpoint) in all(builder) {
        let label = "it is a target of routes: nothing answers at its own address";
        let action = Action::Drop(Code::NoPossibleDestination);
        let refuse = builder.always(Stage::Delivery, action, label);
        builder.fill(Key::Endpoint(at), at, vec![refuse]);
        let Some(subnet) = subnet(builder, &endpoint) else {
            let label = "the topology does not name the subnet of the endpoint";
            let action = Action::Unknown(Code::UnknownResource);
            let unknown = builder.always(Stage::Forwarding, action, label);
            builder.fill(Key::Inspection(at, 0), at, vec![unknown]);
            continue;
        };
        let service = endpoint.service_name.as_ref();
        let service = service.and_then(|name| builder.known.services.get(name));
        let service = service.and_then(|held| {
            builder
                .network
                .resource(held.at)
                .map(|own| (held.at, own.clone()))
        });
        entry(builder, (at, endpoint), (subnet, fleet), service.as_ref());
    }
}

/// The one subnet of an endpoint: as it names it, else as its interface does.
fn subnet(builder: &Builder, endpoint: &VpcEndpoint) -> Option<SubnetIx> {
    let named = endpoint.subnet_ids.first();
    named.and_then(|id| builder.subnet(id)).or_else(|| {
        let interface = endpoint.network_interface_ids.first()?;
        let interface = builder.interface(interface.as_resource_id())?;
        Some(builder.network.interface(interface)?.subnet)
    })
}

fn entry(
    builder: &mut Builder,
    (at, endpoint): (ResourceIx, VpcEndpoint),
    (subnet, fleet): (SubnetIx, &Fleet),
    held: Option<&(ResourceIx, Arc<Resource>)>,
) {
    let keys = [Key::Inspection(at, 0), Key::Inspection(at, 1)];
    let [_, back] = gate(builder, keys, at, subnet);
    let mut tables: Vec<TableIx> = builder.acl_in(subnet).into_iter().collect();
    tables.push(endpoint::state(builder, &endpoint));
    let zone = fleet.zones.of_subnet(subnet).cloned().unwrap_or_default();
    let mut inspection = Inspection {
        at,
        endpoint,
        back,
        zone,
        fleet,
        places: 1,
    };
    let held = held.map(|(at, held)| (*at, &held.body));
    match held {
        Some((service, Body::VpcEndpointService(held))) => {
            let place = self::service(builder, &mut inspection, (service, held));
            let label = format!("to {}", held.service_name);
            tables.push(builder.always(Stage::Forwarding, Action::Forward(place), label));
            let id = &inspection.endpoint.vpc_endpoint_id;
            let words = "the appliances behind it are taken to let every packet pass unchanged";
            builder.frame().assumptions.push(format!("{id}: {words}"));
        }
        Some(_) | None => {
            let name = inspection.endpoint.service_name.as_ref();
            let name = name.map_or_else(|| "its service".to_owned(), ToString::to_string);
            let label = format!("{name} is not in the topology: what it does is not known");
            tables.extend(in_doubt(builder, back, Code::VpceServiceNotFound, label));
        }
    }
    builder.fill(Key::Inspection(at, 0), at, tables);
}

/// Notes what is not known of what is behind the endpoint, and goes back there.
pub(super) fn in_doubt(
    builder: &mut Builder,
    back: PlaceIx,
    code: Code,
    label: String,
) -> [TableIx; 2] {
    let doubt = builder.always(Stage::Forwarding, Action::Doubt(code), label);
    let label = "taken to come back";
    let onward = builder.always(Stage::Forwarding, Action::Forward(back), label);
    [doubt, onward]
}

fn service(
    builder: &mut Builder,
    inspection: &mut Inspection<'_>,
    (at, service): (ResourceIx, &VpcEndpointService),
) -> PlaceIx {
    let key = inspection.key();
    let is_good = service.service_state == ServiceState::Available;
    let mut tables = vec![builder.state(is_good, Code::BadState, service.service_state)];
    let named = service.network_load_balancer_arns.len();
    let is_of_type = match service.service_type {
        Some(r#type) => r#type == ServiceType::GatewayLoadBalancer,
        None => named == 0 || !service.gateway_load_balancer_arns.is_empty(),
    };
    if !is_of_type {
        let label = "the service is not for Gateway Load Balancer endpoints";
        let action = Action::Drop(Code::VpceServiceTypeMismatch);
        tables.push(builder.always(Stage::Admission, action, label));
        return builder.fill(key, at, tables);
    }
    if let Some((action, label)) = acceptance(&inspection.endpoint, service) {
        tables.push(builder.always(Stage::Admission, action, label));
    }
    let balancers = balancers(builder, service);
    let (here, elsewhere) = in_zone(builder, inspection, balancers);
    if here.is_empty() && !elsewhere.is_empty() {
        let label = "no Gateway Load Balancer of the service is in the endpoint's zone";
        let action = Action::Deny(Code::VpceServiceNotInstalledInAz);
        tables.push(builder.always(Stage::Admission, action, label));
    }
    let used = if here.is_empty() { elsewhere } else { here };
    let mut rules = Vec::new();
    for (balancer, held, node) in used {
        let label = format!("to {}", held.load_balancer_name);
        let place = self::balancer(builder, inspection, (balancer, &held), node);
        rules.push(Rule::always(Action::Forward(place), label));
    }
    match rules.pop() {
        None => {
            let label = "the topology does not hold the service's Gateway Load Balancer";
            let code = Code::UnknownResource;
            tables.extend(in_doubt(builder, inspection.back, code, label.to_owned()));
        }
        Some(only) => tables.push(gateway_targets::one_of(builder, rules, only)),
    }
    builder.fill(key, at, tables)
}

/// A load balancer, with its subnet in one zone.
type Node = (ResourceIx, LoadBalancer, Option<SubnetIx>);

/// The load balancers of a service that the topology holds.
fn balancers(builder: &Builder, service: &VpcEndpointService) -> Vec<(ResourceIx, LoadBalancer)> {
    let arns = service.gateway_load_balancer_arns.iter();
    let held = arns.filter_map(|arn| {
        let (at, resource) = builder.find(arn)?;
        let Body::LoadBalancer(balancer) = &resource.body else {
            return None;
        };
        Some((at, balancer.as_ref().clone()))
    });
    held.collect()
}

/// The load balancers with a node in a zone, and the others. Where a zone is not known a load balancer may be in it.
fn in_zone(
    builder: &Builder,
    inspection: &Inspection<'_>,
    balancers: Vec<(ResourceIx, LoadBalancer)>,
) -> (Vec<Node>, Vec<Node>) {
    let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
    for (at, balancer) in balancers {
        let mut node = None;
        let mut may_be_here = balancer.availability_zones.is_empty();
        for own in &balancer.availability_zones {
            let subnet = own.subnet_id.as_ref().and_then(|id| builder.subnet(id));
            let zones = &inspection.fleet.zones;
            let held = match subnet {
                Some(subnet) => zones.of_subnet(subnet).cloned(),
                None => zones.named_by(builder, at, own.zone_name.as_ref()),
            };
            if inspection.zone.is(&held.unwrap_or_default()) != Some(false) {
                may_be_here = true;
                node = node.or(subnet);
            }
        }
        if may_be_here {
            here.push((at, balancer, node));
        } else {
            let first = balancer.availability_zones.first();
            let first = first.and_then(|own| own.subnet_id.as_ref());
            let first = first.and_then(|id| builder.subnet(id));
            elsewhere.push((at, balancer, first));
        }
    }
    (here, elsewhere)
}

fn balancer(
    builder: &mut Builder,
    inspection: &mut Inspection<'_>,
    (at, balancer): (ResourceIx, &LoadBalancer),
    node: Option<SubnetIx>,
) -> PlaceIx {
    let key = inspection.key();
    let is_good = is_in_service(balancer);
    let mut tables = vec![builder.state(is_good, Code::BadState, balancer.state)];
    if balancer.r#type == LoadBalancerType::Gateway {
        tables.extend(gateway_targets::choice(
            builder,
            inspection,
            (at, balancer),
            node,
        ));
    } else {
        let label = format!("it is a load balancer of type {}", balancer.r#type);
        let action = Action::Drop(Code::VpceServiceTypeMismatch);
        tables.push(builder.always(Stage::Admission, action, label));
    }
    builder.fill(key, at, tables)
}
