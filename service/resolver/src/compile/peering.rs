//! VPC peering connections (VPC Peering guide, "How VPC peering works", "Unsupported VPC peering configurations").
//!
//! An active connection carries packets for addresses of the peer VPC, and nothing else: it leads to no gateway, endpoint route or
//! other connection of the peer. Security group references survive it within a Region.

use std::sync::Arc;

use causeway_model::ids::{Region, ResourceId, VpcId};
use causeway_model::resource::{Body, Resource};
use causeway_model::resources::routing::{RouteState, RouteTarget};
use causeway_model::resources::transit::{VpcPeeringConnectionState, VpcPeeringConnectionVpcInfo};
use causeway_model::resources::{RouteTable, VpcEndpoint, VpcPeeringConnection};
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::decide::routes::specificity;
use crate::table::{
    Action, AddressMatch, Match, PlaceIx, Reach, ResourceIx, Rule, Table, TableIx, VpcIx,
};

use super::builder::{Builder, Key, pick};
use super::endpoint::is_gateway;
use super::origins::beyond;
use super::route_table::{destination_of, endpoint_destination, target_words};

pub(crate) fn compile(builder: &mut Builder) {
    note_routed(builder);
    for (at, peering) in builder.each(pick!(VpcPeeringConnection)) {
        let (requester, accepter) = (&peering.requester_vpc_info, &peering.accepter_vpc_info);
        for (own, peer) in [(requester, accepter), (accepter, requester)] {
            side(builder, (at, &peering), (own, peer));
        }
    }
}

/// Makes the tables anew that are made of the routes of a VPC for others.
pub(crate) fn refill(builder: &mut Builder, vpc: &ResourceId) {
    let known = Arc::clone(&builder.known);
    for edge in known.edges.get(vpc).into_iter().flatten() {
        let held = builder.network.resource(edge.of).cloned();
        match held.as_ref().map(|held| &held.body) {
            Some(Body::VpcPeeringConnection(peering)) => {
                let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info];
                let peer = sides
                    .iter()
                    .find(|side| side.vpc_id.as_resource_id() == vpc);
                let Some(peer) = peer else { continue };
                let made = edge_tables(builder, edge.of, peer);
                for (own, table) in edge.tables.iter().zip(made) {
                    builder.replace_table(*own, table, true);
                }
            }
            Some(Body::VpnGateway(gateway)) => {
                let made = super::vpn_gateway::edge_table(builder, gateway);
                for (own, table) in edge.tables.iter().zip([made]) {
                    builder.replace_table(*own, table, true);
                }
            }
            Some(_) | None => builder.give_up(),
        }
    }
}

/// Notes which route tables and endpoints give a VPC its routes.
fn note_routed(builder: &mut Builder) {
    let tables: Vec<(ResourceIx, RouteTable)> = builder.each(pick!(RouteTable));
    for (at, table) in tables {
        let all = &mut builder.learn().routed;
        all.entry((&table.vpc_id).into()).or_default().push(at);
    }
    let endpoints: Vec<(ResourceIx, VpcEndpoint)> = builder.each(pick!(VpcEndpoint));
    for (at, endpoint) in endpoints {
        if !endpoint.route_table_ids.is_empty() {
            let all = &mut builder.learn().routed;
            all.entry((&endpoint.vpc_id).into()).or_default().push(at);
        }
    }
}

/// Whether a resource is a connection with this VPC on a side.
pub(crate) fn is_of(builder: &Builder, held: &Resource, vpc: VpcIx) -> bool {
    let Body::VpcPeeringConnection(peering) = &held.body else {
        return false;
    };
    let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info];
    sides
        .iter()
        .any(|side| builder.vpc(&side.vpc_id) == Some(vpc))
}

/// A connection that a route of a VPC leads to which is on neither of its sides.
pub(crate) fn foreign(builder: &mut Builder, at: ResourceIx) -> Action {
    let action = Action::Drop(Code::NoPossibleDestination);
    let label = "the VPC of the route is on neither side of the connection";
    let table = builder.always(Stage::Admission, action, label);
    Action::Forward(builder.fill(Key::Unsupported(at), at, vec![table]))
}

/// The connection as packets from one VPC enter it.
fn side(
    builder: &mut Builder,
    (at, peering): (ResourceIx, &VpcPeeringConnection),
    (own, peer): (&VpcPeeringConnectionVpcInfo, &VpcPeeringConnectionVpcInfo),
) {
    let (from, to) = (builder.vpc(&own.vpc_id), builder.vpc(&peer.vpc_id));
    let Some(key) = entry(at, from, to) else {
        return;
    };
    let is_active = peering.status == VpcPeeringConnectionState::Active;
    let state = builder.state(is_active, Code::BadState, peering.status);
    let edges = edge_tables(builder, at, peer).map(|table| builder.add_table(table));
    let [owners, transit] = edges;
    builder.note_edge((&peer.vpc_id).into(), at, edges.to_vec());
    let admission = admission(builder, peer);
    let words = format!("to {}", peer.vpc_id);
    let back = entry(at, to, from).map(|key| builder.place(key));
    let sent = blocks(builder, peer);
    let returned = if to.is_none() { &sent[..] } else { &[] };
    let beyond = back.map(|back| beyond(builder, (&sent, returned), back, &words));
    let onward = match to {
        Some(vpc) => builder.always(
            Stage::Forwarding,
            Action::ByAddress(vpc, Reach::Router),
            words,
        ),
        None => builder.always(
            Stage::Forwarding,
            Action::Unknown(Code::UnknownResource),
            format!("{} is not in the topology", peer.vpc_id),
        ),
    };
    let first = [state, owners, transit, admission].into_iter();
    let place = builder.fill(key, at, first.chain(beyond).chain([onward]).collect());
    let is_regional = region(builder, own) == region(builder, peer);
    builder.edit(place, |place| {
        place.keeps_groups = is_regional;
        place.groups_of = from;
    });
    if let (Some(from), Some(to)) = (from, to)
        && is_regional
        && is_active
    {
        builder.frame().peers.entry(from).or_default().push(to);
    }
}

/// Where packets from one VPC enter a connection to the other; one of them may be missing.
fn entry(at: ResourceIx, from: Option<VpcIx>, to: Option<VpcIx>) -> Option<Key> {
    from.map(|from| Key::PeeringFrom(at, from))
        .or_else(|| Some(Key::PeeringInto(at, to?)))
}

/// A way into a VPC by a connection.
#[derive(Debug)]
pub(crate) struct WayIn {
    pub(crate) at: PlaceIx,
    /// The blocks of the VPC that packets come from.
    pub(crate) behind: Vec<IpNet>,
    /// The blocks of the VPC that they come into.
    pub(crate) ahead: Vec<IpNet>,
}

/// The ways into VPCs of the topology by a connection.
pub(crate) fn ways_in(
    builder: &mut Builder,
    at: ResourceIx,
    peering: &VpcPeeringConnection,
) -> Vec<WayIn> {
    let (requester, accepter) = (&peering.requester_vpc_info, &peering.accepter_vpc_info);
    let mut ways = Vec::new();
    for (own, peer) in [(requester, accepter), (accepter, requester)] {
        let Some(to) = builder.vpc(&peer.vpc_id) else {
            continue;
        };
        if let Some(key) = entry(at, builder.vpc(&own.vpc_id), Some(to)) {
            ways.push(WayIn {
                at: builder.place(key),
                behind: blocks(builder, own),
                ahead: blocks(builder, peer),
            });
        }
    }
    ways
}

/// A VPC that is peered with another over an active connection within a Region.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The VPC whose peer it is.
    pub(crate) of: VpcId,
    pub(crate) vpc_id: VpcId,
    pub(crate) blocks: Vec<IpNet>,
}

/// The VPCs across which security groups are known, both ways.
pub(crate) fn regional(builder: &Builder) -> Vec<Peer> {
    let mut peers = Vec::new();
    for (_, peering) in builder.each(pick!(VpcPeeringConnection)) {
        let (requester, accepter) = (&peering.requester_vpc_info, &peering.accepter_vpc_info);
        let is_regional = region(builder, requester) == region(builder, accepter);
        if peering.status != VpcPeeringConnectionState::Active || !is_regional {
            continue;
        }
        for (own, peer) in [(requester, accepter), (accepter, requester)] {
            peers.push(Peer {
                of: own.vpc_id.clone(),
                vpc_id: peer.vpc_id.clone(),
                blocks: blocks(builder, peer),
            });
        }
    }
    peers
}

/// The Region of one side: as the connection tells it, else as the VPC does.
fn region(builder: &Builder, side: &VpcPeeringConnectionVpcInfo) -> Option<Region> {
    let held = || builder.find(&side.vpc_id)?.1.region.clone();
    side.region.clone().or_else(held)
}

/// The CIDR blocks of the peer VPC: as it has them, else as the connection knows them.
fn blocks(builder: &Builder, peer: &VpcPeeringConnectionVpcInfo) -> Vec<IpNet> {
    let held = builder.vpc(&peer.vpc_id);
    let held = held.and_then(|vpc| builder.network.vpc(vpc));
    held.map_or(&peer.cidr_blocks, |vpc| &vpc.cidr_blocks)
        .clone()
}

/// Addresses of the peer VPC pass, and no others.
fn admission(builder: &mut Builder, peer: &VpcPeeringConnectionVpcInfo) -> TableIx {
    let blocks = blocks(builder, peer);
    let own = blocks.iter().map(|net| {
        let matches = Match::to(AddressMatch::Net(*net));
        Rule::when(matches, Action::Allow, format!("{net} is of the peer VPC"))
    });
    let rules = own.collect();
    let (action, label) = if blocks.is_empty() {
        let label = "the peer VPC's CIDR blocks are not known";
        (Action::Unknown(Code::UnknownResource), label)
    } else {
        let label = "not an address of the peer VPC";
        (Action::Drop(Code::PcxRequiresAddressInVpcCidr), label)
    };
    builder.ordered(Stage::Admission, rules, Rule::always(action, label))
}

/// What is told of packets that the peer VPC would send on by an edge of its own: by the owners of its edges, and by the connection.
fn edge_tables(
    builder: &Builder,
    at: ResourceIx,
    peer: &VpcPeeringConnectionVpcInfo,
) -> [Table; 2] {
    let edges = edges(
        builder,
        at,
        &ways_out(builder, peer.vpc_id.as_resource_id()),
    );
    // NAT gateways and gateway endpoints refuse the packets of a peer by themselves, too.
    let owners = edge_table(builder, peer, &edges, |target| {
        let action = refusal(builder, target).map_or(Action::Pass, Action::Deny);
        (
            action,
            format!("{} serves its own VPC alone", target_words(target)),
        )
    });
    let transit = edge_table(builder, peer, &edges, |target| {
        let words = target_words(target);
        let label = format!(
            "{} leads on by {words}, which a peer cannot use",
            peer.vpc_id
        );
        (Action::Deny(Code::PcxNotTransitive), label)
    });
    [owners, transit]
}

fn edge_table(
    builder: &Builder,
    peer: &VpcPeeringConnectionVpcInfo,
    edges: &[Edge],
    tell: impl Fn(&RouteTarget) -> (Action, String),
) -> Table {
    let own = blocks(builder, peer).into_iter().map(|net| {
        let matches = Match::to(AddressMatch::Net(net));
        Rule::when(matches, Action::Pass, "of the peer VPC")
    });
    let others = edges.iter().map(|edge| {
        let matches = Match::to(edge.destination.clone());
        if edge.is_back {
            return Rule::when(matches, Action::Pass, "back over the connection");
        }
        let (action, label) = tell(&edge.target);
        Rule::when(matches, action, label)
    });
    let rules = own.chain(others).collect();
    Table::first(
        Stage::Admission,
        rules,
        Rule::always(Action::Pass, "no edge"),
    )
}

/// With what code the owner of an edge refuses the packets of a peer.
pub(crate) fn refusal(builder: &Builder, target: &RouteTarget) -> Option<Code> {
    if matches!(target, RouteTarget::NatGateway(_)) {
        return Some(Code::NgwRequiresSourceInVpc);
    }
    let RouteTarget::VpcEndpoint(id) = target else {
        return None;
    };
    let (_, endpoint) = builder.find(id)?;
    is_gateway(endpoint).then_some(Code::VpceGatewayNotTransitive)
}

/// A way out of the peer VPC that is not for peers.
struct Edge {
    destination: AddressMatch,
    target: RouteTarget,
    /// Whether it is the connection itself.
    is_back: bool,
}

/// Where a VPC has routes to, other than itself: those of its tables, and its gateway endpoints, listed in them or not.
pub(crate) fn ways_out(builder: &Builder, vpc: &ResourceId) -> Vec<(AddressMatch, RouteTarget)> {
    let routed = builder.known.routed.get(vpc).into_iter().flatten();
    let mut ways = Vec::new();
    for held in routed.filter_map(|at| builder.network.resource(*at)) {
        if let Body::RouteTable(table) = &held.body {
            let routes = table.routes.iter();
            let routes = routes.filter(|route| route.state == RouteState::Active);
            ways.extend(routes.filter_map(|route| {
                let target = route.target.clone();
                let target = target.filter(|target| *target != RouteTarget::Local)?;
                Some((destination_of(builder, route), target))
            }));
        }
        if let Body::VpcEndpoint(endpoint) = &held.body
            && let Some((destination, _)) = endpoint_destination(builder, endpoint)
        {
            let target = RouteTarget::VpcEndpoint(endpoint.vpc_endpoint_id.clone());
            ways.push((destination, target));
        }
    }
    ways.sort_by_key(|(destination, _)| std::cmp::Reverse(specificity(destination)));
    ways
}

fn edges(
    builder: &Builder,
    connection: ResourceIx,
    ways: &[(AddressMatch, RouteTarget)],
) -> Vec<Edge> {
    let is_back = |target: &RouteTarget| {
        let RouteTarget::VpcPeeringConnection(id) = target else {
            return false;
        };
        builder.find(id).is_some_and(|(at, _)| at == connection)
    };
    let edges = ways.iter().map(|(destination, target)| Edge {
        destination: destination.clone(),
        target: target.clone(),
        is_back: is_back(target),
    });
    edges.collect()
}
