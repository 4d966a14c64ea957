//! Where packets come in from what nobody looks into: for each connection to premises, and for gateways and attachments as ends of a flow,
//! the addresses behind it and those it can be used for.

mod gateways;

use std::collections::BTreeMap;

use causeway_model::ids::{TransitGatewayAttachmentId, VpnGatewayId};
use causeway_model::resource::Body;
use causeway_model::resources::hybrid::{VirtualInterfaceGateway, VpnConnectionGateway};
use causeway_model::resources::routing::RouteState;
use causeway_model::resources::transit::TransitGatewayRouteDestination;
use causeway_model::resources::{TransitGatewayRouteTable, VirtualInterface, VpnConnection};
use causeway_model::trace::Stage;
use ipnet::IpNet;

use crate::network::{Ahead, Origin};
use crate::table::{Action, End, Match, PlaceIx, Reach, ResourceIx, Rule, TableIx, VpcIx};

use super::builder::{Builder, Key, pick};
use super::transit_gateway::Hubs;
use super::{on_premises, vpn_gateway};

/// What gateways know of premises.
struct Known<'h> {
    hubs: &'h Hubs,
    /// What virtual private gateways have learned.
    learned: BTreeMap<VpnGatewayId, Vec<IpNet>>,
    /// What transit gateways have routes for, to what is attached.
    behind: BTreeMap<String, Vec<IpNet>>,
}

impl Known<'_> {
    fn learned(&self, gateway: &VpnGatewayId) -> Vec<IpNet> {
        self.learned.get(gateway).cloned().unwrap_or_default()
    }

    fn behind(&self, attached: &str) -> Vec<IpNet> {
        self.behind.get(attached).cloned().unwrap_or_default()
    }
}

pub(crate) fn compile(builder: &mut Builder, hubs: &Hubs) {
    let known = Known {
        hubs,
        learned: vpn_gateway::learned(builder),
        behind: behind_attachments(hubs),
    };
    for (at, vpn) in builder.each(pick!(VpnConnection)) {
        let ends = of_vpn(builder, &known, &vpn);
        add(builder, at, ends, on_premises::is_up(&vpn));
    }
    for (at, interface) in builder.each(pick!(VirtualInterface)) {
        let ends = of_interface(builder, &known, &interface);
        let is_up = interface.available && interface.bgp_up;
        add(builder, at, ends, is_up);
    }
    gateways::compile(builder, hubs);
}

/// What becomes of packets to any address of a block beyond what joins networks. Those that were `sent` there have arrived, and their replies
/// enter at `back`. Replies that are `returned` there are back where their packets came in, if those came in there.
pub(crate) fn beyond(
    builder: &mut Builder,
    (sent, returned): (&[IpNet], &[IpNet]),
    back: PlaceIx,
    words: &str,
) -> TableIx {
    let rule = |net: &IpNet, is_reply, action| {
        let matches = Match {
            block: Some(*net),
            is_reply: Some(is_reply),
            ..Match::ANY
        };
        Rule::when(matches, action, words.to_owned())
    };
    let arrive = Action::Deliver(End::Gateway(back));
    let sent = sent.iter().map(|net| rule(net, false, arrive.clone()));
    let come_back = Action::ByAddress(VpcIx::MISSING, Reach::Router);
    let returned = returned
        .iter()
        .map(|net| rule(net, true, come_back.clone()));
    let rules = sent.chain(returned).collect();
    let otherwise = Rule::always(Action::Pass, "one address");
    builder.ordered(Stage::Delivery, rules, otherwise)
}

fn add(
    builder: &mut Builder,
    at: ResourceIx,
    (behind, ahead): (Vec<IpNet>, Vec<IpNet>),
    is_up: bool,
) {
    let place = builder.place(Key::ConnectionIn(at));
    let origin = Origin {
        resource: at,
        at: place,
        inward: behind.clone(),
        behind,
        ahead: Ahead::Blocks(ahead),
        is_of_premises: true,
        is_up,
    };
    push(builder, origin);
}

fn push(builder: &mut Builder, origin: Origin) {
    let (at, new) = (origin.resource, builder.network.frame.origins.len());
    builder.frame().origins.push(origin);
    builder.frame().origins_of.entry(at).or_default().push(new);
}

fn of_vpn(builder: &Builder, known: &Known<'_>, vpn: &VpnConnection) -> (Vec<IpNet>, Vec<IpNet>) {
    let mut behind = vpn.routes.clone();
    match &vpn.gateway {
        Some(VpnConnectionGateway::VpnGateway(id)) => {
            if behind.is_empty() && !vpn.static_routes_only {
                behind = known.learned(id);
            }
            (behind, of_gateway(builder, id.as_str()))
        }
        Some(VpnConnectionGateway::TransitGateway(_)) => {
            let id = vpn.vpn_connection_id.as_str();
            behind.extend(known.behind(id));
            (behind, ahead_of_attached(builder, known.hubs, id))
        }
        None => (behind, Vec::new()),
    }
}

/// The blocks of the VPC of a virtual private gateway.
fn of_gateway(builder: &Builder, id: &str) -> Vec<IpNet> {
    match builder.find(id).map(|(_, held)| &held.body) {
        Some(Body::VpnGateway(gateway)) => vpn_gateway::blocks(builder, gateway),
        Some(_) | None => Vec::new(),
    }
}

fn of_interface(
    builder: &Builder,
    known: &Known<'_>,
    interface: &VirtualInterface,
) -> (Vec<IpNet>, Vec<IpNet>) {
    let mut behind = interface.route_filter_prefixes.clone();
    let is_dim = behind.is_empty();
    let mut ahead = Vec::new();
    match &interface.gateway {
        Some(VirtualInterfaceGateway::VirtualGateway(id)) => {
            if is_dim {
                behind = known.learned(id);
            }
            ahead = of_gateway(builder, id.as_str());
        }
        Some(VirtualInterfaceGateway::DirectConnectGateway(id)) => {
            let Some(Body::DirectConnectGateway(gateway)) =
                builder.find(id).map(|(_, held)| &held.body)
            else {
                return (behind, ahead);
            };
            for association in gateway.associations.iter().filter(|one| one.associated) {
                ahead.extend(on_premises::announced(builder, association));
                let gateway = builder.find(&association.associated_gateway_id);
                if let Some(Body::VpnGateway(gateway)) = gateway.map(|(_, held)| &held.body)
                    && is_dim
                {
                    behind.extend(known.learned(&gateway.vpn_gateway_id));
                }
            }
            if is_dim {
                behind.extend(known.behind(id.as_str()));
            }
        }
        None => {}
    }
    (behind, ahead)
}

/// What routes of transit gateways lead to attached resources for.
fn behind_attachments(hubs: &Hubs) -> BTreeMap<String, Vec<IpNet>> {
    let mut behind: BTreeMap<String, Vec<IpNet>> = BTreeMap::new();
    for (net, ids) in hubs.tables.iter().flat_map(|(_, table)| active(table)) {
        for id in ids {
            let held = hubs.attachments.get(id.as_resource_id());
            if let Some((_, attachment)) = held {
                let resource = attachment.resource_id.clone();
                behind.entry(resource).or_default().push(net);
            }
        }
    }
    behind
}

/// What the tables have routes for that an attached resource consults, other than back to itself.
fn ahead_of_attached(builder: &Builder, hubs: &Hubs, resource: &str) -> Vec<IpNet> {
    let mut ahead = Vec::new();
    for (_, attachment) in hubs.attaching(resource) {
        let gateway = attachment.transit_gateway_id.as_ref();
        let table = gateway.and_then(|id| hubs.table(id.as_resource_id(), attachment));
        let held = table.and_then(|at| builder.network.resource(at));
        let Some(Body::TransitGatewayRouteTable(table)) = held.map(|held| &held.body) else {
            continue;
        };
        let id = &attachment.transit_gateway_attachment_id;
        let others = active(table).filter(|(_, ids)| !ids.contains(id));
        ahead.extend(others.map(|(net, _)| net));
    }
    ahead
}

/// The active routes of a table to CIDR blocks.
fn active(
    table: &TransitGatewayRouteTable,
) -> impl Iterator<Item = (IpNet, &Vec<TransitGatewayAttachmentId>)> {
    let routes = table.routes.iter();
    let routes = routes.filter(|route| route.state == RouteState::Active);
    routes.filter_map(|route| match route.destination {
        TransitGatewayRouteDestination::Cidr(net) => {
            Some((net, &route.transit_gateway_attachment_ids))
        }
        TransitGatewayRouteDestination::PrefixList(_) => None,
    })
}
