//! VPC peering connections (VPC Peering guide, "How VPC peering works", "Unsupported VPC peering configurations").
//!
//! An active connection carries packets for addresses of the peer VPC, and nothing else: it leads to no gateway, endpoint route or
//! other connection of the peer. Security group references survive it within a Region.

use std::collections::BTreeMap;

use causeway_model::ids::{Region, VpcId};
use causeway_model::resource::{Body, Resource};
use causeway_model::resources::VpcPeeringConnection;
use causeway_model::resources::routing::{RouteState, RouteTarget};
use causeway_model::resources::transit::{VpcPeeringConnectionState, VpcPeeringConnectionVpcInfo};
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::decide::routes::specificity;
use crate::table::{Action, AddressMatch, Match, PlaceIx, Reach, ResourceIx, Rule, TableIx, VpcIx};

use super::builder::{Builder, Key, pick};
use super::endpoint::is_gateway;
use super::origins::beyond;
use super::route_table::{destination_of, endpoint_destination, target_words};

pub(crate) fn compile(builder: &mut Builder) {
    let ways = ways_out(builder);
    for (at, peering) in builder.each(pick!(VpcPeeringConnection)) {
        let (requester, accepter) = (&peering.requester_vpc_info, &peering.accepter_vpc_info);
        for (own, peer) in [(requester, accepter), (accepter, requester)] {
            let ways = ways.get(&peer.vpc_id).map(Vec::as_slice);
            let edges = edges(builder, at, ways.unwrap_or_default());
            side(builder, (at, &peering), (own, peer), &edges);
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
    edges: &[Edge],
) {
    let (from, to) = (builder.vpc(&own.vpc_id), builder.vpc(&peer.vpc_id));
    let Some(key) = entry(at, from, to) else {
        return;
    };
    let is_active = peering.status == VpcPeeringConnectionState::Active;
    let state = builder.state(is_active, Code::BadState, peering.status);
    let owners = owners_of_edges(builder, peer, edges);
    let transit = transit(builder, peer, edges);
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
        builder.network.peers.entry(from).or_default().push(to);
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

/// What is told of a packet that the peer VPC would send on by an edge of its own.
fn edge_table(
    builder: &mut Builder,
    peer: &VpcPeeringConnectionVpcInfo,
    edges: &[Edge],
    tell: impl Fn(&Builder, &RouteTarget) -> (Action, String),
) -> TableIx {
    let own = blocks(builder, peer).into_iter().map(|net| {
        let matches = Match::to(AddressMatch::Net(net));
        Rule::when(matches, Action::Pass, "of the peer VPC")
    });
    let others = edges.iter().map(|edge| {
        let matches = Match::to(edge.destination.clone());
        if edge.is_back {
            return Rule::when(matches, Action::Pass, "back over the connection");
        }
        let (action, label) = tell(builder, &edge.target);
        Rule::when(matches, action, label)
    });
    let rules = own.chain(others).collect();
    let otherwise = Rule::always(Action::Pass, "no edge");
    builder.ordered(Stage::Admission, rules, otherwise)
}

/// NAT gateways and gateway endpoints refuse the packets of a peer by themselves, too.
fn owners_of_edges(
    builder: &mut Builder,
    peer: &VpcPeeringConnectionVpcInfo,
    edges: &[Edge],
) -> TableIx {
    edge_table(builder, peer, edges, |builder, target| {
        let action = refusal(builder, target).map_or(Action::Pass, Action::Deny);
        (
            action,
            format!("{} serves its own VPC alone", target_words(target)),
        )
    })
}

fn transit(builder: &mut Builder, peer: &VpcPeeringConnectionVpcInfo, edges: &[Edge]) -> TableIx {
    edge_table(builder, peer, edges, |_, target| {
        let words = target_words(target);
        let label = format!(
            "{} leads on by {words}, which a peer cannot use",
            peer.vpc_id
        );
        (Action::Deny(Code::PcxNotTransitive), label)
    })
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

/// Where each VPC has routes to, other than itself: those of its tables, and its gateway endpoints, listed in them or not.
pub(crate) fn ways_out(builder: &Builder) -> BTreeMap<VpcId, Vec<(AddressMatch, RouteTarget)>> {
    let mut ways: BTreeMap<VpcId, Vec<(AddressMatch, RouteTarget)>> = BTreeMap::new();
    for (_, table) in builder.each(pick!(RouteTable)) {
        let own = ways.entry(table.vpc_id).or_default();
        let routes = table.routes.into_iter();
        let routes = routes.filter(|route| route.state == RouteState::Active);
        own.extend(routes.filter_map(|route| {
            let destination = destination_of(builder, &route);
            let target = route
                .target
                .filter(|target| *target != RouteTarget::Local)?;
            Some((destination, target))
        }));
    }
    for (_, endpoint) in builder.each(pick!(VpcEndpoint)) {
        let destination = endpoint_destination(builder, &endpoint);
        let is_routed = !endpoint.route_table_ids.is_empty();
        if let Some((destination, _)) = destination.filter(|_| is_routed) {
            let target = RouteTarget::VpcEndpoint(endpoint.vpc_endpoint_id);
            ways.entry(endpoint.vpc_id)
                .or_default()
                .push((destination, target));
        }
    }
    for ways in ways.values_mut() {
        ways.sort_by_key(|(destination, _)| std::cmp::Reverse(specificity(destination)));
    }
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
