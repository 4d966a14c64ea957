//! The builder that all concepts compile onto: it gives handles to resources, places and tables, and keeps what refers across.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_model::ids::{DnsName, ResourceId, ServiceName};
use causeway_model::resource::{Body, Kind, Record, Resource};
use causeway_model::snapshot::Snapshot;
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::network::Network;
use crate::packet::private_blocks;
use crate::table::{
    Action, GroupIx, InterfaceIx, Order, Place, PlaceIx, PrefixListIx, ResourceIx, Rule, SubnetIx,
    Table, TableIx, VpcIx, ZoneIx,
};

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

/// What a place is for: each place is made once, and may be referred to before it is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    InterfaceOut(InterfaceIx),
    InterfaceIn(InterfaceIx),
    SubnetOut(SubnetIx),
    SubnetIn(SubnetIx),
    RouteTable(ResourceIx),
    InternetGatewayOut(ResourceIx),
    InternetGatewayIn(ResourceIx),
    NatGateway(ResourceIx),
    NatGatewayBack(ResourceIx),
    /// A peering connection, entered from this VPC.
    PeeringFrom(ResourceIx, VpcIx),
    /// A peering connection, entered from a VPC that the topology does not hold into this one.
    PeeringInto(ResourceIx, VpcIx),
    /// The n-th way in by a resource, as the source of a flow; and where replies come back to there.
    Arrival(ResourceIx, u32),
    ArrivalBack(ResourceIx, u32),
    Endpoint(ResourceIx),
    EndpointBack(ResourceIx),
    /// An endpoint service, as this interface of an endpoint meets it.
    ServiceFor(ResourceIx, InterfaceIx),
    /// A load balancer's node in a subnet, by its address or behind this interface of an endpoint.
    LoadBalancer(ResourceIx, SubnetIx, Option<InterfaceIx>),
    /// Where replies come back to such a node.
    LoadBalancerBack(ResourceIx, SubnetIx, Option<InterfaceIx>),
    Unsupported(ResourceIx),
    /// A transit gateway, entered from this VPC.
    TransitGatewayFrom(ResourceIx, VpcIx),
    /// An attachment's subnet, on the way into the transit gateway.
    AttachmentSubnetIn(ResourceIx, SubnetIx),
    /// An attachment's subnet, on the way out of the transit gateway.
    AttachmentSubnetOut(ResourceIx, SubnetIx),
    /// An attachment in appliance mode, for packets from the zone of this subnet.
    ApplianceZone(ResourceIx, SubnetIx),
    /// An attachment in appliance mode, for packets between zones.
    ApplianceChoice(ResourceIx),
    /// A transit gateway, entered by this attachment.
    AttachmentIn(ResourceIx, ResourceIx),
    /// An attachment of a transit gateway, entered from what is attached, which is no VPC.
    AttachmentFromOutside(ResourceIx, ResourceIx),
    /// An attachment, entered from this transit gateway.
    AttachmentOut(ResourceIx, ResourceIx),
    /// The equal-cost route of this number in a route table.
    EqualCost(ResourceIx, u32),
    VpnGatewayOut(ResourceIx),
    VpnGatewayIn(ResourceIx),
    /// A VPN connection or a virtual interface, on the way to premises.
    ConnectionOut(ResourceIx),
    /// A VPN connection or a virtual interface, on the way from premises.
    ConnectionIn(ResourceIx),
    /// The customer gateway at the end of this connection.
    CustomerGateway(ResourceIx),
    /// A Direct Connect gateway, entered from this gateway.
    DirectConnectOut(ResourceIx, ResourceIx),
    DirectConnectIn(ResourceIx),
    /// One of several connections, behind this gateway.
    ConnectionChoice(ResourceIx),
    /// A Gateway Load Balancer endpoint as a route target, and the n-th place behind it.
    Inspection(ResourceIx, u32),
    /// The n-th place of a Network Firewall.
    Firewall(ResourceIx, u32),
    /// An interface as a route target: of a subnet's table, of a gateway's table, as the one that forwards, and as the one that translated.
    Appliance(InterfaceIx),
    ApplianceAtEdge(InterfaceIx),
    ApplianceThrough(InterfaceIx),
    ApplianceBack(InterfaceIx),
    EgressOnlyOut(ResourceIx),
    EgressOnlyIn(ResourceIx),
}

/// An endpoint service of the topology. AWS's own services may have one resource for each type of endpoint.
#[derive(Debug)]
pub(crate) struct HeldService {
    /// The first resource with its name.
    pub(crate) at: ResourceIx,
    /// The private DNS names of all of them.
    pub(crate) private_dns_names: Vec<DnsName>,
}

/// A network under construction.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    pub(crate) network: Network,
    /// The resources of each kind, in their order.
    kinds: BTreeMap<Kind, Vec<ResourceIx>>,
    places: FxHashMap<Key, PlaceIx>,
    /// What each place is for, by its handle.
    keys: Vec<Key>,
    vpcs: BTreeMap<ResourceId, VpcIx>,
    subnets: BTreeMap<ResourceId, SubnetIx>,
    pub(crate) interfaces: BTreeMap<ResourceId, InterfaceIx>,
    /// The endpoint or NAT gateway that uses an interface.
    pub(crate) users: BTreeMap<ResourceId, ResourceIx>,
    pub(crate) lists: BTreeMap<ResourceId, PrefixListIx>,
    /// Where routes to the endpoint of a Gateway Load Balancer or a Network Firewall lead, or to the attachment of a firewall.
    pub(crate) inspections: BTreeMap<ResourceId, PlaceIx>,
    /// The endpoint services that the topology holds, by their names.
    pub(crate) services: BTreeMap<ServiceName, HeldService>,
    /// The interface of each node of a load balancer: one in a subnet.
    pub(crate) nodes: BTreeMap<(ResourceIx, SubnetIx), InterfaceIx>,
    /// What an attachment makes, behind this transit gateway, of packets to any address beyond it.
    pub(crate) beyond: BTreeMap<(ResourceIx, ResourceIx), TableIx>,
    groups: BTreeMap<ResourceId, GroupIx>,
    zones: BTreeMap<String, ZoneIx>,
    /// Filter tables of sets of security groups, outbound and inbound.
    pub(crate) group_tables: BTreeMap<Vec<GroupIx>, [TableIx; 2]>,
}

impl Builder {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let resources: Vec<Arc<Resource>> = snapshot.iter().cloned().collect();
        let mut kinds: BTreeMap<Kind, Vec<ResourceIx>> = BTreeMap::new();
        for (index, resource) in resources.iter().enumerate() {
            let of_kind = kinds.entry(resource.kind()).or_default();
            of_kind.push(ResourceIx::of(index));
        }
        Self {
            kinds,
            network: Network {
                resources,
                ..Network::default()
            },
            ..Self::default()
        }
    }

    /// Notes the blocks in which the internet has no address, once all VPCs are there. A VPC of nearly all addresses, as AWS makes none, takes none away.
    pub(crate) fn note_never_public(&mut self) {
        let own = self.network.vpcs.iter().flat_map(|vpc| &vpc.cidr_blocks);
        let own = own.filter(|block| block.prefix_len() >= 8);
        let blocks: Vec<IpNet> = private_blocks().chain(own.copied()).collect();
        for block in blocks {
            self.network.never_public.add(block, None);
        }
    }

    pub(crate) fn finish(mut self) -> Network {
        self.network.boundaries = crate::dns::boundaries(&self.network);
        self.network
    }

    /// All resources of one kind, as the caller picks them from their bodies.
    pub(crate) fn each<T: Record + Clone>(
        &self,
        pick: impl Fn(&Body) -> Option<&T>,
    ) -> Vec<(ResourceIx, T)> {
        let of_kind = self.kinds.get(&T::KIND).into_iter().flatten();
        let picked = of_kind.filter_map(|at| {
            let resource = self.network.resource(*at)?;
            Some((*at, pick(&resource.body)?.clone()))
        });
        picked.collect()
    }

    /// The resource with this id and where it stands.
    pub(crate) fn find(&self, id: impl AsRef<str>) -> Option<(ResourceIx, &Resource)> {
        let at = self.network.find(id.as_ref())?;
        Some((at, self.network.resource(at)?))
    }

    pub(crate) fn add_vpc(&mut self, id: ResourceId, entry: crate::network::VpcEntry) {
        self.vpcs.insert(id, VpcIx::of(self.network.vpcs.len()));
        self.network.vpcs.push(entry);
    }

    pub(crate) fn vpc(&self, id: impl AsRef<str>) -> Option<VpcIx> {
        self.vpcs.get(id.as_ref()).copied()
    }

    pub(crate) fn add_subnet(&mut self, id: ResourceId, entry: crate::network::SubnetEntry) {
        self.subnets
            .insert(id, SubnetIx::of(self.network.subnets.len()));
        self.network.subnets.push(entry);
    }

    pub(crate) fn subnet(&self, id: impl AsRef<str>) -> Option<SubnetIx> {
        self.subnets.get(id.as_ref()).copied()
    }

    /// The handle of a security group, in the topology or not.
    pub(crate) fn group(&mut self, id: &ResourceId) -> GroupIx {
        if let Some(known) = self.groups.get(id) {
            return *known;
        }
        let new = GroupIx::of(self.network.groups.len());
        self.network.groups.push(id.clone());
        self.groups.insert(id.clone(), new);
        new
    }

    /// The handle of a zone.
    pub(crate) fn zone(&mut self, name: &str) -> ZoneIx {
        if let Some(known) = self.zones.get(name) {
            return *known;
        }
        let new = ZoneIx(u32::try_from(self.zones.len()).unwrap_or(u32::MAX));
        self.zones.insert(name.to_owned(), new);
        new
    }

    /// The place for a key, made if it is not there yet.
    pub(crate) fn place(&mut self, key: Key) -> PlaceIx {
        if let Some(known) = self.places.get(&key) {
            return *known;
        }
        let new = PlaceIx::of(self.network.places.len());
        self.network.places.push(Place {
            resource: None,
            tables: Vec::new(),
            link: None,
            interface: None,
            keeps_groups: true,
            groups_of: None,
            sender: None,
            sees_groups_over_hubs: true,
            lost_groups: Code::SgReferencesNotPreserved,
            is_zonal: false,
            zone: None,
            device: None,
        });
        self.places.insert(key, new);
        self.keys.push(key);
        new
    }

    /// The key of a place.
    pub(crate) fn key_of(&self, place: PlaceIx) -> Option<Key> {
        self.keys.get(place.index()).copied()
    }

    /// Whether something refers to the place for a key.
    pub(crate) fn has_place(&self, key: Key) -> bool {
        self.places.contains_key(&key)
    }

    /// Fills the place for a key.
    pub(crate) fn fill(&mut self, key: Key, resource: ResourceIx, tables: Vec<TableIx>) -> PlaceIx {
        let at = self.place(key);
        self.edit(at, |place| {
            place.resource = Some(resource);
            place.tables = tables;
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
        let new = TableIx::of(self.network.tables.len());
        self.network.tables.push(table);
        new
    }

    /// Adds a table of the place's own rules, in order.
    pub(crate) fn ordered(&mut self, stage: Stage, rules: Vec<Rule>, otherwise: Rule) -> TableIx {
        self.add_table(Table {
            stage,
            resource: None,
            order: Order::First,
            rules,
            otherwise,
        })
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
