//! Instances, and which interfaces are whose (EC2 guide, "Elastic network interfaces").
//!
//! An interface names its instance. An instance sends and receives with the one at device index 0, else with the first. Where an instance has one
//! interface, as most have, that one is told by its slot alone.

use std::sync::Arc;

use causeway_model::ids::ResourceId;
use causeway_model::resource::Body;

use crate::network::Network;
use crate::table::InterfaceIx;

use super::builder::Builder;

/// The interfaces that name an instance, in the topology or not, by their ids.
pub(crate) fn interfaces(network: &Network, instance: &ResourceId) -> Vec<InterfaceIx> {
    if let Some(all) = network.links.attached.get(instance) {
        return all.to_vec();
    }
    let own = network.find(instance.as_str());
    let own = own.and_then(|at| network.primary(at));
    own.into_iter().collect()
}

/// Notes that an interface names an instance.
pub(crate) fn attach(builder: &mut Builder, instance: &ResourceId, own: InterfaceIx) {
    let mut all = interfaces(&builder.network, instance);
    let id = |at: &InterfaceIx| {
        let entry = builder.network.interface(*at);
        let held = entry.and_then(|entry| builder.network.resource(entry.resource));
        held.map(|held| held.id().clone())
    };
    let new = id(&own);
    let place = all.partition_point(|other| id(other) < new);
    all.insert(place, own);
    settle(builder, instance, all);
}

/// Notes that an interface no longer names an instance.
pub(crate) fn detach(builder: &mut Builder, instance: &ResourceId, own: InterfaceIx) {
    let mut all = interfaces(&builder.network, instance);
    all.retain(|other| *other != own);
    settle(builder, instance, all);
}

/// Keeps the interfaces of an instance, which may be in the topology or not.
fn settle(builder: &mut Builder, instance: &ResourceId, all: Vec<InterfaceIx>) {
    let held = builder.network.find(instance.as_str());
    let primary = primary(&builder.network, &all);
    if let Some(slot) = held.and_then(|at| builder.network.resources.get_mut(at.index())) {
        slot.primary = primary;
    }
    let attached = &mut builder.network.links.attached;
    let is_told_by_slot = all.is_empty() || held.is_some() && all.len() == 1;
    if is_told_by_slot {
        attached.remove(instance);
    } else {
        attached.insert(instance.clone(), Arc::new(all));
    }
}

fn primary(network: &Network, all: &[InterfaceIx]) -> Option<InterfaceIx> {
    let is_at_0 = |at: &&InterfaceIx| {
        let entry = network.interface(**at);
        let held = entry.and_then(|entry| network.resource(entry.resource));
        matches!(held.map(|held| &held.body), Some(Body::NetworkInterface(own)) if own.device_index == 0)
    };
    let marked = all.iter().rev().find(is_at_0);
    marked.or_else(|| all.first()).copied()
}
