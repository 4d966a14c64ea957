//! What a compile knows beside the network that it makes, and what a derivation has to know of how it was made.

use std::collections::BTreeMap;
use std::net::IpAddr;

use causeway_model::ids::{DnsName, ResourceId, ServiceName};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::table::{
    GroupIx, InterfaceIx, PlaceIx, PrefixListIx, ResourceIx, SubnetIx, TableIx, VpcIx, ZoneIx,
};

/// What a place is for: each place is made once, and may be referred to before it is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// Interfaces know their own two.
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
#[derive(Debug, Clone)]
pub(crate) struct HeldService {
    /// The first resource with its name.
    pub(crate) at: ResourceIx,
    /// The private DNS names of all of them.
    pub(crate) private_dns_names: Vec<DnsName>,
}

/// What a compile knows beside the network that it makes. A derivation changes none of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) places: FxHashMap<Key, PlaceIx>,
    /// The interfaces that routes lead to, by the places where they do.
    pub(crate) appliances: FxHashMap<PlaceIx, InterfaceIx>,
    pub(crate) vpcs: BTreeMap<ResourceId, VpcIx>,
    pub(crate) subnets: BTreeMap<ResourceId, SubnetIx>,
    /// The endpoint, NAT gateway or load balancer that uses an interface, in the topology or not.
    pub(crate) users: BTreeMap<ResourceId, ResourceIx>,
    /// The load balancers, by what the descriptions of their interfaces say.
    pub(crate) described: BTreeMap<String, ResourceIx>,
    pub(crate) lists: BTreeMap<ResourceId, PrefixListIx>,
    /// Where routes to the endpoint of a Gateway Load Balancer or a Network Firewall lead, or to the attachment of a firewall.
    pub(crate) inspections: BTreeMap<ResourceId, PlaceIx>,
    /// The endpoint services that the topology holds, by their names.
    pub(crate) services: BTreeMap<ServiceName, HeldService>,
    /// The interface of each node of a load balancer: one in a subnet.
    pub(crate) nodes: BTreeMap<(ResourceIx, SubnetIx), InterfaceIx>,
    /// What an attachment makes, behind this transit gateway, of packets to any address beyond it.
    pub(crate) beyond: BTreeMap<(ResourceIx, ResourceIx), TableIx>,
    pub(crate) zones: BTreeMap<String, ZoneIx>,
    /// Filter tables of network ACLs, outbound and inbound.
    pub(crate) acls: FxHashMap<ResourceIx, [TableIx; 2]>,
    /// The endpoints that name a route table, by its id.
    pub(crate) endpoints_of_table: FxHashMap<ResourceId, Vec<ResourceIx>>,
    /// The route tables of a VPC and its endpoints that routes lead to, by the VPC's id.
    pub(crate) routed: FxHashMap<ResourceId, Vec<ResourceIx>>,
    /// What is made of the routes of a VPC for others, by its id.
    pub(crate) edges: FxHashMap<ResourceId, Vec<Edge>>,
    /// Tables that all plain interfaces share; none before the compile has made them.
    pub(crate) shared: Option<Shared>,
    pub(crate) read: Read,
}

/// Tables that are made of the routes of a VPC for a peering connection or a virtual private gateway.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) of: ResourceIx,
    pub(crate) tables: Vec<TableIx>,
}

/// Tables that are the same wherever they are met.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared {
    /// A packet has arrived at the interface's own address.
    pub(crate) deliver: TableIx,
    /// The interface is attached to nothing.
    pub(crate) unattached: TableIx,
}

/// What a compile has read of resources that may change alone, other than to make their own tables. Who changes such a thing cannot derive a network.
#[derive(Debug, Clone, Default)]
pub(crate) struct Read {
    /// Ids that resources were looked for by, whether there was one or not.
    pub(crate) ids: FxHashSet<ResourceId>,
    /// Private addresses of VPCs of which the holder was looked for, or the public address that they are paired with.
    pub(crate) addresses: FxHashSet<(VpcIx, IpAddr)>,
    /// Private addresses that several interfaces have, or are paired for.
    pub(crate) contested: FxHashSet<(VpcIx, IpAddr)>,
    /// Public addresses that several interfaces are paired with.
    pub(crate) contested_public: FxHashSet<IpAddr>,
    /// Interfaces of whose places something was made, or whose addresses something else is paired for.
    pub(crate) interfaces: FxHashSet<InterfaceIx>,
    /// Filter tables that were read.
    pub(crate) tables: FxHashSet<TableIx>,
    /// Security groups whose members were counted.
    pub(crate) groups: FxHashSet<GroupIx>,
    /// VPCs that a peering connection within a Region joins.
    pub(crate) peers: FxHashSet<ResourceId>,
    /// Those of them with a peer of which the topology holds no security groups.
    pub(crate) half_known: FxHashSet<ResourceId>,
}
