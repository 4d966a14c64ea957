//! Who else knows names: private hosted zones, Resolver rules, and peer VPCs that may ask
//! (Route 53 guide, "Private hosted zones", "Resolver rules"; VPC Peering guide, "DNS resolution").

use std::net::IpAddr;

use causeway_model::ids::{DnsName, VpcId};
use causeway_model::resources::HostedZone;
use causeway_model::resources::dns::{ResolverRuleType, ResourceRecordSet};
use causeway_model::resources::transit::VpcPeeringConnectionState;

use crate::dns::{Record, Records, ResolverRule, Zone};
use crate::table::VpcIx;

use super::builder::{Builder, pick};

pub(crate) fn compile(builder: &mut Builder) {
    zones(builder);
    rules(builder);
    resolving_peers(builder);
}

fn zones(builder: &mut Builder) {
    for (at, zone) in builder.each(pick!(HostedZone)) {
        let place = builder.network.frame.names.zones.len();
        for vpc in vpcs(builder, &zone.vpc_ids) {
            let zones = builder.frame().names.zones_of.entry(vpc).or_default();
            zones.push(place);
        }
        builder.frame().names.zones.push(Zone {
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
            let rules = builder.frame().names.rules.entry(vpc).or_default();
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
                let peers = &mut builder.frame().names.resolving_peers;
                peers.entry(peer).or_default().push(own);
            }
        }
    }
}
