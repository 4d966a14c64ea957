//! VPCs and subnets. A CIDR block counts only while it is associated.

use causeway_proto::v1;

use crate::record::{Record, sorted};

pub(super) fn vpc(id: &str, record: &Record<'_>) -> Option<v1::Vpc> {
    let attribute = |name: &str| record.child(name)?.flag("Value");
    Some(v1::Vpc {
        vpc_id: id.to_owned(),
        cidr_blocks: cidr_blocks(record),
        // AWS writes `default` where it means its own options.
        dhcp_options_id: record
            .word("DhcpOptionsId")
            .filter(|id| *id != "default")
            .unwrap_or_default()
            .to_owned(),
        is_default: record.flag("IsDefault").unwrap_or_default(),
        enable_dns_support: attribute("EnableDnsSupport"),
        enable_dns_hostnames: attribute("EnableDnsHostnames"),
    })
}

pub(super) fn subnet(id: &str, record: &Record<'_>) -> Option<v1::Subnet> {
    Some(v1::Subnet {
        subnet_id: id.to_owned(),
        vpc_id: record.required("VpcId")?,
        cidr_blocks: cidr_blocks(record),
        availability_zone: record.text("AvailabilityZone"),
        availability_zone_id: record.text("AvailabilityZoneId"),
    })
}

/// IPv4 and IPv6 blocks of a VPC or subnet, the primary one among them.
fn cidr_blocks(record: &Record<'_>) -> Vec<String> {
    let mut blocks = associated(
        record,
        "CidrBlockAssociationSet",
        "CidrBlock",
        "CidrBlockState",
    );
    blocks.extend(associated(
        record,
        "Ipv6CidrBlockAssociationSet",
        "Ipv6CidrBlock",
        "Ipv6CidrBlockState",
    ));
    // A subnet names its IPv4 block here alone; a VPC repeats its primary one, which cannot be taken from it.
    blocks.extend(record.cidr("CidrBlock"));
    if blocks.is_empty() {
        let _noted = record.required("CidrBlock");
    }
    sorted(blocks)
}

fn associated(record: &Record<'_>, set: &str, block: &str, state: &str) -> Vec<String> {
    let is_associated = |association: &Record<'_>| {
        let state = association.child(state);
        let state = state.as_ref().and_then(|state| state.word("State"));
        state.is_none_or(|state| state == "associated")
    };
    let associations = record.children(set);
    associations
        .iter()
        .filter(|item| is_associated(item))
        .filter_map(|item| item.cidr(block))
        .collect()
}
