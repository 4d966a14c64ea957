//! Transit gateways (Amazon VPC Transit Gateways guide, "How transit gateways work", "Network ACLs", "Security group referencing").
//!
//! A VPC's packet enters by the VPC's attachment, in the zone it comes from, through the network ACL of the attachment's subnet there. The
//! route table that the attachment is associated with sends it to another attachment. It leaves by the subnet that the other attachment
//! has in the same zone, else in any, and goes on from there as if sent by something in that subnet. A peering attachment leads to
//! another gateway; what lies on premises is reached by the attachments of VPN connections and Direct Connect gateways.

mod appliance;
mod hubs;
mod others;
mod routes;

use std::collections::BTreeSet;

use causeway_model::ids::ResourceId;
use causeway_model::resource::{Body, Kind};
use causeway_model::resources::TransitGatewayAttachment;
use causeway_model::resources::routing::RouteTarget;
use causeway_model::resources::transit::TransitGatewayAttachmentResourceType as Attached;
use causeway_model::trace::{Code, Stage};

use crate::table::{Action, Match, Order, PlaceIx, ResourceIx, Rule, SubnetIx, TableIx, VpcIx};

use super::builder::{Builder, Key, pick};
use super::on_premises;

use hubs::Association;
pub(crate) use hubs::Hubs;
pub(crate) use hubs::carries;
pub(crate) use routes::each;

/// The zone whose attachments do not support references to security groups (Transit Gateways guide, "Security group referencing").
const WITHOUT_GROUPS: &str = "use1-az3";

pub(crate) fn compile(builder: &mut Builder) {
    let hubs = Hubs::gather(builder);
    for (gateway, vpc) in used(builder) {
        enter_from_vpc(builder, &hubs, gateway, vpc);
    }
    for (at, table) in &hubs.tables {
        routes::compile(builder, &hubs, *at, table);
    }
    for (at, attachment) in hubs.attachments.values() {
        leave(builder, &hubs, *at, attachment);
    }
}

/// The transit gateways that routes of VPCs lead to.
fn used(builder: &Builder) -> BTreeSet<(ResourceIx, VpcIx)> {
    let mut used = BTreeSet::new();
    for (_, table) in builder.each(pick!(RouteTable)) {
        let Some(vpc) = builder.vpc(&table.vpc_id) else {
            continue;
        };
        let targets = table
            .routes
            .iter()
            .filter_map(|route| route.target.as_ref());
        let gateways = targets.filter_map(|target| {
            let RouteTarget::TransitGateway(id) = target else {
                return None;
            };
            builder.find(id)
        });
        let gateways = gateways.filter(|(_, held)| held.kind() == Kind::TransitGateway);
        used.extend(gateways.map(|(at, _)| (at, vpc)));
    }
    used
}

/// A gateway as packets of a VPC enter it: by the VPC's attachment.
fn enter_from_vpc(builder: &mut Builder, hubs: &Hubs, gateway: ResourceIx, vpc: VpcIx) {
    let key = Key::TransitGatewayFrom(gateway, vpc);
    let (gateway_id, vpc_id) = (id_of(builder, gateway), vpc_id(builder, vpc));
    let (Some(gateway_id), Some(vpc_id)) = (gateway_id, vpc_id) else {
        return;
    };
    let Some((at, attachment)) = hubs.of(&gateway_id, Attached::Vpc, vpc_id.as_str()) else {
        let (action, label) = if hubs.tells_attachments(&gateway_id) {
            let label = format!("{vpc_id} is not attached to it");
            (Action::Drop(Code::NoPossibleDestination), label)
        } else {
            let label = "the topology holds no attachment of it".to_owned();
            (Action::Unknown(Code::UnknownResource), label)
        };
        let table = builder.always(Stage::Admission, action, label);
        builder.fill(key, gateway, vec![table]);
        return;
    };
    let state = state(builder, attachment, Code::BadStateAttachment);
    let zones = entry_zones(builder, (at, attachment), gateway);
    let place = builder.fill(key, at, vec![state, zones]);
    keep_groups(builder, place, attachment);
    builder.edit(place, |place| place.groups_of = Some(vpc));
    associate(builder, hubs, (at, attachment), gateway);
}

fn id_of(builder: &Builder, at: ResourceIx) -> Option<ResourceId> {
    Some(builder.network.resource(at)?.id().clone())
}

fn vpc_id(builder: &Builder, vpc: VpcIx) -> Option<ResourceId> {
    id_of(builder, builder.network.vpc(vpc)?.resource)
}

fn state(builder: &mut Builder, attachment: &TransitGatewayAttachment, code: Code) -> TableIx {
    builder.state(carries(attachment), code, attachment.state)
}

/// What groups a packet comes from is known across a gateway, if it and the attachment have that on.
fn keep_groups(builder: &mut Builder, place: PlaceIx, attachment: &TransitGatewayAttachment) {
    let gateway = attachment.transit_gateway_id.as_ref();
    let gateway = gateway.and_then(|id| builder.find(id));
    let is_on = gateway.is_some_and(|(_, held)| {
        let Body::TransitGateway(gateway) = &held.body else {
            return false;
        };
        gateway.security_group_referencing_support.or(false)
    });
    let keeps = is_on && attachment.security_group_referencing_support.or(true);
    builder.edit(place, |place| {
        place.keeps_groups = keeps;
        place.lost_groups = Code::SgReferencingSupport;
    });
}

/// What groups a packet comes from is not known across a gateway in the one zone that cannot do it.
fn forget_groups(builder: &mut Builder, place: PlaceIx, subnet: SubnetIx) {
    let subnet = builder.network.subnet(subnet).map(|subnet| subnet.resource);
    let subnet = subnet.and_then(|at| builder.network.resource(at));
    let is_without = matches!(subnet.map(|held| &held.body), Some(Body::Subnet(subnet))
        if subnet.availability_zone_id.as_ref().is_some_and(|id| id.as_str() == WITHOUT_GROUPS));
    if is_without {
        builder.edit(place, |place| {
            place.keeps_groups = false;
            place.lost_groups = Code::SgReferencingSupport;
        });
    }
}

/// The subnets of a VPC attachment that the topology holds.
fn subnets(builder: &Builder, attachment: &TransitGatewayAttachment) -> Vec<SubnetIx> {
    let ids = attachment.subnet_ids.iter();
    ids.filter_map(|id| builder.subnet(id)).collect()
}

/// Whether all subnets of an attachment are held, and their zones known.
fn knows_zones(builder: &Builder, attachment: &TransitGatewayAttachment) -> bool {
    let held = subnets(builder, attachment);
    let knows = |at: &SubnetIx| {
        let subnet = builder.network.subnet(*at);
        subnet.is_some_and(|subnet| subnet.zone_ix.is_some())
    };
    !held.is_empty() && held.len() == attachment.subnet_ids.len() && held.iter().all(knows)
}

/// A rule for each subnet of an attachment whose zone is known: packets that were in this zone go there.
fn zone_rules(
    builder: &mut Builder,
    attachment: &TransitGatewayAttachment,
    mut to: impl FnMut(&mut Builder, SubnetIx) -> PlaceIx,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for subnet in subnets(builder, attachment) {
        let entry = builder.network.subnet(subnet);
        let Some((resource, zone)) = entry.and_then(|own| Some((own.resource, own.zone_ix?)))
        else {
            continue;
        };
        let matches = Match {
            zone: Some(zone),
            ..Match::ANY
        };
        let label = format!(
            "{} is in the packet's zone",
            builder.network.describe(resource)
        );
        let place = to(builder, subnet);
        rules.push(Rule::when(matches, Action::Forward(place), label));
    }
    rules
}

/// Packets enter an attachment in their own zone alone.
fn entry_zones(
    builder: &mut Builder,
    (at, attachment): (ResourceIx, &TransitGatewayAttachment),
    gateway: ResourceIx,
) -> TableIx {
    let hub = builder.place(Key::AttachmentIn(at, gateway));
    let rules = zone_rules(builder, attachment, |builder, subnet| {
        enter_subnet(builder, (at, subnet), hub)
    });
    let otherwise = if knows_zones(builder, attachment) {
        let label = "the attachment has no subnet in the packet's zone";
        Rule::always(Action::Drop(Code::TgwRouteAzRestriction), label)
    } else {
        let label = "the topology does not tell the zones of the attachment's subnets";
        Rule::always(Action::Unknown(Code::UnknownResource), label)
    };
    builder.ordered(Stage::Choice, rules, otherwise)
}

/// Into a gateway by a subnet of its attachment: through the network ACL, by the source, even for what comes from the subnet itself.
fn enter_subnet(
    builder: &mut Builder,
    (attachment, subnet): (ResourceIx, SubnetIx),
    hub: PlaceIx,
) -> PlaceIx {
    let key = Key::AttachmentSubnetIn(attachment, subnet);
    let acl = builder.acl_in(subnet);
    let label = "to the transit gateway";
    let onward = builder.always(Stage::Forwarding, Action::Forward(hub), label);
    let resource = builder.network.subnet(subnet).map(|own| own.resource);
    let tables = acl.into_iter().chain([onward]).collect();
    let place = builder.fill(key, resource.unwrap_or(attachment), tables);
    forget_groups(builder, place, subnet);
    place
}

/// A gateway as an attachment's packets come to it: the route table of the attachment decides.
fn associate(
    builder: &mut Builder,
    hubs: &Hubs,
    (at, attachment): (ResourceIx, &TransitGatewayAttachment),
    gateway: ResourceIx,
) -> PlaceIx {
    let key = Key::AttachmentIn(at, gateway);
    let Some(gateway_id) = id_of(builder, gateway) else {
        return builder.place(key);
    };
    let id = &attachment.transit_gateway_attachment_id;
    let (action, label) = match hubs.association(&gateway_id, attachment) {
        Association::With(table) => {
            let place = builder.place(Key::RouteTable(table));
            let words = builder.network.describe(table);
            (
                Action::Forward(place),
                format!("{id} is associated with {words}"),
            )
        }
        Association::NotHeld(table) => (
            Action::Unknown(Code::TgwRtbRoutesAreUnknown),
            format!("{id} is associated with {table}, which is not in the topology"),
        ),
        Association::None => (
            Action::Drop(Code::TgwAttachMissingTgwRtbAssociation),
            format!("{id} is associated with no route table"),
        ),
        Association::Unknown => (
            Action::Unknown(Code::TgwRtbRoutesAreUnknown),
            "the topology holds no route table of the transit gateway".to_owned(),
        ),
    };
    let table = builder.always(Stage::Forwarding, action, label);
    builder.fill(key, gateway, vec![table])
}

/// Where packets from outside of any VPC enter a gateway by an attachment.
pub(crate) fn entry(
    builder: &mut Builder,
    hubs: &Hubs,
    (at, attachment): (ResourceIx, &TransitGatewayAttachment),
) -> Option<PlaceIx> {
    let (gateway, _) = builder.find(attachment.transit_gateway_id.as_ref()?)?;
    Some(entry_to(builder, hubs, (at, attachment), gateway))
}

/// As [`entry`], of the gateway on either side of a peering.
pub(crate) fn entry_to(
    builder: &mut Builder,
    hubs: &Hubs,
    (at, attachment): (ResourceIx, &TransitGatewayAttachment),
    gateway: ResourceIx,
) -> PlaceIx {
    associate(builder, hubs, (at, attachment), gateway);
    let hub = builder.place(Key::AttachmentIn(at, gateway));
    let state = state(builder, attachment, Code::BadStateAttachment);
    let onward = builder.always(
        Stage::Forwarding,
        Action::Forward(hub),
        "to the transit gateway",
    );
    let key = Key::AttachmentFromOutside(at, gateway);
    builder.fill(key, at, vec![state, onward])
}

/// An attachment as a gateway's route leads to it.
fn leave(
    builder: &mut Builder,
    hubs: &Hubs,
    at: ResourceIx,
    attachment: &TransitGatewayAttachment,
) {
    let near = attachment.transit_gateway_id.as_ref();
    let near = near.and_then(|id| builder.find(id)).map(|(at, _)| at);
    let far = attachment.peer_transit_gateway_id.as_ref();
    let far_held = far.and_then(|id| builder.find(id)).map(|(at, _)| at);
    let state = state(builder, attachment, Code::TgwRtbBadStateRoute);
    if attachment.resource_type == Attached::Peering {
        let sides = [(near, far_held), (far_held, near)];
        for (from, to) in sides {
            let Some(from) = from else { continue };
            let onward = to_peer(builder, hubs, (at, attachment), to);
            let key = Key::AttachmentOut(at, from);
            let beyond = builder.known.beyond.get(&(at, from)).copied();
            let tables = [Some(state), beyond, Some(onward)];
            let place = builder.fill(key, at, tables.into_iter().flatten().collect());
            builder.edit(place, |place| place.keeps_groups = false);
        }
        return;
    }
    let Some(near) = near else { return };
    let mut tables = vec![state];
    tables.extend(builder.known.beyond.get(&(at, near)));
    match attachment.resource_type {
        Attached::Vpc => tables.extend(to_vpc(builder, hubs, at, attachment)),
        Attached::Vpn => tables.push(on_premises::to_vpn(builder, attachment)),
        Attached::DirectConnectGateway => {
            tables.push(on_premises::to_direct_connect(builder, attachment, near));
        }
        Attached::Connect
        | Attached::VpnConcentrator
        | Attached::NetworkFunction
        | Attached::ClientVpn
        | Attached::Peering => tables.extend(others::leave(builder, hubs, attachment)),
    }
    let place = builder.fill(Key::AttachmentOut(at, near), at, tables);
    if attachment.resource_type == Attached::Vpc {
        keep_groups(builder, place, attachment);
    }
}

/// Over a peering attachment to the gateway on its other side.
fn to_peer(
    builder: &mut Builder,
    hubs: &Hubs,
    (at, attachment): (ResourceIx, &TransitGatewayAttachment),
    to: Option<ResourceIx>,
) -> TableIx {
    let Some(to) = to else {
        let label = "the transit gateway on the other side is not in the topology";
        let action = Action::Unknown(Code::UnknownResource);
        return builder.always(Stage::Forwarding, action, label);
    };
    let place = associate(builder, hubs, (at, attachment), to);
    let label = format!("to {}", builder.network.describe(to));
    builder.always(Stage::Forwarding, Action::Forward(place), label)
}

/// Out of a VPC attachment: by its subnet in the packet's zone, else by any.
fn to_vpc(
    builder: &mut Builder,
    hubs: &Hubs,
    at: ResourceIx,
    attachment: &TransitGatewayAttachment,
) -> Vec<TableIx> {
    let is_held = builder.vpc(&attachment.resource_id).is_some();
    let all = subnets(builder, attachment);
    if !is_held || all.is_empty() {
        let label = if is_held {
            "the topology holds no subnet of the attachment".to_owned()
        } else {
            format!("{} is not in the topology", attachment.resource_id)
        };
        let action = Action::Unknown(Code::UnknownResource);
        return vec![builder.always(Stage::Forwarding, action, label)];
    }
    let mut others = Vec::new();
    for subnet in all {
        let place = leave_subnet(builder, at, subnet);
        let id = builder.network.subnet(subnet).map(|own| own.resource);
        let id = id
            .map(|own| builder.network.describe(own))
            .unwrap_or_default();
        let (reason, alone) = if attachment.appliance_mode_support {
            ("appliance mode keeps the flow to one zone", "the only zone")
        } else {
            ("the packet's zone has none", "the only zone")
        };
        let reason = if attachment.subnet_ids.len() == 1 {
            alone
        } else {
            reason
        };
        let label = format!("by {id}: {reason}");
        others.push(Rule::always(Action::Forward(place), label));
    }
    if attachment.appliance_mode_support {
        let any = each(builder, others, Order::EachOfFlow);
        return vec![appliance::zones(builder, hubs, (at, attachment), any), any];
    }
    let rules = zone_rules(builder, attachment, |builder, subnet| {
        leave_subnet(builder, at, subnet)
    });
    let own_zone = builder.ordered(
        Stage::Choice,
        rules,
        Rule::always(Action::Pass, "elsewhere"),
    );
    vec![own_zone, each(builder, others, Order::Each)]
}

fn leave_subnet(builder: &mut Builder, at: ResourceIx, subnet: SubnetIx) -> PlaceIx {
    let out = builder.place(Key::SubnetOut(subnet));
    let onward = builder.always(Stage::Forwarding, Action::Forward(out), "");
    let place = builder.fill(Key::AttachmentSubnetOut(at, subnet), at, vec![onward]);
    builder.edit(place, |place| place.is_zonal = true);
    forget_groups(builder, place, subnet);
    place
}
