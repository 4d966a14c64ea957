//! Egress-only internet gateways (VPC guide, "Egress-only internet gateways").
//!
//! IPv6 alone, and connections that are opened from inside alone; replies to them come back. No security group, no route table of its own.
//! A reply to a connection that came in by another gateway is in doubt: AWS does not say whether it leaves.

use causeway_model::resources::EgressOnlyInternetGateway;
use causeway_model::resources::gateways::GatewayAttachmentState;
use causeway_model::trace::{Code, Stage};
use ipnet::{IpNet, Ipv6Net};

use crate::table::{
    Action, AddressMatch, End, Match, PlaceIx, Reach, Rewrite, Rule, TableIx, VpcIx,
};

use super::block_public_access;
use super::builder::{Builder, Key, pick};

pub(crate) fn compile(builder: &mut Builder) {
    for (at, gateway) in builder.each(pick!(EgressOnlyInternetGateway)) {
        let gateway: EgressOnlyInternetGateway = gateway;
        let attachment = gateway.attachments.first();
        let attached = attachment.and_then(|own| Some((builder.vpc(&own.vpc_id)?, own.state)));
        let Some((vpc, state)) = attached else {
            let label = "attached to no VPC of the topology";
            let action = Action::Drop(Code::BadStateAttachment);
            let dropped = builder.always(Stage::State, action, label);
            builder.fill(Key::EgressOnlyOut(at), at, vec![dropped]);
            continue;
        };
        let is_attached = state == GatewayAttachmentState::Attached;
        let state = builder.state(is_attached, Code::BadStateAttachment, state);
        let enter = builder.always(
            Stage::Forwarding,
            Action::ByAddress(vpc, Reach::Router),
            "into the VPC",
        );
        let blocked = block_public_access::table(builder, at, vpc, false);
        let blocked_in = blocked.and_then(|_| block_public_access::table(builder, at, vpc, true));
        let label = "reply to a connection from inside";
        let undo = builder.always(Stage::Translation, Action::Undo, label);
        let mut tables = vec![state];
        tables.extend(blocked_in);
        tables.extend([undo, enter]);
        let back = builder.fill(Key::EgressOnlyIn(at), at, tables);
        let out = builder.fill(Key::EgressOnlyOut(at), at, Vec::new());
        let tables = outward(builder, vpc, back);
        let first = [Some(state), blocked].into_iter().flatten();
        builder.edit(out, |place| place.tables = first.chain(tables).collect());
        for place in [out, back] {
            builder.edit(place, |place| place.keeps_groups = false);
        }
    }
}

/// What becomes of packets that leave.
fn outward(builder: &mut Builder, vpc: VpcIx, back: PlaceIx) -> Vec<TableIx> {
    let rewrite = Rewrite {
        source: None,
        back: Some(back),
        skips_routes: false,
        destination: None,
    };
    let pairing = Action::PairSource(vpc);
    let end = Action::Deliver(End::Internet(back));
    let tracking = Action::Rewrite(Box::new(rewrite));
    vec![
        admission(builder),
        builder.always(Stage::Translation, pairing, "public address of the source"),
        builder.always(
            Stage::Translation,
            tracking,
            "the connection is kept in mind",
        ),
        builder.always(
            Stage::Forwarding,
            Action::ByPublicAddress,
            "the topology holds the destination",
        ),
        builder.always(Stage::Delivery, end, "to the internet"),
    ]
}

fn admission(builder: &mut Builder) -> TableIx {
    let ipv6 = AddressMatch::Net(IpNet::V6(Ipv6Net::default()));
    let reply = Match {
        is_reply: Some(true),
        ..Match::ANY
    };
    let rules = vec![
        Rule::when(
            reply,
            Action::Doubt(Code::ReturnPathAsymmetric),
            "the connection came in by another gateway: whether its replies leave here is not known",
        ),
        Rule::when(Match::to(ipv6), Action::Pass, "IPv6"),
    ];
    let drop = Action::Drop(Code::ProtocolRestriction);
    builder.ordered(Stage::Admission, rules, Rule::always(drop, "IPv6 alone"))
}
