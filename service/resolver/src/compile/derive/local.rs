//! Which differences are local: a compile makes nothing of the resource but what a repair does, too.

use causeway_model::resource::{Body, Resource};
use causeway_model::resources::routing::{Route, RouteOrigin, RouteTableAssociation, RouteTarget};
use causeway_model::resources::{NetworkAcl, NetworkInterface, RouteTable, SecurityGroup};
use causeway_model::snapshot::Difference;

use crate::network::Network;

use super::super::interface;

/// Whether a difference is one of tags alone, which no compile reads.
pub(super) fn is_of_tags(difference: &Difference) -> bool {
    let (Some(before), Some(after)) = (difference.before(), difference.after()) else {
        return false;
    };
    is_of_same_owner(before, after) && before.body == after.body
}

fn is_of_same_owner(before: &Resource, after: &Resource) -> bool {
    (&before.owner_id, &before.region) == (&after.owner_id, &after.region)
}

/// Whether a difference may be repaired, as far as it tells itself.
pub(super) fn is_local(network: &Network, difference: &Difference) -> bool {
    if is_of_tags(difference) {
        return true;
    }
    let bodies = [difference.before(), difference.after()];
    match bodies.map(|held| held.map(|held| &held.body)) {
        [Some(before), Some(after)] => {
            let owners = difference.before().zip(difference.after());
            owners.is_some_and(|(before, after)| is_of_same_owner(before, after))
                && is_local_change(network, before, after)
        }
        [Some(only), None] | [None, Some(only)] => {
            let was_read = network.known.read.ids.contains(only.id());
            !was_read && is_local_alone(network, only)
        }
        [None, None] => false,
    }
}

/// Whether a resource may come or go.
fn is_local_alone(network: &Network, body: &Body) -> bool {
    if let Body::NetworkInterface(own) = body {
        return is_plain(network, own);
    }
    if let Body::SecurityGroup(group) = body {
        let vpc = group.vpc_id.as_resource_id();
        return !network.known.read.peers.contains(vpc);
    }
    matches!(body, Body::Instance(_) | Body::Address(_))
}

fn is_local_change(network: &Network, before: &Body, after: &Body) -> bool {
    match (before, after) {
        (Body::NetworkInterface(before), Body::NetworkInterface(after)) => {
            is_plain(network, before) && is_plain(network, after)
        }
        (Body::Instance(_), Body::Instance(_)) | (Body::Address(_), Body::Address(_)) => true,
        (Body::SecurityGroup(before), Body::SecurityGroup(after)) => {
            is_change_of_group(network, before, after)
        }
        (Body::NetworkAcl(before), Body::NetworkAcl(after)) => is_change_of_entries(before, after),
        (Body::RouteTable(before), Body::RouteTable(after)) => is_change_of_routes(before, after),
        _ => false,
    }
}

/// Whether nothing but the interface itself makes anything of packets for it.
fn is_plain(network: &Network, own: &NetworkInterface) -> bool {
    let known = &network.known;
    let id = own.network_interface_id.as_resource_id();
    interface::is_plain(own)
        && !known.users.contains_key(id)
        && !known.described.contains_key(&own.description)
}

fn is_change_of_group(network: &Network, before: &SecurityGroup, after: &SecurityGroup) -> bool {
    let vpc = before.vpc_id.as_resource_id();
    before.vpc_id == after.vpc_id && !network.known.read.half_known.contains(vpc)
}

fn is_change_of_entries(before: &NetworkAcl, after: &NetworkAcl) -> bool {
    let with = NetworkAcl {
        entries: after.entries.clone(),
        ..before.clone()
    };
    with == *after
}

fn is_change_of_routes(before: &RouteTable, after: &RouteTable) -> bool {
    let with = RouteTable {
        routes: after.routes.clone(),
        propagating_vgws: after.propagating_vgws.clone(),
        ..before.clone()
    };
    let is_of_gateway = |own: &RouteTableAssociation| match own {
        RouteTableAssociation::InternetGateway(_) | RouteTableAssociation::VpnGateway(_) => true,
        RouteTableAssociation::Main | RouteTableAssociation::Subnet(_) => false,
    };
    let others = |these: &RouteTable, those: &RouteTable| {
        let mut own = these.routes.iter();
        own.any(|route| !those.routes.contains(route) && leaves_a_mark(route))
    };
    with == *after
        && !after.associations.iter().any(is_of_gateway)
        && !others(before, after)
        && !others(after, before)
}

/// Whether a compile makes more of a route than a rule of its table: the places of a device, or what a gateway has learned.
fn leaves_a_mark(route: &Route) -> bool {
    if route.origin == RouteOrigin::EnableVgwRoutePropagation {
        return true;
    }
    match route.target {
        Some(
            RouteTarget::NetworkInterface(_) | RouteTarget::Instance(_) | RouteTarget::IpAddress(_),
        ) => true,
        Some(
            RouteTarget::Local
            | RouteTarget::InternetGateway(_)
            | RouteTarget::VpnGateway(_)
            | RouteTarget::VpcEndpoint(_)
            | RouteTarget::NatGateway(_)
            | RouteTarget::VpcPeeringConnection(_)
            | RouteTarget::TransitGateway(_)
            | RouteTarget::EgressOnlyInternetGateway(_)
            | RouteTarget::LocalGateway(_)
            | RouteTarget::CarrierGateway(_)
            | RouteTarget::CoreNetwork(_)
            | RouteTarget::OdbNetwork(_),
        )
        | None => false,
    }
}
