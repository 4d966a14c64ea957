//! Well-formedness: what must hold of one resource, and of a resource and what contains it.
//!
//! What merely refers to another resource may dangle, and is not checked here.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::change::Problem;
use crate::resource::{Body, Record, Resource};
use crate::resources::filters::NetworkAclEntry;
use crate::resources::{ManagedPrefixList, NetworkAcl, NetworkInterface, RouteTable, Subnet, Vpc};

/// A fault of one resource: the field and what is wrong with it.
pub type FieldProblem = (String, Problem);

/// What is wrong with the resource by itself.
#[must_use]
pub fn alone(resource: &Resource) -> Vec<FieldProblem> {
    let mut problems = duplicates("tags", resource.tags.iter().map(|tag| tag.key.as_str()));
    let body = &resource.body;
    problems.extend(Vpc::of(body).into_iter().flat_map(vpc_alone));
    problems.extend(Subnet::of(body).into_iter().flat_map(subnet_alone));
    problems.extend(RouteTable::of(body).into_iter().flat_map(route_table_alone));
    problems.extend(
        NetworkInterface::of(body)
            .into_iter()
            .flat_map(interface_alone),
    );
    problems.extend(NetworkAcl::of(body).into_iter().flat_map(network_acl_alone));
    problems.extend(
        ManagedPrefixList::of(body)
            .into_iter()
            .flat_map(prefix_list_alone),
    );
    problems
}

/// What is wrong between the resource and one of its containers.
#[must_use]
pub fn within(resource: &Resource, container: &Resource) -> Vec<FieldProblem> {
    match (&resource.body, &container.body) {
        (Body::Subnet(subnet), Body::Vpc(vpc)) => {
            let outside = subnet
                .cidr_blocks
                .iter()
                .filter(|block| !vpc.cidr_blocks.iter().any(|whole| whole.contains(*block)));
            outside
                .map(|block| outside_container("subnet.cidr_blocks", block.to_string(), container))
                .collect()
        }
        (Body::NetworkInterface(interface), Body::Subnet(subnet)) => {
            let addresses = interface.private_ip_addresses.iter().map(|own| {
                (
                    "network_interface.private_ip_addresses",
                    own.private_ip_address,
                )
            });
            let addresses = addresses.chain(
                interface
                    .ipv6_addresses
                    .iter()
                    .map(|own| ("network_interface.ipv6_addresses", *own)),
            );
            let outside = addresses.filter(|(_, address)| !covers(&subnet.cidr_blocks, *address));
            let mut problems: Vec<_> = outside
                .map(|(field, address)| outside_container(field, address.to_string(), container))
                .collect();
            problems.extend(same_vpc("network_interface.vpc_id", resource, container));
            problems
        }
        (Body::NatGateway(_), Body::Subnet(_)) => {
            same_vpc("nat_gateway.vpc_id", resource, container)
        }
        (Body::Instance(_), Body::Subnet(_)) => same_vpc("instance.vpc_id", resource, container),
        _ => Vec::new(),
    }
}

fn covers(blocks: &[IpNet], address: IpAddr) -> bool {
    blocks.iter().any(|block| block.contains(&address))
}

fn outside_container(field: &str, value: String, container: &Resource) -> FieldProblem {
    (
        field.to_owned(),
        Problem::OutsideContainer {
            value,
            container: container.id().clone(),
        },
    )
}

fn same_vpc(field: &str, resource: &Resource, container: &Resource) -> Vec<FieldProblem> {
    match (resource.body.vpc(), container.body.vpc()) {
        (Some(own), Some(other)) if own != other => {
            let problem = Problem::VpcDiffers {
                own: own.clone(),
                container: container.id().clone(),
                other: other.clone(),
            };
            vec![(field.to_owned(), problem)]
        }
        _ => Vec::new(),
    }
}

fn vpc_alone(vpc: &Vpc) -> Vec<FieldProblem> {
    let mut problems = not_empty("vpc.cidr_blocks", &vpc.cidr_blocks);
    problems.extend(duplicates("vpc.cidr_blocks", &vpc.cidr_blocks));
    problems
}

fn subnet_alone(subnet: &Subnet) -> Vec<FieldProblem> {
    let mut problems = not_empty("subnet.cidr_blocks", &subnet.cidr_blocks);
    problems.extend(duplicates("subnet.cidr_blocks", &subnet.cidr_blocks));
    problems
}

fn route_table_alone(table: &RouteTable) -> Vec<FieldProblem> {
    let subnets = table
        .associations
        .iter()
        .map(|association| format!("{association:?}"));
    duplicates("route_table.associations", subnets)
}

fn interface_alone(interface: &NetworkInterface) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    for own in &interface.private_ip_addresses {
        if own.private_ip_address.is_ipv6() {
            let rule = "private_ip_addresses are IPv4; IPv6 addresses stand in ipv6_addresses";
            let value = own.private_ip_address.to_string();
            problems.push((
                "network_interface.private_ip_addresses".to_owned(),
                Problem::NotAllowed { value, rule },
            ));
        }
    }
    let private = interface
        .private_ip_addresses
        .iter()
        .map(|own| own.private_ip_address);
    problems.extend(duplicates(
        "network_interface.private_ip_addresses",
        private,
    ));
    problems.extend(duplicates(
        "network_interface.ipv6_addresses",
        &interface.ipv6_addresses,
    ));
    problems
}

fn network_acl_alone(acl: &NetworkAcl) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    for entry in acl
        .entries
        .iter()
        .filter(|entry| !(1..=32768).contains(&entry.rule_number))
    {
        let problem = Problem::NotAllowed {
            value: entry.rule_number.to_string(),
            rule: "rule numbers are 1 to 32768",
        };
        problems.push(("network_acl.entries".to_owned(), problem));
    }
    problems.extend(duplicates(
        "network_acl.entries",
        acl.entries.iter().map(entry_slot),
    ));
    problems.extend(duplicates("network_acl.subnet_ids", &acl.subnet_ids));
    problems
}

/// What may stand once in a network ACL: number, direction and address family.
fn entry_slot(entry: &NetworkAclEntry) -> String {
    let direction = if entry.egress { "egress" } else { "ingress" };
    let family = if entry.cidr_block.addr().is_ipv6() {
        "IPv6"
    } else {
        "IPv4"
    };
    format!("{direction} {family} rule {}", entry.rule_number)
}

fn prefix_list_alone(list: &ManagedPrefixList) -> Vec<FieldProblem> {
    if list.entries_known || list.entries.is_empty() {
        return Vec::new();
    }
    let problem = Problem::NotAllowed {
        value: "entries_known: false".to_owned(),
        rule: "with entries given, entries_known must be true",
    };
    vec![("managed_prefix_list.entries_known".to_owned(), problem)]
}

fn not_empty<T>(field: &str, list: &[T]) -> Vec<FieldProblem> {
    if list.is_empty() {
        vec![(field.to_owned(), Problem::EmptyList)]
    } else {
        Vec::new()
    }
}

fn duplicates<T: ToString>(field: &str, list: impl IntoIterator<Item = T>) -> Vec<FieldProblem> {
    let mut seen = BTreeSet::new();
    let texts = list.into_iter().map(|item| item.to_string());
    let twice = texts.filter(|text| !seen.insert(text.clone()));
    twice
        .map(|value| (field.to_owned(), Problem::Duplicate { value }))
        .collect()
}
