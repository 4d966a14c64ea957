//! DHCP options, private hosted zones and Resolver rules.

use causeway_model::resources::dns::{ResolverRuleType, ResourceRecordSet};
use causeway_model::resources::{DhcpOptions, HostedZone, ResolverRule};
use causeway_proto::v1;

use crate::wire::macros::{message, names};

message! {
    DhcpOptions = v1::DhcpOptions { dhcp_options_id, domain_name_servers, domain_name }
    HostedZone = v1::HostedZone { hosted_zone_id, name, vpc_ids, resource_record_sets, records_known }
    ResourceRecordSet = v1::ResourceRecordSet { name, r#type as given, resource_records, alias_target_dns_name }
    ResolverRule = v1::ResolverRule { resolver_rule_id, domain_name as domain, rule_type, target_ips, vpc_ids }
}

names! {
    ResolverRuleType = v1::ResolverRuleType, required { Forward, System, Recursive }
}
