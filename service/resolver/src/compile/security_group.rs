//! Security groups (VPC guide, "Security groups").
//!
//! Stateful and allow-only: the rules of all groups of an interface are united, and what none allows is denied. A rule that names a
//! group matches the private addresses of the group's members, as long as no component on the way hides who sent the packet.

use std::collections::BTreeSet;
use std::sync::Arc;

use causeway_model::ids::{ResourceId, VpcId};
use causeway_model::protocol::{PortRange, ProtocolMatch};
use causeway_model::resource::Body;
use causeway_model::resources::SecurityGroup;
use causeway_model::resources::filters::IpPermission;
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::network::Filters;
use crate::table::{
    Action, AddressMatch, GroupIx, Match, Order, PrefixListIx, ResourceIx, Rule, Table, TableIx,
};

use super::builder::{Builder, pick};
use super::peering;

/// The filter tables of a set of groups, outbound and inbound, for one more who has them.
pub(crate) fn tables(builder: &mut Builder, groups: &Arc<[GroupIx]>) -> [TableIx; 2] {
    if let Some(held) = builder.network.links.sets.get_mut(groups) {
        held.users = held.users.saturating_add(1);
        let (tables, is_back) = (held.tables, held.users == 1);
        for table in tables.into_iter().filter(|_| is_back) {
            builder.count_limits(table);
        }
        return tables;
    }
    let tables = [true, false].map(|egress| {
        let table = table(builder, groups, egress);
        let new = builder.add_table(table);
        builder.count_limits(new);
        new
    });
    let links = &mut builder.network.links;
    links
        .sets
        .insert(Arc::clone(groups), Filters { tables, users: 1 });
    for group in groups.iter() {
        let sets = links.sets_of.entry(*group).or_default();
        Arc::make_mut(sets).push(Arc::clone(groups));
    }
    tables
}

/// Tells that one less has the filter tables of a set of groups.
pub(crate) fn release(builder: &mut Builder, groups: &[GroupIx]) {
    let Some(held) = builder.network.links.sets.get_mut(groups) else {
        return;
    };
    held.users = held.users.saturating_sub(1);
    let (tables, is_last) = (held.tables, held.users == 0);
    for table in tables.into_iter().filter(|_| is_last) {
        builder.discount_limits(table);
    }
}

/// Makes the filter tables anew of all sets that a group is in.
pub(crate) fn refill(builder: &mut Builder, group: &ResourceId) {
    let Some(at) = builder.network.links.groups.get(group).copied() else {
        return;
    };
    let sets = builder.network.links.sets_of.get(&at).cloned();
    for set in sets.iter().flat_map(|sets| sets.iter()) {
        let Some(held) = builder.network.links.sets.get(set).copied() else {
            continue;
        };
        for (own, egress) in held.tables.into_iter().zip([true, false]) {
            let table = table(builder, set, egress);
            builder.replace_table(own, table, held.users > 0);
        }
    }
}

/// Notes the groups that may be those of a peer VPC of which the topology holds no groups.
pub(crate) fn note_peered(builder: &mut Builder) {
    let all: Vec<(ResourceIx, SecurityGroup)> = builder.each(pick!(SecurityGroup));
    let known: BTreeSet<&VpcId> = all.iter().map(|(_, group)| &group.vpc_id).collect();
    let mut unknown = peering::regional(builder);
    let peers = unknown.iter().map(|peer| ResourceId::from(&peer.of));
    builder.note(|read| read.peers.extend(peers));
    unknown.retain(|peer| !known.contains(&peer.vpc_id));
    let peers = unknown.iter().map(|peer| ResourceId::from(&peer.of));
    builder.note(|read| read.half_known.extend(peers));
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
            let all = builder.frame().peered_groups.entry(at).or_default();
            all.extend(blocks);
        }
    }
}

fn table(builder: &mut Builder, groups: &[GroupIx], egress: bool) -> Table {
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
    Table {
        stage,
        resource,
        order: Order::Stateful,
        rules,
        otherwise,
    }
}

fn held(builder: &Builder, id: &ResourceId) -> Option<(ResourceIx, SecurityGroup)> {
    let (at, resource) = builder.own(id)?;
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
        if let Some(list) = builder.known.lists.get(id.as_resource_id()) {
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
