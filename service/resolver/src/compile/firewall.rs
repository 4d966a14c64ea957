//! Network Firewalls (Network Firewall guide, "How Network Firewall filters traffic").
//!
//! A route leads a packet to an endpoint of the firewall, through the network ACL of the endpoint's subnet. Stateless rules look at it
//! first, each packet by itself: they pass it, drop it, or hand it to the stateful rules, which decide about connections. It comes back
//! to the same endpoint, and goes on by the route table of the endpoint's subnet. The endpoint may be in the topology as a resource, too.

use causeway_model::resource::Body;
use causeway_model::resources::firewall::FirewallEndpoint;
use causeway_model::resources::{Firewall, FirewallPolicy, VpcEndpoint};
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

/// Tells where routes to the endpoints lead.
pub(crate) fn register(builder: &mut Builder) {
    for (at, firewall) in all(builder) {
        for (number, endpoint) in (0..).zip(&firewall.endpoints) {
            let [entry, ..] = keys(at, number);
            let place = builder.place(entry);
            if let Some(id) = &endpoint.endpoint_id {
                builder.inspections.insert(id.into(), place);
            }
        }
    }
}

pub(crate) fn compile(builder: &mut Builder) {
    for (at, firewall) in all(builder) {
        let policy = policy(builder, &firewall);
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
    let stateful = self::stateful(builder, (at, stateful), policy, back);
    let inside = match policy {
        Some(policy) => {
            let tables = firewall_rules::stateless(builder, policy, [stateful, back]);
            builder.fill(inside, at, tables)
        }
        None => {
            let label = "the topology does not hold the policy of the firewall".to_owned();
            let tables = in_doubt(builder, back, Code::UnknownResource, label);
            builder.fill(inside, at, tables.to_vec())
        }
    };
    let action = Action::Forward(inside);
    tables.push(builder.always(Stage::Forwarding, action, "to the firewall"));
    builder.fill(entry, own, tables);
}

fn stateful(
    builder: &mut Builder,
    (at, key): (ResourceIx, Key),
    policy: Option<&FirewallPolicy>,
    back: PlaceIx,
) -> PlaceIx {
    let mut tables = Vec::new();
    if let Some(policy) = policy {
        tables.push(firewall_rules::stateful(builder, policy));
    }
    let label = "back to the endpoint";
    tables.push(builder.always(Stage::Forwarding, Action::Forward(back), label));
    let place = builder.fill(key, at, tables);
    builder.edit(place, |own| own.device = Some(place));
    place
}
