//! What the asker wants of the ways: what is taken as down, what they must pass, what they may not pass.

use causeway_model::flow::{Constraints, Lost};
use causeway_model::ids::ResourceId;
use causeway_model::resource::Body;
use causeway_model::resources::endpoints::VpcEndpointType;
use rustc_hash::FxHashSet;

use crate::ResolveError;
use crate::network::{Interface, Network};
use crate::table::ResourceIx;

/// The constraints of a flow, in the handles of a network.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Whose places are down.
    pub(crate) lost: FxHashSet<ResourceIx>,
    pub(crate) through: Vec<Component>,
    pub(crate) avoiding: Vec<Component>,
}

/// A resource that is passed when one of these is.
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) named: ResourceIx,
    pub(crate) members: Vec<ResourceIx>,
}

impl Wanted {
    /// Whether it matters what a way passes.
    pub(crate) fn asks_for_components(&self) -> bool {
        !(self.through.is_empty() && self.avoiding.is_empty())
    }

    /// What the constraints mean in a network.
    pub(crate) fn read(network: &Network, constraints: &Constraints) -> Result<Self, ResolveError> {
        let mut wanted = Self::default();
        for lost in &constraints.without {
            wanted.lost.extend(match lost {
                Lost::Resource(id) => with_contents(network, find(network, id)?),
                Lost::Zone(zone) => in_zone(network, zone.as_str())?,
            });
        }
        wanted.through = components(network, &constraints.through)?;
        wanted.avoiding = components(network, &constraints.avoiding)?;
        Ok(wanted)
    }
}

fn find(network: &Network, id: &ResourceId) -> Result<ResourceIx, ResolveError> {
    network
        .find(id.as_str())
        .ok_or_else(|| ResolveError::UnknownResource { id: id.clone() })
}

fn components(network: &Network, ids: &[ResourceId]) -> Result<Vec<Component>, ResolveError> {
    ids.iter().map(|id| component(network, id)).collect()
}

/// A resource as a component of ways: an instance is where its interfaces are.
fn component(network: &Network, id: &ResourceId) -> Result<Component, ResolveError> {
    let named = find(network, id)?;
    let mut members = vec![named];
    members.extend(interfaces(network, |interface| {
        is_of_instance(network, interface, id)
    }));
    Ok(Component { named, members })
}

/// A resource with what goes down with it: the interfaces of an instance, of a subnet and of a VPC.
fn with_contents(network: &Network, at: ResourceIx) -> Vec<ResourceIx> {
    let id = network.resource(at).map(|resource| resource.id().clone());
    let vpc_of = |interface: &Interface| network.vpc(interface.vpc).map(|vpc| vpc.resource);
    let subnet_of = |interface: &Interface| {
        let subnet = network.subnet(interface.subnet);
        subnet.map(|subnet| subnet.resource)
    };
    let mut found = vec![at];
    found.extend(interfaces(network, |interface| {
        let is_in_subnet = subnet_of(interface) == Some(at);
        vpc_of(interface) == Some(at)
            || is_in_subnet && !has_other_nodes(network, interface.resource, &[at])
            || id
                .as_ref()
                .is_some_and(|id| is_of_instance(network, interface, id))
    }));
    let subnets = network.frame.subnets.iter();
    let subnets = subnets.filter(|subnet| {
        network
            .vpc(subnet.vpc)
            .is_some_and(|vpc| vpc.resource == at)
    });
    found.extend(subnets.map(|subnet| subnet.resource));
    found
}

/// What is in a zone: its subnets, their interfaces, and what stands in one subnet alone. An endpoint in several zones is not down with one.
fn in_zone(network: &Network, zone: &str) -> Result<Vec<ResourceIx>, ResolveError> {
    let is_meant = |at: ResourceIx| {
        let body = network.resource(at).map(|resource| &resource.body);
        let Some(Body::Subnet(subnet)) = body else {
            return false;
        };
        let name = subnet.availability_zone.as_ref().map(AsRef::as_ref);
        let id = subnet.availability_zone_id.as_ref().map(AsRef::as_ref);
        [name, id].contains(&Some(zone))
    };
    let subnets = network.frame.subnets.iter().map(|subnet| subnet.resource);
    let mut found: Vec<ResourceIx> = subnets.filter(|at| is_meant(*at)).collect();
    if found.is_empty() {
        let id = zone.parse().ok();
        return id.map_or(Ok(found), |id| Err(ResolveError::UnknownResource { id }));
    }
    let held = network.interfaces.iter().filter(|interface| {
        let subnet = network.subnet(interface.subnet);
        subnet.is_some_and(|subnet| found.contains(&subnet.resource))
    });
    let held = held.filter(|interface| !has_other_nodes(network, interface.resource, &found));
    let held: Vec<ResourceIx> = held
        .flat_map(|interface| {
            let user = interface
                .user
                .filter(|user| stands_in_one_zone(network, *user));
            [Some(interface.resource), user]
        })
        .flatten()
        .collect();
    found.extend(held);
    Ok(found)
}

/// Whether a resource is a load balancer with a node outside of these subnets.
fn has_other_nodes(network: &Network, at: ResourceIx, subnets: &[ResourceIx]) -> bool {
    let nodes = network.frame.nodes.get(&at).into_iter().flatten();
    let mut nodes = nodes.filter_map(|own| network.interface(*own));
    nodes.any(|node| {
        let subnet = network.subnet(node.subnet);
        subnet.is_some_and(|subnet| !subnets.contains(&subnet.resource))
    })
}

fn stands_in_one_zone(network: &Network, user: ResourceIx) -> bool {
    let body = network.resource(user).map(|resource| &resource.body);
    match body {
        Some(Body::VpcEndpoint(endpoint)) => {
            endpoint.vpc_endpoint_type == VpcEndpointType::GatewayLoadBalancer
        }
        Some(Body::NatGateway(_)) => true,
        _ => false,
    }
}

fn interfaces(network: &Network, is_meant: impl Fn(&Interface) -> bool) -> Vec<ResourceIx> {
    let interfaces = network.interfaces.iter();
    let interfaces = interfaces.filter(|interface| is_meant(interface));
    interfaces.map(|interface| interface.resource).collect()
}

fn is_of_instance(network: &Network, interface: &Interface, instance: &ResourceId) -> bool {
    let body = network.resource(interface.resource);
    let Some(Body::NetworkInterface(interface)) = body.map(|resource| &resource.body) else {
        return false;
    };
    let own = interface.instance_id.as_ref();
    own.is_some_and(|own| own.as_resource_id() == instance)
}
