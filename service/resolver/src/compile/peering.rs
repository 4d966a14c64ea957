//! VPC peering connections (VPC Peering guide, "How VPC peering works", "Unsupported VPC peering configurations").
//!
//! An active connection carries packets for addresses of the peer VPC, and nothing else: it leads to no gateway, endpoint route or
//! other connection of the peer. Security group references survive it within a Region.

use causeway_model::ids::Region;
use causeway_model::resources::VpcPeeringConnection;
use causeway_model::resources::routing::{RouteState, RouteTarget};
use causeway_model::resources::transit::{VpcPeeringConnectionState, VpcPeeringConnectionVpcInfo};
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::decide::specificity;
use crate::table::{Action, AddressMatch, Match, Reach, ResourceIx, Rule, TableIx};

use super::builder::{Builder, Key, pick};
use super::endpoint::is_gateway;
use super::route_table::{destination_of, endpoint_destination, target_words};

pub(crate) fn compile(builder: &mut Builder) {
    for (at, peering) in builder.each(pick!(VpcPeeringConnection)) {
        let (requester, accepter) = (&peering.requester_vpc_info, &peering.accepter_vpc_info);
        side(builder, at, &peering, (requester, accepter));
        side(builder, at, &peering, (accepter, requester));
    }
}

/// The connection as packets from one VPC enter it.
fn side(
    builder: &mut Builder,
    at: ResourceIx,
    peering: &VpcPeeringConnection,
    (own, peer): (&VpcPeeringConnectionVpcInfo, &VpcPeeringConnectionVpcInfo),
) {
    let Some(from) = builder.vpc(&own.vpc_id) else {
        return;
    };
    let is_active = peering.status == VpcPeeringConnectionState::Active;
    let to = builder.vpc(&peer.vpc_id);
    let state = builder.state(is_active, Code::BadState, peering.status);
    let edges = edges_of_peer(builder, at, peer);
    let owners = owners_of_edges(builder, peer, &edges);
    let admission = admission(builder, peer, &edges);
    let onward = match to {
        Some(vpc) => builder.always(
            Stage::Forwarding,
            Action::ByAddress(vpc, Reach::Router),
            format!("to {}", peer.vpc_id),
        ),
        None => builder.always(
            Stage::Forwarding,
            Action::Unknown(Code::UnknownResource),
            format!("{} is not in the topology", peer.vpc_id),
        ),
    };
    let tables = vec![state, owners, admission, onward];
    let place = builder.fill(Key::PeeringFrom(at, from), at, tables);
    let is_regional = region(builder, own) == region(builder, peer);
    builder.edit(place, |place| place.keeps_groups = is_regional);
    if let Some(to) = to.filter(|_| is_regional && is_active) {
        builder.network.peers.entry(from).or_default().push(to);
    }
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

/// Addresses of the peer VPC pass, and no others: what its routes lead to over its own edges is not for peers.
fn admission(builder: &mut Builder, peer: &VpcPeeringConnectionVpcInfo, edges: &[Edge]) -> TableIx {
    let blocks = blocks(builder, peer);
    let own = blocks.iter().map(|net| {
        let matches = Match::to(AddressMatch::Net(*net));
        Rule::when(matches, Action::Allow, format!("{net} is of the peer VPC"))
    });
    let others = edges.iter().map(|edge| {
        let label = format!(
            "{} leads on by {}, which a peer cannot use",
            peer.vpc_id,
            target_words(&edge.target)
        );
        let action = Action::Drop(Code::PcxNotTransitive);
        Rule::when(Match::to(edge.destination.clone()), action, label)
    });
    let rules = own.chain(others).collect();
    let (action, label) = if blocks.is_empty() {
        let label = "the peer VPC's CIDR blocks are not known";
        (Action::Unknown(Code::UnknownResource), label)
    } else {
        let label = "not an address of the peer VPC";
        (Action::Drop(Code::PcxRequiresAddressInVpcCidr), label)
    };
    builder.ordered(Stage::Admission, rules, Rule::always(action, label))
}

/// NAT gateways and gateway endpoints refuse the packets of a peer by themselves, too.
fn owners_of_edges(
    builder: &mut Builder,
    peer: &VpcPeeringConnectionVpcInfo,
    edges: &[Edge],
) -> TableIx {
    let own = blocks(builder, peer).into_iter().map(|net| {
        let matches = Match::to(AddressMatch::Net(net));
        Rule::when(matches, Action::Pass, "of the peer VPC")
    });
    let others = edges.iter().map(|edge| {
        let words = target_words(&edge.target);
        let label = format!("{words} serves its own VPC alone");
        let action = refusal(builder, &edge.target).map_or(Action::Pass, Action::Deny);
        Rule::when(Match::to(edge.destination.clone()), action, label)
    });
    let rules = own.chain(others).collect();
    let otherwise = Rule::always(Action::Pass, "no edge");
    builder.ordered(Stage::Admission, rules, otherwise)
}

/// With what code the owner of an edge refuses the packets of a peer.
fn refusal(builder: &Builder, target: &RouteTarget) -> Option<Code> {
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
}

/// What the peer VPC has routes for over edges of its own, the longest prefixes first.
fn edges_of_peer(
    builder: &Builder,
    connection: ResourceIx,
    peer: &VpcPeeringConnectionVpcInfo,
) -> Vec<Edge> {
    let is_own = |target: &RouteTarget| {
        let RouteTarget::VpcPeeringConnection(id) = target else {
            return *target == RouteTarget::Local;
        };
        builder.find(id).is_some_and(|(at, _)| at == connection)
    };
    let tables = builder.each(pick!(RouteTable)).into_iter();
    let tables = tables.filter(|(_, table)| table.vpc_id == peer.vpc_id);
    let routes = tables.flat_map(|(_, table)| table.routes);
    let routes = routes.filter(|route| route.state == RouteState::Active);
    let listed = routes.filter_map(|route| {
        let destination = destination_of(builder, &route);
        let target = route.target.filter(|target| !is_own(target))?;
        Some(Edge {
            destination,
            target,
        })
    });
    let mut edges: Vec<Edge> = listed.collect();
    edges.extend(endpoints_of(builder, peer));
    edges.sort_by_key(|edge| std::cmp::Reverse(specificity(&edge.destination)));
    edges
}

/// The gateway endpoints of the peer VPC, listed in its route tables or not.
fn endpoints_of(builder: &Builder, peer: &VpcPeeringConnectionVpcInfo) -> Vec<Edge> {
    let endpoints = builder.each(pick!(VpcEndpoint)).into_iter();
    let routed = endpoints.filter(|(_, endpoint)| {
        endpoint.vpc_id == peer.vpc_id && !endpoint.route_table_ids.is_empty()
    });
    let edges = routed.filter_map(|(_, endpoint)| {
        let (destination, _) = endpoint_destination(builder, &endpoint)?;
        let target = RouteTarget::VpcEndpoint(endpoint.vpc_endpoint_id);
        Some(Edge {
            destination,
            target,
        })
    });
    edges.collect()
}
