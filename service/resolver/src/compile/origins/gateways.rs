//! Gateways, peering connections and attachments of transit gateways as ends of a flow: where packets come in by them.
//!
//! A packet that comes in by one has any address behind it, and its reply is back when it is there again. What it met before is not asked.

use std::collections::{BTreeMap, BTreeSet};

use causeway_model::ids::ResourceId;
use causeway_model::resource::Body;
use causeway_model::resources::hybrid::{VirtualInterfaceGateway, VpnConnectionGateway};
use causeway_model::resources::transit::TransitGatewayAttachmentResourceType as Attached;
use causeway_model::resources::transit::VpcPeeringConnectionState;
use causeway_model::resources::{
    DirectConnectGateway, TransitGatewayAttachment, VpcPeeringConnection, VpnConnection, VpnGateway,
};
use causeway_model::trace::Stage;
use ipnet::IpNet;

use crate::network::{Ahead, Origin};
use crate::packet::overlap;
use crate::table::{Action, End, PlaceIx, ResourceIx, Rewrite, ZoneIx};

use super::super::builder::{Builder, Key, pick};
use super::super::transit_gateway::{self, Hubs};
use super::super::{on_premises, peering, vpn_gateway};
use super::{active, beyond, push};

pub(super) fn compile(builder: &mut Builder, hubs: &Hubs) {
    let premises = builder.network.frame.origins.len();
    customer_gateways(builder);
    virtual_private_gateways(builder, premises);
    direct_connect_gateways(builder);
    peering_connections(builder);
    attachments(builder, hubs, premises);
}

/// The origins that were there when so many were, of resources that are meant.
fn behind(builder: &Builder, among: usize, is_meant: impl Fn(Option<&Body>) -> bool) -> Vec<IpNet> {
    let origins = builder.network.frame.origins.iter().take(among);
    let own = origins.filter(|origin| {
        let held = builder.network.resource(origin.resource);
        is_meant(held.map(|held| &held.body))
    });
    let mut behind: Vec<IpNet> = own.flat_map(|origin| origin.behind.clone()).collect();
    behind.sort_unstable();
    behind.dedup();
    behind
}

/// A customer gateway is at the end of its connections.
fn customer_gateways(builder: &mut Builder) {
    for (at, vpn) in builder.each(pick!(VpnConnection)) {
        let vpn: VpnConnection = vpn;
        let customer = vpn.customer_gateway_id.as_ref();
        let customer = customer.and_then(|id| builder.find(id)).map(|(at, _)| at);
        let own = builder.network.frame.origins_of.get(&at).cloned();
        if let (Some(customer), Some(own)) = (customer, own) {
            let all = builder.frame().origins_of.entry(customer).or_default();
            all.extend(own);
        }
    }
}

fn virtual_private_gateways(builder: &mut Builder, premises: usize) {
    let direct: Vec<(ResourceIx, DirectConnectGateway)> = builder.each(pick!(DirectConnectGateway));
    for (at, gateway) in builder.each(pick!(VpnGateway)) {
        let gateway: VpnGateway = gateway;
        let id = &gateway.vpn_gateway_id;
        let is_associated = |own: &causeway_model::ids::DirectConnectGatewayId| {
            let mut direct = direct.iter();
            direct.any(|(_, one)| {
                let mut all = one.associations.iter();
                one.direct_connect_gateway_id == *own
                    && all.any(|one| &one.associated_gateway_id == id.as_resource_id())
            })
        };
        let behind = behind(builder, premises, |body| match body {
            Some(Body::VpnConnection(vpn)) => {
                matches!(&vpn.gateway, Some(VpnConnectionGateway::VpnGateway(own)) if own == id)
            }
            Some(Body::VirtualInterface(interface)) => match &interface.gateway {
                Some(VirtualInterfaceGateway::VirtualGateway(own)) => own == id,
                Some(VirtualInterfaceGateway::DirectConnectGateway(own)) => is_associated(own),
                None => false,
            },
            _ => false,
        });
        let ahead = vpn_gateway::blocks(builder, &gateway);
        let entry = builder.place(Key::VpnGatewayIn(at));
        of_premises(builder, (at, entry), (behind, ahead));
    }
}

fn direct_connect_gateways(builder: &mut Builder) {
    let premises = builder.network.frame.origins.len();
    for (at, gateway) in builder.each(pick!(DirectConnectGateway)) {
        let gateway: DirectConnectGateway = gateway;
        let id = &gateway.direct_connect_gateway_id;
        let behind = behind(builder, premises, |body| match body {
            Some(Body::VirtualInterface(interface)) => {
                matches!(&interface.gateway, Some(VirtualInterfaceGateway::DirectConnectGateway(own)) if own == id)
            }
            _ => false,
        });
        let associations = gateway.associations.iter().filter(|one| one.associated);
        let ahead = associations.flat_map(|one| on_premises::announced(builder, one));
        let ahead = ahead.collect();
        let entry = builder.place(Key::DirectConnectIn(at));
        of_premises(builder, (at, entry), (behind, ahead));
    }
}

/// A gateway that premises are behind: its replies end there.
fn of_premises(
    builder: &mut Builder,
    (at, entry): (ResourceIx, PlaceIx),
    (behind, ahead): (Vec<IpNet>, Vec<IpNet>),
) {
    let start = from_premises(builder, (at, 0), entry);
    let origin = Origin {
        resource: at,
        at: start,
        inward: behind.clone(),
        behind,
        ahead: Ahead::Blocks(ahead),
        is_of_premises: false,
        is_up: true,
    };
    push(builder, origin);
}

fn from_premises(
    builder: &mut Builder,
    (at, number): (ResourceIx, u32),
    entry: PlaceIx,
) -> PlaceIx {
    let enter = builder.always(Stage::Forwarding, Action::Forward(entry), "");
    let start = builder.fill(Key::Arrival(at, number), at, vec![enter]);
    let zone = on_premises::zone(builder);
    builder.edit(start, |place| place.zone = Some(zone));
    start
}

/// Where packets start that come in from another part of AWS; replies to them come back there.
fn from_beyond(
    builder: &mut Builder,
    (at, number): (ResourceIx, u32),
    (entry, zone): (PlaceIx, Option<ZoneIx>),
) -> PlaceIx {
    let start = builder.place(Key::Arrival(at, number));
    builder.edit(start, |place| place.zone = zone);
    let end = Action::Deliver(End::Gateway(start));
    let label = "back where the packet came in";
    let end = builder.always(Stage::Delivery, end, label);
    let back = builder.fill(Key::ArrivalBack(at, number), at, vec![end]);
    let keep = Rewrite {
        source: None,
        back: Some(back),
        skips_routes: false,
        destination: None,
    };
    let keep = builder.always(Stage::Translation, Action::Rewrite(Box::new(keep)), "");
    let enter = builder.always(Stage::Forwarding, Action::Forward(entry), "");
    builder.fill(Key::Arrival(at, number), at, vec![keep, enter])
}

fn peering_connections(builder: &mut Builder) {
    for (at, connection) in builder.each(pick!(VpcPeeringConnection)) {
        let connection: VpcPeeringConnection = connection;
        let ways = peering::ways_in(builder, at, &connection);
        for (way, number) in ways.into_iter().zip(0..) {
            let origin = Origin {
                resource: at,
                at: from_beyond(builder, (at, number), (way.at, None)),
                inward: way.behind.clone(),
                behind: way.behind,
                ahead: Ahead::Blocks(way.ahead),
                is_of_premises: false,
                is_up: connection.status == VpcPeeringConnectionState::Active,
            };
            push(builder, origin);
        }
    }
}

/// What the tables of each gateway send to each attachment.
fn routed(hubs: &Hubs) -> BTreeMap<(ResourceId, ResourceId), Vec<IpNet>> {
    let mut routed: BTreeMap<_, Vec<IpNet>> = BTreeMap::new();
    for (_, table) in &hubs.tables {
        let Some(gateway) = &table.transit_gateway_id else {
            continue;
        };
        for (net, ids) in active(table) {
            for id in ids {
                let key = (gateway.into(), id.into());
                routed.entry(key).or_default().push(net);
            }
        }
    }
    for nets in routed.values_mut() {
        nets.sort_unstable();
        nets.dedup();
    }
    routed
}

fn attachments(builder: &mut Builder, hubs: &Hubs, premises: usize) {
    let routed = routed(hubs);
    let on_premises = behind(builder, premises, |_| true);
    for (at, attachment) in hubs.attachments.values() {
        let near = attachment.transit_gateway_id.as_ref();
        let far = attachment.peer_transit_gateway_id.as_ref();
        let sides = [(near, far), (far, near)];
        for ((gateway, other), number) in sides.into_iter().zip(0..) {
            let Some((hub, _)) = gateway.and_then(|id| builder.find(id)) else {
                continue;
            };
            let is_told = other.and_then(|id| builder.find(id)).is_some();
            let id: ResourceId = (&attachment.transit_gateway_attachment_id).into();
            let key = gateway.map(|gateway| (gateway.into(), id));
            let routed = key.and_then(|key| routed.get(&key));
            let routed = routed.map_or(&[][..], Vec::as_slice);
            let side = Side {
                hub,
                number,
                is_told,
            };
            one_side(
                builder,
                hubs,
                (*at, attachment),
                &side,
                (routed, &on_premises),
            );
        }
    }
}

/// A transit gateway on one side of an attachment.
struct Side {
    hub: ResourceIx,
    number: u32,
    /// Whether the topology holds the gateway on the other side of a peering.
    is_told: bool,
}

fn one_side(
    builder: &mut Builder,
    hubs: &Hubs,
    (at, attachment): (ResourceIx, &TransitGatewayAttachment),
    side: &Side,
    (routed, on_premises): (&[IpNet], &[IpNet]),
) {
    let is_of_premises = matches!(
        attachment.resource_type,
        Attached::Vpn | Attached::DirectConnectGateway
    );
    let vpc = builder.vpc(&attachment.resource_id);
    let blocks = vpc.and_then(|vpc| builder.network.vpc(vpc));
    let blocks = blocks.map(|vpc| vpc.cidr_blocks.clone());
    // A default route says nothing of who is there. What may be on premises that the topology holds is not surely beyond.
    let is_beyond = |net: &&IpNet| {
        let mut others = on_premises.iter();
        let is_other = others.any(|other| overlap(net, other).is_some());
        net.prefix_len() > 0 && (is_of_premises || !is_other)
    };
    let told = || routed.iter().filter(is_beyond).copied().collect::<Vec<_>>();
    let (behind, inward) = match blocks {
        Some(blocks) => {
            let inward = within(routed, &blocks);
            (blocks, inward)
        }
        None => (told(), told()),
    };
    let entry = transit_gateway::entry_to(builder, hubs, (at, attachment), side.hub);
    let start = if is_of_premises {
        from_premises(builder, (at, side.number), entry)
    } else {
        let zone = zone_of(builder, attachment);
        from_beyond(builder, (at, side.number), (entry, zone))
    };
    let goes_on = attachment.resource_type == Attached::Peering && side.is_told
        || attachment.resource_type == Attached::NetworkFunction;
    if !is_of_premises && !goes_on {
        let words = format!("to {}", attachment.resource_id);
        let table = beyond(builder, (&inward, &behind), start, &words);
        builder.learn().beyond.insert((at, side.hub), table);
    }
    let gateway = builder.network.resource(side.hub);
    let gateway = gateway.map(|held| held.id().clone());
    let table = gateway.and_then(|id| hubs.table(&id, attachment));
    let new = builder.network.frame.origins.len();
    push(
        builder,
        Origin {
            resource: at,
            at: start,
            behind,
            inward,
            ahead: table.map_or_else(|| Ahead::Blocks(Vec::new()), Ahead::Table),
            is_of_premises: false,
            is_up: transit_gateway::carries(attachment),
        },
    );
    let all = builder.frame().origins_of.entry(side.hub).or_default();
    all.push(new);
}

/// The zone that packets come from by an attachment: its own if it is in one alone, else some zone, which is none of those that others are in.
fn zone_of(builder: &mut Builder, attachment: &TransitGatewayAttachment) -> Option<ZoneIx> {
    let subnets = attachment.subnet_ids.iter();
    let held = subnets.filter_map(|id| builder.network.subnet(builder.subnet(id)?));
    let zones: BTreeSet<Option<ZoneIx>> = held.map(|subnet| subnet.zone_ix).collect();
    let mut zones = zones.into_iter();
    match (zones.next(), zones.next()) {
        (Some(Some(only)), None) => Some(only),
        _ => Some(builder.zone("some")),
    }
}

/// The parts of blocks that routes lead to; the blocks themselves, if none does.
fn within(routed: &[IpNet], blocks: &[IpNet]) -> Vec<IpNet> {
    let parts = blocks
        .iter()
        .flat_map(|block| routed.iter().filter_map(|net| overlap(net, block)));
    let mut parts: Vec<IpNet> = parts.collect();
    parts.sort_unstable();
    parts.dedup();
    if parts.is_empty() {
        return blocks.to_vec();
    }
    parts
}
