//! Repairs interfaces: all that they hold is taken away first, of all of them, and then given anew.

use std::net::IpAddr;

use causeway_model::ids::ResourceId;
use causeway_model::resource::Body;
use causeway_model::resources::NetworkInterface;
use causeway_model::trace::Stage;

use crate::network::{Interface, Network};
use crate::table::{InterfaceIx, ResourceIx};

use super::super::{elastic_ip, instance, interface, security_group};
use super::Repair;

/// The interface of a handle, and the resource that it is.
fn held(network: &Network, own: InterfaceIx) -> Option<(&Interface, &NetworkInterface)> {
    let entry = network.interface(own)?;
    let Body::NetworkInterface(held) = &network.resource(entry.resource)?.body else {
        return None;
    };
    Some((entry, held))
}

/// An interface as far as others read it by its id, its instance or its addresses.
fn as_read(own: &NetworkInterface) -> NetworkInterface {
    NetworkInterface {
        group_ids: Vec::new(),
        description: String::new(),
        ..own.clone()
    }
}

impl Repair<'_> {
    pub(super) fn relink(&mut self) {
        let old: Vec<InterfaceIx> = self.interfaces.iter().copied().collect();
        for own in &old {
            self.unlink(*own);
        }
        let mut stay = Vec::new();
        for own in old {
            if self.move_over(own) {
                stay.push(own);
            }
        }
        for at in std::mem::take(&mut self.new) {
            stay.extend(self.add(at));
        }
        // What holds an interface together with others comes after all of them are what they are now.
        for own in stay {
            self.link(own);
        }
    }

    /// Takes away what an interface holds: addresses, pairs, its part in filter tables, the table of its state.
    fn unlink(&mut self, own: InterfaceIx) {
        let Some((entry, before)) = held(self.before, own) else {
            self.builder.give_up();
            return;
        };
        let read = &self.builder.known.read;
        let is_counted = entry.groups.iter().any(|group| read.groups.contains(group));
        if entry.user.is_some() || read.interfaces.contains(&own) || is_counted {
            self.builder.give_up();
        }
        for address in entry.addresses.iter() {
            let key = (entry.vpc, *address);
            if read.contested.contains(&key) {
                self.builder.give_up();
            }
            self.builder.network.by_address.remove(&key);
        }
        for (private, public) in self.pairs(self.before, (own, before)) {
            let key = (entry.vpc, private);
            if read.contested.contains(&key) || read.contested_public.contains(&public) {
                self.builder.give_up();
            }
            self.builder.network.public_of.remove(&key);
            self.builder.network.by_public.remove(&public);
        }
        self.drop_state(entry);
        security_group::release(&mut self.builder, &entry.groups);
        if let Some(instance) = &before.instance_id {
            instance::detach(&mut self.builder, instance.as_resource_id(), own);
        }
    }

    fn drop_state(&mut self, entry: &Interface) {
        let exit = self.before.place(entry.exit);
        let first = exit.and_then(|place| place.tables.first().copied());
        let shared = self.builder.known.shared.map(|shared| shared.unattached);
        let Some(first) = first.filter(|first| Some(*first) != shared) else {
            return;
        };
        let table = self.before.table(first);
        if table.is_some_and(|table| table.stage == Stage::State) {
            self.builder.network.tables.set(first.index(), None);
            self.builder.network.strayed += 1;
        }
    }

    /// All pairs of addresses of an interface, those that its Elastic IP addresses make last.
    fn pairs(
        &self,
        network: &Network,
        (own, held): (InterfaceIx, &NetworkInterface),
    ) -> Vec<(IpAddr, IpAddr)> {
        let mut pairs = interface::pairs(&self.builder, held);
        pairs.extend(elastic_ip::pairs(network, own));
        pairs
    }

    /// Gives an interface that stays what it is now, and takes one away that is gone; tells whether it stays.
    fn move_over(&mut self, own: InterfaceIx) -> bool {
        let Some((entry, before)) = held(self.before, own) else {
            return false;
        };
        let at = self
            .builder
            .network
            .find(before.network_interface_id.as_str());
        let after = at.and_then(|at| self.builder.network.resource(at).cloned());
        let after = match after.as_ref().map(|after| &after.body) {
            Some(Body::NetworkInterface(after)) => Some(after.as_ref()),
            _ => None,
        };
        if (self.was_read(entry, before) || self.was_read_after(after))
            && after.map(as_read) != Some(as_read(before))
        {
            self.builder.give_up();
        }
        let Some(after) = after else {
            let network = &mut self.builder.network;
            network.interfaces.set(own.index(), None);
            network.places.set(entry.exit.index(), None);
            network.places.set(entry.entry.index(), None);
            network.strayed += 3;
            return false;
        };
        let moved = self.entry(entry, after);
        self.builder.network.interfaces.set(own.index(), moved);
        true
    }

    fn entry(&mut self, before: &Interface, after: &NetworkInterface) -> Option<Interface> {
        let vpc = self.builder.vpc(&after.vpc_id);
        let subnet = self.builder.subnet(&after.subnet_id);
        let Some((vpc, subnet)) = vpc.zip(subnet) else {
            self.builder.give_up();
            return None;
        };
        Some(Interface {
            vpc,
            subnet,
            addresses: interface::addresses(after).into(),
            groups: interface::groups(&mut self.builder, after),
            ..before.clone()
        })
    }

    /// Whether something else was made of an interface at the compile: by its id, that of its instance, or an address.
    fn was_read(&self, entry: &Interface, own: &NetworkInterface) -> bool {
        let read = &self.builder.known.read;
        let mut addresses = entry.addresses.iter();
        is_named(&read.ids, own)
            || addresses.any(|address| read.addresses.contains(&(entry.vpc, *address)))
    }

    fn was_read_after(&self, after: Option<&NetworkInterface>) -> bool {
        let Some(after) = after else { return false };
        let read = &self.builder.known.read;
        let vpc = self.builder.vpc(&after.vpc_id);
        let addresses = interface::addresses(after);
        let mut keys = addresses.iter().filter_map(|own| Some((vpc?, *own)));
        is_named(&read.ids, after) || keys.any(|key| read.addresses.contains(&key))
    }

    /// Gives a new interface a handle.
    fn add(&mut self, at: ResourceIx) -> Option<InterfaceIx> {
        let held = self.builder.network.resource(at).cloned()?;
        let Body::NetworkInterface(after) = &held.body else {
            return None;
        };
        if self.was_read_after(Some(after)) {
            self.builder.give_up();
        }
        let vpc = self.builder.vpc(&after.vpc_id);
        let subnet = self.builder.subnet(&after.subnet_id);
        let Some((vpc, subnet)) = vpc.zip(subnet) else {
            self.builder.give_up();
            return None;
        };
        let groups = interface::groups(&mut self.builder, after);
        let place = (at, vpc, subnet);
        let new = interface::add(&mut self.builder, place, Vec::new().into(), groups);
        if let Some(entry) = self.builder.network.interfaces.get_mut(new.index()) {
            entry.addresses = interface::addresses(after).into();
        }
        self.builder.network.strayed += 3;
        Some(new)
    }

    /// Gives an interface what it holds now.
    fn link(&mut self, own: InterfaceIx) {
        let entry = self.builder.network.interface(own).cloned();
        let resource = entry.and_then(|entry| {
            let resource = self.builder.network.resource(entry.resource);
            Some((entry, resource.cloned()?))
        });
        let Some((entry, resource)) = resource else {
            self.builder.give_up();
            return;
        };
        let Body::NetworkInterface(after) = &resource.body else {
            return;
        };
        if let Some(instance) = &after.instance_id {
            instance::attach(&mut self.builder, instance.as_resource_id(), own);
        }
        interface::hold(&mut self.builder, own, entry.vpc, &entry.addresses);
        interface::places(&mut self.builder, (entry.resource, own), after);
        let read = &self.builder.known.read;
        let is_counted = entry.groups.iter().any(|group| read.groups.contains(group));
        if is_counted {
            self.builder.give_up();
        }
        let pairs = self.pairs(&self.builder.network, (own, after));
        self.check_pairs(own, &entry, &pairs);
        for (private, public) in pairs {
            interface::pair(&mut self.builder, own, private, public);
        }
    }

    /// Whom others look for by a private address must be paired as before.
    fn check_pairs(&self, own: InterfaceIx, entry: &Interface, after: &[(IpAddr, IpAddr)]) {
        let old = held(self.before, own);
        let before = old.map(|(_, before)| self.pairs(self.before, (own, before)));
        let before = before.unwrap_or_default();
        if before == after {
            return;
        }
        let read = &self.builder.known.read;
        let vpc = old.map_or(entry.vpc, |(old, _)| old.vpc);
        let keys = before.iter().map(|(private, _)| (vpc, *private));
        let mut keys = keys.chain(after.iter().map(|(private, _)| (entry.vpc, *private)));
        if keys.any(|key| read.addresses.contains(&key)) {
            self.builder.give_up();
        }
    }
}

fn is_named(ids: &rustc_hash::FxHashSet<ResourceId>, own: &NetworkInterface) -> bool {
    let instance = own.instance_id.as_ref();
    ids.contains(own.network_interface_id.as_resource_id())
        || instance.is_some_and(|instance| ids.contains(instance.as_resource_id()))
}
