//! Network ACLs (VPC guide, "Network ACLs").
//!
//! Stateless; the rule with the lowest number that matches decides; a packet that none matches is denied. Rules name the far side: the
//! source of what enters, the destination of what leaves. A subnet without an ACL of its own uses its VPC's default one; where the
//! topology holds none, AWS's own default is assumed, which allows all.

use std::collections::BTreeMap;

use causeway_model::protocol::PortRange;
use causeway_model::protocol::ProtocolMatch;
use causeway_model::resources::NetworkAcl;
use causeway_model::resources::filters::{NetworkAclEntry, RuleAction};
use causeway_model::trace::{Code, Stage};

use crate::table::{
    Action, AddressMatch, Match, Order, ResourceIx, Rule, SubnetIx, Table, TableIx, VpcIx,
};

use super::builder::{Builder, pick};

/// The filter tables of each ACL, outbound and inbound, and who uses them.
#[derive(Debug, Default)]
pub(crate) struct Acls {
    of_subnet: BTreeMap<SubnetIx, [TableIx; 2]>,
    default: BTreeMap<VpcIx, [TableIx; 2]>,
    assumed: Option<[TableIx; 2]>,
}

impl Acls {
    /// The tables that a subnet uses.
    pub(crate) fn of(&self, builder: &mut Builder, subnet: SubnetIx, vpc: VpcIx) -> [TableIx; 2] {
        if let Some(tables) = self
            .of_subnet
            .get(&subnet)
            .or_else(|| self.default.get(&vpc))
        {
            return *tables;
        }
        let id = builder
            .network
            .subnet(subnet)
            .map(|entry| builder.network.describe(entry.resource))
            .unwrap_or_default();
        let assumption =
            format!("{id}: no network ACL given, so the default one is assumed, which allows all");
        builder.frame().assumptions.push(assumption);
        self.assumed.unwrap_or_else(|| assumed(builder))
    }
}

pub(crate) fn compile(builder: &mut Builder) -> Acls {
    let mut acls = Acls::default();
    for (at, acl) in builder.each(pick!(NetworkAcl)) {
        let tables = [true, false].map(|egress| builder.add_table(table(at, &acl, egress)));
        builder.learn().acls.insert(at, tables);
        for subnet in acl.subnet_ids.iter().filter_map(|id| builder.subnet(id)) {
            acls.of_subnet.entry(subnet).or_insert(tables);
        }
        if acl.is_default
            && let Some(vpc) = builder.vpc(&acl.vpc_id)
        {
            acls.default.entry(vpc).or_insert(tables);
        }
    }
    acls.assumed = Some(assumed(builder));
    acls
}

fn assumed(builder: &mut Builder) -> [TableIx; 2] {
    [Stage::NetworkAclOut, Stage::NetworkAclIn]
        .map(|stage| builder.always(stage, Action::Allow, "assumed default network ACL"))
}

/// Makes the filter tables of an ACL anew.
pub(crate) fn refill(builder: &mut Builder, at: ResourceIx, acl: &NetworkAcl) {
    let Some(tables) = builder.known.acls.get(&at).copied() else {
        builder.give_up();
        return;
    };
    for (own, egress) in tables.into_iter().zip([true, false]) {
        builder.replace_table(own, table(at, acl, egress), true);
    }
}

fn table(at: ResourceIx, acl: &NetworkAcl, egress: bool) -> Table {
    let mut entries: Vec<&NetworkAclEntry> = acl
        .entries
        .iter()
        .filter(|entry| entry.egress == egress)
        .collect();
    entries.sort_by_key(|entry| entry.rule_number);
    let rules = entries.into_iter().map(rule).collect();
    let stage = if egress {
        Stage::NetworkAclOut
    } else {
        Stage::NetworkAclIn
    };
    let otherwise = Rule::always(Action::Deny(Code::SubnetAclRestriction), "no rule matches");
    Table {
        stage,
        resource: Some(at),
        order: Order::First,
        rules,
        otherwise,
    }
}

fn rule(entry: &NetworkAclEntry) -> Rule {
    let far = AddressMatch::Net(entry.cidr_block);
    let ends = if entry.egress {
        Match::to(far)
    } else {
        Match::from(far)
    };
    let has_ports = matches!(entry.protocol, ProtocolMatch::Is(protocol) if protocol.has_ports());
    let destination_ports = entry
        .port_range
        .filter(|_| has_ports)
        .unwrap_or(PortRange::ALL);
    let matches = Match {
        protocol: entry.protocol,
        destination_ports,
        icmp: entry.icmp_type_code.clone(),
        ..ends
    };
    let action = match entry.rule_action {
        RuleAction::Allow => Action::Allow,
        RuleAction::Deny => Action::Deny(Code::SubnetAclRestriction),
    };
    let label = if entry.rule_number > 32766 {
        "rule *".to_owned()
    } else {
        format!("rule {}", entry.rule_number)
    };
    Rule::when(matches, action, label)
}
