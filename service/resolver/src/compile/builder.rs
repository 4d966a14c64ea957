//! The builder that all concepts compile onto: it gives handles to resources, places and tables, and keeps what refers across.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use causeway_model::ids::ResourceId;
use causeway_model::resource::{Body, Kind, Record, Resource};
use causeway_model::snapshot::Snapshot;
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::dns;
use crate::network::{Frame, Network, Slot};
use crate::packet::private_blocks;
use crate::table::{
    Action, GroupIx, InterfaceIx, Order, Place, PlaceIx, ResourceIx, Rule, SubnetIx, Table,
    TableIx, Tables, VpcIx, ZoneIx,
};

use super::known::{Edge, Read};
pub(crate) use super::known::{HeldService, Key, Known};

/// Picks the record of one kind out of a body.
macro_rules! pick {
    ($kind:ident) => {
        |body: &causeway_model::resource::Body| {
            if let causeway_model::resource::Body::$kind(record) = body {
                Some(record.as_ref())
            } else {
                None
            }
        }
    };
}

pub(crate) use pick;

/// A network under construction, or one under repair: then what only a compile makes stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    pub(crate) network: Network,
    pub(crate) known: Arc<Known>,
    /// The resources of each kind, in their order.
    kinds: BTreeMap<Kind, Vec<ResourceIx>>,
    /// The sets of security groups that interfaces have.
    group_sets: BTreeSet<Arc<[GroupIx]>>,
    /// What was read of resources that may change alone.
    read: RefCell<Read>,
    is_repair: bool,
    /// Whether a repair came to what it cannot repair.
    is_out_of_reach: Cell<bool>,
}

impl Builder {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut builder = Self::default();
        builder.network.snapshot = snapshot.clone();
        for resource in snapshot.iter() {
            let at = builder.add_resource(Arc::clone(resource));
            let of_kind = builder.kinds.entry(resource.kind()).or_default();
            of_kind.push(at);
        }
        builder
    }

    /// A builder that repairs a network.
    pub(crate) fn repair(network: Network) -> Self {
        Self {
            known: Arc::clone(&network.known),
            network,
            is_repair: true,
            ..Self::default()
        }
    }

    /// Gives a resource a handle.
    pub(crate) fn add_resource(&mut self, resource: Arc<Resource>) -> ResourceIx {
        let id = resource.id().clone();
        let slot = Slot {
            resource,
            primary: None,
        };
        let at = ResourceIx::of(self.network.resources.push(slot));
        self.network.ids.insert(id.as_str(), at);
        at
    }

    /// What only a compile makes, to be added to.
    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.is_out_of_reach.set(self.is_repair);
        Arc::make_mut(&mut self.network.frame)
    }

    /// What the compile knows beside, to be added to.
    pub(crate) fn learn(&mut self) -> &mut Known {
        self.is_out_of_reach.set(self.is_repair);
        Arc::make_mut(&mut self.known)
    }

    /// Tells that a repair came to what it cannot repair.
    pub(crate) fn give_up(&self) {
        self.is_out_of_reach.set(true);
    }

    pub(crate) fn is_out_of_reach(&self) -> bool {
        self.is_out_of_reach.get()
    }

    /// Notes the blocks in which the internet has no address, once all VPCs are there. A VPC of nearly all addresses, as AWS makes none, takes none away.
    pub(crate) fn note_never_public(&mut self) {
        let own = self
            .network
            .frame
            .vpcs
            .iter()
            .flat_map(|vpc| &vpc.cidr_blocks);
        let own = own.filter(|block| block.prefix_len() >= 8);
        let blocks: Vec<IpNet> = private_blocks().chain(own.copied()).collect();
        for block in blocks {
            self.frame().never_public.add(block, None);
        }
    }

    /// The network, compiled.
    pub(crate) fn finish(mut self) -> Network {
        let lists = self.network.frame.lists.iter();
        let listed = lists.flat_map(|list| list.entries.iter().flatten().copied());
        let listed = listed.flat_map(dns::limits);
        let ruled = self.network.tables.iter();
        let ruled = ruled.flat_map(|table| dns::boundaries(table));
        let mut counts: BTreeMap<_, u32> = BTreeMap::new();
        for address in listed.chain(ruled) {
            *counts.entry(address).or_default() += 1;
        }
        self.network.boundaries = counts.into_iter().collect();
        self.network.ids.settle();
        self.network.by_address.settle();
        self.network.by_public.settle();
        self.network.public_of.settle();
        self.learn().read = self.read.take();
        self.network.known = self.known;
        self.network
    }

    /// All resources of one kind, as the caller picks them from their bodies.
    pub(crate) fn each<T: Record + Clone>(
        &self,
        pick: impl Fn(&Body) -> Option<&T>,
    ) -> Vec<(ResourceIx, T)> {
        if self.is_repair {
            self.give_up();
        }
        let of_kind = self.kinds.get(&T::KIND).into_iter().flatten();
        let picked = of_kind.filter_map(|at| {
            let resource = self.network.resource(*at)?;
            Some((*at, pick(&resource.body)?.clone()))
        });
        picked.collect()
    }

    /// The resource with this id and its handle. What is made of it is noted as made of that id.
    pub(crate) fn find(&self, id: impl AsRef<str>) -> Option<(ResourceIx, &Resource)> {
        self.note_asked(id.as_ref());
        self.own(id)
    }

    /// As [`Builder::find`], for who makes the resource's own tables, or minds by itself what becomes of it.
    pub(crate) fn own(&self, id: impl AsRef<str>) -> Option<(ResourceIx, &Resource)> {
        let at = self.network.find(id.as_ref())?;
        Some((at, self.network.resource(at)?))
    }

    /// Notes what is read of resources that may change alone.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Read)) {
        if !self.is_repair {
            note(&mut self.read.borrow_mut());
        }
    }

    fn note_asked(&self, id: &str) {
        self.note(|read| {
            if let (false, Ok(id)) = (read.ids.contains(id), id.parse()) {
                read.ids.insert(id);
            }
        });
    }

    /// The interface with this id. What is made of it is noted as made of that id.
    pub(crate) fn interface(&self, id: &ResourceId) -> Option<InterfaceIx> {
        self.note_asked(id.as_str());
        self.own_interface(id)
    }

    /// As [`Builder::interface`], for who makes the interface's own places, or minds by itself what becomes of it.
    pub(crate) fn own_interface(&self, id: &ResourceId) -> Option<InterfaceIx> {
        let (at, resource) = self.own(id)?;
        let is_one = matches!(resource.body, Body::NetworkInterface(_));
        is_one.then(|| self.network.primary(at)).flatten()
    }

    /// Who has an address in a VPC. What is made of it is noted as made of that address.
    pub(crate) fn holder(&self, vpc: VpcIx, address: IpAddr) -> Option<InterfaceIx> {
        let key = (vpc, address);
        self.note(|read| _ = read.addresses.insert(key));
        self.network.by_address.get(&key).copied()
    }

    /// The public address that a private one is paired with. What is made of it is noted as made of the private one.
    pub(crate) fn public_of(&self, vpc: VpcIx, address: IpAddr) -> Option<IpAddr> {
        let key = (vpc, address);
        self.note(|read| _ = read.addresses.insert(key));
        self.network.public_of.get(&key).copied()
    }

    pub(crate) fn add_vpc(&mut self, id: ResourceId, entry: crate::network::VpcEntry) {
        let new = VpcIx::of(self.network.frame.vpcs.len());
        self.learn().vpcs.insert(id, new);
        self.frame().vpcs.push(entry);
    }

    pub(crate) fn vpc(&self, id: impl AsRef<str>) -> Option<VpcIx> {
        self.known.vpcs.get(id.as_ref()).copied()
    }

    pub(crate) fn add_subnet(&mut self, id: ResourceId, entry: crate::network::SubnetEntry) {
        let new = SubnetIx::of(self.network.frame.subnets.len());
        self.learn().subnets.insert(id, new);
        let frame = self.frame();
        if let Some(vpc) = frame.vpcs.get_mut(entry.vpc.index()) {
            vpc.subnets.push(new);
        }
        frame.subnets.push(entry);
    }

    pub(crate) fn subnet(&self, id: impl AsRef<str>) -> Option<SubnetIx> {
        self.known.subnets.get(id.as_ref()).copied()
    }

    /// The handle of a security group, in the topology or not.
    pub(crate) fn group(&mut self, id: &ResourceId) -> GroupIx {
        if let Some(known) = self.network.links.groups.get(id) {
            return *known;
        }
        let new = GroupIx::of(self.network.groups.push(id.clone()));
        self.network.links.groups.insert(id.clone(), new);
        new
    }

    /// A set of security groups: those with the same groups share one.
    pub(crate) fn group_set(&mut self, groups: &[GroupIx]) -> Arc<[GroupIx]> {
        let held = self.network.links.sets.get_key_value(groups);
        let held = held.map(|(held, _)| held);
        if let Some(held) = held.or_else(|| self.group_sets.get(groups)) {
            return Arc::clone(held);
        }
        let new: Arc<[GroupIx]> = groups.into();
        self.group_sets.insert(Arc::clone(&new));
        new
    }

    /// The handle of a zone.
    pub(crate) fn zone(&mut self, name: &str) -> ZoneIx {
        if let Some(known) = self.known.zones.get(name) {
            return *known;
        }
        if self.is_repair {
            self.give_up();
            return ZoneIx::MISSING;
        }
        let new = ZoneIx::of(self.known.zones.len());
        self.learn().zones.insert(name.to_owned(), new);
        new
    }

    /// The place for a key, made if it is not there yet.
    pub(crate) fn place(&mut self, key: Key) -> PlaceIx {
        if let Some(held) = self.held_place(key) {
            return held;
        }
        if self.is_repair {
            self.give_up();
            return PlaceIx::MISSING;
        }
        let new = self.add_place();
        let known = self.learn();
        known.places.insert(key, new);
        if let Key::Appliance(own) = key {
            known.appliances.insert(new, own);
        }
        new
    }

    fn held_place(&self, key: Key) -> Option<PlaceIx> {
        if let Key::InterfaceOut(own) = key {
            return self.network.interface(own).map(|own| own.exit);
        }
        if let Key::InterfaceIn(own) = key {
            return self.network.interface(own).map(|own| own.entry);
        }
        self.known.places.get(&key).copied()
    }

    /// A place that its maker finds again by itself.
    pub(crate) fn add_place(&mut self) -> PlaceIx {
        PlaceIx::of(self.network.places.push(Place::empty()))
    }

    /// The interface that a place leads to as a route target.
    pub(crate) fn appliance(&self, place: PlaceIx) -> Option<InterfaceIx> {
        self.known.appliances.get(&place).copied()
    }

    /// Whether something refers to the place for a key.
    pub(crate) fn has_place(&self, key: Key) -> bool {
        self.known.places.contains_key(&key)
    }

    /// Fills the place for a key.
    pub(crate) fn fill(&mut self, key: Key, resource: ResourceIx, tables: Vec<TableIx>) -> PlaceIx {
        if self.is_repair {
            self.give_up();
        }
        let at = self.place(key);
        self.edit(at, |place| {
            place.resource = Some(resource);
            place.tables = Tables::from_iter(tables);
        });
        at
    }

    /// Changes a place.
    pub(crate) fn edit(&mut self, at: PlaceIx, change: impl FnOnce(&mut Place)) {
        if let Some(place) = self.network.places.get_mut(at.index()) {
            change(place);
        }
    }

    pub(crate) fn add_table(&mut self, table: Table) -> TableIx {
        TableIx::of(self.network.tables.push(Arc::new(table)))
    }

    /// Puts another table in the place of one, whose limits count or do not.
    pub(crate) fn replace_table(&mut self, at: TableIx, table: Table, counts: bool) {
        if self.known.read.tables.contains(&at) {
            self.give_up();
        }
        if counts {
            self.discount_limits(at);
        }
        let table = Some(Arc::new(table));
        self.network.tables.set(at.index(), table);
        if counts {
            self.count_limits(at);
        }
    }

    /// Takes the limits of a table into account, which a compile does at its end.
    pub(crate) fn count_limits(&mut self, table: TableIx) {
        for address in self.limits(table) {
            *self.network.boundaries.entry(address).or_default() += 1;
        }
    }

    /// Takes the limits of a table out of account.
    pub(crate) fn discount_limits(&mut self, table: TableIx) {
        for address in self.limits(table) {
            let count = self.network.boundaries.get(&address).copied();
            match count.unwrap_or_default().checked_sub(1) {
                Some(0) | None => self.network.boundaries.remove(&address),
                Some(less) => self.network.boundaries.insert(address, less),
            };
        }
    }

    fn limits(&self, table: TableIx) -> Vec<IpAddr> {
        let table = self.network.table(table).filter(|_| self.is_repair);
        table.into_iter().flat_map(dns::boundaries).collect()
    }

    /// Says whose rules the rules of a table are, where they are not the place's own.
    pub(crate) fn set_owner(&mut self, table: TableIx, owner: ResourceIx) {
        if let Some(table) = self.network.tables.get_mut(table.index()) {
            Arc::make_mut(table).resource = Some(owner);
        }
    }

    /// Adds a table of the place's own rules, in order.
    pub(crate) fn ordered(&mut self, stage: Stage, rules: Vec<Rule>, otherwise: Rule) -> TableIx {
        self.add_table(Table::first(stage, rules, otherwise))
    }

    /// Notes tables that are made of the routes of a VPC for somebody else.
    pub(crate) fn note_edge(&mut self, vpc: ResourceId, of: ResourceIx, tables: Vec<TableIx>) {
        let edges = self.learn().edges.entry(vpc).or_default();
        edges.push(Edge { of, tables });
    }

    /// Adds a table of the place's own choices, one for each rule that matches.
    pub(crate) fn choice(&mut self, order: Order, rules: Vec<Rule>, otherwise: Rule) -> TableIx {
        self.add_table(Table {
            stage: Stage::Choice,
            resource: None,
            order,
            rules,
            otherwise,
        })
    }

    /// The network ACL that packets meet when they enter a subnet.
    pub(crate) fn acl_in(&mut self, subnet: SubnetIx) -> Option<TableIx> {
        let entry = self.place(Key::SubnetIn(subnet));
        self.network.place(entry)?.tables.first().copied()
    }

    /// Adds a table that does one thing to every packet.
    pub(crate) fn always(
        &mut self,
        stage: Stage,
        action: Action,
        label: impl Into<Cow<'static, str>>,
    ) -> TableIx {
        self.ordered(stage, Vec::new(), Rule::always(action, label))
    }

    /// Adds a table that admits packets while the component is in its good state, and notes a blocker otherwise.
    pub(crate) fn state(
        &mut self,
        is_good: bool,
        code: Code,
        state: impl std::fmt::Display,
    ) -> TableIx {
        let action = if is_good {
            Action::Allow
        } else {
            Action::Deny(code)
        };
        self.always(Stage::State, action, state.to_string())
    }

    /// The place of a resource of a kind that is not walked, or of one that is missing: there the way ends, unknown.
    pub(crate) fn unknown(&mut self, id: &ResourceId) -> Action {
        super::unsupported::action(self, id)
    }
}
