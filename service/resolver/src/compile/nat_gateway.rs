//! NAT gateways (VPC guide, "NAT gateways").
//!
//! A packet is routed to the gateway, enters its subnet through the network ACL, gets the gateway's private address as its source and
//! a port from 1024 to 65535, and goes on by the route table of the gateway's subnet; the internet gateway pairs that address with
//! the Elastic IP address. TCP, UDP and ICMP alone. No security group. Replies find their way back through the same gateway.

use std::sync::Arc;

use causeway_model::Protocol;
use causeway_model::resources::NatGateway;
use causeway_model::resources::gateways::NatGatewayState;
use causeway_model::trace::{Code, Stage};

use crate::table::{Action, Match, ResourceIx, Rewrite, Rule, SubnetIx, TableIx};

use super::builder::{Builder, Key, pick};
use super::interface;
use super::regional_nat;

fn all(builder: &Builder) -> Vec<(ResourceIx, NatGateway)> {
    builder.each(pick!(NatGateway))
}

/// Gives the gateway's addresses to the indexes, where its interface is not in the topology or does not name them.
pub(crate) fn register(builder: &mut Builder) {
    for (at, nat) in all(builder) {
        let Some(subnet) = nat.subnet_id.as_ref().and_then(|id| builder.subnet(id)) else {
            regional_nat::register(builder, at, &nat);
            continue;
        };
        let Some(vpc) = builder.vpc(&nat.vpc_id) else {
            continue;
        };
        for address in &nat.nat_gateway_addresses {
            let Some(private) = address.private_ip else {
                continue;
            };
            let known = builder.holder(vpc, private);
            let own = known.unwrap_or_else(|| stand_in(builder, (at, vpc, subnet), private));
            if let Some(public) = address.public_ip {
                interface::pair_for(builder, own, private, public);
            }
        }
    }
}

/// An interface for a gateway whose own is not in the topology.
fn stand_in(
    builder: &mut Builder,
    (at, vpc, subnet): (ResourceIx, crate::table::VpcIx, SubnetIx),
    private: std::net::IpAddr,
) -> crate::table::InterfaceIx {
    let own = interface::add(
        builder,
        (at, vpc, subnet),
        vec![private].into(),
        Arc::default(),
    );
    interface::set_user(builder, own, Some(at));
    let back = builder.place(Key::NatGatewayBack(at));
    let arrive = builder.always(Stage::Delivery, Action::Forward(back), "to the NAT gateway");
    let out = builder.place(Key::SubnetOut(subnet));
    let leave = builder.always(Stage::Forwarding, Action::Forward(out), "to its subnet");
    builder.fill(Key::InterfaceIn(own), at, vec![arrive]);
    builder.fill(Key::InterfaceOut(own), at, vec![leave]);
    own
}

pub(crate) fn compile(builder: &mut Builder) {
    for (at, nat) in all(builder) {
        let subnet = nat.subnet_id.as_ref().and_then(|id| builder.subnet(id));
        let Some(subnet) = subnet else {
            regional_nat::compile(builder, at, &nat);
            continue;
        };
        let state = builder.state(
            nat.state == NatGatewayState::Available,
            Code::BadState,
            nat.state,
        );
        let leave = leave(builder, subnet);
        let tables = [
            builder.acl_in(subnet),
            Some(state),
            Some(protocols(builder)),
            Some(translation(builder, &nat)),
            Some(leave),
        ];
        let forth = builder.fill(
            Key::NatGateway(at),
            at,
            tables.into_iter().flatten().collect(),
        );
        builder.edit(forth, |place| {
            place.link = Some(subnet);
            place.keeps_groups = false;
        });
        let undo = builder.always(
            Stage::Translation,
            Action::Undo,
            "back to who opened the connection",
        );
        let back = builder.fill(Key::NatGatewayBack(at), at, vec![undo, leave]);
        builder.edit(back, |place| place.link = Some(subnet));
    }
}

fn leave(builder: &mut Builder, subnet: SubnetIx) -> TableIx {
    let out = builder.place(Key::SubnetOut(subnet));
    builder.always(
        Stage::Forwarding,
        Action::Forward(out),
        "to the gateway's subnet",
    )
}

pub(crate) fn protocols(builder: &mut Builder) -> TableIx {
    let taken = [Protocol::TCP, Protocol::UDP, Protocol::ICMP];
    let rules = taken
        .map(|protocol| Rule::when(Match::protocol(protocol), Action::Pass, "taken"))
        .to_vec();
    builder.ordered(
        Stage::Admission,
        rules,
        Rule::always(
            Action::Deny(Code::ProtocolRestriction),
            "TCP, UDP and ICMP alone",
        ),
    )
}

fn translation(builder: &mut Builder, nat: &NatGateway) -> TableIx {
    match nat
        .nat_gateway_addresses
        .iter()
        .find_map(|address| address.private_ip)
    {
        Some(address) => builder.always(
            Stage::Translation,
            Action::Rewrite(Box::new(Rewrite::source(address))),
            "source becomes the gateway's",
        ),
        None => builder.always(
            Stage::Translation,
            Action::Unknown(Code::UnknownResource),
            "the topology does not name the gateway's address",
        ),
    }
}
