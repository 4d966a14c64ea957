//! Route tables (VPC guide, "Route tables", "Route priority", "Gateway route tables").
//!
//! The longest prefix wins; among equal prefixes a static route beats one to a prefix list, and that beats a propagated one. A propagated
//! route never beats the local route, not even a longer one. A route in state `blackhole` drops what it wins; a `filtered` one is not
//! there. Each of the VPC's CIDR blocks has a local route, listed or not; and a gateway endpoint's route is there when the endpoint
//! names the table, listed or not.

use std::collections::BTreeSet;
use std::sync::Arc;

use causeway_model::ids::ResourceId;
use causeway_model::resource::{Body, Kind, Resource};
use causeway_model::resources::endpoints::VpcEndpointState;
use causeway_model::resources::routing::{
    Route, RouteDestination, RouteOrigin, RouteState, RouteTarget,
};
use causeway_model::resources::{RouteTable, VpcEndpoint};
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::dns::service_of_name;
use crate::prefix_index::PrefixIndex;
use crate::table::{
    Action, AddressMatch, Match, Order, PrefixListIx, Rank, Reach, ResourceIx, Rule, Table,
    TableIx, VpcIx,
};

use super::builder::{Builder, Key, pick};

pub(crate) fn compile(builder: &mut Builder) {
    let endpoints: Vec<(ResourceIx, VpcEndpoint)> = builder.each(pick!(VpcEndpoint));
    for (at, endpoint) in endpoints {
        for id in &endpoint.route_table_ids {
            let all = &mut builder.learn().endpoints_of_table;
            let own = all.entry(id.into()).or_default();
            if own.last() != Some(&at) {
                own.push(at);
            }
        }
    }
    for (at, table) in builder.each(pick!(RouteTable)) {
        if let Some(made) = self::table(builder, &table) {
            let made = builder.add_table(made);
            builder.fill(Key::RouteTable(at), at, vec![made]);
        }
    }
}

/// Makes the table of a route table anew.
pub(crate) fn refill(builder: &mut Builder, at: ResourceIx, table: &RouteTable) {
    let place = builder.place(Key::RouteTable(at));
    let place = builder.network.place(place);
    let own = place.and_then(|place| place.tables.first().copied());
    match (own, self::table(builder, table)) {
        (Some(own), Some(table)) => builder.replace_table(own, table, true),
        _ => builder.give_up(),
    }
}

fn table(builder: &mut Builder, table: &RouteTable) -> Option<Table> {
    let vpc = builder.vpc(&table.vpc_id)?;
    let mut rules = rules(builder, table, vpc);
    rules.extend(unlisted_endpoint_routes(builder, table));
    let action = Action::Drop(Code::NoRouteToDestination);
    let otherwise = Rule::always(action, "no route covers the destination");
    Some(indexed(builder, Stage::RouteTable, rules, otherwise))
}

/// Adds a table that is read by the longest prefix: rules in order of precedence, with an index over their prefixes.
pub(crate) fn add(
    builder: &mut Builder,
    stage: Stage,
    rules: Vec<Rule>,
    otherwise: Rule,
) -> TableIx {
    let table = indexed(builder, stage, rules, otherwise);
    builder.add_table(table)
}

fn indexed(builder: &Builder, stage: Stage, mut rules: Vec<Rule>, otherwise: Rule) -> Table {
    rules.sort_by_key(|rule| rule.rank);
    let mut prefixes: Vec<(IpNet, u32)> = Vec::new();
    let mut has_unlisted = false;
    for (rule, place) in rules.iter().zip(0..) {
        match &rule.matches.destination {
            AddressMatch::Net(net) => prefixes.push((*net, place)),
            AddressMatch::List(list) => {
                let entries = builder
                    .network
                    .list(*list)
                    .and_then(|list| list.entries.as_ref());
                has_unlisted |= entries.is_none();
                prefixes.extend(entries.into_iter().flatten().map(|net| (*net, place)));
            }
            AddressMatch::Any | AddressMatch::Service(_) | AddressMatch::Group(_) => {
                has_unlisted = true;
            }
        }
    }
    let index = PrefixIndex::new(prefixes.into_iter(), has_unlisted);
    let order = Order::LongestPrefix(index);
    Table {
        stage,
        resource: None,
        order,
        rules,
        otherwise,
    }
}

fn rules(builder: &mut Builder, table: &RouteTable, vpc: VpcIx) -> Vec<Rule> {
    let listed = table
        .routes
        .iter()
        .filter(|route| route.state != RouteState::Filtered);
    let blocks = builder
        .network
        .vpc(vpc)
        .map(|vpc| vpc.cidr_blocks.clone())
        .unwrap_or_default();
    let mut rules = Vec::new();
    let mut given: BTreeSet<IpNet> = BTreeSet::new();
    for route in listed.filter(|route| !is_hidden_by_local(route, &blocks)) {
        if let RouteDestination::Cidr(net) = &route.destination {
            given.insert(*net);
        }
        let rule = rule(builder, route, vpc);
        rules.push(super::inspection::at_edge(builder, table, route, rule));
    }
    for block in blocks.into_iter().filter(|block| !given.contains(block)) {
        let action = Action::ByAddress(vpc, Reach::Router);
        rules.push(Rule::when(
            Match::to(AddressMatch::Net(block)),
            action,
            format!("{block} -> local"),
        ));
    }
    rules
}

/// Whether a route is propagated and lies within a local one.
fn is_hidden_by_local(route: &Route, blocks: &[IpNet]) -> bool {
    match &route.destination {
        RouteDestination::Cidr(net) => {
            rank(route) == Rank::Propagated && blocks.iter().any(|block| block.contains(net))
        }
        RouteDestination::PrefixList(_) => false,
    }
}

fn rank(route: &Route) -> Rank {
    match (&route.origin, &route.destination) {
        (RouteOrigin::EnableVgwRoutePropagation | RouteOrigin::Advertisement, _) => {
            Rank::Propagated
        }
        (
            RouteOrigin::CreateRouteTable | RouteOrigin::CreateRoute,
            RouteDestination::PrefixList(_),
        ) => Rank::PrefixList,
        (RouteOrigin::CreateRouteTable | RouteOrigin::CreateRoute, RouteDestination::Cidr(_)) => {
            Rank::Static
        }
    }
}

fn rule(builder: &mut Builder, route: &Route, vpc: VpcIx) -> Rule {
    let destination = destination_of(builder, route);
    let words = match &route.destination {
        RouteDestination::Cidr(net) => net.to_string(),
        RouteDestination::PrefixList(id) => id.to_string(),
    };
    let action = match (&route.target, route.state) {
        (_, RouteState::Blackhole) => Action::Drop(Code::BadStateRoute),
        (None, _) => Action::Unknown(Code::UnknownResource),
        (Some(target), _) => leads_to(builder, target, vpc),
    };
    let target = route
        .target
        .as_ref()
        .map_or_else(|| "nothing".to_owned(), target_words);
    let state = match (&action, route.state) {
        (_, RouteState::Blackhole) => ", a blackhole",
        (Action::Unknown(Code::UnknownResource), _) => ", which is not in the topology",
        (_, RouteState::Active | RouteState::Filtered) => route.target.as_ref().map_or("", beyond),
    };
    Rule {
        rank: rank(route),
        ..Rule::when(
            Match::to(destination),
            action,
            format!("{words} -> {target}{state}"),
        )
    }
}

/// Where a route leads.
fn leads_to(builder: &mut Builder, target: &RouteTarget, vpc: VpcIx) -> Action {
    if let Some(action) = super::inspection::leads_to(builder, target, vpc) {
        return action;
    }
    let (id, kind, key): (&ResourceId, Kind, fn(ResourceIx) -> Key) = match target {
        RouteTarget::Local => return Action::ByAddress(vpc, Reach::Router),
        RouteTarget::InternetGateway(id) => {
            let key = Key::InternetGatewayOut;
            (id.as_resource_id(), Kind::InternetGateway, key)
        }
        RouteTarget::NatGateway(id) => (id.as_resource_id(), Kind::NatGateway, Key::NatGateway),
        RouteTarget::VpcEndpoint(id) => (id.as_resource_id(), Kind::VpcEndpoint, Key::Endpoint),
        RouteTarget::VpcPeeringConnection(id) => {
            return match builder.find(id) {
                Some((at, held)) if super::peering::is_of(builder, held, vpc) => {
                    Action::Forward(builder.place(Key::PeeringFrom(at, vpc)))
                }
                Some((at, _)) => super::peering::foreign(builder, at),
                None => Action::Unknown(Code::UnknownResource),
            };
        }
        RouteTarget::VpnGateway(id) => return super::vpn_gateway::leads_to(builder, id, vpc),
        RouteTarget::Instance(id) => return builder.unknown(id.as_resource_id()),
        RouteTarget::NetworkInterface(id) => return builder.unknown(id.as_resource_id()),
        RouteTarget::TransitGateway(id) => {
            let key = |at| Key::TransitGatewayFrom(at, vpc);
            return match builder.find(id) {
                Some((at, held)) if held.kind() == Kind::TransitGateway => {
                    Action::Forward(builder.place(key(at)))
                }
                _ => builder.unknown(id.as_resource_id()),
            };
        }
        RouteTarget::EgressOnlyInternetGateway(id) => {
            let (id, kind) = (id.as_resource_id(), Kind::EgressOnlyInternetGateway);
            (id, kind, Key::EgressOnlyOut)
        }
        RouteTarget::LocalGateway(_)
        | RouteTarget::CarrierGateway(_)
        | RouteTarget::CoreNetwork(_)
        | RouteTarget::OdbNetwork(_) => return Action::Unknown(Code::UnsupportedComponent),
        RouteTarget::IpAddress(_) => return Action::Unknown(Code::UnknownResource),
    };
    match builder.find(id) {
        Some((at, held)) if held.kind() == kind && is_route_target(held) => {
            Action::Forward(builder.place(key(at)))
        }
        _ => builder.unknown(id),
    }
}

/// What lies beyond a target that the topology cannot hold.
fn beyond(target: &RouteTarget) -> &'static str {
    match target {
        RouteTarget::LocalGateway(_) => {
            ", to the network around an Outpost, of which the topology holds nothing"
        }
        RouteTarget::CarrierGateway(_) => {
            ", to the network of a carrier, of which the topology holds nothing"
        }
        RouteTarget::CoreNetwork(_) => {
            ", a core network of Cloud WAN, of which the topology holds no segments and no attachments"
        }
        RouteTarget::OdbNetwork(_) => {
            ", an Oracle Database network, of which the topology holds nothing"
        }
        RouteTarget::Local
        | RouteTarget::InternetGateway(_)
        | RouteTarget::VpnGateway(_)
        | RouteTarget::VpcEndpoint(_)
        | RouteTarget::Instance(_)
        | RouteTarget::NatGateway(_)
        | RouteTarget::NetworkInterface(_)
        | RouteTarget::VpcPeeringConnection(_)
        | RouteTarget::TransitGateway(_)
        | RouteTarget::EgressOnlyInternetGateway(_)
        | RouteTarget::IpAddress(_) => "",
    }
}

/// Whether a resource of a kind that routes may lead to is one; of endpoints, those of the gateway type are walked.
fn is_route_target(held: &Resource) -> bool {
    held.kind() != Kind::VpcEndpoint || super::endpoint::is_gateway(held)
}

/// The target as the table writes it.
pub(crate) fn target_words(target: &RouteTarget) -> String {
    match target {
        RouteTarget::Local => "local".to_owned(),
        RouteTarget::InternetGateway(id) => id.to_string(),
        RouteTarget::VpnGateway(id) => id.to_string(),
        RouteTarget::VpcEndpoint(id) => id.to_string(),
        RouteTarget::Instance(id) => id.to_string(),
        RouteTarget::NatGateway(id) => id.to_string(),
        RouteTarget::NetworkInterface(id) => id.to_string(),
        RouteTarget::VpcPeeringConnection(id) => id.to_string(),
        RouteTarget::TransitGateway(id) => id.to_string(),
        RouteTarget::EgressOnlyInternetGateway(id) => id.to_string(),
        RouteTarget::LocalGateway(id) => id.to_string(),
        RouteTarget::CarrierGateway(id) => id.to_string(),
        RouteTarget::CoreNetwork(id) => id.to_string(),
        RouteTarget::OdbNetwork(id) => id.to_string(),
        RouteTarget::IpAddress(address) => address.to_string(),
    }
}

/// Routes of gateway endpoints that name the table, where the table does not list them.
fn unlisted_endpoint_routes(builder: &mut Builder, table: &RouteTable) -> Vec<Rule> {
    let known = Arc::clone(&builder.known);
    let naming = known
        .endpoints_of_table
        .get(table.route_table_id.as_resource_id());
    let is_listed = |endpoint: &VpcEndpoint| {
        let own = RouteTarget::VpcEndpoint(endpoint.vpc_endpoint_id.clone());
        let mut routes = table.routes.iter();
        routes.any(|route| route.target.as_ref() == Some(&own))
    };
    let mut rules = Vec::new();
    for at in naming.into_iter().flatten() {
        let held = builder.network.resource(*at).cloned();
        let Some(Body::VpcEndpoint(endpoint)) = held.as_ref().map(|held| &held.body) else {
            continue;
        };
        if is_listed(endpoint) || endpoint.state == VpcEndpointState::Deleted {
            continue;
        }
        let Some((destination, words)) = endpoint_destination(builder, endpoint) else {
            continue;
        };
        let action = Action::Forward(builder.place(Key::Endpoint(*at)));
        let label = format!("{words} -> {}", endpoint.vpc_endpoint_id);
        rules.push(Rule {
            rank: Rank::PrefixList,
            ..Rule::when(Match::to(destination), action, label)
        });
    }
    rules
}

/// What the route of a gateway endpoint is for, and its words: the prefix list of its service, if it is held.
pub(crate) fn endpoint_destination(
    builder: &Builder,
    endpoint: &VpcEndpoint,
) -> Option<(AddressMatch, String)> {
    let service = service_of_name(endpoint.service_name.as_ref()?.as_str())?;
    let held = builder.known.lists.iter().find(|(_, at)| {
        let list = builder.network.list(**at);
        list.is_some_and(|list| list.service.as_ref() == Some(&service))
    });
    Some(match held {
        Some((id, at)) => (AddressMatch::List(*at), id.to_string()),
        None => {
            let words = format!("addresses of {}", service.service);
            (AddressMatch::Service(service.into()), words)
        }
    })
}

/// What a route is for. The route of a gateway endpoint is for its service, even if the prefix list is not held.
pub(crate) fn destination_of(builder: &Builder, route: &Route) -> AddressMatch {
    let id = match &route.destination {
        RouteDestination::Cidr(net) => return AddressMatch::Net(*net),
        RouteDestination::PrefixList(id) => id,
    };
    if let Some(list) = builder.known.lists.get(id.as_resource_id()) {
        return AddressMatch::List(*list);
    }
    let endpoint = match &route.target {
        Some(RouteTarget::VpcEndpoint(id)) => builder.find(id).map(|(_, held)| &held.body),
        Some(_) | None => None,
    };
    let service = match endpoint {
        Some(Body::VpcEndpoint(endpoint)) => endpoint_destination(builder, endpoint),
        Some(_) | None => None,
    };
    let missing = AddressMatch::List(PrefixListIx::MISSING);
    service.map_or(missing, |(destination, _)| destination)
}
