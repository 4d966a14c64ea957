//! The targets of Gateway Load Balancers: which of them a connection may be given, and whether the load balancer gets through to them.
//!
//! The packet travels to a target in GENEVE, that is in UDP to port 6081 from the load balancer's address in its subnet, and back the same
//! way. Security groups and network ACLs see that outer packet alone, the same for every flow, so that they are read here once.

use std::net::IpAddr;

use causeway_model::fields::Setting;
use causeway_model::protocol::{PortRange, Protocol};
use causeway_model::resource::Body;
use causeway_model::resources::load_balancers::{Target, TargetHealthState, TargetType};
use causeway_model::resources::{LoadBalancer, TargetGroup};
use causeway_model::trace::{Addr, Code, Header, Stage};

use crate::decide::{Filtered, filter};
use crate::packet::Packet;
use crate::table::{
    Action, AddressMatch, InterfaceIx, Order, PlaceIx, ResourceIx, Rule, SubnetIx, Table, TableIx,
};

use super::builder::{Builder, Key};
use super::gateway_load_balancer::{Inspection, in_doubt};

/// The port of GENEVE (RFC 8926).
const GENEVE: u16 = 6081;

/// A target that may get the connection.
#[derive(Debug)]
struct Candidate {
    label: String,
    interface: Option<InterfaceIx>,
    /// Whether it is in the endpoint's zone; true where that is not known.
    is_here: bool,
    is_healthy: bool,
}

/// One of several places, of which nobody knows which it is.
pub(super) fn one_of(builder: &mut Builder, rules: Vec<Rule>, last: Rule) -> TableIx {
    if rules.is_empty() {
        return builder.ordered(Stage::Forwarding, rules, last);
    }
    let rules = rules.into_iter().chain([last]).collect();
    choice_table(builder, Order::OneOf(Code::UnknownResource), rules)
}

fn choice_table(builder: &mut Builder, order: Order, rules: Vec<Rule>) -> TableIx {
    let label = "it has no target that it could use";
    let otherwise = Rule::always(Action::Drop(Code::GwlbeNoHealthyTarget), label);
    builder.choice(order, rules, otherwise)
}

/// The tables that choose a target, and what is to be told of the choice.
pub(super) fn choice(
    builder: &mut Builder,
    inspection: &mut Inspection<'_>,
    (at, balancer): (ResourceIx, &LoadBalancer),
    node: Option<SubnetIx>,
) -> Vec<TableIx> {
    let groups = inspection.fleet.groups_of(balancer);
    if groups.is_empty() || groups.iter().any(|group| !group.targets_known) {
        let label = "the topology does not hold its targets".to_owned();
        return in_doubt(builder, inspection.back, Code::UnknownResource, label).to_vec();
    }
    let mut tables = Vec::new();
    let mut candidates = Vec::new();
    for group in &groups {
        for target in group.targets.iter().filter(|target| is_in_use(target)) {
            candidates.push(candidate(builder, inspection, (at, group), target));
        }
    }
    cross_zone(builder, inspection, balancer, &mut candidates, &mut tables);
    if candidates.iter().any(|candidate| candidate.is_healthy) {
        candidates.retain(|candidate| candidate.is_healthy);
    } else if !candidates.is_empty() {
        let label = "no target is healthy: whether one carries the packet is not known";
        let doubt = Action::Doubt(Code::GwlbeNoHealthyTarget);
        tables.push(builder.always(Stage::Admission, doubt, label));
    }
    let mut rules = Vec::new();
    for candidate in candidates {
        let label = candidate.label.clone();
        let place = target(builder, inspection, (at, balancer, node), &candidate);
        rules.push(Rule::always(Action::Forward(place), label));
    }
    tables.push(choice_table(builder, Order::EachOfFlow, rules));
    tables
}

/// Whether new connections may be given to a target at all.
fn is_in_use(target: &Target) -> bool {
    !matches!(
        target.state,
        Some(TargetHealthState::Unused | TargetHealthState::Draining)
    )
}

fn candidate(
    builder: &Builder,
    inspection: &Inspection<'_>,
    (balancer, group): (ResourceIx, &TargetGroup),
    target: &Target,
) -> Candidate {
    let interface = interface(builder, group, target);
    let own = interface.and_then(|own| builder.network.interface(own));
    let named = target.availability_zone.as_ref();
    let zone = match own {
        Some(own) => inspection.fleet.zones.of_subnet(own.subnet).cloned(),
        None => inspection.fleet.zones.named_by(builder, balancer, named),
    };
    let zone = zone.unwrap_or_default();
    // A target whose health nobody has told is taken to be healthy.
    let is_healthy = matches!(
        target.state,
        None | Some(TargetHealthState::Healthy | TargetHealthState::Unavailable)
    );
    Candidate {
        label: format!("target {} of {}", target.id, group.target_group_name),
        interface,
        is_here: inspection.zone.is(&zone) != Some(false),
        is_healthy,
    }
}

fn interface(builder: &Builder, group: &TargetGroup, target: &Target) -> Option<InterfaceIx> {
    match group.target_type {
        TargetType::Instance => {
            let (at, _) = builder.find(&target.id)?;
            builder.network.primary(at)
        }
        TargetType::Ip => {
            let address: IpAddr = target.id.parse().ok()?;
            let vpc = builder.vpc(group.vpc_id.as_ref()?)?;
            builder.holder(vpc, address)
        }
        TargetType::Lambda | TargetType::Alb => None,
    }
}

/// Without cross-zone load balancing, which is AWS's default, the targets of other zones are not used.
fn cross_zone(
    builder: &mut Builder,
    inspection: &Inspection<'_>,
    balancer: &LoadBalancer,
    candidates: &mut Vec<Candidate>,
    tables: &mut Vec<TableIx>,
) {
    if balancer.cross_zone_enabled == Setting::On || candidates.iter().all(|own| own.is_here) {
        return;
    }
    if candidates.iter().any(|own| own.is_here) {
        candidates.retain(|own| own.is_here);
        return;
    }
    let (action, words) = match balancer.cross_zone_enabled {
        Setting::Default => (Action::Doubt(Code::ElbNotCrosszone), "not known"),
        Setting::On | Setting::Off => (Action::Deny(Code::ElbNotCrosszone), "off"),
    };
    let zone = builder.network.describe(inspection.at);
    let label = format!("cross-zone balancing is {words}, and no target is in the zone of {zone}");
    tables.push(builder.always(Stage::Choice, action, label));
}

/// The place of one target.
fn target(
    builder: &mut Builder,
    inspection: &mut Inspection<'_>,
    (balancer, held, node): (ResourceIx, &LoadBalancer, Option<SubnetIx>),
    candidate: &Candidate,
) -> PlaceIx {
    let key = inspection.key();
    let found = candidate.interface;
    let found = found.and_then(|own| Some((own, builder.network.interface(own)?)));
    let Some((own, entry)) = found else {
        let label = format!("{} is not in the topology", candidate.label);
        let code = Code::UnknownResource;
        let tables = in_doubt(builder, inspection.back, code, label);
        return builder.fill(key, balancer, tables.to_vec());
    };
    let (at, subnet, address) = (
        entry.resource,
        entry.subnet,
        entry.addresses.first().copied(),
    );
    let mut tables = instance_state(builder, own);
    let node_address = address_of_node(builder, held, node);
    if let (Some(node_address), Some(address)) = (node_address, address) {
        tables.extend(outer_filters(
            builder,
            (node, node_address),
            (own, subnet, address),
        ));
    }
    let label = "back to the endpoint";
    tables.push(builder.always(Stage::Forwarding, Action::Forward(inspection.back), label));
    builder.fill(key, at, tables)
}

/// What keeps the target's instance from working.
fn instance_state(builder: &mut Builder, own: InterfaceIx) -> Vec<TableIx> {
    let out = builder.place(Key::InterfaceOut(own));
    builder.note(|read| _ = read.interfaces.insert(own));
    let tables = builder
        .network
        .place(out)
        .map(|place| place.tables.to_vec());
    let mut tables = tables.unwrap_or_default();
    tables.retain(|table| {
        let table = builder.network.table(*table);
        table.is_some_and(|table| table.stage == Stage::State)
    });
    tables
}

/// Where packets from the load balancer come from: its address there, if it is told, else some address of its subnet.
fn address_of_node(
    builder: &Builder,
    balancer: &LoadBalancer,
    node: Option<SubnetIx>,
) -> Option<Addr> {
    let subnet = builder.network.subnet(node?)?;
    let resource = builder.network.resource(subnet.resource)?;
    let Body::Subnet(held) = &resource.body else {
        return None;
    };
    let mut zones = balancer.availability_zones.iter();
    let own = zones.find(|zone| zone.subnet_id.as_ref() == Some(&held.subnet_id));
    let told = own.and_then(|zone| zone.addresses.iter().find(|own| own.is_ipv4()));
    let block = subnet.cidr_blocks.iter().find(|net| net.addr().is_ipv4());
    told.map(|address| Addr::Ip(*address))
        .or_else(|| Some(Addr::Within(*block?)))
}

/// What the filters between the load balancer and the target say of GENEVE, in the order in which packets meet them.
fn outer_filters(
    builder: &mut Builder,
    (node, from): (Option<SubnetIx>, Addr),
    (own, subnet, to): (InterfaceIx, SubnetIx, IpAddr),
) -> Vec<TableIx> {
    let forth = outer(from, Addr::Ip(to));
    let mut back = forth.clone();
    std::mem::swap(&mut back.header.source, &mut back.header.destination);
    let crosses = node.filter(|node| *node != subnet);
    let mut steps = Vec::new();
    if let Some(node) = crosses {
        steps.push((Key::SubnetOut(node), Stage::NetworkAclOut, &forth));
        steps.push((Key::SubnetIn(subnet), Stage::NetworkAclIn, &forth));
    }
    steps.push((Key::InterfaceIn(own), Stage::SecurityGroupIn, &forth));
    if let Some(node) = crosses {
        steps.push((Key::SubnetOut(subnet), Stage::NetworkAclOut, &back));
        steps.push((Key::SubnetIn(node), Stage::NetworkAclIn, &back));
    }
    let steps = steps.into_iter();
    steps
        .filter_map(|(key, stage, packet)| read(builder, key, stage, packet))
        .collect()
}

fn outer(source: Addr, destination: Addr) -> Packet {
    Packet {
        header: Header {
            source,
            destination,
            protocol: Protocol::UDP,
            source_ports: PortRange::ALL,
            destination_ports: PortRange::one(GENEVE),
        },
        is_ipv6: false,
        is_reply: false,
        sender: None,
        zone: None,
    }
}

/// Reads the filter of one stage at a place, and makes of it a table that says the same of every packet.
fn read(builder: &mut Builder, key: Key, stage: Stage, packet: &Packet) -> Option<TableIx> {
    let place = builder.place(key);
    let network = &builder.network;
    let mut tables = network.place(place)?.tables.iter();
    let (own, found) = tables.find_map(|own| {
        let found = network.table(*own).filter(|table| table.stage == stage)?;
        Some((*own, found))
    })?;
    let ends = found.rules.iter();
    let ends = ends.flat_map(|rule| [&rule.matches.source, &rule.matches.destination]);
    let groups = ends.filter_map(|end| match end {
        AddressMatch::Group(group) => Some(*group),
        AddressMatch::Any
        | AddressMatch::Net(_)
        | AddressMatch::List(_)
        | AddressMatch::Service(_) => None,
    });
    builder.note(|read| {
        read.tables.insert(own);
        read.groups.extend(groups);
    });
    let (action, rule) = match filter(found, packet, network) {
        Filtered::Allowed(rule) => (Action::Allow, rule),
        Filtered::Denied(rule) => (Action::Deny(code(rule, stage)), rule),
        Filtered::Partly(rule) | Filtered::Unknown(rule) => {
            (Action::Doubt(code(rule, stage)), rule)
        }
    };
    let (from, to) = (&packet.header.source, &packet.header.destination);
    let label = format!("{}; GENEVE from {from} to {to}", rule.label);
    let resource = found.resource;
    let order = if matches!(found.order, Order::Stateful) {
        Order::Stateful
    } else {
        Order::First
    };
    Some(builder.add_table(Table {
        stage,
        resource,
        order,
        rules: Vec::new(),
        otherwise: Rule::always(action, label),
    }))
}

fn code(rule: &Rule, stage: Stage) -> Code {
    let is_group = matches!(stage, Stage::SecurityGroupIn | Stage::SecurityGroupOut);
    rule.action.code().unwrap_or(if is_group {
        Code::EniSgRulesMismatch
    } else {
        Code::SubnetAclRestriction
    })
}
