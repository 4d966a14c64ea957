//! What leads to a user's premises: VPN connections, Direct Connect gateways and virtual interfaces (Site-to-Site VPN guide, "Route
//! priority"; Direct Connect guide, "Allowed prefixes interactions").
//!
//! A connection carries packets while it is up: a VPN connection while one of its tunnels is, a virtual interface while its BGP session
//! is. Which prefixes are behind a connection is known where they are given; else the routes that gateways have learned tell it. What is
//! behind the connection itself is not the topology's: a packet that leaves by one has arrived.

use causeway_model::ids::ResourceId;
use causeway_model::resource::Body;
use causeway_model::resources::hybrid::{
    DirectConnectGatewayAssociation, VirtualInterfaceGateway, VirtualInterfaceType,
    VpnConnectionGateway, VpnConnectionState,
};
use causeway_model::resources::transit::TransitGatewayAttachmentResourceType as Attached;
use causeway_model::resources::{
    DirectConnectGateway, TransitGatewayAttachment, VirtualInterface, VpnConnection,
};
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::table::{
    Action, AddressMatch, End, Match, Order, PlaceIx, Rank, ResourceIx, Rule, TableIx, ZoneIx,
};

use super::builder::{Builder, Key, pick};
use super::transit_gateway::{self, Hubs, each};
use super::{origins, route_table};

/// A way to premises from a gateway.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) at: ResourceIx,
    out: PlaceIx,
    /// What is behind it, as far as it is known.
    prefixes: Vec<IpNet>,
    is_known: bool,
    rank: Rank,
    is_up: bool,
}

/// All that leads to premises.
#[derive(Debug)]
pub(crate) struct Premises {
    vpns: Vec<(ResourceIx, VpnConnection)>,
    interfaces: Vec<(ResourceIx, VirtualInterface)>,
    gateways: Vec<(ResourceIx, DirectConnectGateway)>,
}

impl Premises {
    pub(crate) fn gather(builder: &Builder) -> Self {
        Self {
            vpns: builder.each(pick!(VpnConnection)),
            interfaces: builder.each(pick!(VirtualInterface)),
            gateways: builder.each(pick!(DirectConnectGateway)),
        }
    }

    /// The virtual interfaces of a Direct Connect gateway.
    fn behind(&self, gateway: &DirectConnectGateway) -> Vec<&(ResourceIx, VirtualInterface)> {
        let own = &gateway.direct_connect_gateway_id;
        let all = self.interfaces.iter();
        let all = all.filter(|(_, interface)| {
            matches!(&interface.gateway, Some(VirtualInterfaceGateway::DirectConnectGateway(id)) if id == own)
        });
        all.collect()
    }
}

pub(crate) fn compile(builder: &mut Builder) {
    let premises = Premises::gather(builder);
    let hubs = Hubs::gather(builder);
    for (at, vpn) in &premises.vpns {
        let (code, onward) = from_vpn(builder, &hubs, vpn);
        let state = vpn_state(builder, vpn, code);
        let customer = vpn.customer_gateway_id.as_ref();
        let customer = customer.and_then(|id| builder.find(id)).map(|(at, _)| at);
        connection(builder, (*at, customer), state, (onward, "to the gateway"));
    }
    for (at, interface) in &premises.interfaces {
        let state = interface_state(builder, interface);
        let (onward, label) = from_interface(builder, interface);
        connection(builder, (*at, None), state, (onward, label));
    }
    for (at, gateway) in &premises.gateways {
        inward(builder, &hubs, *at, gateway);
        let behind = premises.behind(gateway);
        for association in &gateway.associations {
            outward(builder, *at, &behind, association);
        }
    }
    origins::compile(builder, &hubs);
}

/// The zone that packets from premises are in: none of AWS's.
pub(crate) fn zone(builder: &mut Builder) -> ZoneIx {
    builder.zone("on premises")
}

/// The places of a connection: to premises, by the customer gateway there if it is held, and from there.
fn connection(
    builder: &mut Builder,
    (at, customer): (ResourceIx, Option<ResourceIx>),
    state: TableIx,
    (onward, label): (Action, &'static str),
) {
    let zone = zone(builder);
    let forward = builder.always(Stage::Forwarding, onward, label);
    let back = builder.fill(Key::ConnectionIn(at), at, vec![state, forward]);
    let end = Action::Deliver(End::OnPremises(back));
    let deliver = builder.always(Stage::Delivery, end, "to the premises");
    let last = match customer {
        Some(customer) => {
            let place = builder.fill(Key::CustomerGateway(at), customer, vec![deliver]);
            let label = "to the customer gateway";
            builder.always(Stage::Forwarding, Action::Forward(place), label)
        }
        None => deliver,
    };
    let out = builder.fill(Key::ConnectionOut(at), at, vec![state, last]);
    builder.edit(out, |place| place.keeps_groups = false);
    builder.edit(back, |place| place.zone = Some(zone));
}

/// Where a VPN connection leads to within AWS, and the code for one that is down.
fn from_vpn(builder: &mut Builder, hubs: &Hubs, vpn: &VpnConnection) -> (Code, Action) {
    let unknown = Action::Unknown(Code::UnknownResource);
    match &vpn.gateway {
        Some(VpnConnectionGateway::VpnGateway(id)) => {
            let held = builder.find(id).map(|(at, _)| at);
            let place = held.map(|at| builder.place(Key::VpnGatewayIn(at)));
            (Code::BadStateVpn, place.map_or(unknown, Action::Forward))
        }
        Some(VpnConnectionGateway::TransitGateway(id)) => {
            let own = (Attached::Vpn, vpn.vpn_connection_id.as_str());
            let place = attachment_entry(builder, hubs, id.as_resource_id(), own);
            (Code::TgwBadStateVpn, place.map_or(unknown, Action::Forward))
        }
        None => (Code::BadStateVpn, unknown),
    }
}

/// Where packets of an attached VPN connection or Direct Connect gateway enter a transit gateway.
fn attachment_entry(
    builder: &mut Builder,
    hubs: &Hubs,
    gateway: &ResourceId,
    (kind, id): (Attached, &str),
) -> Option<PlaceIx> {
    let found = hubs.of(gateway, kind, id)?;
    transit_gateway::entry(builder, hubs, found)
}

pub(crate) fn is_up(vpn: &VpnConnection) -> bool {
    let has_tunnel = vpn.vgw_telemetry.is_empty() || vpn.vgw_telemetry.iter().any(|one| one.up);
    vpn.state == VpnConnectionState::Available && has_tunnel
}

fn vpn_state(builder: &mut Builder, vpn: &VpnConnection, code: Code) -> TableIx {
    if vpn.state == VpnConnectionState::Available && !is_up(vpn) {
        return builder.state(false, code, "all tunnels are down");
    }
    builder.state(is_up(vpn), code, vpn.state)
}

fn interface_state(builder: &mut Builder, interface: &VirtualInterface) -> TableIx {
    let label = match (interface.available, interface.bgp_up) {
        (true, true) => "available, with a BGP session up",
        (true, false) => "no BGP session is up",
        (false, _) => "not available",
    };
    let is_good = interface.available && interface.bgp_up;
    builder.state(is_good, Code::BadState, label)
}

fn from_interface(builder: &mut Builder, interface: &VirtualInterface) -> (Action, &'static str) {
    let (id, key): (&ResourceId, fn(ResourceIx) -> Key) = match &interface.gateway {
        Some(VirtualInterfaceGateway::VirtualGateway(id)) => {
            (id.as_resource_id(), Key::VpnGatewayIn)
        }
        Some(VirtualInterfaceGateway::DirectConnectGateway(id)) => {
            (id.as_resource_id(), Key::DirectConnectIn)
        }
        None if interface.virtual_interface_type == VirtualInterfaceType::Public => {
            let label = "to public addresses of AWS, by a public virtual interface: what it announces there is not the topology's";
            return (Action::Unknown(Code::UnsupportedComponent), label);
        }
        None => {
            let label = "the virtual interface names no gateway";
            return (Action::Unknown(Code::UnknownResource), label);
        }
    };
    match builder.find(id) {
        Some((at, _)) => (Action::Forward(builder.place(key(at))), "to the gateway"),
        None => {
            let label = "to its gateway, which is not in the topology";
            (Action::Unknown(Code::UnknownResource), label)
        }
    }
}

fn interface_connection(
    builder: &mut Builder,
    (at, interface): (ResourceIx, &VirtualInterface),
) -> Connection {
    Connection {
        at,
        out: builder.place(Key::ConnectionOut(at)),
        prefixes: interface.route_filter_prefixes.clone(),
        is_known: !interface.route_filter_prefixes.is_empty(),
        rank: Rank::DirectConnect,
        is_up: interface.available && interface.bgp_up,
    }
}

/// The ways to premises behind a virtual private gateway.
pub(crate) fn connections(
    builder: &mut Builder,
    premises: &Premises,
    gateway: &ResourceId,
) -> Vec<Connection> {
    let mut found = Vec::new();
    for (at, vpn) in &premises.vpns {
        let is_own = matches!(&vpn.gateway, Some(VpnConnectionGateway::VpnGateway(id)) if id.as_resource_id() == gateway);
        if is_own && vpn.state != VpnConnectionState::Deleted {
            found.push(vpn_connection(builder, *at, vpn));
        }
    }
    for (at, interface) in &premises.interfaces {
        let is_own = matches!(&interface.gateway, Some(VirtualInterfaceGateway::VirtualGateway(id)) if id.as_resource_id() == gateway);
        if is_own {
            found.push(interface_connection(builder, (*at, interface)));
        }
    }
    for (at, direct) in &premises.gateways {
        let own = direct.associations.iter();
        let mut own = own.filter(|one| one.associated_gateway_id == *gateway);
        if let (Some(association), Some((to, _))) = (own.next(), builder.find(gateway)) {
            let behind = premises.behind(direct);
            let behind = || behind.iter().map(|(_, interface)| interface);
            let knows = |one: &VirtualInterface| !one.route_filter_prefixes.is_empty();
            found.push(Connection {
                at: *at,
                out: builder.place(Key::DirectConnectOut(*at, to)),
                prefixes: behind()
                    .flat_map(|one| one.route_filter_prefixes.clone())
                    .collect(),
                is_known: behind().next().is_some() && behind().all(knows),
                rank: Rank::DirectConnect,
                is_up: association.associated && behind().any(|one| one.available && one.bgp_up),
            });
        }
    }
    found
}

fn vpn_connection(builder: &mut Builder, at: ResourceIx, vpn: &VpnConnection) -> Connection {
    let is_static = vpn.static_routes_only;
    Connection {
        at,
        out: builder.place(Key::ConnectionOut(at)),
        prefixes: vpn.routes.clone(),
        is_known: is_static || !vpn.routes.is_empty(),
        rank: if is_static {
            Rank::VpnStatic
        } else {
            Rank::Vpn
        },
        is_up: is_up(vpn),
    }
}

/// The routes of a gateway to its connections. What it has learned, and nobody says from which connection, is behind one of those whose
/// prefixes are not known; `learned` is empty of a gateway that is only sent what is behind it.
pub(crate) fn routes(
    builder: &mut Builder,
    gateway: ResourceIx,
    connections: &[Connection],
    learned: Option<&[IpNet]>,
) -> TableIx {
    let is_better = |net: &IpNet| {
        let mut up = connections.iter().filter(|other| other.is_up);
        up.any(|other| other.prefixes.iter().any(|prefix| prefix.contains(net)))
    };
    let mut rules = Vec::new();
    let mut sorted: Vec<&Connection> = connections.iter().collect();
    sorted.sort_by_key(|connection| !connection.is_up);
    for connection in sorted {
        let prefixes = connection.prefixes.iter();
        for net in prefixes.filter(|net| connection.is_up || !is_better(net)) {
            let words = builder.network.describe(connection.at);
            rules.push(route(
                *net,
                Action::Forward(connection.out),
                &words,
                connection.rank,
            ));
        }
    }
    let dim: Vec<&Connection> = connections.iter().filter(|one| !one.is_known).collect();
    let choice = choice(builder, gateway, &dim);
    for net in learned.into_iter().flatten() {
        let is_told = rules
            .iter()
            .any(|rule| rule.matches.destination == AddressMatch::Net(*net));
        if let Some((action, words)) = choice.clone().filter(|_| !is_told) {
            rules.push(route(*net, action, &words, Rank::Vpn));
        }
    }
    let otherwise = match (choice, learned) {
        _ if connections.is_empty() => {
            let label = "the topology holds no connection of the gateway to premises";
            Rule::always(Action::Unknown(Code::UnknownResource), label)
        }
        (None, _) => {
            let label = "no connection has a route to the destination";
            Rule::always(Action::Drop(Code::NoRouteToDestination), label)
        }
        (Some((action, words)), None) => Rule::always(action, format!("to {words}")),
        (Some((_, words)), Some(_)) => {
            let label = format!("what is announced over {words} is not known");
            Rule::always(Action::Unknown(Code::UnknownDestination), label)
        }
    };
    route_table::add(builder, Stage::RouteTable, rules, otherwise)
}

fn route(net: IpNet, action: Action, words: &str, rank: Rank) -> Rule {
    let label = format!("{net} -> {words}");
    Rule {
        rank,
        ..Rule::when(Match::to(AddressMatch::Net(net)), action, label)
    }
}

/// To one of several connections of which none says what is behind it: of those that are up, if any is.
fn choice(
    builder: &mut Builder,
    gateway: ResourceIx,
    connections: &[&Connection],
) -> Option<(Action, String)> {
    let some_up = connections.iter().any(|connection| connection.is_up);
    let mut usable = connections.iter();
    let usable: Vec<_> = usable
        .by_ref()
        .filter(|connection| connection.is_up || !some_up)
        .collect();
    let words: Vec<String> = usable
        .iter()
        .map(|connection| builder.network.describe(connection.at))
        .collect();
    let words = words.join(" or ");
    let action = match usable.as_slice() {
        [] => return None,
        [one] => Action::Forward(one.out),
        several => {
            let rules = several.iter().map(|connection| {
                let label = format!("by {}", builder.network.describe(connection.at));
                Rule::always(Action::Forward(connection.out), label)
            });
            let rules = rules.collect();
            let table = each(builder, rules, Order::Each);
            Action::Forward(builder.fill(Key::ConnectionChoice(gateway), gateway, vec![table]))
        }
    };
    Some((action, words))
}

/// A transit gateway's attachment of a VPN connection.
pub(crate) fn to_vpn(builder: &mut Builder, attachment: &TransitGatewayAttachment) -> TableIx {
    let held = builder.find(&attachment.resource_id);
    let is_vpn = held.filter(|(_, held)| matches!(held.body, Body::VpnConnection(_)));
    let place = is_vpn.map(|(at, _)| Key::ConnectionOut(at));
    to_held(builder, &attachment.resource_id, place)
}

/// A transit gateway's attachment of a Direct Connect gateway.
pub(crate) fn to_direct_connect(
    builder: &mut Builder,
    attachment: &TransitGatewayAttachment,
    gateway: ResourceIx,
) -> TableIx {
    let own = builder.network.describe(gateway);
    let id = &attachment.resource_id;
    let place = match builder.find(id).map(|(at, held)| (at, &held.body)) {
        Some((at, Body::DirectConnectGateway(direct))) => {
            let mut associations = direct.associations.iter();
            let is_told = associations.any(|one| one.associated_gateway_id.as_str() == own);
            if !is_told {
                let (action, label) = if direct.associations.is_empty() {
                    let label = format!("the topology tells no association of {id}");
                    (Action::Unknown(Code::UnknownResource), label)
                } else {
                    let label = format!("{id} is not associated with {own}");
                    (Action::Drop(Code::BadStateAttachment), label)
                };
                return builder.always(Stage::State, action, label);
            }
            Some(Key::DirectConnectOut(at, gateway))
        }
        Some(_) | None => None,
    };
    to_held(builder, id, place)
}

fn to_held(builder: &mut Builder, id: &str, key: Option<Key>) -> TableIx {
    let (action, label) = match key {
        Some(key) => (Action::Forward(builder.place(key)), format!("to {id}")),
        None => {
            let label = format!("{id} is not in the topology");
            (Action::Unknown(Code::UnknownResource), label)
        }
    };
    builder.always(Stage::Forwarding, action, label)
}

/// A Direct Connect gateway as packets of an associated gateway enter it.
fn outward(
    builder: &mut Builder,
    at: ResourceIx,
    interfaces: &[&(ResourceIx, VirtualInterface)],
    association: &DirectConnectGatewayAssociation,
) {
    let Some((from, held)) = builder.find(&association.associated_gateway_id) else {
        return;
    };
    let wanted = if matches!(held.body, Body::TransitGateway(_)) {
        VirtualInterfaceType::Transit
    } else {
        VirtualInterfaceType::Private
    };
    let mut behind = Vec::new();
    for (at, interface) in interfaces {
        if interface.virtual_interface_type == wanted {
            behind.push(interface_connection(builder, (*at, interface)));
        }
    }
    let state = association_state(builder, association);
    let routes = routes(builder, at, &behind, None);
    builder.fill(Key::DirectConnectOut(at, from), at, vec![state, routes]);
}

fn association_state(
    builder: &mut Builder,
    association: &DirectConnectGatewayAssociation,
) -> TableIx {
    let label = if association.associated {
        format!("associated with {}", association.associated_gateway_id)
    } else {
        format!("not associated with {}", association.associated_gateway_id)
    };
    builder.state(association.associated, Code::BadStateAttachment, label)
}

/// A Direct Connect gateway as packets from premises enter it: what it announces there leads on, and nothing else.
fn inward(builder: &mut Builder, hubs: &Hubs, at: ResourceIx, gateway: &DirectConnectGateway) {
    let mut rules = Vec::new();
    for association in gateway.associations.iter().filter(|one| one.associated) {
        let id = &association.associated_gateway_id;
        let place = association_entry(builder, hubs, gateway, id);
        let action = place.map_or(Action::Unknown(Code::UnknownResource), Action::Forward);
        for net in announced(builder, association) {
            rules.push(route(net, action.clone(), id.as_str(), Rank::Static));
        }
    }
    let action = Action::Drop(Code::NoRouteToDestination);
    let label = "no allowed prefix of an association covers the destination";
    let otherwise = Rule::always(action, label);
    let table = route_table::add(builder, Stage::RouteTable, rules, otherwise);
    builder.fill(Key::DirectConnectIn(at), at, vec![table]);
}

fn association_entry(
    builder: &mut Builder,
    hubs: &Hubs,
    gateway: &DirectConnectGateway,
    id: &ResourceId,
) -> Option<PlaceIx> {
    let (at, held) = builder.find(id)?;
    if matches!(held.body, Body::VpnGateway(_)) {
        return Some(builder.place(Key::VpnGatewayIn(at)));
    }
    let own = gateway.direct_connect_gateway_id.as_str();
    attachment_entry(builder, hubs, id, (Attached::DirectConnectGateway, own))
}

/// What an association announces to premises: its allowed prefixes; without any, the blocks of the VPC.
pub(crate) fn announced(
    builder: &Builder,
    association: &DirectConnectGatewayAssociation,
) -> Vec<IpNet> {
    if !association.allowed_prefixes.is_empty() {
        return association.allowed_prefixes.clone();
    }
    let held = builder.find(&association.associated_gateway_id);
    match held.map(|(_, held)| &held.body) {
        Some(Body::VpnGateway(gateway)) => super::vpn_gateway::blocks(builder, gateway),
        Some(_) | None => Vec::new(),
    }
}
