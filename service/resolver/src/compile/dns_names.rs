//! The names that endpoints and services give, and DHCP options take.

use std::sync::Arc;

use causeway_model::ids::{DnsName, ZoneName};
use causeway_model::resource::Body;
use causeway_model::resources::VpcEndpoint;
use causeway_model::resources::endpoints::VpcEndpointType;

use crate::dns::{EndpointName, PrivateName, names_in_public, service_of_name};
use crate::table::{InterfaceIx, ResourceIx, VpcIx};

use super::builder::{Builder, pick};

/// Where the names that every endpoint is given end.
const ENDPOINT_SUFFIX: &str = ".vpce.amazonaws.com";

pub(crate) fn compile(builder: &mut Builder) {
    services(builder);
    for (at, endpoint) in builder.each(pick!(VpcEndpoint)) {
        if endpoint.vpc_endpoint_type == VpcEndpointType::Interface {
            public_names(builder, at, &endpoint);
            private_names(builder, at, &endpoint);
        }
    }
    super::load_balancer::names(builder);
    other_servers(builder);
}

fn services(builder: &mut Builder) {
    for (service, held) in &Arc::clone(&builder.known).services {
        let Some(address) = service_of_name(service.as_str()) else {
            continue;
        };
        let known = &mut builder.frame().names.services;
        for name in &held.private_dns_names {
            known.entry(name.clone()).or_insert_with(|| address.clone());
        }
    }
}

/// The interfaces of an endpoint with their zones; none if one is not in the topology.
fn interfaces(
    builder: &Builder,
    endpoint: &VpcEndpoint,
) -> Option<Vec<(InterfaceIx, Option<ZoneName>)>> {
    let known = endpoint
        .network_interface_ids
        .iter()
        .map(|id| builder.interface(id.as_resource_id()));
    known
        .map(|found| found.map(|interface| (interface, builder.network.zone(interface).cloned())))
        .collect()
}

fn public_names(builder: &mut Builder, at: ResourceIx, endpoint: &VpcEndpoint) {
    let all = interfaces(builder, endpoint);
    for entry in endpoint
        .dns_entries
        .iter()
        .filter(|entry| entry.dns_name.as_str().ends_with(ENDPOINT_SUFFIX))
    {
        let zonal = all.as_ref().map(|all| {
            all.iter()
                .filter(|(_, zone)| {
                    zone.as_ref()
                        .is_some_and(|zone| is_of_zone(&entry.dns_name, zone))
                })
                .collect::<Vec<_>>()
        });
        let chosen = match (zonal, &all) {
            (Some(zonal), _) if !zonal.is_empty() => {
                Some(zonal.into_iter().map(|(interface, _)| *interface).collect())
            }
            (_, Some(all)) => Some(all.iter().map(|(interface, _)| *interface).collect()),
            (_, None) => None,
        };
        builder.frame().names.endpoints.insert(
            entry.dns_name.clone(),
            EndpointName {
                endpoint: at,
                interfaces: chosen,
            },
        );
    }
}

/// Whether a name is an endpoint's name for one zone: `vpce-...-<zone>.<service>...`.
fn is_of_zone(name: &DnsName, zone: &ZoneName) -> bool {
    let first = name.as_str().split('.').next().unwrap_or_default();
    first
        .strip_suffix(zone.as_str())
        .is_some_and(|rest| rest.ends_with('-'))
}

fn private_names(builder: &mut Builder, at: ResourceIx, endpoint: &VpcEndpoint) {
    let Some(vpc) = builder.vpc(&endpoint.vpc_id) else {
        return;
    };
    if endpoint.private_dns_only_for_inbound_resolver_endpoint {
        return;
    }
    let all = interfaces(builder, endpoint)
        .map(|all| all.into_iter().map(|(interface, _)| interface).collect());
    let name = EndpointName {
        endpoint: at,
        interfaces: all,
    };
    let is_verified = super::endpoint_service::is_verified(builder, endpoint);
    note_unlisted(builder, (at, vpc), endpoint);
    for own in names_of_service(builder, endpoint) {
        let new = PrivateName {
            name: name.clone(),
            is_enabled: endpoint.private_dns_enabled,
            is_verified,
        };
        let held = builder
            .frame()
            .names
            .private
            .entry((vpc, own))
            .or_insert_with(|| new.clone());
        if new.is_enabled && !held.is_enabled {
            *held = new;
        }
    }
}

/// Notes an endpoint that takes names over of which neither it nor its service lists any: there may be more than are known.
fn note_unlisted(builder: &mut Builder, (at, vpc): (ResourceIx, VpcIx), endpoint: &VpcEndpoint) {
    let is_on = |vpc: &crate::network::VpcEntry| endpoint.private_dns_enabled && vpc.dns_hostnames;
    let is_enabled = builder.network.vpc(vpc).is_some_and(is_on);
    let service = endpoint.service_name.as_ref();
    let service = service.and_then(|name| service_of_name(name.as_str()));
    if let Some(service) = service.filter(|_| is_enabled && listed(builder, endpoint).is_empty()) {
        let names = &mut builder.frame().names;
        names.unlisted.entry((vpc, service)).or_insert(at);
    }
}

/// The names of a service that an endpoint takes over: those the endpoint lists, those the service lists, else its public ones.
fn names_of_service(builder: &Builder, endpoint: &VpcEndpoint) -> Vec<DnsName> {
    let mut names = listed(builder, endpoint);
    let service = endpoint
        .service_name
        .as_ref()
        .and_then(|name| service_of_name(name.as_str()));
    if let Some(service) = service.filter(|_| names.is_empty()) {
        names.extend(names_in_public(&service));
    }
    names
}

/// The names that the endpoint lists, and those that its service does.
fn listed(builder: &Builder, endpoint: &VpcEndpoint) -> Vec<DnsName> {
    let own = endpoint
        .dns_entries
        .iter()
        .map(|entry| entry.dns_name.clone())
        .filter(|name| !name.as_str().ends_with(ENDPOINT_SUFFIX));
    let mut names: Vec<DnsName> = own.collect();
    let listed = endpoint.service_name.as_ref();
    let listed = listed.and_then(|name| builder.known.services.get(name));
    let listed = listed.map(|held| &held.private_dns_names);
    names.extend(listed.into_iter().flatten().cloned());
    names
}

fn other_servers(builder: &mut Builder) {
    for (_, vpc) in builder.each(pick!(Vpc)) {
        let Some((at, resource)) = vpc.dhcp_options_id.as_ref().and_then(|id| builder.find(id))
        else {
            continue;
        };
        let Body::DhcpOptions(options) = &resource.body else {
            continue;
        };
        let is_other = !options.domain_name_servers.is_empty()
            && options
                .domain_name_servers
                .iter()
                .all(|server| server != "AmazonProvidedDNS");
        if let Some(vpc) = builder.vpc(&vpc.vpc_id).filter(|_| is_other) {
            builder.frame().names.other_servers.insert(vpc, at);
        }
    }
}
