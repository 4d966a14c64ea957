//! Compiles a snapshot into tables and places: one file for each AWS concept, all on one builder.

mod appliance;
mod block_public_access;
mod builder;
mod derive;
mod dns_names;
mod egress_only;
mod elastic_ip;
mod endpoint;
mod endpoint_service;
mod firewall;
mod firewall_rules;
mod gateway_load_balancer;
mod gateway_targets;
mod hosted_zone;
mod inspection;
mod instance;
mod interface;
mod internet_gateway;
mod known;
mod load_balancer;
mod nat_gateway;
mod network_acl;
mod on_premises;
mod origins;
mod peering;
mod policy;
mod prefix_list;
mod regional_nat;
mod route_table;
mod security_group;
mod subnet;
mod transit_gateway;
mod unsupported;
mod vpn_gateway;
mod zone;

use causeway_model::snapshot::Snapshot;

use crate::network::Network;

use builder::Builder;
pub(crate) use derive::derived;
pub(crate) use known::Known;

/// Compiles a snapshot. What is looked up by others comes first.
pub(crate) fn network(snapshot: &Snapshot) -> Network {
    let mut builder = Builder::new(snapshot);
    prefix_list::register(&mut builder);
    endpoint::register(&mut builder);
    subnet::register(&mut builder);
    builder.note_never_public();
    interface::register(&mut builder);
    load_balancer::register(&mut builder);
    nat_gateway::register(&mut builder);
    internet_gateway::register(&mut builder);
    gateway_load_balancer::register(&mut builder);
    firewall::register(&mut builder);
    interface::compile(&mut builder);
    subnet::compile(&mut builder);
    route_table::compile(&mut builder);
    appliance::compile(&mut builder);
    internet_gateway::compile(&mut builder);
    egress_only::compile(&mut builder);
    nat_gateway::compile(&mut builder);
    peering::compile(&mut builder);
    security_group::note_peered(&mut builder);
    on_premises::compile(&mut builder);
    vpn_gateway::compile(&mut builder);
    transit_gateway::compile(&mut builder);
    endpoint::compile(&mut builder);
    let fleet = load_balancer::Fleet::gather(&builder);
    load_balancer::compile(&mut builder, &fleet);
    endpoint_service::compile(&mut builder, &fleet);
    gateway_load_balancer::compile(&mut builder, &fleet);
    firewall::compile(&mut builder);
    dns_names::compile(&mut builder);
    hosted_zone::compile(&mut builder);
    builder.finish()
}
