//! VPC Block Public Access (VPC guide, "Block public access to VPCs and subnets").
//!
//! One setting for an account and Region. `block-bidirectional` stops all traffic of internet gateways; `block-ingress` stops what enters
//! by them, replies too, except for NAT gateways, which open connections but take none. An exclusion exempts a VPC or a subnet: from
//! both, or, against `block-bidirectional` alone, the connections that are opened from inside.

use causeway_model::resources::firewall::{
    ExcludedResource, InternetGatewayBlockMode as Mode, VpcBlockPublicAccessExclusion,
};
use causeway_model::resources::{NatGateway, VpcBlockPublicAccessOptions};
use causeway_model::trace::{Code, Stage};
use ipnet::IpNet;

use crate::table::{Action, AddressMatch, Match, ResourceIx, Rule, TableIx, VpcIx};

use super::builder::{Builder, pick};

/// What the settings say of packets that pass a gateway this way, where their inner address is still or already private.
pub(crate) fn table(
    builder: &mut Builder,
    gateway: ResourceIx,
    vpc: VpcIx,
    is_inbound: bool,
) -> Option<TableIx> {
    let (at, options) = settings(builder, gateway)?;
    let mode = options.internet_gateway_block_mode;
    if mode == Mode::Off || (mode == Mode::BlockIngress && !is_inbound) {
        return None;
    }
    let mut rules = Vec::new();
    for exclusion in &options.exclusions {
        if !exclusion.allow_egress_only || mode == Mode::BlockBidirectional {
            rules.extend(exemption(builder, exclusion, vpc, is_inbound));
        }
    }
    if mode == Mode::BlockIngress {
        let addresses = nat_addresses(builder, vpc).into_iter();
        rules.extend(addresses.map(|net| {
            let matches = Match::to(AddressMatch::Net(net));
            Rule::when(
                matches,
                Action::Allow,
                format!("mode {mode} spares NAT gateways"),
            )
        }));
    }
    let deny = Action::Deny(Code::VpcBlockPublicAccessEnabled);
    let otherwise = Rule::always(deny, format!("mode {mode}"));
    let table = builder.ordered(Stage::Admission, rules, otherwise);
    builder.set_owner(table, at);
    Some(table)
}

/// The settings of the gateway's account and Region.
fn settings(
    builder: &Builder,
    gateway: ResourceIx,
) -> Option<(ResourceIx, VpcBlockPublicAccessOptions)> {
    let own = builder.network.resource(gateway)?;
    let all = builder.each(pick!(VpcBlockPublicAccessOptions));
    let mut applying = all.into_iter().filter(|(at, _)| {
        let other = builder.network.resource(*at);
        other.is_some_and(|other| (&other.owner_id, &other.region) == (&own.owner_id, &own.region))
    });
    applying.next()
}

/// The rules that let pass what an exclusion exempts; none if it is about another VPC.
fn exemption(
    builder: &Builder,
    exclusion: &VpcBlockPublicAccessExclusion,
    vpc: VpcIx,
    is_inbound: bool,
) -> Vec<Rule> {
    let inner = match &exclusion.resource {
        ExcludedResource::Vpc(id) if builder.vpc(id) == Some(vpc) => vec![AddressMatch::Any],
        ExcludedResource::Subnet(id) => {
            let subnet = builder.subnet(id).and_then(|at| builder.network.subnet(at));
            let subnet = subnet.filter(|subnet| subnet.vpc == vpc);
            let blocks = subnet.map(|subnet| subnet.cidr_blocks.clone());
            let blocks = blocks.unwrap_or_default().into_iter();
            blocks.map(AddressMatch::Net).collect()
        }
        ExcludedResource::Vpc(_) => Vec::new(),
    };
    let rules = inner.into_iter().map(|inner| {
        let ends = if is_inbound {
            Match::to(inner)
        } else {
            Match::from(inner)
        };
        // From inside are opened: what leaves and is no reply, what enters and is one.
        let is_reply = exclusion.allow_egress_only.then_some(is_inbound);
        let matches = Match { is_reply, ..ends };
        Rule::when(matches, Action::Allow, exclusion.exclusion_id.to_string())
    });
    rules.collect()
}

/// The private addresses of the NAT gateways of a VPC.
fn nat_addresses(builder: &Builder, vpc: VpcIx) -> Vec<IpNet> {
    let mut found = Vec::new();
    let gateways: Vec<(ResourceIx, NatGateway)> = builder.each(pick!(NatGateway));
    for (_, nat) in gateways {
        if builder.vpc(&nat.vpc_id) == Some(vpc) {
            let addresses = nat.nat_gateway_addresses.iter();
            found.extend(
                addresses
                    .filter_map(|own| own.private_ip.or(own.public_ip))
                    .map(IpNet::from),
            );
        }
    }
    found
}
