//! Appliance mode: one zone for the life of a flow (Transit Gateways guide, "Appliance mode").
//!
//! A packet whose far side is in its own zone, or in none, keeps to its own zone; one between zones, or from none, goes by any. Replies
//! take the zone that the packet took.

use causeway_model::resources::TransitGatewayAttachment;
use causeway_model::resources::transit::TransitGatewayAttachmentResourceType as Attached;
use causeway_model::trace::Stage;
use ipnet::IpNet;

use crate::table::{Action, AddressMatch, Match, PlaceIx, ResourceIx, Rule, TableIx, ZoneIx};

use super::super::builder::{Builder, Key};
use super::super::route_table;
use super::{Hubs, leave_subnet, zone_rules};

/// The table of an attachment that keeps packets to the zone they are in, where it is theirs to keep; `any` takes the others.
pub(super) fn zones(
    builder: &mut Builder,
    hubs: &Hubs,
    (at, attachment): (ResourceIx, &TransitGatewayAttachment),
    any: TableIx,
) -> TableIx {
    let far = far_sides(builder, hubs, attachment);
    let choice = builder.fill(Key::ApplianceChoice(at), at, vec![any]);
    let mut rules = zone_rules(builder, attachment, |builder, subnet| {
        let own = leave_subnet(builder, at, subnet);
        let zone = builder.network.subnet(subnet).and_then(|own| own.zone_ix);
        let table = by_far_side(builder, &far, zone, [own, choice]);
        builder.fill(Key::ApplianceZone(at, subnet), at, vec![table])
    });
    for rule in &mut rules {
        rule.matches.is_reply = Some(false);
    }
    builder.ordered(
        Stage::Choice,
        rules,
        Rule::always(Action::Pass, "elsewhere"),
    )
}

/// The subnets of the VPCs that are attached to the same gateway, with their zones.
fn far_sides(
    builder: &Builder,
    hubs: &Hubs,
    attachment: &TransitGatewayAttachment,
) -> Vec<(IpNet, Option<ZoneIx>)> {
    let all = hubs.attachments.values().map(|(_, other)| other);
    let vpcs = all.filter(|other| {
        other.resource_type == Attached::Vpc
            && other.transit_gateway_id == attachment.transit_gateway_id
            && other.resource_id != attachment.resource_id
    });
    let vpcs: Vec<_> = vpcs
        .filter_map(|other| builder.vpc(&other.resource_id))
        .collect();
    let subnets = builder.network.frame.subnets.iter();
    let subnets = subnets.filter(|subnet| vpcs.contains(&subnet.vpc));
    let blocks = subnets.flat_map(|subnet| {
        let zone = subnet.zone_ix;
        subnet.cidr_blocks.iter().map(move |net| (*net, zone))
    });
    blocks.collect()
}

/// Where packets from a zone go, by the zone of their far side.
fn by_far_side(
    builder: &mut Builder,
    far: &[(IpNet, Option<ZoneIx>)],
    zone: Option<ZoneIx>,
    [own, choice]: [PlaceIx; 2],
) -> TableIx {
    let rules = far.iter().map(|(net, other)| {
        let (place, words) = if *other == zone {
            (own, "in the same zone")
        } else {
            (choice, "in another zone")
        };
        let matches = Match::to(AddressMatch::Net(*net));
        Rule::when(matches, Action::Forward(place), format!("{net} is {words}"))
    });
    let rules = rules.collect();
    let otherwise = Rule::always(Action::Forward(own), "the far side is in no zone");
    route_table::add(builder, Stage::Choice, rules, otherwise)
}
