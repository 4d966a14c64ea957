//! Who else knows names: private hosted zones, Resolver rules, peer VPCs that may ask, and load balancers
//! (Route 53 guide, "Private hosted zones", "Resolver rules"; VPC Peering guide, "DNS resolution"; ELB guide, "DNS name").

use std::net::IpAddr;

use causeway_model::ids::{DnsName, VpcId};
use causeway_model::resources::dns::{ResolverRuleType, ResourceRecordSet};
use causeway_model::resources::load_balancers::LoadBalancerScheme;
use causeway_model::resources::transit::VpcPeeringConnectionState;
use causeway_model::resources::{HostedZone, LoadBalancer};

use crate::dns::{Record, Records, ResolverRule, Zone};
use crate::table::VpcIx;

use super::builder::{Builder, pick};

pub(crate) fn compile(builder: &mut Builder) {
    zones(builder);
    rules(builder);
    resolving_peers(builder);
    balancers(builder);
}

fn zones(builder: &mut Builder) {
    for (at, zone) in builder.each(pick!(HostedZone)) {
        let place = builder.network.names.zones.len();
        for vpc in vpcs(builder, &zone.vpc_ids) {
            let zones = builder.network.names.zones_of.entry(vpc).or_default();
            zones.push(place);
        }
        builder.network.names.zones.push(Zone {
            resource: at,
            records: zone.records_known.then(|| records(&zone)),
            name: zone.name,
        });
    }
}

fn vpcs(builder: &Builder, ids: &[VpcId]) -> Vec<VpcIx> {
    ids.iter().filter_map(|id| builder.vpc(id)).collect()
}

fn records(zone: &HostedZone) -> Records {
    let mut records = Records::default();
    for set in &zone.resource_record_sets {
        records.add(&zone.name, &set.name, read(set));
    }
    records
}

/// What the records of a set say of addresses. Sets of other types say that the name is there.
fn read(set: &ResourceRecordSet) -> Vec<Record> {
    let values = set.resource_records.iter();
    match (set.r#type.as_str(), &set.alias_target_dns_name) {
        (kind @ ("A" | "AAAA"), Some(to)) => vec![Record::Alias {
            to: without_dualstack(to),
            is_ipv6: kind == "AAAA",
        }],
        ("CNAME", Some(to)) => vec![Record::Canonical(without_dualstack(to))],
        (kind @ ("A" | "AAAA"), None) => values
            .map(|value| address(value, kind == "AAAA").map_or(Record::Unreadable, Record::Address))
            .collect(),
        ("CNAME", None) => values
            .map(|value| {
                DnsName::from_any_case(value.trim()).map_or(Record::Unreadable, Record::Canonical)
            })
            .collect(),
        ("NS", _) => vec![Record::Delegation],
        _ => Vec::new(),
    }
}

fn address(text: &str, is_ipv6: bool) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    (address.is_ipv6() == is_ipv6).then_some(address)
}

/// The console writes aliases to load balancers as `dualstack.` and their name; both are one.
fn without_dualstack(name: &DnsName) -> DnsName {
    let text = name.as_str();
    let own = text.strip_prefix("dualstack.");
    own.filter(|_| text.ends_with(".elb.amazonaws.com"))
        .and_then(|own| own.parse().ok())
        .unwrap_or_else(|| name.clone())
}

fn rules(builder: &mut Builder) {
    for (at, rule) in builder.each(pick!(ResolverRule)) {
        // Resolver's own rule for the rest of DNS says nothing that would not hold without it.
        if rule.rule_type == ResolverRuleType::Recursive {
            continue;
        }
        for vpc in vpcs(builder, &rule.vpc_ids) {
            let rules = builder.network.names.rules.entry(vpc).or_default();
            rules.push(ResolverRule {
                resource: at,
                domain: rule.domain_name.clone(),
                rule_type: rule.rule_type,
            });
        }
    }
}

/// The side that has the option on lets the other ask for its names.
fn resolving_peers(builder: &mut Builder) {
    for (_, peering) in builder.each(pick!(VpcPeeringConnection)) {
        if peering.status != VpcPeeringConnectionState::Active {
            continue;
        }
        let (requester, accepter) = (&peering.requester_vpc_info, &peering.accepter_vpc_info);
        for (own, peer) in [(requester, accepter), (accepter, requester)] {
            let sides = builder.vpc(&own.vpc_id).zip(builder.vpc(&peer.vpc_id));
            if let Some((own, peer)) = sides.filter(|_| own.allow_dns_resolution_from_remote_vpc) {
                let peers = &mut builder.network.names.resolving_peers;
                peers.entry(peer).or_default().push(own);
            }
        }
    }
}

fn balancers(builder: &mut Builder) {
    let interfaces = builder.each(pick!(NetworkInterface));
    for (at, balancer) in builder.each(pick!(LoadBalancer)) {
        let Ok(name) = DnsName::from_any_case(&balancer.dns_name) else {
            continue;
        };
        let is_public = balancer.scheme == LoadBalancerScheme::InternetFacing;
        let described = description(&balancer);
        let own = interfaces
            .iter()
            .map(|(_, interface)| interface)
            .filter(|interface| described.as_ref() == Some(&interface.description));
        let of_interfaces = own.flat_map(|interface| {
            let ipv4 = interface.private_ip_addresses.iter().filter_map(|own| {
                if is_public {
                    own.public_ip
                } else {
                    Some(own.private_ip_address)
                }
            });
            ipv4.chain(interface.ipv6_addresses.iter().copied())
        });
        let told = balancer.availability_zones.iter();
        let told = told.flat_map(|zone| zone.addresses.iter().copied());
        let told =
            told.filter(|address| address.is_ipv6() || is_public_address(*address) == is_public);
        let mut all: Vec<IpAddr> = of_interfaces.chain(told).collect();
        all.sort_unstable();
        all.dedup();
        let addresses = Some(all).filter(|all| !all.is_empty());
        let known = &mut builder.network.names.balancers;
        known.entry(name).or_insert((at, addresses));
    }
}

fn is_public_address(address: IpAddr) -> bool {
    !crate::packet::is_private_address(address)
}

/// How AWS describes the interfaces of a load balancer: `ELB net/name/0123456789abcdef`, the end of its ARN.
fn description(balancer: &LoadBalancer) -> Option<String> {
    let arn = balancer.load_balancer_arn.as_str();
    let (_, own) = arn.split_once(":loadbalancer/")?;
    Some(format!("ELB {own}"))
}
