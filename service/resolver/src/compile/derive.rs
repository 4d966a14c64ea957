//! The network of a snapshot, derived from that of another one (decision 0019).
//!
//! What differs is repaired in a copy that shares the rest. A difference is *local* if a compile makes nothing of the resource but what is repaired here;
//! what it read of resources beyond that is in [`Read`](super::known::Read). With one that is not local, or in doubt, there is no derived network.

mod interfaces;
mod local;

use std::collections::BTreeSet;
use std::sync::Arc;

use causeway_model::ids::ResourceId;
use causeway_model::resource::Body;
use causeway_model::resources::Address;
use causeway_model::snapshot::{Difference, Snapshot};

use crate::network::Network;
use crate::table::{InterfaceIx, ResourceIx};

use super::builder::Builder;
use super::{elastic_ip, instance, network_acl, peering, route_table, security_group};

/// Differences that are always few.
const FEW: usize = 64;

/// The network of a snapshot, if all that differs from another network's is local.
pub(crate) fn derived(before: &Network, after: &Snapshot) -> Option<Network> {
    let most = FEW.max(after.len() / 16);
    let differences = before.snapshot.differences_to(after);
    let differences: Vec<Difference> = differences.take(most.saturating_add(1)).collect();
    let is_worn = before.strayed > FEW.max(after.len() / 2);
    if differences.len() > most || is_worn {
        return None;
    }
    let is_local = |difference: &Difference| local::is_local(before, difference);
    if !differences.iter().all(is_local) {
        return None;
    }
    let mut repair = Repair::new(before, after);
    for difference in &differences {
        repair.take(difference);
    }
    let mut differences = differences;
    differences.retain(|difference| !local::is_of_tags(difference));
    for difference in &differences {
        repair.tables(difference);
        repair.note_interfaces(difference);
        repair.forget_address(difference);
    }
    for difference in &differences {
        repair.note_address(difference);
    }
    repair.finish()
}

/// A network under repair, and the one that it was derived from.
struct Repair<'b> {
    before: &'b Network,
    builder: Builder,
    /// The interfaces whose places, addresses or pairs may be others now.
    interfaces: BTreeSet<InterfaceIx>,
    /// Interfaces that are new.
    new: Vec<ResourceIx>,
}

impl<'b> Repair<'b> {
    fn new(before: &'b Network, after: &Snapshot) -> Self {
        let mut network = before.clone();
        network.snapshot = after.clone();
        network.begin_child();
        Self {
            before,
            builder: Builder::repair(network),
            interfaces: BTreeSet::new(),
            new: Vec::new(),
        }
    }

    /// Puts a resource in the place of the one before it, gives a new one a handle, and takes one away that is gone.
    fn take(&mut self, difference: &Difference) {
        let id = difference.resource().id();
        let held = self.before.find(id.as_str());
        match (held, difference.after()) {
            (Some(at), Some(after)) => {
                let slot = self.builder.network.resources.get_mut(at.index());
                if let Some(slot) = slot {
                    slot.resource = Arc::clone(after);
                }
            }
            (None, Some(after)) => {
                self.builder.add_resource(Arc::clone(after));
                self.builder.network.strayed += 1;
            }
            (Some(at), None) => {
                let network = &mut self.builder.network;
                network.resources.set(at.index(), None);
                network.ids.remove(id.as_str(), at);
                network.strayed += 1;
            }
            (None, None) => self.builder.give_up(),
        }
    }

    /// Makes the tables of filters and of route tables anew, in the place of those before.
    fn tables(&mut self, difference: &Difference) {
        let resource = difference.resource();
        let at = self.builder.network.find(resource.id().as_str());
        match (&resource.body, at) {
            (Body::SecurityGroup(_), _) => {
                security_group::refill(&mut self.builder, resource.id());
            }
            (Body::NetworkAcl(acl), Some(at)) => network_acl::refill(&mut self.builder, at, acl),
            (Body::RouteTable(table), Some(at)) => {
                route_table::refill(&mut self.builder, at, table);
                peering::refill(&mut self.builder, table.vpc_id.as_resource_id());
            }
            _ => {}
        }
    }

    /// Finds the interfaces that have to do with a resource that differs.
    fn note_interfaces(&mut self, difference: &Difference) {
        let resource = difference.resource();
        if let Body::NetworkInterface(_) = &resource.body {
            self.note_interface(difference);
        }
        if let Body::Instance(_) = &resource.body {
            self.note_instance(difference);
        }
    }

    fn forget_address(&mut self, difference: &Difference) {
        if let Some(Body::Address(address)) = difference.before().map(|held| &held.body) {
            match self.before.find(difference.resource().id().as_str()) {
                Some(at) => elastic_ip::forget(&mut self.builder, at, address),
                None => self.builder.give_up(),
            }
            self.note_associated(address);
        }
    }

    fn note_address(&mut self, difference: &Difference) {
        if let Some(Body::Address(address)) = difference.after().map(|held| &held.body) {
            let at = self
                .builder
                .network
                .find(difference.resource().id().as_str());
            match at {
                Some(at) => elastic_ip::note(&mut self.builder, at, address),
                None => self.builder.give_up(),
            }
            self.note_associated(address);
        }
    }

    fn note_associated(&mut self, address: &Address) {
        let id = address.network_interface_id.as_ref();
        let own = id.and_then(|id| self.interface(id.as_resource_id()));
        self.interfaces.extend(own);
    }

    fn note_interface(&mut self, difference: &Difference) {
        let id = difference.resource().id();
        match self.interface(id) {
            Some(own) => _ = self.interfaces.insert(own),
            None => self.new.extend(self.builder.network.find(id.as_str())),
        }
    }

    /// An instance may have come or gone, or its state may be another: then its interfaces do otherwise.
    fn note_instance(&mut self, difference: &Difference) {
        let own = instance::interfaces(self.before, difference.resource().id());
        self.interfaces.extend(own);
    }

    /// The interface with this id, as it was before.
    fn interface(&self, id: &ResourceId) -> Option<InterfaceIx> {
        let at = self.before.find(id.as_str())?;
        self.before.primary(at)
    }

    fn finish(mut self) -> Option<Network> {
        self.relink();
        let network = &mut self.builder.network;
        network.boundaries.compare(&self.before.boundaries);
        network.idle.compare(&self.before.idle);
        let is_done = !self.builder.is_out_of_reach();
        is_done.then_some(self.builder.network)
    }
}
