//! A snapshot, compiled: tables, places, and the indexes that tables name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use causeway_model::ids::{ResourceId, ServiceName, ZoneName};
use causeway_model::price::PriceBook;
use causeway_model::resource::Resource;
use causeway_model::snapshot::Snapshot;
use causeway_model::trace::{Named, ServiceAddress};
use imbl::OrdMap;
use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::alike::Ground;
use crate::array::Array;
use crate::basis::{Lineage, Part, Versioned};
use crate::compile::Known;
use crate::counts::Counts;
use crate::cover::Cover;
use crate::map::{Ids, Map};
use crate::packet::PrefixList;
use crate::table::{
    Addresses, GroupIx, InterfaceIx, Place, PlaceIx, PrefixListIx, ResourceIx, SubnetIx, Table,
    TableIx, VpcIx, ZoneIx,
};

/// A snapshot, compiled for walking. The same snapshot and flow give the same answer, byte for byte.
///
/// Cloning it is cheap. What a change of one resource reaches is kept in persistent arrays and maps, which a derived network shares with the one that
/// it was derived from; all else is in its frame, which only a compile makes.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// What it was compiled from.
    pub(crate) snapshot: Snapshot,
    pub(crate) frame: Arc<Frame>,
    /// All resources; those of a compile in the order of their ids.
    pub(crate) resources: Array<Slot>,
    pub(crate) ids: Ids,
    pub(crate) interfaces: Array<Interface>,
    pub(crate) groups: Array<ResourceId>,
    pub(crate) places: Array<Place>,
    pub(crate) tables: Array<Arc<Table>>,
    /// Who has a private or IPv6 address in a VPC.
    pub(crate) by_address: Map<(VpcIx, IpAddr), InterfaceIx>,
    /// Who has a public address, and the private address it is paired with.
    pub(crate) by_public: Map<IpAddr, (InterfaceIx, IpAddr)>,
    /// The public address that a private one is paired with in a VPC.
    pub(crate) public_of: Map<(VpcIx, IpAddr), IpAddr>,
    /// Public addresses at which some rule begins or ends, and how often: between two of them all addresses are alike.
    pub(crate) boundaries: Counts,
    /// Elastic IP addresses that are associated with nothing, and how many resources say so.
    pub(crate) idle: Counts,
    pub(crate) links: Links,
    /// What the compile knew beside.
    pub(crate) known: Arc<Known>,
    /// What AWS asks for what is on a way.
    pub(crate) prices: Arc<PriceBook>,
    /// What is known of it by who compares ends of flows; nothing before somebody does. Clones that stay as they are share it.
    pub(crate) ground: Arc<OnceLock<Ground>>,
    /// The line of networks that it is one of.
    pub(crate) lineage: Lineage,
    /// How many derivations it is away from a compile.
    pub(crate) generation: u32,
    /// How many handles derivations have given and left without a use.
    pub(crate) strayed: usize,
}

/// A resource, and what it sends and receives with.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) resource: Arc<Resource>,
    /// The interface that an instance, or an interface itself, sends and receives with.
    pub(crate) primary: Option<InterfaceIx>,
}

/// What only a compile makes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    pub(crate) vpcs: Vec<VpcEntry>,
    pub(crate) subnets: Vec<SubnetEntry>,
    pub(crate) lists: Vec<PrefixList>,
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
    pub(crate) redirections: BTreeSet<PlaceIx>,
    /// The endpoints of each endpoint service.
    pub(crate) endpoints_of: BTreeMap<ServiceName, Vec<ResourceIx>>,
    pub(crate) names: crate::dns::Names,
    /// Policies of endpoints.
    pub(crate) policies: FxHashMap<ResourceIx, crate::policy::Policy>,
    /// Blocks in which the internet has no address: private ones, and those of the VPCs.
    pub(crate) never_public: Cover,
    pub(crate) assumptions: Vec<String>,
}

/// How resources hang together of which each may change alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    /// The handles of security groups, in the topology or not.
    pub(crate) groups: OrdMap<ResourceId, GroupIx>,
    /// The sets of security groups that interfaces have.
    pub(crate) sets: OrdMap<Arc<[GroupIx]>, Filters>,
    /// The sets that a group is in.
    pub(crate) sets_of: OrdMap<GroupIx, Arc<Vec<Arc<[GroupIx]>>>>,
    /// The Elastic IP addresses that name an interface, in the topology or not, by their ids.
    pub(crate) associations: OrdMap<ResourceId, Arc<Vec<ResourceIx>>>,
    /// The interfaces that name an instance, by their ids: of those instances that have several, or are not in the topology.
    pub(crate) attached: OrdMap<ResourceId, Arc<Vec<InterfaceIx>>>,
}

/// The filter tables of a set of security groups.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filters {
    /// Outbound and inbound.
    pub(crate) tables: [TableIx; 2],
    /// How often they are used: the tables of a set that nobody has do not count.
    pub(crate) users: u32,
}

/// A VPC.
#[derive(Debug, Clone)]
pub(crate) struct VpcEntry {
    pub(crate) resource: ResourceIx,
    pub(crate) cidr_blocks: Vec<IpNet>,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    /// Where packets from the internet enter it: its gateway, if one is attached.
    pub(crate) internet_in: Option<PlaceIx>,
    pub(crate) subnets: Vec<SubnetIx>,
}

/// A subnet.
#[derive(Debug, Clone)]
pub(crate) struct SubnetEntry {
    pub(crate) resource: ResourceIx,
    pub(crate) vpc: VpcIx,
    pub(crate) cidr_blocks: Vec<IpNet>,
    pub(crate) zone: Option<ZoneName>,
    /// The same zone wherever it is told by another name.
    pub(crate) zone_ix: Option<ZoneIx>,
    pub(crate) entry: PlaceIx,
    /// What an interface in it does with packets that it sends.
    pub(crate) leave: TableIx,
}

/// A connection to premises, a gateway or an attachment, as packets see it that come in by it.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
pub(crate) enum Ahead {
    Blocks(Vec<IpNet>),
    /// What this route table of a transit gateway has routes for, other than back by the attachment itself.
    Table(ResourceIx),
}

/// A network interface.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) resource: ResourceIx,
    pub(crate) vpc: VpcIx,
    pub(crate) subnet: SubnetIx,
    /// Its addresses inside the VPC, the primary one first.
    pub(crate) addresses: Addresses,
    pub(crate) groups: Arc<[GroupIx]>,
    /// The endpoint or NAT gateway that uses it.
    pub(crate) user: Option<ResourceIx>,
    /// Where its packets start.
    pub(crate) exit: PlaceIx,
    /// Where packets to it arrive.
    pub(crate) entry: PlaceIx,
}

impl Network {
    /// The parts that may change, each once.
    fn parts(&mut self) -> [(Part, &mut dyn Versioned); 11] {
        [
            (Part::Resources, &mut self.resources),
            (Part::Ids, &mut self.ids.entries),
            (Part::Interfaces, &mut self.interfaces),
            (Part::Groups, &mut self.groups),
            (Part::Places, &mut self.places),
            (Part::Tables, &mut self.tables),
            (Part::ByAddress, &mut self.by_address.entries),
            (Part::ByPublic, &mut self.by_public.entries),
            (Part::PublicOf, &mut self.public_of.entries),
            (Part::Boundaries, &mut self.boundaries),
            (Part::Idle, &mut self.idle),
        ]
    }

    /// The same, looked at one by one; nothing is known of what is none of them.
    pub(crate) fn part(&self, part: Part) -> Option<&dyn Versioned> {
        Some(match part {
            Part::None => return None,
            Part::Resources => &self.resources,
            Part::Ids => &self.ids.entries,
            Part::Interfaces => &self.interfaces,
            Part::Groups => &self.groups,
            Part::Places => &self.places,
            Part::Tables => &self.tables,
            Part::ByAddress => &self.by_address.entries,
            Part::ByPublic => &self.by_public.entries,
            Part::PublicOf => &self.public_of.entries,
            Part::Boundaries => &self.boundaries,
            Part::Idle => &self.idle,
        })
    }

    /// Ends a compile: from now on what is read of the network can be noted, and no entry of a map waits for all others.
    pub(crate) fn settle(&mut self) {
        for (name, part) in self.parts() {
            part.settle(name);
        }
    }

    /// Begins the generation after this one.
    pub(crate) fn begin_child(&mut self) {
        self.lineage = self.lineage.of_child(self.generation);
        self.generation = self.generation.saturating_add(1);
        let generation = self.generation;
        for (_, part) in self.parts() {
            part.begin(generation);
        }
    }

    /// The handle of a resource, by its id.
    pub(crate) fn find(&self, id: &str) -> Option<ResourceIx> {
        let is_it = |at: ResourceIx| {
            let resource = self.resource(at);
            resource.is_some_and(|resource| resource.id().as_str() == id)
        };
        self.ids.find(id, is_it)
    }

    /// The interface that an instance, or an interface itself, sends and receives with.
    pub(crate) fn primary(&self, at: ResourceIx) -> Option<InterfaceIx> {
        self.resources.get(at.index())?.primary
    }

    /// Whether AWS keeps an address for itself: the first four of each block of the VPC, where its DNS server is (VPC guide, "Amazon DNS server"),
    /// and the first four and the last of each subnet (VPC guide, "Subnet sizing").
    pub(crate) fn is_reserved(&self, vpc: VpcIx, address: IpAddr) -> bool {
        let own = self.vpc(vpc);
        let whole = own.into_iter().flat_map(|vpc| &vpc.cidr_blocks);
        if whole
            .filter(|block| block.contains(&address))
            .any(|block| is_of_first_four(block.network(), address))
        {
            return true;
        }
        let subnets = own.into_iter().flat_map(|vpc| &vpc.subnets);
        let subnets = subnets.filter_map(|subnet| self.subnet(*subnet));
        let blocks = subnets.flat_map(|subnet| &subnet.cidr_blocks);
        let mut holding = blocks.filter(|block| block.contains(&address));
        holding
            .any(|block| is_of_first_four(block.network(), address) || block.broadcast() == address)
    }

    pub(crate) fn resource(&self, at: ResourceIx) -> Option<&Arc<Resource>> {
        Some(&self.resources.get(at.index())?.resource)
    }

    pub(crate) fn interface(&self, at: InterfaceIx) -> Option<&Interface> {
        self.interfaces.get(at.index())
    }

    pub(crate) fn vpc(&self, at: VpcIx) -> Option<&VpcEntry> {
        self.frame.vpcs.get(at.index())
    }

    pub(crate) fn subnet(&self, at: SubnetIx) -> Option<&SubnetEntry> {
        self.frame.subnets.get(at.index())
    }

    pub(crate) fn place(&self, at: PlaceIx) -> Option<&Place> {
        self.places.get(at.index())
    }

    pub(crate) fn table(&self, at: TableIx) -> Option<&Table> {
        Some(self.tables.get(at.index())?)
    }

    pub(crate) fn list(&self, at: PrefixListIx) -> Option<&PrefixList> {
        self.frame.lists.get(at.index())
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
            .frame
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
        self.frame
            .lists
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

#[cfg(test)]
mod tests;
