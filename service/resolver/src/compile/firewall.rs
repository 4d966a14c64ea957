//! Network Firewalls (Network Firewall guide, "How Network Firewall filters traffic").
//!
//! A route leads a packet to an endpoint of the firewall, through the network ACL of the endpoint's subnet. Stateless rules look at it
//! first, each packet by itself: they pass it, drop it, or hand it to the stateful rules, which decide about connections. It comes back
//! to the same endpoint, and goes on by the route table of the endpoint's subnet. The endpoint may be in the topology as a resource, too.
//!
//! A firewall may be attached to a transit gateway instead (Network Firewall guide, "Transit gateway-attached firewalls"): routes of the transit
//! gateway lead to the attachment, and what the firewall passes comes back by it. Both directions of a connection are in one zone of the
//! firewall; in which, the topology does not tell.

use causeway_model::resource::Body;
use causeway_model::resources::firewall::FirewallEndpoint;
use causeway_model::resources::transit::TransitGatewayAttachmentResourceType as Attached;
use causeway_model::resources::{Firewall, FirewallPolicy, TransitGatewayAttachment, VpcEndpoint};
use causeway_model::trace::{Code, Stage};

use crate::table::{Action, PlaceIx, ResourceIx, SubnetIx, TableIx};

use super::builder::{Builder, Key, pick};
use super::endpoint::state;
use super::firewall_rules;
use super::gateway_load_balancer::in_doubt;
use super::inspection::gate;

/// How many places one endpoint of a firewall has.
const PLACES: u32 = 4;

/// The keys of the places of a firewall's n-th endpoint: the endpoint, the firewall, its stateful rules, the endpoint again.
fn keys(at: ResourceIx, number: u32) -> [Key; 4] {
    let first = number.saturating_mul(PLACES);
    [0, 1, 2, 3].map(|place| Key::Firewall(at, first.saturating_add(place)))
}

fn all(builder: &Builder) -> Vec<(ResourceIx, Firewall)> {
    builder.each(pick!(Firewall))
}

/// Tells where routes to the endpoints and to the attachments lead.
pub(crate) fn register(builder: &mut Builder) {
    let attachments = attachments(builder);
    for (at, firewall) in all(builder) {
        if let Some((attachment, _)) = attachment(&attachments, &firewall) {
            let [_, inside, ..] = keys(at, number_of_attachment(&firewall));
            let place = builder.place(inside);
            let id = (&attachment.transit_gateway_attachment_id).into();
            builder.learn().inspections.insert(id, place);
        }
        for (number, endpoint) in (0..).zip(&firewall.endpoints) {
            let [entry, ..] = keys(at, number);
            let place = builder.place(entry);
            if let Some(id) = &endpoint.endpoint_id {
                builder.learn().inspections.insert(id.into(), place);
            }
        }
    }
}

/// The attachments of firewalls.
fn attachments(builder: &Builder) -> Vec<(TransitGatewayAttachment, ResourceIx)> {
    let all: Vec<(ResourceIx, TransitGatewayAttachment)> =
        builder.each(pick!(TransitGatewayAttachment));
    let own = all.into_iter();
    let own = own.filter(|(_, one)| one.resource_type == Attached::NetworkFunction);
    own.map(|(at, one)| (one, at)).collect()
}

/// The attachment of a firewall: as it tells, else as the attachment does.
fn attachment<'a>(
    attachments: &'a [(TransitGatewayAttachment, ResourceIx)],
    firewall: &Firewall,
) -> Option<&'a (TransitGatewayAttachment, ResourceIx)> {
    let named = firewall.transit_gateway_attachment_id.as_ref();
    let is_named = |one: &TransitGatewayAttachment| {
        named.is_some_and(|named| *named == one.transit_gateway_attachment_id)
    };
    let mut all = attachments.iter();
    let found = all.find(|(one, _)| is_named(one));
    let of_arn = |one: &TransitGatewayAttachment| {
        named.is_none() && one.resource_id == firewall.firewall_arn.as_str()
    };
    found.or_else(|| attachments.iter().find(|(one, _)| of_arn(one)))
}

/// The places of the attachment come after those of the endpoints.
fn number_of_attachment(firewall: &Firewall) -> u32 {
    u32::try_from(firewall.endpoints.len()).unwrap_or(u32::MAX)
}

pub(crate) fn compile(builder: &mut Builder) {
    let attachments = attachments(builder);
    for (at, firewall) in all(builder) {
        let policy = policy(builder, &firewall);
        if let Some((attachment, own)) = attachment(&attachments, &firewall) {
            let number = number_of_attachment(&firewall);
            attached(builder, (at, number), (*own, attachment), policy.as_ref());
        }
        for (number, endpoint) in (0..).zip(&firewall.endpoints) {
            self::endpoint(builder, (at, number), endpoint, policy.as_ref());
        }
    }
}

fn policy(builder: &Builder, firewall: &Firewall) -> Option<FirewallPolicy> {
    let (_, held) = builder.find(firewall.firewall_policy_arn.as_ref()?)?;
    let Body::FirewallPolicy(policy) = &held.body else {
        return None;
    };
    Some(policy.as_ref().clone())
}

/// The endpoint as a resource of its own, if the topology holds it.
fn held(builder: &Builder, endpoint: &FirewallEndpoint) -> Option<(ResourceIx, VpcEndpoint)> {
    let (at, resource) = builder.find(endpoint.endpoint_id.as_ref()?)?;
    let Body::VpcEndpoint(held) = &resource.body else {
        return None;
    };
    Some((at, held.as_ref().clone()))
}

fn subnet(
    builder: &Builder,
    endpoint: &FirewallEndpoint,
    held: Option<&VpcEndpoint>,
) -> Option<SubnetIx> {
    let own = endpoint.subnet_id.as_ref();
    let own = own.or_else(|| held?.subnet_ids.first())?;
    builder.subnet(own)
}

fn endpoint(
    builder: &mut Builder,
    (at, number): (ResourceIx, u32),
    endpoint: &FirewallEndpoint,
    policy: Option<&FirewallPolicy>,
) {
    let [entry, inside, stateful, back] = keys(at, number);
    let held = held(builder, endpoint);
    let own = held.as_ref().map_or(at, |(own, _)| *own);
    let Some(subnet) = subnet(builder, endpoint, held.as_ref().map(|(_, held)| held)) else {
        let label = "the topology does not name the subnet of the endpoint";
        let action = Action::Unknown(Code::UnknownResource);
        let unknown = builder.always(Stage::Forwarding, action, label);
        builder.fill(entry, own, vec![unknown]);
        return;
    };
    let [gate, back] = gate(builder, [entry, back], own, subnet);
    // Only the stateful rules mind where replies go.
    for place in [gate, back] {
        builder.edit(place, |place| place.device = None);
    }
    let mut tables: Vec<TableIx> = builder.acl_in(subnet).into_iter().collect();
    if let Some((_, held)) = &held {
        tables.push(state(builder, held));
    }
    let label = "back to the endpoint";
    let inside = rules(builder, at, ([inside, stateful], policy), (back, label));
    let action = Action::Forward(inside);
    tables.push(builder.always(Stage::Forwarding, action, "to the firewall"));
    builder.fill(entry, own, tables);
}

/// A firewall behind its attachment: what it passes comes back to the transit gateway by the same attachment.
fn attached(
    builder: &mut Builder,
    (at, number): (ResourceIx, u32),
    (own, attachment): (ResourceIx, &TransitGatewayAttachment),
    policy: Option<&FirewallPolicy>,
) {
    let gateway = attachment.transit_gateway_id.as_ref();
    let Some((gateway, _)) = gateway.and_then(|id| builder.find(id)) else {
        return;
    };
    let [_, inside, stateful, back] = keys(at, number);
    let hub = builder.place(Key::AttachmentIn(own, gateway));
    let label = "back to the transit gateway";
    let enter = builder.always(Stage::Forwarding, Action::Forward(hub), label);
    let back = builder.fill(back, own, vec![enter]);
    let zone = builder.zone("some");
    builder.edit(back, |place| {
        place.keeps_groups = false;
        place.zone = Some(zone);
    });
    let label = "back to the attachment";
    rules(builder, at, ([inside, stateful], policy), (back, label));
}

/// The rules of a firewall, in front of where packets come back: the stateless ones first.
fn rules(
    builder: &mut Builder,
    at: ResourceIx,
    ([inside, stateful], policy): ([Key; 2], Option<&FirewallPolicy>),
    (back, label): (PlaceIx, &'static str),
) -> PlaceIx {
    let stateful = self::stateful(builder, (at, stateful), policy, (back, label));
    let tables = match policy {
        Some(policy) => firewall_rules::stateless(builder, policy, [stateful, back]),
        None => {
            let label = "the topology does not hold the policy of the firewall".to_owned();
            in_doubt(builder, back, Code::UnknownResource, label).to_vec()
        }
    };
    builder.fill(inside, at, tables)
}

fn stateful(
    builder: &mut Builder,
    (at, key): (ResourceIx, Key),
    policy: Option<&FirewallPolicy>,
    (back, label): (PlaceIx, &'static str),
) -> PlaceIx {
    let mut tables = Vec::new();
    if let Some(policy) = policy {
        tables.push(firewall_rules::stateful(builder, policy));
    }
    tables.push(builder.always(Stage::Forwarding, Action::Forward(back), label));
    let place = builder.fill(key, at, tables);
    builder.edit(place, |own| own.device = Some(place));
    place
}
