//! VPCs and subnets (VPC guide, "Subnets for your VPC", "Route tables").
//!
//! A packet for an address of its own subnet goes over the link and meets neither the network ACL nor the route table. Every other
//! packet leaves through the subnet's network ACL and goes to the route table that the subnet is associated with, or to the VPC's
//! main one. What enters passes the network ACL and goes to the interface with its destination address.

use std::collections::BTreeMap;

use causeway_model::resource::Kind;
use causeway_model::resources::RouteTable;
use causeway_model::resources::routing::RouteTableAssociation;
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::network::{SubnetEntry, VpcEntry};
use crate::table::{
    Action, AddressMatch, Match, Reach, ResourceIx, Rule, SubnetIx, TableIx, VpcIx,
};

use super::builder::{Builder, Key, pick};
use super::network_acl;
use super::zone::{Zone, Zones};

pub(crate) fn register(builder: &mut Builder) {
    for (at, vpc) in builder.each(pick!(Vpc)) {
        let entry = VpcEntry {
            resource: at,
            cidr_blocks: vpc.cidr_blocks,
            dns_support: vpc.enable_dns_support.or(true),
            dns_hostnames: vpc.enable_dns_hostnames.or(vpc.is_default),
            internet_in: None,
            subnets: Vec::new(),
        };
        builder.add_vpc((&vpc.vpc_id).into(), entry);
    }
    for (at, subnet) in builder.each(pick!(Subnet)) {
        let Some(vpc) = builder.vpc(&subnet.vpc_id) else {
            continue;
        };
        let new = SubnetIx::of(builder.network.frame.subnets.len());
        let entry = builder.place(Key::SubnetIn(new));
        let out = builder.place(Key::SubnetOut(new));
        let leave = Action::Forward(out);
        let leave = builder.always(Stage::Forwarding, leave, "to its subnet");
        let zone = subnet.availability_zone;
        builder.add_subnet(
            (&subnet.subnet_id).into(),
            SubnetEntry {
                resource: at,
                vpc,
                cidr_blocks: subnet.cidr_blocks,
                zone,
                zone_ix: None,
                entry,
                leave,
            },
        );
    }
    register_zones(builder);
}

/// Gives equal zones of subnets one handle.
fn register_zones(builder: &mut Builder) {
    let zones = Zones::gather(builder);
    for index in 0..builder.network.frame.subnets.len() {
        let zone = zones.of_subnet(SubnetIx::of(index));
        let key = zone.and_then(Zone::key);
        let new = key.map(|key| builder.zone(&key));
        if let Some(subnet) = builder.frame().subnets.get_mut(index) {
            subnet.zone_ix = new;
        }
    }
}

pub(crate) fn compile(builder: &mut Builder) {
    let route_tables = RouteTables::gather(builder);
    let acls = network_acl::compile(builder);
    for index in 0..builder.network.frame.subnets.len() {
        let at = SubnetIx::of(index);
        let Some(subnet) = builder.network.subnet(at) else {
            continue;
        };
        let (resource, vpc, blocks) = (subnet.resource, subnet.vpc, subnet.cidr_blocks.clone());
        let [acl_out, acl_in] = acls.of(builder, at, vpc);
        let link = link_table(builder, &blocks, vpc);
        let routing = routing_table(builder, route_tables.of(at, vpc));
        let out = builder.fill(Key::SubnetOut(at), resource, vec![link, acl_out, routing]);
        let delivery = builder.always(
            Stage::Forwarding,
            Action::ByAddress(vpc, Reach::Link),
            "interface with the address",
        );
        let entry = builder.fill(Key::SubnetIn(at), resource, vec![acl_in, delivery]);
        for place in [out, entry] {
            builder.edit(place, |place| place.link = Some(at));
        }
    }
}

fn link_table(builder: &mut Builder, blocks: &[IpNet], vpc: VpcIx) -> TableIx {
    let own = blocks.iter().map(|block| {
        let matches = Match::to(AddressMatch::Net(*block));
        Rule::when(
            matches,
            Action::ByAddress(vpc, Reach::Link),
            format!("{block} is on the link"),
        )
    });
    let rules = own.collect();
    builder.ordered(
        Stage::Forwarding,
        rules,
        Rule::always(Action::Pass, "elsewhere"),
    )
}

fn routing_table(builder: &mut Builder, tables: &[ResourceIx]) -> TableIx {
    let [at] = *tables else {
        let action = Action::Unknown(Code::UnknownResource);
        let label = if tables.is_empty() {
            "the topology holds no route table for the subnet"
        } else {
            "the topology holds several route tables for the subnet, and AWS allows one"
        };
        return builder.always(Stage::RouteTable, action, label);
    };
    let action = Action::Forward(builder.place(Key::RouteTable(at)));
    builder.always(Stage::Forwarding, action, "to the subnet's route table")
}

/// Which route table each subnet uses.
#[derive(Debug, Default)]
struct RouteTables {
    of_subnet: BTreeMap<SubnetIx, Vec<ResourceIx>>,
    main: BTreeMap<VpcIx, Vec<ResourceIx>>,
}

impl RouteTables {
    fn gather(builder: &Builder) -> Self {
        let mut all = Self::default();
        let tables: Vec<(ResourceIx, RouteTable)> = builder.each(pick!(RouteTable));
        for (at, table) in tables {
            for association in &table.associations {
                all.note(builder, at, &table, association);
            }
        }
        all
    }

    fn note(
        &mut self,
        builder: &Builder,
        at: ResourceIx,
        table: &RouteTable,
        association: &RouteTableAssociation,
    ) {
        match association {
            RouteTableAssociation::Main => {
                if let Some(vpc) = builder.vpc(&table.vpc_id) {
                    self.main.entry(vpc).or_default().push(at);
                }
            }
            RouteTableAssociation::Subnet(subnet) => {
                if let Some(subnet) = builder.subnet(subnet) {
                    self.of_subnet.entry(subnet).or_default().push(at);
                }
            }
            RouteTableAssociation::InternetGateway(_) | RouteTableAssociation::VpnGateway(_) => {}
        }
    }

    /// The tables that a subnet uses: one in every sound topology.
    fn of(&self, subnet: SubnetIx, vpc: VpcIx) -> &[ResourceIx] {
        let own = self.of_subnet.get(&subnet);
        own.or_else(|| self.main.get(&vpc))
            .map_or(&[], Vec::as_slice)
    }
}

/// The words for a kind in a label.
pub(crate) fn kind_words(kind: Kind) -> String {
    kind.as_str().replace('_', " ")
}
