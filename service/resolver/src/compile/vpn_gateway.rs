//! Virtual private gateways (Site-to-Site VPN guide, "Virtual private gateway", "Route priority"; VPC guide, "Gateway route tables").
//!
//! A gateway is attached to one VPC and carries IPv4 between the interfaces of that VPC and premises, and for nobody else. It sends to the
//! connection whose prefix is the longest; of equal ones to one that is up, then to Direct Connect, a static VPN connection, one with BGP.
//! What comes in goes by the gateway's own route table (edge association), if it has one; a Gateway Load Balancer endpoint there drops it.

use std::collections::BTreeMap;

use causeway_model::ids::VpnGatewayId;
use causeway_model::resource::Body;
use causeway_model::resources::VpnGateway;
use causeway_model::resources::gateways::GatewayAttachmentState;
use causeway_model::resources::routing::{
    RouteDestination, RouteOrigin, RouteTableAssociation, RouteTarget,
};
use causeway_model::trace::{Code, Stage};
use ipnet::{IpNet, Ipv6Net};

use crate::table::{Action, AddressMatch, Match, Reach, ResourceIx, Rule, Table, TableIx, VpcIx};

use super::builder::{Builder, Key, pick};
use super::origins::beyond;
use super::{on_premises, peering, route_table};

/// Where a route of a VPC leads that names a gateway.
pub(crate) fn leads_to(builder: &mut Builder, id: &VpnGatewayId, vpc: VpcIx) -> Action {
    let held = builder.find(id);
    let Some((at, Body::VpnGateway(gateway))) = held.map(|(at, held)| (at, held.body.clone()))
    else {
        return builder.unknown(id.as_resource_id());
    };
    match attachment(builder, &gateway) {
        Some((own, _)) if own != vpc => {
            let action = Action::Drop(Code::BadStateAttachment);
            let label = "the gateway is attached to another VPC";
            let table = builder.always(Stage::State, action, label);
            Action::Forward(builder.fill(Key::Unsupported(at), at, vec![table]))
        }
        _ => Action::Forward(builder.place(Key::VpnGatewayOut(at))),
    }
}

/// The VPC that a gateway is named to be attached to, and whether it is.
fn attachment(builder: &Builder, gateway: &VpnGateway) -> Option<(VpcIx, GatewayAttachmentState)> {
    let held = gateway
        .vpc_attachments
        .iter()
        .filter_map(|attachment| Some((builder.vpc(&attachment.vpc_id)?, attachment.state)));
    held.min_by_key(|(_, state)| *state != GatewayAttachmentState::Attached)
}

/// The IPv4 blocks of the gateway's VPC.
pub(crate) fn blocks(builder: &Builder, gateway: &VpnGateway) -> Vec<IpNet> {
    let vpc = attachment(builder, gateway).and_then(|(vpc, _)| builder.network.vpc(vpc));
    let blocks = vpc.map(|vpc| vpc.cidr_blocks.clone()).unwrap_or_default();
    blocks
        .into_iter()
        .filter(|net| net.addr().is_ipv4())
        .collect()
}

/// What route tables have learned from each gateway.
pub(crate) fn learned(builder: &Builder) -> BTreeMap<VpnGatewayId, Vec<IpNet>> {
    let mut learned: BTreeMap<VpnGatewayId, Vec<IpNet>> = BTreeMap::new();
    for (_, table) in builder.each(pick!(RouteTable)) {
        for route in table.routes {
            let is_propagated = route.origin == RouteOrigin::EnableVgwRoutePropagation;
            if let (RouteDestination::Cidr(net), Some(RouteTarget::VpnGateway(id))) =
                (route.destination, route.target)
                && is_propagated
            {
                learned.entry(id).or_default().push(net);
            }
        }
    }
    for nets in learned.values_mut() {
        nets.sort_unstable();
        nets.dedup();
    }
    learned
}

/// The route tables that gateways have for what comes in.
fn edge_tables(builder: &Builder) -> BTreeMap<VpnGatewayId, ResourceIx> {
    let mut edges = BTreeMap::new();
    for (at, table) in builder.each(pick!(RouteTable)) {
        for association in &table.associations {
            if let RouteTableAssociation::VpnGateway(id) = association {
                edges.entry(id.clone()).or_insert(at);
            }
        }
    }
    edges
}

pub(crate) fn compile(builder: &mut Builder) {
    let (learned, edges) = (learned(builder), edge_tables(builder));
    let premises = on_premises::Premises::gather(builder);
    for (at, gateway) in builder.each(pick!(VpnGateway)) {
        let Some((vpc, state)) = attachment(builder, &gateway) else {
            let action = Action::Drop(Code::BadStateAttachment);
            let label = "attached to no VPC of the topology";
            let dropped = builder.always(Stage::State, action, label);
            builder.fill(Key::VpnGatewayOut(at), at, vec![dropped]);
            builder.fill(Key::VpnGatewayIn(at), at, vec![dropped]);
            continue;
        };
        let is_attached = state == GatewayAttachmentState::Attached;
        let state = builder.state(is_attached, Code::BadStateAttachment, state);
        let blocks = blocks(builder, &gateway);
        let id = &gateway.vpn_gateway_id;
        let connections = on_premises::connections(builder, &premises, id.as_resource_id());
        let learned = learned.get(id).map_or(&[][..], Vec::as_slice);
        let routes = on_premises::routes(builder, at, &connections, Some(learned));
        outward(builder, at, [state, routes], &blocks);
        let owners = edge_table(builder, &gateway);
        let owners = builder.add_table(owners);
        for attached in &gateway.vpc_attachments {
            builder.note_edge((&attached.vpc_id).into(), at, vec![owners]);
        }
        let tables = vec![state, owners];
        inward(builder, at, (vpc, tables, &blocks), edges.get(id));
    }
}

fn outward(builder: &mut Builder, at: ResourceIx, [state, routes]: [TableIx; 2], blocks: &[IpNet]) {
    let everything = AddressMatch::Net(IpNet::V6(Ipv6Net::default()));
    let action = Action::Drop(Code::NoPossibleDestination);
    let label = "a virtual private gateway carries IPv4 alone";
    let rules = vec![Rule::when(Match::to(everything), action, label)];
    let family = builder.ordered(Stage::Admission, rules, Rule::always(Action::Pass, "IPv4"));
    let label = "the source is not of the gateway's VPC";
    let sources = own_sources(
        builder,
        blocks,
        (Code::VgwPrivateIpAssociationForEgress, label),
    );
    let tables = vec![state, family, sources, routes];
    builder.fill(Key::VpnGatewayOut(at), at, tables);
}

/// Packets from these blocks pass; others are noted.
pub(crate) fn own_sources(
    builder: &mut Builder,
    blocks: &[IpNet],
    (code, label): (Code, &'static str),
) -> TableIx {
    let rules = of_the_vpc(blocks, Match::from);
    builder.ordered(
        Stage::Admission,
        rules,
        Rule::always(Action::Deny(code), label),
    )
}

/// Packets with an end in these blocks pass.
fn of_the_vpc(blocks: &[IpNet], end: fn(AddressMatch) -> Match) -> Vec<Rule> {
    let own = blocks.iter().map(|net| {
        let matches = end(AddressMatch::Net(*net));
        Rule::when(matches, Action::Pass, "of the VPC")
    });
    own.collect()
}

/// NAT gateways and gateway endpoints refuse what does not come from their own VPC.
pub(crate) fn edge_table(builder: &Builder, gateway: &VpnGateway) -> Table {
    let attached = gateway.vpc_attachments.iter();
    let ways = attached.flat_map(|own| peering::ways_out(builder, own.vpc_id.as_resource_id()));
    let mut rules = of_the_vpc(&blocks(builder, gateway), Match::to);
    rules.extend(ways.map(|(destination, target)| {
        let action = peering::refusal(builder, &target).map_or(Action::Pass, Action::Deny);
        let label = format!(
            "{} serves its own VPC alone",
            route_table::target_words(&target)
        );
        Rule::when(Match::to(destination), action, label)
    }));
    Table::first(
        Stage::Admission,
        rules,
        Rule::always(Action::Pass, "no edge"),
    )
}

fn inward(
    builder: &mut Builder,
    at: ResourceIx,
    (vpc, mut tables, blocks): (VpcIx, Vec<TableIx>, &[IpNet]),
    edge: Option<&ResourceIx>,
) {
    let rules = of_the_vpc(blocks, Match::to);
    let action = Action::Drop(Code::VgwPrivateIpAssociationForIngress);
    let label = "the destination is not of the gateway's VPC";
    let admission = builder.ordered(Stage::Admission, rules, Rule::always(action, label));
    tables.push(admission);
    let back = builder.place(Key::VpnGatewayOut(at));
    tables.push(beyond(builder, (blocks, &[]), back, "into the VPC"));
    let (action, label) = match edge {
        Some(table) => {
            let table = builder.place(Key::RouteTable(*table));
            (Action::Forward(table), "to the gateway's route table")
        }
        None => (Action::ByAddress(vpc, Reach::Router), "into the VPC"),
    };
    tables.push(builder.always(Stage::Forwarding, action, label));
    let place = builder.fill(Key::VpnGatewayIn(at), at, tables);
    builder.edit(place, |place| place.keeps_groups = false);
}
