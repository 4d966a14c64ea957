//! DHCP options, private hosted zones and Route 53 Resolver rules.

use causeway_proto::v1;

use crate::record::{Record, sorted};
use crate::warning::Warning;

pub(super) fn dhcp_options(id: &str, record: &Record<'_>) -> Option<v1::DhcpOptions> {
    let configurations = record.children("DhcpConfigurations");
    let values = |key: &str| {
        let found = configurations
            .iter()
            .find(|configuration| configuration.word("Key") == Some(key));
        let values = found
            .map(|configuration| configuration.children("Values"))
            .unwrap_or_default();
        values
            .iter()
            .filter_map(|value| value.word("Value"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    Some(v1::DhcpOptions {
        dhcp_options_id: id.to_owned(),
        domain_name_servers: values("domain-name-servers"),
        domain_name: values("domain-name").into_iter().next().unwrap_or_default(),
    })
}

/// A public zone is no part of a private network.
pub(super) fn left_out(record: &Record<'_>) -> Option<&'static str> {
    let is_private = record
        .child("Config")
        .and_then(|config| config.flag("PrivateZone"));
    (is_private == Some(false)).then_some("it is a public hosted zone")
}

pub(super) fn hosted_zone(id: &str, record: &Record<'_>) -> Option<v1::HostedZone> {
    let records_known =
        record.has("ResourceRecordSets") && !record.has("ResourceRecordSetsTruncated");
    let missing = |what: &'static str, call: &'static str| {
        record.warn(Warning::DetailMissing {
            resource_id: id.to_owned(),
            what,
            call,
        });
    };
    if !records_known {
        missing("its records are", "list-resource-record-sets");
    }
    if !record.has("VPCs") {
        missing("the VPCs it answers in are", "get-hosted-zone");
    }
    let sets = if records_known {
        record.children("ResourceRecordSets")
    } else {
        Vec::new()
    };
    Some(v1::HostedZone {
        hosted_zone_id: id.to_owned(),
        name: record.required("Name")?,
        vpc_ids: record.pick("VPCs", "VPCId"),
        resource_record_sets: sets.iter().filter_map(record_set).collect(),
        records_known,
    })
}

fn record_set(record: &Record<'_>) -> Option<v1::ResourceRecordSet> {
    let values = record.children("ResourceRecords");
    let alias = record.child("AliasTarget");
    Some(v1::ResourceRecordSet {
        name: unescaped(&record.required("Name")?),
        r#type: record.required("Type")?,
        resource_records: values
            .iter()
            .filter_map(|value| value.word("Value"))
            .map(str::to_owned)
            .collect(),
        alias_target_dns_name: alias.map(|alias| alias.text("DNSName")).unwrap_or_default(),
    })
}

/// Route 53 writes the `*` of a wildcard as its octal code.
fn unescaped(name: &str) -> String {
    name.replace("\\052", "*")
}

pub(super) fn resolver_rule(id: &str, record: &Record<'_>) -> Option<v1::ResolverRule> {
    let targets = record.children("TargetIps");
    let addresses = targets
        .iter()
        .filter_map(|target| target.address("Ip").or_else(|| target.address("Ipv6")));
    let associations = record.members("ResolverRuleAssociations");
    let in_force = associations.iter().filter(|item| {
        item.word("Status")
            .is_none_or(|status| status == "COMPLETE")
    });
    Some(v1::ResolverRule {
        resolver_rule_id: id.to_owned(),
        domain_name: record.required("DomainName")?,
        rule_type: record.required_choice::<v1::ResolverRuleType>("RuleType")?,
        target_ips: addresses.collect(),
        vpc_ids: sorted(
            in_force
                .filter_map(|item| item.word("VPCId"))
                .map(str::to_owned)
                .collect(),
        ),
    })
}
