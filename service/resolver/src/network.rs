//! A snapshot, compiled: tables, places, and the indexes that tables name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use causeway_model::ids::{ResourceId, ServiceName, ZoneName};
use causeway_model::price::PriceBook;
use causeway_model::resource::Resource;
use causeway_model::trace::{Named, ServiceAddress};
use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::cover::Cover;
use crate::packet::PrefixList;
use crate::table::{
    GroupIx, InterfaceIx, Place, PlaceIx, PrefixListIx, ResourceIx, SubnetIx, Table, TableIx,
    VpcIx, ZoneIx,
};

/// A snapshot, compiled for walking. The same snapshot and flow give the same answer, byte for byte.
#[derive(Debug, Default)]
pub struct Network {
    /// All resources, by id.
    pub(crate) resources: Vec<Arc<Resource>>,
    pub(crate) vpcs: Vec<VpcEntry>,
    pub(crate) subnets: Vec<SubnetEntry>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) lists: Vec<PrefixList>,
    pub(crate) groups: Vec<ResourceId>,
    pub(crate) places: Vec<Place>,
    pub(crate) tables: Vec<Table>,
    /// Who has a private or IPv6 address in a VPC.
    pub(crate) by_address: FxHashMap<(VpcIx, IpAddr), InterfaceIx>,
    /// Who has a public address, and the private address it is paired with.
    pub(crate) by_public: FxHashMap<IpAddr, (InterfaceIx, IpAddr)>,
    /// The public address that a private one is paired with in a VPC.
    pub(crate) public_of: FxHashMap<(VpcIx, IpAddr), IpAddr>,
    /// The interface that an instance, or an interface itself, sends and receives with.
    pub(crate) primary: FxHashMap<ResourceIx, InterfaceIx>,
    /// The interfaces of a load balancer's nodes.
    pub(crate) nodes: FxHashMap<ResourceIx, Vec<InterfaceIx>>,
    /// The VPCs that know a VPC's security groups: active peering connections within its Region.
    pub(crate) peers: FxHashMap<VpcIx, Vec<VpcIx>>,
    /// Groups that rules refer to and the topology does not hold, though a peer VPC may have them of which it holds no groups: the blocks of those.
    pub(crate) peered_groups: FxHashMap<GroupIx, Vec<IpNet>>,
    /// Where packets come in from what nobody looks into: premises, and whatever else is beyond a gateway.
    pub(crate) origins: Vec<Origin>,
    /// Those of a resource, by their places in `origins`.
    pub(crate) origins_of: FxHashMap<ResourceIx, Vec<usize>>,
    /// The devices that the route tables of internet gateways send packets to.
    pub(crate) redirections: std::collections::BTreeSet<PlaceIx>,
    /// The endpoints of each endpoint service.
    pub(crate) endpoints_of: BTreeMap<ServiceName, Vec<ResourceIx>>,
    pub(crate) names: crate::dns::Names,
    /// Policies of endpoints.
    pub(crate) policies: FxHashMap<ResourceIx, crate::policy::Policy>,
    /// Public addresses at which some rule begins or ends, sorted: between two of them all addresses are alike.
    pub(crate) boundaries: Vec<IpAddr>,
    /// Blocks in which the internet has no address: private ones, and those of the VPCs.
    pub(crate) never_public: Cover,
    /// Elastic IP addresses that are associated with nothing.
    pub(crate) idle: BTreeSet<IpAddr>,
    pub(crate) assumptions: Vec<String>,
    /// What AWS asks for what is on a way.
    pub(crate) prices: Arc<PriceBook>,
}

/// A VPC.
#[derive(Debug)]
pub(crate) struct VpcEntry {
    pub(crate) resource: ResourceIx,
    pub(crate) cidr_blocks: Vec<IpNet>,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    /// Where packets from the internet enter it: its gateway, if one is attached.
    pub(crate) internet_in: Option<PlaceIx>,
}

/// A subnet.
#[derive(Debug)]
pub(crate) struct SubnetEntry {
    pub(crate) resource: ResourceIx,
    pub(crate) vpc: VpcIx,
    pub(crate) cidr_blocks: Vec<IpNet>,
    pub(crate) zone: Option<ZoneName>,
    /// The same zone wherever it is told by another name.
    pub(crate) zone_ix: Option<ZoneIx>,
    pub(crate) entry: PlaceIx,
}

/// A connection to premises, a gateway or an attachment, as packets see it that come in by it.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) resource: ResourceIx,
    /// Where they come in.
    pub(crate) at: PlaceIx,
    /// The addresses behind it.
    pub(crate) behind: Vec<IpNet>,
    /// Blocks behind it, to any address of which packets may be sent that are for it.
    pub(crate) inward: Vec<IpNet>,
    /// Where it leads to.
    pub(crate) ahead: Ahead,
    /// Whether it leads to premises, and to nothing else.
    pub(crate) is_of_premises: bool,
    pub(crate) is_up: bool,
}

/// The addresses that something leads to.
#[derive(Debug)]
pub(crate) enum Ahead {
    Blocks(Vec<IpNet>),
    /// What this route table of a transit gateway has routes for, other than back by the attachment itself.
    Table(ResourceIx),
}

/// A network interface.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) resource: ResourceIx,
    pub(crate) vpc: VpcIx,
    pub(crate) subnet: SubnetIx,
    /// Its addresses inside the VPC, the primary one first.
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) groups: Vec<GroupIx>,
    /// The endpoint or NAT gateway that uses it.
    pub(crate) user: Option<ResourceIx>,
    /// Where its packets start.
    pub(crate) exit: PlaceIx,
    /// Where packets to it arrive.
    pub(crate) entry: PlaceIx,
}

impl Network {
    /// Where a resource stands among all, by its id.
    pub(crate) fn find(&self, id: &str) -> Option<ResourceIx> {
        self.resources
            .binary_search_by(|resource| resource.id().as_str().cmp(id))
            .ok()
            .map(ResourceIx::of)
    }

    /// Whether AWS keeps an address for itself: the first four of each block of the VPC, where its DNS server is (VPC guide, "Amazon DNS server"),
    /// and the first four and the last of each subnet (VPC guide, "Subnet sizing").
    pub(crate) fn is_reserved(&self, vpc: VpcIx, address: IpAddr) -> bool {
        let whole = self.vpc(vpc).into_iter().flat_map(|vpc| &vpc.cidr_blocks);
        if whole
            .filter(|block| block.contains(&address))
            .any(|block| is_of_first_four(block.network(), address))
        {
            return true;
        }
        let blocks = self
            .subnets
            .iter()
            .filter(|subnet| subnet.vpc == vpc)
            .flat_map(|subnet| &subnet.cidr_blocks);
        let mut holding = blocks.filter(|block| block.contains(&address));
        holding
            .any(|block| is_of_first_four(block.network(), address) || block.broadcast() == address)
    }

    pub(crate) fn resource(&self, at: ResourceIx) -> Option<&Arc<Resource>> {
        self.resources.get(at.index())
    }

    pub(crate) fn interface(&self, at: InterfaceIx) -> Option<&Interface> {
        self.interfaces.get(at.index())
    }

    pub(crate) fn vpc(&self, at: VpcIx) -> Option<&VpcEntry> {
        self.vpcs.get(at.index())
    }

    pub(crate) fn subnet(&self, at: SubnetIx) -> Option<&SubnetEntry> {
        self.subnets.get(at.index())
    }

    pub(crate) fn place(&self, at: PlaceIx) -> Option<&Place> {
        self.places.get(at.index())
    }

    pub(crate) fn table(&self, at: TableIx) -> Option<&Table> {
        self.tables.get(at.index())
    }

    pub(crate) fn list(&self, at: PrefixListIx) -> Option<&PrefixList> {
        self.lists.get(at.index())
    }

    /// A resource as a trace names it.
    pub(crate) fn named(&self, at: ResourceIx) -> Option<Named> {
        let resource = self.resource(at)?;
        let name = resource.tag("Name").unwrap_or_default().to_owned();
        Some(Named {
            id: resource.id().clone(),
            kind: resource.kind(),
            name,
        })
    }

    /// The known addresses of an AWS service.
    pub(crate) fn service_entries(&self, service: &ServiceAddress) -> Option<&[IpNet]> {
        let list = self
            .lists
            .iter()
            .find(|list| list.service.as_ref() == Some(service) && list.entries.is_some())?;
        list.entries.as_deref()
    }

    /// The AWS service that an address is known to be of.
    pub(crate) fn service_of(&self, address: IpAddr) -> Option<&ServiceAddress> {
        let holds = |list: &&PrefixList| {
            list.entries
                .iter()
                .flatten()
                .any(|net| net.contains(&address))
        };
        self.lists
            .iter()
            .filter(|list| list.service.is_some())
            .find(holds)
            .and_then(|list| list.service.as_ref())
    }

    /// The zone of an interface.
    pub(crate) fn zone(&self, interface: InterfaceIx) -> Option<&ZoneName> {
        self.subnet(self.interface(interface)?.subnet)?
            .zone
            .as_ref()
    }

    /// The id of a resource, for people.
    pub(crate) fn describe(&self, at: ResourceIx) -> String {
        self.resource(at)
            .map(|resource| resource.id().to_string())
            .unwrap_or_default()
    }
}

/// Whether an address is one of the four that start at another.
fn is_of_first_four(first: IpAddr, address: IpAddr) -> bool {
    match (first, address) {
        (IpAddr::V4(first), IpAddr::V4(own)) => u32::from(own).wrapping_sub(u32::from(first)) < 4,
        (IpAddr::V6(first), IpAddr::V6(own)) => u128::from(own).wrapping_sub(u128::from(first)) < 4,
        _ => false,
    }
}
