//! Internet gateways (VPC guide, "Internet gateways"; RFC 1918, RFC 6598).
//!
//! One-to-one translation between the private IPv4 addresses of interfaces and the public ones they are paired with; IPv6 is not
//! translated. A packet without such a pair does not pass, nor does one to a private address. What comes in goes by the
//! gateway's own route table (edge association), if it has one, else straight to the address in its VPC. A packet for a public address
//! that the topology holds enters again by the gateway of the VPC that holds it.

use std::collections::BTreeMap;

use causeway_model::resources::InternetGateway;
use causeway_model::resources::gateways::GatewayAttachmentState;
use causeway_model::resources::routing::RouteTableAssociation;
use causeway_model::trace::{Code, Stage};
use ipnet::{IpNet, Ipv4Net};

use crate::packet::{RFC1918, RFC6598};
use crate::table::{Action, AddressMatch, End, Match, Reach, ResourceIx, Rule, TableIx, VpcIx};

use super::block_public_access;
use super::builder::{Builder, Key, pick};

fn all(builder: &Builder) -> Vec<(ResourceIx, InternetGateway)> {
    builder.each(pick!(InternetGateway))
}

/// The VPC that a gateway is named to be attached to, and whether it is.
fn attachment(
    builder: &Builder,
    gateway: &InternetGateway,
) -> Option<(VpcIx, GatewayAttachmentState)> {
    let attachment = gateway.attachments.first()?;
    Some((builder.vpc(&attachment.vpc_id)?, attachment.state))
}

pub(crate) fn register(builder: &mut Builder) {
    for (at, gateway) in all(builder) {
        let Some((vpc, state)) = attachment(builder, &gateway) else {
            continue;
        };
        let entry = builder.place(Key::InternetGatewayIn(at));
        let is_attached = state == GatewayAttachmentState::Attached;
        if let Some(vpc) = builder.frame().vpcs.get_mut(vpc.index())
            && (is_attached || vpc.internet_in.is_none())
        {
            vpc.internet_in = Some(entry);
        }
    }
}

pub(crate) fn compile(builder: &mut Builder) {
    let edges = edge_tables(builder);
    for (at, gateway) in all(builder) {
        let Some((vpc, state)) = attachment(builder, &gateway) else {
            let dropped = builder.always(
                Stage::State,
                Action::Drop(Code::BadStateAttachment),
                "attached to no VPC of the topology",
            );
            builder.fill(Key::InternetGatewayOut(at), at, vec![dropped]);
            builder.fill(Key::InternetGatewayIn(at), at, vec![dropped]);
            continue;
        };
        let state = builder.state(
            state == GatewayAttachmentState::Attached,
            Code::BadStateAttachment,
            state,
        );
        outward(builder, at, vpc, state);
        inward(builder, at, vpc, (state, edges.get(&at).copied()));
    }
}

fn outward(builder: &mut Builder, at: ResourceIx, vpc: VpcIx, state: TableIx) {
    let back = builder.place(Key::InternetGatewayIn(at));
    let label = "public address of the source";
    let pairing = builder.always(Stage::Translation, Action::PairSource(vpc), label);
    let label = "the topology holds the destination";
    let again = builder.always(Stage::Forwarding, Action::ByPublicAddress, label);
    let action = Action::Deliver(End::Internet(back));
    let leave = builder.always(Stage::Delivery, action, "to the internet");
    let mut tables = vec![state];
    tables.extend(block_public_access::table(builder, at, vpc, false));
    tables.extend([public_only(builder), pairing, again, leave]);
    let place = builder.fill(Key::InternetGatewayOut(at), at, tables);
    builder.edit(place, |place| place.keeps_groups = false);
}

fn inward(
    builder: &mut Builder,
    at: ResourceIx,
    vpc: VpcIx,
    (state, edge): (TableIx, Option<ResourceIx>),
) {
    let label = "private address of the destination";
    let pairing = builder.always(Stage::Translation, Action::PairDestination(vpc), label);
    let (action, label) = match edge {
        Some(table) => {
            let table = builder.place(Key::RouteTable(table));
            (Action::Forward(table), "to the gateway's route table")
        }
        None => (Action::ByAddress(vpc, Reach::Router), "into the VPC"),
    };
    let onward = builder.always(Stage::Forwarding, action, label);
    let mut tables = vec![state, pairing];
    tables.extend(block_public_access::table(builder, at, vpc, true));
    tables.extend(super::regional_nat::entering(builder, vpc));
    tables.push(onward);
    let place = builder.fill(Key::InternetGatewayIn(at), at, tables);
    builder.edit(place, |place| place.keeps_groups = false);
}

/// A table that drops packets to private addresses.
fn public_only(builder: &mut Builder) -> TableIx {
    let drop = |net: Ipv4Net, code| {
        let matches = Match::to(AddressMatch::Net(IpNet::V4(net)));
        Rule::when(matches, Action::Drop(code), format!("{net} is private"))
    };
    let code = Code::IgwDestinationAddressNotInRfc1918Egress;
    let mut rules: Vec<Rule> = RFC1918.iter().map(|net| drop(*net, code)).collect();
    rules.push(drop(RFC6598, Code::IgwDestinationAddressNotInRfc6598Egress));
    let otherwise = Rule::always(Action::Pass, "public");
    builder.ordered(Stage::Admission, rules, otherwise)
}

/// Which route table is associated with which gateway.
fn edge_tables(builder: &Builder) -> BTreeMap<ResourceIx, ResourceIx> {
    let tables = builder.each(pick!(RouteTable));
    let mut edges = BTreeMap::new();
    for (at, table) in tables {
        for association in table.associations {
            if let RouteTableAssociation::InternetGateway(id) = association
                && let Some((gateway, _)) = builder.find(&id)
            {
                edges.entry(gateway).or_insert(at);
            }
        }
    }
    edges
}
