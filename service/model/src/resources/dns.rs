//! What decides which address a name has: DHCP options, private hosted zones, Resolver rules.

use std::net::IpAddr;

use crate::fields::{enumeration, record};
use crate::ids::{DhcpOptionsId, DnsName, HostedZoneId, ResolverRuleId, VpcId};

record! {
    /// A set of DHCP options.
    pub struct DhcpOptions {
        dhcp_options_id: DhcpOptionsId,
        domain_name_servers: Vec<String>,
        domain_name: String,
    }

    /// A private hosted zone.
    pub struct HostedZone {
        hosted_zone_id: HostedZoneId,
        name: DnsName,
        vpc_ids: Vec<VpcId>,
        resource_record_sets: Vec<ResourceRecordSet>,
        records_known: bool,
    }

    /// A record set of a hosted zone.
    pub struct ResourceRecordSet {
        name: DnsName,
        r#type: String,
        resource_records: Vec<String>,
        alias_target_dns_name: Option<DnsName>,
    }

    /// A Route 53 Resolver rule.
    pub struct ResolverRule {
        resolver_rule_id: ResolverRuleId,
        /// The whole DNS for `.`, which is written as no name.
        domain_name: Option<DnsName>,
        rule_type: ResolverRuleType,
        target_ips: Vec<IpAddr>,
        vpc_ids: Vec<VpcId>,
    }
}

enumeration! {
    /// What a Resolver rule does.
    pub enum ResolverRuleType {
        Forward = "forward",
        System = "system",
        Recursive = "recursive",
    }
}
