//! Elastic IP addresses (EC2 guide, "Elastic IP addresses").
//!
//! One that is associated is paired with the private address that it names, else with the primary one of its interface. One that is associated with
//! nothing is nobody's.

use std::net::IpAddr;
use std::sync::Arc;

use causeway_model::resource::Body;
use causeway_model::resources::Address;

use crate::network::Network;
use crate::table::{InterfaceIx, ResourceIx};

use super::builder::Builder;
use super::interface;

/// Notes what an address is associated with.
pub(crate) fn note(builder: &mut Builder, at: ResourceIx, address: &Address) {
    let network = &mut builder.network;
    let Some(interface) = &address.network_interface_id else {
        *network.idle.entry(address.public_ip).or_default() += 1;
        return;
    };
    let id = interface.as_resource_id();
    let all = network.links.associations.get(id);
    let mut all = all.map_or_else(Vec::new, |all| all.to_vec());
    let own = |at: &ResourceIx| network.resource(*at).map(|held| held.id().clone());
    let place = all.partition_point(|other| own(other) < own(&at));
    all.insert(place, at);
    let all = Arc::new(all);
    network.links.associations.insert(id.clone(), all);
}

/// Forgets what an address was associated with.
pub(crate) fn forget(builder: &mut Builder, at: ResourceIx, address: &Address) {
    let network = &mut builder.network;
    let Some(interface) = &address.network_interface_id else {
        let count = network.idle.get(&address.public_ip).copied();
        match count {
            Some(count) if count > 1 => {
                network.idle.insert(address.public_ip, count - 1);
            }
            _ => _ = network.idle.remove(&address.public_ip),
        }
        return;
    };
    let id = interface.as_resource_id();
    let all = network.links.associations.get(id);
    let mut all = all.map_or_else(Vec::new, |all| all.to_vec());
    all.retain(|other| *other != at);
    if all.is_empty() {
        network.links.associations.remove(id);
    } else {
        let all = Arc::new(all);
        network.links.associations.insert(id.clone(), all);
    }
}

/// Pairs what an address is associated with.
pub(crate) fn pair(builder: &mut Builder, address: &Address) {
    let id = address.network_interface_id.as_ref();
    let Some(own) = id.and_then(|id| builder.own_interface(id.as_resource_id())) else {
        return;
    };
    if let Some((private, public)) = paired(&builder.network, own, address) {
        interface::pair(builder, own, private, public);
    }
}

/// The pairs that the addresses of an interface make.
pub(crate) fn pairs(network: &Network, own: InterfaceIx) -> Vec<(IpAddr, IpAddr)> {
    let entry = network.interface(own);
    let held = entry.and_then(|entry| network.resource(entry.resource));
    let all = held.and_then(|held| network.links.associations.get(held.id()));
    let all = all.into_iter().flat_map(|all| all.iter());
    let all = all.filter_map(|at| {
        let Body::Address(address) = &network.resource(*at)?.body else {
            return None;
        };
        paired(network, own, address)
    });
    all.collect()
}

fn paired(network: &Network, own: InterfaceIx, address: &Address) -> Option<(IpAddr, IpAddr)> {
    let entry = network.interface(own)?;
    let primary = entry.addresses.first().copied();
    let private = address.private_ip_address.or(primary)?;
    Some((private, address.public_ip))
}
