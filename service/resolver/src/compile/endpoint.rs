//! VPC endpoints (AWS PrivateLink guide, "Gateway endpoints", "Access AWS services through AWS PrivateLink").
//!
//! An endpoint carries traffic in state `available` alone. A gateway endpoint is a route target: TCP and ICMP echo, from its own VPC. An
//! interface endpoint is reached at the addresses of its interfaces, through their security groups: TCP and UDP, to a service that can
//! answer but never open a connection.

use causeway_model::Protocol;
use causeway_model::resource::{Body, Resource};
use causeway_model::resources::VpcEndpoint;
use causeway_model::resources::endpoints::{VpcEndpointState, VpcEndpointType};
use causeway_model::trace::{Code, Stage};

use crate::dns::service_of_name;
use crate::table::{Action, End, Match, Reach, ResourceIx, Rule, TableIx};

use super::builder::{Builder, HeldService, Key, pick};

/// Whether a resource is a gateway endpoint.
pub(crate) fn is_gateway(resource: &Resource) -> bool {
    matches!(&resource.body, Body::VpcEndpoint(endpoint) if endpoint.vpc_endpoint_type == VpcEndpointType::Gateway)
}

/// Notes the services that the topology holds, and the endpoints of each service.
pub(crate) fn register(builder: &mut Builder) {
    for (at, service) in builder.each(pick!(VpcEndpointService)) {
        let held = builder.learn().services.entry(service.service_name);
        let held = held.or_insert_with(|| HeldService {
            at,
            private_dns_names: Vec::new(),
        });
        held.private_dns_names.extend(service.private_dns_names);
    }
    for (at, endpoint) in builder.each(pick!(VpcEndpoint)) {
        if let Some(name) = endpoint.service_name {
            let all = builder.frame().endpoints_of.entry(name).or_default();
            all.push(at);
        }
    }
}

pub(crate) fn compile(builder: &mut Builder) {
    for (at, endpoint) in builder.each(pick!(VpcEndpoint)) {
        match endpoint.vpc_endpoint_type {
            VpcEndpointType::Gateway => gateway(builder, at, &endpoint),
            VpcEndpointType::Interface => interface(builder, at, &endpoint),
            VpcEndpointType::GatewayLoadBalancer => {}
            VpcEndpointType::Resource
            | VpcEndpointType::ServiceNetwork
            | VpcEndpointType::Tunnel => {
                beyond_lattice(builder, at, &endpoint);
            }
        }
    }
}

/// The state of an endpoint, of whatever type.
pub(super) fn state(builder: &mut Builder, endpoint: &VpcEndpoint) -> TableIx {
    builder.state(
        endpoint.state == VpcEndpointState::Available,
        Code::VpceStateNotAvailable,
        endpoint.state,
    )
}

fn protocols(
    builder: &mut Builder,
    taken: &[Protocol],
    code: Code,
    label: &'static str,
) -> TableIx {
    let rules = taken
        .iter()
        .map(|protocol| Rule::when(Match::protocol(*protocol), Action::Pass, "taken"))
        .collect();
    builder.ordered(
        Stage::Admission,
        rules,
        Rule::always(Action::Deny(code), label),
    )
}

fn gateway(builder: &mut Builder, at: ResourceIx, endpoint: &VpcEndpoint) {
    let Some(vpc) = builder.vpc(&endpoint.vpc_id) else {
        return;
    };
    let enter = builder.always(
        Stage::Forwarding,
        Action::ByAddress(vpc, Reach::Router),
        "into the VPC",
    );
    let back = builder.fill(Key::EndpointBack(at), at, vec![enter]);
    let state = state(builder, endpoint);
    let taken = [Protocol::TCP, Protocol::ICMP, Protocol::ICMPV6];
    let admission = protocols(
        builder,
        &taken,
        Code::VpceGatewayProtocolRestriction,
        "TCP and ICMP echo alone",
    );
    let policy = super::policy::table(builder, at, endpoint);
    let deliver = builder.always(
        Stage::Delivery,
        Action::Deliver(End::ServiceAtGateway(back)),
        service_words(endpoint),
    );
    let label = "the source is not of the endpoint's VPC";
    let blocks = builder.network.vpc(vpc).map(|vpc| vpc.cidr_blocks.clone());
    let refusal = (Code::VpceGatewayNotTransitive, label);
    let sources = super::vpn_gateway::own_sources(builder, &blocks.unwrap_or_default(), refusal);
    let tables = vec![state, sources, admission, policy, deliver];
    let place = builder.fill(Key::Endpoint(at), at, tables);
    for place in [place, back] {
        builder.edit(place, |place| place.keeps_groups = false);
    }
}

fn interface(builder: &mut Builder, at: ResourceIx, endpoint: &VpcEndpoint) {
    let state = state(builder, endpoint);
    let taken = [Protocol::TCP, Protocol::UDP];
    let admission = protocols(
        builder,
        &taken,
        Code::ProtocolRestriction,
        "an interface endpoint takes TCP and UDP alone",
    );
    if let Some(enter) = super::endpoint_service::entrance(builder, endpoint) {
        builder.fill(Key::Endpoint(at), at, vec![state, admission, enter]);
        return;
    }
    let words = service_words(endpoint);
    let service = endpoint.service_name.as_ref();
    let is_aws = service.is_some_and(|name| service_of_name(name.as_str()).is_some());
    let (action, label) = if is_aws {
        (Action::Deliver(End::ServiceAtInterface), words)
    } else {
        let label = format!("{words}, which is not in the topology");
        (Action::Unknown(Code::VpceServiceNotFound), label)
    };
    let policy = super::policy::table(builder, at, endpoint);
    let deliver = builder.always(Stage::Delivery, action, label);
    builder.fill(
        Key::Endpoint(at),
        at,
        vec![state, admission, policy, deliver],
    );
}

/// An endpoint of VPC Lattice is reached at its interfaces, as an interface endpoint is; what is behind it is not the topology's.
fn beyond_lattice(builder: &mut Builder, at: ResourceIx, endpoint: &VpcEndpoint) {
    let state = state(builder, endpoint);
    let words = endpoint.vpc_endpoint_type.as_str().replace('_', " ");
    let own = endpoint.resource_configuration_arn.as_ref();
    let named = own.or(endpoint.service_network_arn.as_ref());
    let label = match named {
        Some(named) => format!("to {named}, which is behind VPC Lattice and not in the topology"),
        None => format!("what a {words} endpoint leads to is not in the topology"),
    };
    let action = Action::Unknown(Code::UnsupportedComponent);
    let unknown = builder.always(Stage::Forwarding, action, label);
    builder.fill(Key::Endpoint(at), at, vec![state, unknown]);
}

fn service_words(endpoint: &VpcEndpoint) -> String {
    endpoint
        .service_name
        .as_ref()
        .map_or_else(|| "to its resource".to_owned(), |name| format!("to {name}"))
}
