//! Network and Application Load Balancers (Elastic Load Balancing guides).
//!
//! A load balancer has a node in each of its zones, which is an interface in a subnet. A packet to a node passes the balancer's security
//! groups, the listener for its protocol and port takes it, and it goes on to one of the targets, each of which is a way of its own. The
//! node is the source of what the target sees, unless a Network Load Balancer keeps the client's address; replies come back to the node
//! and leave it as answers of the balancer. A Gateway Load Balancer is no part of this: nothing is sent to it by address.

mod node;
mod targets;

use std::collections::BTreeMap;
use std::net::IpAddr;

use causeway_model::ids::{DnsName, LoadBalancerArn, ResourceId};
use causeway_model::resource::Body;
use causeway_model::resources::interfaces::NetworkInterfaceType;
use causeway_model::resources::load_balancers::{
    LoadBalancerScheme, LoadBalancerState, LoadBalancerType, LoadBalancerZone,
};
use causeway_model::resources::{LoadBalancer, NetworkInterface, TargetGroup};

use crate::table::{InterfaceIx, PlaceIx, ResourceIx, SubnetIx};

use super::builder::{Builder, Key, pick};
use super::interface;
use super::zone::Zones;

pub(crate) use node::behind_endpoint;

/// What the nodes of load balancers need to know of the topology.
#[derive(Debug)]
pub(crate) struct Fleet {
    balancers: BTreeMap<ResourceId, (ResourceIx, LoadBalancer)>,
    groups: BTreeMap<ResourceId, TargetGroup>,
    pub(crate) zones: Zones,
}

impl Fleet {
    pub(crate) fn gather(builder: &Builder) -> Self {
        let groups: Vec<(ResourceIx, TargetGroup)> = builder.each(pick!(TargetGroup));
        Self {
            balancers: all(builder)
                .into_iter()
                .map(|(at, balancer)| ((&balancer.load_balancer_arn).into(), (at, balancer)))
                .collect(),
            groups: groups
                .into_iter()
                .map(|(_, group)| ((&group.target_group_arn).into(), group))
                .collect(),
            zones: Zones::gather(builder),
        }
    }

    /// The target groups of a load balancer: those that its listeners name, else those that name it.
    pub(crate) fn groups_of(&self, balancer: &LoadBalancer) -> Vec<&TargetGroup> {
        let listeners = balancer.listeners.iter();
        let listened: Vec<_> = listeners
            .flat_map(|listener| &listener.target_group_arns)
            .collect();
        let used = self.groups.values().filter(|group| {
            let own = &balancer.load_balancer_arn;
            listened.contains(&&group.target_group_arn)
                || listened.is_empty() && group.load_balancer_arns.contains(own)
        });
        used.collect()
    }

    /// The Network or Application Load Balancer with this ARN.
    pub(crate) fn balancer(&self, arn: &LoadBalancerArn) -> Option<&(ResourceIx, LoadBalancer)> {
        self.balancers.get(arn.as_resource_id())
    }
}

/// Whether a load balancer is in a state that carries traffic.
pub(crate) fn is_in_service(balancer: &LoadBalancer) -> bool {
    matches!(
        balancer.state,
        LoadBalancerState::Active | LoadBalancerState::ActiveImpaired
    )
}

/// All Network and Application Load Balancers.
pub(crate) fn all(builder: &Builder) -> Vec<(ResourceIx, LoadBalancer)> {
    let mut all: Vec<(ResourceIx, LoadBalancer)> = builder.each(pick!(LoadBalancer));
    all.retain(|(_, balancer)| balancer.r#type != LoadBalancerType::Gateway);
    all
}

/// Notes which load balancer uses which interface: AWS names it in the interface's description, or lists the interface's address.
pub(crate) fn note_users(builder: &mut Builder) {
    let mut described = BTreeMap::new();
    let mut listed = BTreeMap::new();
    for (at, balancer) in all(builder) {
        let arn = balancer.load_balancer_arn.as_str();
        if let Some((_, own)) = arn.split_once(":loadbalancer/") {
            described.insert(format!("ELB {own}"), at);
        }
        for zone in balancer.availability_zones {
            let addresses = zone.addresses.into_iter();
            let subnet = zone.subnet_id;
            listed.extend(addresses.filter_map(|own| Some(((subnet.clone()?, own), at))));
        }
    }
    builder.learn().described.clone_from(&described);
    let interfaces: Vec<(ResourceIx, NetworkInterface)> = builder.each(pick!(NetworkInterface));
    for (_, interface) in interfaces {
        let is_node = matches!(
            interface.interface_type,
            NetworkInterfaceType::NetworkLoadBalancer | NetworkInterfaceType::LoadBalancer
        );
        let own = interface.private_ip_addresses.iter();
        let mut own = own.map(|own| (interface.subnet_id.clone(), own.private_ip_address));
        let named = described.get(&interface.description).copied();
        let user = named.or_else(|| own.find_map(|own| listed.get(&own).copied()));
        if let Some(user) = user.filter(|_| is_node || named.is_some()) {
            let id = (&interface.network_interface_id).into();
            builder.learn().users.insert(id, user);
        }
    }
}

/// Gives each node of each load balancer an interface: its own, or one that stands for it where the topology does not hold it.
pub(crate) fn register(builder: &mut Builder) {
    for index in 0..builder.network.interfaces.len() {
        let own = InterfaceIx::of(index);
        let Some(held) = builder.network.interface(own) else {
            continue;
        };
        let user = held.user.filter(|at| is_balancer(builder, *at));
        if let Some(user) = user {
            let subnet = held.subnet;
            builder.learn().nodes.entry((user, subnet)).or_insert(own);
            builder.frame().nodes.entry(user).or_default().push(own);
        }
    }
    for (at, balancer) in all(builder) {
        for zone in &balancer.availability_zones {
            register_node(builder, at, &balancer, zone);
        }
    }
}

fn is_balancer(builder: &Builder, at: ResourceIx) -> bool {
    let held = builder.network.resource(at);
    held.is_some_and(|held| matches!(held.body, Body::LoadBalancer(_)))
}

fn register_node(
    builder: &mut Builder,
    at: ResourceIx,
    balancer: &LoadBalancer,
    zone: &LoadBalancerZone,
) {
    let Some(subnet) = zone.subnet_id.as_ref().and_then(|id| builder.subnet(id)) else {
        return;
    };
    let Some(held) = builder.network.subnet(subnet) else {
        return;
    };
    let (vpc, blocks) = (held.vpc, held.cidr_blocks.clone());
    let is_inside = |address: &&IpAddr| blocks.iter().any(|block| block.contains(*address));
    let (inside, outside): (Vec<&IpAddr>, Vec<&IpAddr>) =
        zone.addresses.iter().partition(is_inside);
    let known = builder.known.nodes.get(&(at, subnet)).copied();
    let own = known.unwrap_or_else(|| {
        let ids = balancer.security_groups.iter();
        let groups = ids.map(|id| builder.group(id.as_resource_id())).collect();
        let inside: Vec<IpAddr> = inside.into_iter().copied().collect();
        let own = interface::add(builder, (at, vpc, subnet), inside.into(), groups);
        interface::set_user(builder, own, Some(at));
        builder.learn().nodes.insert((at, subnet), own);
        builder.frame().nodes.entry(at).or_default().push(own);
        own
    });
    let first = builder.network.interface(own);
    let first = first.and_then(|own| own.addresses.iter().find(|own| own.is_ipv4()).copied());
    for (private, public) in first.into_iter().zip(outside) {
        interface::pair_for(builder, own, private, *public);
    }
}

/// The place where an interface hands packets on to the load balancer that uses it.
pub(crate) fn place_of(
    builder: &mut Builder,
    balancer: ResourceIx,
    interface: InterfaceIx,
) -> Option<PlaceIx> {
    let subnet = builder.network.interface(interface)?.subnet;
    Some(builder.place(Key::LoadBalancer(balancer, subnet, None)))
}

/// The nodes of a load balancer, by their subnets.
pub(crate) fn nodes(builder: &Builder, balancer: ResourceIx) -> Vec<(SubnetIx, InterfaceIx)> {
    let nodes = builder.known.nodes.range((balancer, SubnetIx::of(0))..);
    nodes
        .take_while(|((at, _), _)| *at == balancer)
        .map(|((_, subnet), own)| (*subnet, *own))
        .collect()
}

pub(crate) fn compile(builder: &mut Builder, fleet: &Fleet) {
    for (at, balancer) in fleet.balancers.values() {
        for (subnet, _) in nodes(builder, *at) {
            node::compile(builder, fleet, (*at, balancer), subnet);
        }
    }
}

/// The names of load balancers: one for all nodes, and of a Network Load Balancer one for each zone.
pub(crate) fn names(builder: &mut Builder) {
    for (at, balancer) in all(builder) {
        let mut every = Some(Vec::new());
        let mut all = nodes(builder, at);
        // What has no targets is taken out of the name, unless nothing would be left.
        let served: Vec<_> = all
            .iter()
            .map(|(subnet, _)| node::is_served(builder, at, *subnet))
            .collect();
        let mut is_served = served.iter().copied();
        all.retain(|_| is_served.next() == Some(true) || !served.contains(&true));
        for (subnet, own) in all {
            let is_public = balancer.scheme == LoadBalancerScheme::InternetFacing;
            let own = addresses(builder, own, is_public);
            let zone = builder.network.subnet(subnet);
            let zone = zone.and_then(|subnet| subnet.zone.as_ref());
            let zonal = zone.map(|zone| format!("{zone}.{}", balancer.dns_name));
            let zonal = zonal.filter(|_| balancer.r#type == LoadBalancerType::Network);
            if let Some(name) = zonal.and_then(|name| DnsName::from_any_case(&name).ok()) {
                let held = &mut builder.frame().names.balancers;
                held.insert(name, (at, own.clone()));
            }
            every = every.zip(own).map(|(mut every, own)| {
                every.extend(own);
                every
            });
        }
        let every = every.filter(|every| !every.is_empty());
        if let Ok(name) = DnsName::from_any_case(&balancer.dns_name) {
            let held = &mut builder.frame().names.balancers;
            held.insert(name, (at, every));
        }
    }
}

/// The addresses that a node's name stands for.
fn addresses(builder: &Builder, node: InterfaceIx, is_public: bool) -> Option<Vec<IpAddr>> {
    let node = builder.network.interface(node)?;
    let own = node.addresses.iter();
    let own: Vec<IpAddr> = if is_public {
        own.filter_map(|own| builder.public_of(node.vpc, *own))
            .collect()
    } else {
        own.take(1).copied().collect()
    };
    (!own.is_empty()).then_some(own)
}
