//! Regional NAT gateways (VPC guide, "Regional NAT gateways").
//!
//! The gateway is in no subnet but in zones of its VPC: those it has addresses in. A packet gets the address of its own zone as its source
//! and goes to the internet gateway of the VPC. Replies come in there, go to the gateway, and on into the VPC.

use std::net::IpAddr;
use std::sync::Arc;

use causeway_model::resource::Body;
use causeway_model::resources::NatGateway;
use causeway_model::resources::gateways::NatGatewayState;
use causeway_model::trace::{Addr, Code, Stage};
use ipnet::IpNet;

use crate::table::{
    Action, AddressMatch, Match, PlaceIx, Reach, ResourceIx, Rewrite, Rule, SubnetIx, TableIx,
    VpcIx, ZoneIx,
};

use super::builder::{Builder, Key, pick};
use super::interface;

/// The public addresses of a gateway, with the zones they are for.
fn addresses(builder: &mut Builder, nat: &NatGateway) -> Vec<(Option<ZoneIx>, IpAddr)> {
    let own = nat.nat_gateway_addresses.iter();
    let own = own.filter_map(|own| {
        let zone = own.availability_zone_id.as_ref();
        Some((zone.map(|id| builder.zone(id.as_str())), own.public_ip?))
    });
    own.collect()
}

/// Gives the public addresses of a gateway to the indexes: a stand-in of no subnet has them.
pub(crate) fn register(builder: &mut Builder, at: ResourceIx, nat: &NatGateway) {
    let Some(vpc) = builder.vpc(&nat.vpc_id) else {
        return;
    };
    let nowhere = SubnetIx::of(usize::MAX);
    let own = interface::add(
        builder,
        (at, vpc, nowhere),
        Vec::new().into(),
        Arc::default(),
    );
    interface::set_user(builder, own, Some(at));
    for (_, public) in addresses(builder, nat) {
        interface::pair_for(builder, own, public, public);
    }
}

/// Sends packets for the addresses of a VPC's regional gateways to them.
pub(crate) fn entering(builder: &mut Builder, vpc: VpcIx) -> Option<TableIx> {
    let mut rules = Vec::new();
    for (at, nat) in builder.each(pick!(NatGateway)) {
        let nat: NatGateway = nat;
        if nat.subnet_id.is_some() || builder.vpc(&nat.vpc_id) != Some(vpc) {
            continue;
        }
        let back = builder.place(Key::NatGatewayBack(at));
        for (_, public) in addresses(builder, &nat) {
            let matches = Match::to(AddressMatch::Net(IpNet::from(public)));
            let label = format!("address of {}", nat.nat_gateway_id);
            rules.push(Rule::when(matches, Action::Forward(back), label));
        }
    }
    let otherwise = Rule::always(Action::Pass, "");
    (!rules.is_empty()).then(|| builder.ordered(Stage::Forwarding, rules, otherwise))
}

pub(crate) fn compile(builder: &mut Builder, at: ResourceIx, nat: &NatGateway) {
    let Some(vpc) = builder.vpc(&nat.vpc_id) else {
        return;
    };
    let back = back(builder, at, vpc);
    let own = addresses(builder, nat);
    let is_good = nat.state == NatGatewayState::Available;
    let state = builder.state(is_good, Code::BadState, nat.state);
    let mut tables = vec![state, super::nat_gateway::protocols(builder)];
    let label = "the topology names no public address of the gateway";
    if own.is_empty() {
        let unknown = Action::Unknown(Code::UnknownResource);
        tables.push(builder.always(Stage::Translation, unknown, label));
    }
    tables.push(zones(builder, vpc, &own));
    tables.push(translation(builder, back, &own));
    tables.push(onward(builder, vpc));
    let forth = builder.fill(Key::NatGateway(at), at, tables);
    builder.edit(forth, |place| place.keeps_groups = false);
}

/// The gateway serves the zones that it has addresses in.
fn zones(builder: &mut Builder, vpc: VpcIx, own: &[(Option<ZoneIx>, IpAddr)]) -> TableIx {
    let here = |zone| Match {
        zone: Some(zone),
        ..Match::ANY
    };
    let served = own.iter().filter_map(|(zone, _)| *zone);
    let mut rules: Vec<Rule> = served
        .map(|zone| Rule::when(here(zone), Action::Pass, "a zone of the gateway"))
        .collect();
    let doubt = Action::Doubt(Code::RegionalNgwRouteAzRestriction);
    for zone in nameless(builder, vpc) {
        let label = "the id of the zone is not known";
        rules.push(Rule::when(here(zone), doubt.clone(), label));
    }
    let otherwise = if own.iter().any(|(zone, _)| zone.is_none()) {
        Rule::always(doubt, "the zones of its addresses are not known")
    } else {
        let deny = Action::Deny(Code::RegionalNgwRouteAzRestriction);
        Rule::always(deny, "it has no address in the packet's zone")
    };
    builder.ordered(Stage::Admission, rules, otherwise)
}

/// The zones of a VPC's subnets that are told by name alone.
fn nameless(builder: &Builder, vpc: VpcIx) -> Vec<ZoneIx> {
    let subnets = builder.network.frame.subnets.iter();
    let subnets = subnets.filter(|subnet| subnet.vpc == vpc);
    let nameless = subnets.filter(|subnet| {
        let resource = builder.network.resource(subnet.resource);
        let body = resource.map(|resource| &resource.body);
        matches!(body, Some(Body::Subnet(held)) if held.availability_zone_id.is_none())
    });
    nameless.filter_map(|subnet| subnet.zone_ix).collect()
}

fn translation(builder: &mut Builder, back: PlaceIx, own: &[(Option<ZoneIx>, IpAddr)]) -> TableIx {
    let label = "source becomes the gateway's";
    let rule = |zone: Option<ZoneIx>, address: IpAddr| {
        let rewrite = Rewrite {
            source: Some(Addr::Ip(address)),
            back: Some(back),
            skips_routes: false,
            destination: None,
        };
        let matches = Match { zone, ..Match::ANY };
        Rule::when(matches, Action::Rewrite(Box::new(rewrite)), label)
    };
    let rules = own.iter().map(|(zone, address)| rule(*zone, *address));
    let rules = rules.collect();
    let otherwise = match own.first() {
        Some((_, address)) => rule(None, *address),
        None => Rule::always(Action::Pass, ""),
    };
    builder.ordered(Stage::Translation, rules, otherwise)
}

/// To the internet gateway of the VPC.
fn onward(builder: &mut Builder, vpc: VpcIx) -> TableIx {
    let gateway = builder.network.vpc(vpc).and_then(|vpc| vpc.internet_in);
    let gateway = gateway.and_then(|place| builder.network.place(place)?.resource);
    let Some(gateway) = gateway else {
        let action = Action::Drop(Code::NoRouteToDestination);
        return builder.always(Stage::Forwarding, action, "the VPC has no internet gateway");
    };
    let place = builder.place(Key::InternetGatewayOut(gateway));
    let label = "to the internet gateway of the VPC";
    builder.always(Stage::Forwarding, Action::Forward(place), label)
}

/// Replies go on into the VPC. A route table of the gateway's own, for destinations elsewhere, is not held.
fn back(builder: &mut Builder, at: ResourceIx, vpc: VpcIx) -> PlaceIx {
    let label = "back to who opened the connection";
    let undo = builder.always(Stage::Translation, Action::Undo, label);
    let blocks = builder.network.vpc(vpc).map(|vpc| vpc.cidr_blocks.clone());
    let rules = blocks.into_iter().flatten().map(|net| {
        let matches = Match::to(AddressMatch::Net(net));
        Rule::when(
            matches,
            Action::ByAddress(vpc, Reach::Router),
            "into the VPC",
        )
    });
    let rules = rules.collect();
    let unknown = Action::Unknown(Code::UnknownResource);
    let label = "the topology does not hold the gateway's own route table";
    let enter = builder.ordered(Stage::Forwarding, rules, Rule::always(unknown, label));
    builder.fill(Key::NatGatewayBack(at), at, vec![undo, enter])
}
