//! Compiles a snapshot into tables and places: one file for each AWS concept, all on one builder.

mod block_public_access;
mod builder;
mod dns_names;
mod endpoint;
mod hosted_zone;
mod interface;
mod internet_gateway;
mod nat_gateway;
mod network_acl;
mod peering;
mod policy;
mod prefix_list;
mod route_table;
mod security_group;
mod subnet;
mod unsupported;

use causeway_model::snapshot::Snapshot;

use crate::network::Network;

use builder::Builder;

/// Compiles a snapshot. What is looked up by others comes first.
pub(crate) fn network(snapshot: &Snapshot) -> Network {
    let mut builder = Builder::new(snapshot);
    prefix_list::register(&mut builder);
    endpoint::register(&mut builder);
    subnet::register(&mut builder);
    interface::register(&mut builder);
    nat_gateway::register(&mut builder);
    internet_gateway::register(&mut builder);
    interface::compile(&mut builder);
    subnet::compile(&mut builder);
    route_table::compile(&mut builder);
    internet_gateway::compile(&mut builder);
    nat_gateway::compile(&mut builder);
    peering::compile(&mut builder);
    endpoint::compile(&mut builder);
    dns_names::compile(&mut builder);
    hosted_zone::compile(&mut builder);
    builder.finish()
}
