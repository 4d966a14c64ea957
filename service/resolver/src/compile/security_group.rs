//! Security groups (VPC guide, "Security groups").
//!
//! Stateful and allow-only: the rules of all groups of an interface are united, and what none allows is denied. A rule that names a
//! group matches the private addresses of the group's members, as long as no component on the way hides who sent the packet.

use std::collections::BTreeSet;

use causeway_model::ids::{ResourceId, VpcId};
use causeway_model::protocol::{PortRange, ProtocolMatch};
use causeway_model::resource::Body;
use causeway_model::resources::SecurityGroup;
use causeway_model::resources::filters::IpPermission;
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::table::{
    Action, AddressMatch, GroupIx, Match, Order, PrefixListIx, ResourceIx, Rule, Table, TableIx,
};

use super::builder::{Builder, pick};
use super::peering;

/// The filter tables of a set of groups, outbound and inbound.
pub(crate) fn tables(builder: &mut Builder, groups: &[GroupIx]) -> [TableIx; 2] {
    if let Some(known) = builder.group_tables.get(groups) {
        return *known;
    }
    let new = [true, false].map(|egress| table(builder, groups, egress));
    builder.group_tables.insert(groups.to_vec(), new);
    new
}

/// Notes the groups that may be those of a peer VPC of which the topology holds no groups.
pub(crate) fn note_peered(builder: &mut Builder) {
    let all: Vec<(ResourceIx, SecurityGroup)> = builder.each(pick!(SecurityGroup));
    let known: BTreeSet<&VpcId> = all.iter().map(|(_, group)| &group.vpc_id).collect();
    let unknown: Vec<_> = peering::regional(builder)
        .into_iter()
        .filter(|peer| !known.contains(&peer.vpc_id))
        .collect();
    for (_, group) in &all {
        let permissions = group.ip_permissions.iter();
        let permissions = permissions.chain(&group.ip_permissions_egress);
        for pair in permissions.flat_map(|one| &one.user_id_group_pairs) {
            let id = pair.group_id.as_resource_id();
            let mut peers = unknown
                .iter()
                .filter(|peer| peer.of == group.vpc_id)
                .filter(|peer| pair.vpc_id.as_ref().is_none_or(|vpc| *vpc == peer.vpc_id))
                .peekable();
            if peers.peek().is_none() || builder.find(id).is_some() {
                continue;
            }
            let blocks: Vec<IpNet> = peers.flat_map(|peer| peer.blocks.clone()).collect();
            let at = builder.group(id);
            let all = builder.network.peered_groups.entry(at).or_default();
            all.extend(blocks);
        }
    }
}

fn table(builder: &mut Builder, groups: &[GroupIx], egress: bool) -> TableIx {
    let mut rules = Vec::new();
    let mut missing = Vec::new();
    let mut resource = None;
    for group in groups {
        let Some(id) = builder.network.groups.get(group.index()).cloned() else {
            continue;
        };
        match held(builder, &id) {
            Some((at, held)) => {
                resource = Some(at);
                rules.extend(group_rules(builder, &held, egress));
            }
            None => missing.push(Rule::always(
                Action::Doubt(Code::UnknownResource),
                format!("{id} is not in the topology"),
            )),
        }
    }
    let code = if rules.is_empty() {
        Code::SgHasNoRules
    } else {
        Code::EniSgRulesMismatch
    };
    rules.extend(missing);
    if groups.is_empty() {
        rules.push(Rule::always(
            Action::Doubt(Code::UnknownResource),
            "the topology names no security group of the interface",
        ));
    }
    let stage = if egress {
        Stage::SecurityGroupOut
    } else {
        Stage::SecurityGroupIn
    };
    let otherwise = Rule::always(Action::Deny(code), "no rule matches");
    let resource = resource.filter(|_| groups.len() == 1);
    builder.add_table(Table {
        stage,
        resource,
        order: Order::Stateful,
        rules,
        otherwise,
    })
}

fn held(builder: &Builder, id: &ResourceId) -> Option<(ResourceIx, SecurityGroup)> {
    let (at, resource) = builder.find(id)?;
    let Body::SecurityGroup(group) = &resource.body else {
        return None;
    };
    Some((at, group.as_ref().clone()))
}

fn group_rules(builder: &mut Builder, group: &SecurityGroup, egress: bool) -> Vec<Rule> {
    let permissions = if egress {
        &group.ip_permissions_egress
    } else {
        &group.ip_permissions
    };
    let mut rules = Vec::new();
    for permission in permissions {
        for (peer, words) in peers(builder, permission) {
            let label = format!(
                "{} {} {} {words}",
                group.group_id,
                words_of(permission),
                if egress { "to" } else { "from" }
            );
            rules.push(Rule::when(
                matches(permission, peer, egress),
                Action::Allow,
                label,
            ));
        }
    }
    rules
}

fn peers(builder: &mut Builder, permission: &IpPermission) -> Vec<(AddressMatch, String)> {
    let mut peers: Vec<(AddressMatch, String)> = permission
        .ip_ranges
        .iter()
        .map(|net| (AddressMatch::Net(*net), net.to_string()))
        .collect();
    for id in &permission.prefix_list_ids {
        if let Some(list) = builder.lists.get(id.as_resource_id()) {
            peers.push((AddressMatch::List(*list), id.to_string()));
        } else {
            peers.push((
                AddressMatch::List(PrefixListIx::MISSING),
                format!("{id}, which is not in the topology"),
            ));
        }
    }
    for pair in &permission.user_id_group_pairs {
        let group = builder.group(pair.group_id.as_resource_id());
        peers.push((AddressMatch::Group(group), pair.group_id.to_string()));
    }
    peers
}

fn matches(permission: &IpPermission, peer: AddressMatch, egress: bool) -> Match {
    let ends = if egress {
        Match::to(peer)
    } else {
        Match::from(peer)
    };
    let has_ports =
        matches!(permission.ip_protocol, ProtocolMatch::Is(protocol) if protocol.has_ports());
    let destination_ports = permission
        .ports
        .filter(|_| has_ports)
        .unwrap_or(PortRange::ALL);
    Match {
        protocol: permission.ip_protocol,
        destination_ports,
        icmp: permission.icmp_type_code.clone(),
        ..ends
    }
}

fn words_of(permission: &IpPermission) -> String {
    match permission.ports {
        Some(ports) => format!("{}/{ports}", permission.ip_protocol),
        None => permission.ip_protocol.to_string(),
    }
}
