//! The dictionaries of the record format: a name or a word that stands in them is stored as its place.
//!
//! Invariant: entries are appended, never moved, changed or removed, since stored bytes hold their places. The first 128 take one
//! byte. What is in no dictionary is stored in full, so a missing entry costs space and nothing else.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Names of fields, and of variants that hold something.
#[rustfmt::skip]
pub(crate) const NAMES: &[&str] = &[
    "owner_id", "region", "tags", "body", "key", "value", "network_interface", "instance", "security_group", "subnet", "route_table", "vpc",
    "network_acl", "vpc_id", "subnet_id", "network_interface_id", "interface_type", "private_ip_addresses", "private_ip_address", "public_ip",
    "ipv6_addresses", "group_ids", "source_dest_check", "status", "instance_id", "device_index", "availability_zone", "requester_managed",
    "description", "state", "group_id", "group_name", "ip_permissions", "ip_permissions_egress", "ip_protocol", "ports", "icmp_type_code",
    "ip_ranges", "prefix_list_ids", "user_id_group_pairs", "user_id", "vpc_peering_connection_id", "route_table_id", "associations", "routes",
    "destination", "target", "origin", "cidr", "prefix_list", "propagating_vgws", "internet_gateway", "nat_gateway", "vpc_endpoint",
    "transit_gateway", "vpc_peering_connection", "cidr_blocks", "availability_zone_id", "network_acl_id", "is_default", "subnet_ids", "entries",
    "rule_number", "egress", "protocol", "rule_action", "cidr_block", "port_range", "type", "code", "vpc_endpoint_id", "vpc_endpoint_type",
    "service_name", "route_table_ids", "network_interface_ids", "private_dns_enabled", "dns_entries", "dns_name", "hosted_zone_id", "policy_document",
    "targets", "targets_known", "target_group", "target_group_arn", "target_group_name", "target_type", "load_balancer_arns", "load_balancer",
    "load_balancer_arn", "id", "port", "name", "resource_records", "resource_record_sets", "transit_gateway_attachment",
    "transit_gateway_attachment_id", "transit_gateway_id", "transit_gateway_route_table", "transit_gateway_route_table_id",
    "transit_gateway_attachment_ids", "resource_type", "resource_id", "dhcp_options_id", "domain_name_servers", "domain_name", "vpc_ids",
    "records_known", "alias_target_dns_name", "resolver_rule_id", "rule_type", "target_ips", "service_region", "resource_configuration_arn",
    "service_network_arn", "private_dns_only_for_inbound_resolver_endpoint", "service_id", "service_type", "service_state", "availability_zones",
    "acceptance_required", "network_load_balancer_arns", "gateway_load_balancer_arns", "base_endpoint_dns_names", "private_dns_names",
    "private_dns_name_state", "supported_regions", "permissions_known", "allowed_principals", "connections", "vpc_endpoint_policy_supported",
    "vpc_endpoint_owner", "vpc_endpoint_state", "vpc_endpoint_region", "prefix_list_id", "prefix_list_name", "entries_known", "firewall_arn",
    "firewall_name", "firewall_policy_arn", "endpoints", "endpoint_id", "stateless_rule_group_references", "stateful_rule_group_references",
    "stateless_default_actions", "stateless_fragment_default_actions", "stateful_default_actions", "strict_order", "resource_arn", "priority",
    "rule_group_arn", "stateful", "rules", "has_other_rules", "action", "protocols", "sources", "destinations", "source_ports", "destination_ports",
    "any_direction", "has_other_options", "options_id", "internet_gateway_block_mode", "exclusions", "exclusion_id", "resource", "allow_egress_only",
    "internet_gateway_id", "attachments", "egress_only_internet_gateway_id", "nat_gateway_id", "connectivity_type", "availability_mode",
    "nat_gateway_addresses", "allocation_id", "private_ip", "vpn_gateway_id", "vpc_attachments", "amazon_side_asn", "customer_gateway_id",
    "ip_address", "bgp_asn", "vpn_connection_id", "gateway", "static_routes_only", "vgw_telemetry", "outside_ip_address", "up",
    "accepted_route_count", "direct_connect_gateway_id", "associated_gateway_id", "allowed_prefixes", "associated", "virtual_interface_id",
    "virtual_interface_type", "available", "bgp_up", "route_filter_prefixes", "deny_all_igw_traffic", "load_balancer_name", "scheme",
    "security_groups", "listeners", "cross_zone_enabled", "enforce_security_group_inbound_rules_on_private_link_traffic", "zone_name", "addresses",
    "listener_arn", "target_group_arns", "preserve_client_ip_enabled", "enable_dns_support", "enable_dns_hostnames", "requester_vpc_info",
    "accepter_vpc_info", "allow_dns_resolution_from_remote_vpc", "transit_gateway_cidr_blocks", "vpn_ecmp_support", "dns_support",
    "security_group_referencing_support", "transit_gateway_owner_id", "resource_owner_id", "association_transit_gateway_route_table_id",
    "appliance_mode_support", "ipv6_support", "peer_transit_gateway_id", "peer_region", "association_attachment_ids", "propagation_attachment_ids",
    "routes_known", "vpn_gateway", "virtual_gateway", "direct_connect_gateway", "egress_only_internet_gateway", "local_gateway", "carrier_gateway",
    "core_network", "odb_network", "managed_prefix_list", "address", "vpc_endpoint_service", "customer_gateway", "vpn_connection",
    "virtual_interface", "dhcp_options", "hosted_zone", "resolver_rule", "firewall", "firewall_policy", "firewall_rule_group",
    "vpc_block_public_access_options",
];

/// Texts that stand in many fields: variants that hold nothing, and values that most estates have.
#[rustfmt::skip]
pub(crate) const WORDS: &[&str] = &[
    "all", "tcp", "udp", "icmp", "icmpv6", "allow", "deny", "on", "off", "main", "local", "active", "create_route", "create_route_table", "blackhole",
    "enable_vgw_route_propagation", "advertisement", "available", "in_use", "interface", "running", "stopped", "0.0.0.0/0", "::/0", "10.0.0.0/8",
    "172.16.0.0/12", "192.168.0.0/16", "HTTP", "HTTPS", "TCP", "UDP", "TLS", "TCP_UDP", "GENEVE", "A", "AAAA", "CNAME", "healthy", "unhealthy",
    "static", "propagated", "instance", "ip", "lambda", "default", "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2",
    "eu-west-3", "eu-central-1", "eu-north-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-south-1", "ca-central-1", "sa-east-1",
    "us-east-1a", "us-east-1b", "us-east-1c", "us-west-2a", "us-west-2b", "us-west-2c", "eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-central-1a",
    "eu-central-1b", "eu-central-1c", "Name", "AmazonProvidedDNS", "aws:forward_to_sfe", "aws:pass", "aws:drop", "forward", "system", "recursive",
    "gateway", "gateway_load_balancer", "resource", "service_network", "tunnel", "pending_acceptance", "pending", "deleting", "deleted", "rejected",
    "failed", "expired", "partial", "pending_verification", "verified", "pass", "drop", "reject", "alert", "forward_to_stateful",
    "block_bidirectional", "block_ingress", "attaching", "attached", "detaching", "detached", "public", "private", "zonal", "regional", "transit",
    "nat_gateway", "vpc_endpoint", "gateway_load_balancer_endpoint", "network_load_balancer", "load_balancer", "transit_gateway", "efa", "trunk",
    "branch", "other", "associated", "shutting_down", "terminated", "stopping", "application", "network", "internal", "internet_facing",
    "provisioning", "active_impaired", "alb", "initial", "unused", "draining", "unavailable", "filtered", "initiating_request", "vpc", "vpn",
    "vpn_concentrator", "direct_connect_gateway", "connect", "peering", "network_function", "client_vpn", "initiating", "modifying",
];

static NAME_PLACES: LazyLock<BTreeMap<&'static str, u64>> = LazyLock::new(|| places(NAMES));
static WORD_PLACES: LazyLock<BTreeMap<&'static str, u64>> = LazyLock::new(|| places(WORDS));

/// The place of a name, if it has one.
pub(crate) fn place_of_name(name: &str) -> Option<u64> {
    NAME_PLACES.get(name).copied()
}

/// The name at a place.
pub(crate) fn name_at(place: u64) -> Option<&'static str> {
    usize::try_from(place)
        .ok()
        .and_then(|place| NAMES.get(place))
        .copied()
}

/// The place of a word, if it has one.
pub(crate) fn place_of_word(word: &str) -> Option<u64> {
    WORD_PLACES.get(word).copied()
}

/// The word at a place.
pub(crate) fn word_at(place: u64) -> Option<&'static str> {
    usize::try_from(place)
        .ok()
        .and_then(|place| WORDS.get(place))
        .copied()
}

fn places(entries: &'static [&'static str]) -> BTreeMap<&'static str, u64> {
    (0..)
        .zip(entries)
        .map(|(place, &entry)| (entry, place))
        .collect()
}
