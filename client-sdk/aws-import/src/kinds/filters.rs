//! Security groups and network ACLs.

use causeway_proto::v1;

use crate::record::Record;

pub(super) fn security_group(id: &str, record: &Record<'_>) -> Option<v1::SecurityGroup> {
    let permissions = |field: &str| {
        record
            .children(field)
            .iter()
            .filter_map(permission)
            .collect()
    };
    Some(v1::SecurityGroup {
        group_id: id.to_owned(),
        group_name: record.text("GroupName"),
        vpc_id: record.required("VpcId")?,
        ip_permissions: permissions("IpPermissions"),
        ip_permissions_egress: permissions("IpPermissionsEgress"),
    })
}

fn permission(record: &Record<'_>) -> Option<v1::IpPermission> {
    let mut ip_ranges = record.pick_cidrs("IpRanges", "CidrIp");
    ip_ranges.extend(record.pick_cidrs("Ipv6Ranges", "CidrIpv6"));
    Some(v1::IpPermission {
        ip_protocol: record.required("IpProtocol")?,
        from_port: record.number("FromPort"),
        to_port: record.number("ToPort"),
        ip_ranges,
        prefix_list_ids: record.pick("PrefixListIds", "PrefixListId"),
        user_id_group_pairs: record
            .children("UserIdGroupPairs")
            .iter()
            .filter_map(group_pair)
            .collect(),
    })
}

fn group_pair(record: &Record<'_>) -> Option<v1::UserIdGroupPair> {
    Some(v1::UserIdGroupPair {
        group_id: record.required("GroupId")?,
        user_id: record.text("UserId"),
        vpc_id: record.text("VpcId"),
        vpc_peering_connection_id: record.text("VpcPeeringConnectionId"),
    })
}

pub(super) fn network_acl(id: &str, record: &Record<'_>) -> Option<v1::NetworkAcl> {
    let mut entries: Vec<_> = record
        .children("Entries")
        .iter()
        .filter_map(entry)
        .collect();
    entries.sort_by_key(|entry| {
        (
            entry.egress,
            entry.rule_number,
            entry.cidr_block.contains(':'),
        )
    });
    Some(v1::NetworkAcl {
        network_acl_id: id.to_owned(),
        vpc_id: record.required("VpcId")?,
        is_default: record.flag("IsDefault").unwrap_or_default(),
        subnet_ids: record.pick("Associations", "SubnetId"),
        entries,
    })
}

fn entry(record: &Record<'_>) -> Option<v1::NetworkAclEntry> {
    let block = if record.has("Ipv6CidrBlock") {
        "Ipv6CidrBlock"
    } else {
        "CidrBlock"
    };
    record.required(block)?;
    let icmp = record.child("IcmpTypeCode");
    record.required("RuleAction")?;
    Some(v1::NetworkAclEntry {
        rule_number: record.required_number("RuleNumber")?,
        egress: record.flag("Egress").unwrap_or_default(),
        protocol: record.required("Protocol")?,
        // What a rule does is not known: it lets nothing pass.
        rule_action: record.choice("RuleAction", v1::RuleAction::Deny),
        cidr_block: record.cidr(block)?,
        port_range: record.child("PortRange").as_ref().and_then(port_range),
        icmp_type_code: icmp.and_then(|icmp| {
            Some(v1::IcmpTypeCode {
                r#type: icmp.number("Type")?,
                code: icmp.number("Code")?,
            })
        }),
    })
}

fn port_range(record: &Record<'_>) -> Option<v1::PortRange> {
    Some(v1::PortRange {
        from: record.number("From")?,
        to: record.number("To")?,
    })
}
