//! Route tables of transit gateways: which route wins, and where it leads.

use causeway_model::resources::TransitGatewayRouteTable;
use causeway_model::resources::routing::RouteState;
use causeway_model::resources::transit::{
    TransitGatewayAttachmentResourceType as Attached, TransitGatewayRoute,
    TransitGatewayRouteDestination, TransitGatewayRouteType,
};
use causeway_model::trace::{Code, Stage};

use crate::table::{
    Action, AddressMatch, Match, Order, PrefixListIx, Rank, ResourceIx, Rule, TableIx,
};

use super::super::builder::{Builder, Key};
use super::super::route_table;
use super::Hubs;

/// A route table of a gateway.
pub(super) fn compile(
    builder: &mut Builder,
    hubs: &Hubs,
    at: ResourceIx,
    table: &TransitGatewayRouteTable,
) {
    let key = Key::RouteTable(at);
    if !table.routes_known {
        let action = Action::Unknown(Code::TgwRtbRoutesAreUnknown);
        let label = "the routes of the table are not known";
        let unknown = builder.always(Stage::RouteTable, action, label);
        builder.fill(key, at, vec![unknown]);
        return;
    }
    let gateway = table.transit_gateway_id.as_ref();
    let gateway = gateway.and_then(|id| builder.find(id)).map(|(at, _)| at);
    let listed = table.routes.iter().zip(0..);
    let listed = listed.filter(|(route, _)| route.state != RouteState::Filtered);
    let mut rules = Vec::new();
    for (route, place) in listed {
        rules.push(rule(builder, hubs, (at, gateway, place), route));
    }
    let action = Action::Drop(Code::TgwRtbNoRouteToTgwAttachment);
    let otherwise = Rule::always(action, "no route covers the destination");
    let routes = route_table::add(builder, Stage::RouteTable, rules, otherwise);
    builder.fill(key, at, vec![routes]);
}

fn rule(
    builder: &mut Builder,
    hubs: &Hubs,
    (table, gateway, place): (ResourceIx, Option<ResourceIx>, u32),
    route: &TransitGatewayRoute,
) -> Rule {
    let (destination, words) = match &route.destination {
        TransitGatewayRouteDestination::Cidr(net) => (AddressMatch::Net(*net), net.to_string()),
        TransitGatewayRouteDestination::PrefixList(id) => {
            let held = builder.known.lists.get(id.as_resource_id());
            let list = held.copied().unwrap_or(PrefixListIx::MISSING);
            (AddressMatch::List(list), id.to_string())
        }
    };
    let ids = &route.transit_gateway_attachment_ids;
    let mut ways = Vec::new();
    for id in ids {
        let held = hubs.attachments.get(id.as_resource_id());
        ways.push(match (held, gateway) {
            (Some((at, _)), Some(gateway)) => (
                Action::Forward(builder.place(Key::AttachmentOut(*at, gateway))),
                id.to_string(),
            ),
            _ => {
                let label = format!("{id}, which is not in the topology");
                (Action::Unknown(Code::UnknownResource), label)
            }
        });
    }
    let (action, target) = match (route.state, ways.as_slice()) {
        (RouteState::Blackhole, _) => (
            Action::Drop(Code::TgwRouteBlackhole),
            "nothing, a blackhole".to_owned(),
        ),
        (_, []) => (
            Action::Unknown(Code::UnknownResource),
            "an attachment that is not given".to_owned(),
        ),
        (_, [(action, label)]) => (action.clone(), label.clone()),
        _ => (
            equal_cost(builder, (table, place), ways),
            format!("{} equal ways", ids.len()),
        ),
    };
    Rule {
        rank: rank(hubs, route),
        ..Rule::when(
            Match::to(destination),
            action,
            format!("{words} -> {target}"),
        )
    }
}

/// One of several attachments, by a hash of the packet's ends: each is a way.
fn equal_cost(
    builder: &mut Builder,
    (table, place): (ResourceIx, u32),
    ways: Vec<(Action, String)>,
) -> Action {
    let rules = ways
        .into_iter()
        .map(|(action, label)| Rule::always(action, format!("equal cost: {label}")));
    let choice = each(builder, rules.collect(), Order::Each);
    Action::Forward(builder.fill(Key::EqualCost(table, place), table, vec![choice]))
}

/// A choice between rules, all of which are for the packet.
pub(crate) fn each(builder: &mut Builder, rules: Vec<Rule>, order: Order) -> TableIx {
    let otherwise = Rule::always(
        Action::Drop(Code::NoPossibleDestination),
        "nothing to choose",
    );
    builder.choice(order, rules, otherwise)
}

/// Precedence among routes with the same prefix (Transit Gateways guide, "Route evaluation order").
fn rank(hubs: &Hubs, route: &TransitGatewayRoute) -> Rank {
    match (route.r#type, &route.destination) {
        (TransitGatewayRouteType::Static, TransitGatewayRouteDestination::Cidr(_)) => Rank::Static,
        (TransitGatewayRouteType::Static, TransitGatewayRouteDestination::PrefixList(_)) => {
            Rank::PrefixList
        }
        (TransitGatewayRouteType::Propagated, _) => {
            let mut ids = route.transit_gateway_attachment_ids.iter();
            let held = ids.find_map(|id| hubs.attachments.get(id.as_resource_id()));
            match held.map(|(_, attachment)| attachment.resource_type) {
                Some(Attached::Vpc | Attached::NetworkFunction) | None => Rank::Propagated,
                Some(Attached::DirectConnectGateway) => Rank::DirectConnect,
                Some(Attached::Connect) => Rank::Connect,
                Some(Attached::Vpn | Attached::ClientVpn) => Rank::Vpn,
                Some(Attached::VpnConcentrator) => Rank::VpnConcentrator,
                Some(Attached::Peering) => Rank::Peering,
            }
        }
    }
}
