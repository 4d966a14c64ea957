//! One resource of every kind, with every field filled in, and some that are made by the dozen.

use std::borrow::Cow;

use causeway_model::fields::{Field, FieldError, Value};
use causeway_model::resource::Resource;

/// Writes a value as it would be written in JSON.
macro_rules! value {
    (true) => { Value::True };
    ([$($item:tt),* $(,)?]) => { Value::List(vec![$(value!($item)),*]) };
    ({$($name:ident: $value:tt),* $(,)?}) => {
        Value::Record(vec![$((Cow::Borrowed(causeway_model::fields::plain_name(stringify!($name))), value!($value))),*])
    };
    ((-1)) => { Value::Number(-1) };
    ($other:literal) => { Scalar::from($other).0 };
}

struct Scalar(Value);

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self(Value::Text(text.to_owned()))
    }
}

impl From<i64> for Scalar {
    fn from(number: i64) -> Self {
        Self(Value::Number(number))
    }
}

fn resource(body: Value) -> Result<Resource, FieldError> {
    let mut value = value!({owner_id: "111122223333", region: "eu-west-1", tags: [{key: "Name", value: "übung"}, {key: "team"}]});
    if let Value::Record(fields) = &mut value {
        fields.push((Cow::Borrowed("body"), body));
    }
    Resource::from_value(value)
}

/// A subnet, one of many.
pub(crate) fn subnet(number: u32) -> Result<Resource, FieldError> {
    let id = Value::Text(format!("subnet-{number:017x}"));
    let cidr = Value::Text(format!("10.{}.{}.0/24", number / 256 % 256, number % 256));
    let fields = vec![
        (Cow::Borrowed("subnet_id"), id),
        (
            Cow::Borrowed("vpc_id"),
            Value::Text("vpc-0123456789abcdef0".to_owned()),
        ),
        (Cow::Borrowed("cidr_blocks"), Value::List(vec![cidr])),
    ];
    resource(Value::Record(vec![(
        Cow::Borrowed("subnet"),
        Value::Record(fields),
    )]))
}

/// One resource of every kind.
pub(crate) fn every_kind() -> Result<Vec<Resource>, FieldError> {
    let bodies = [networks(), gateways(), endpoints(), hybrid(), firewalls()];
    bodies.into_iter().flatten().map(resource).collect()
}

fn networks() -> Vec<Value> {
    vec![
        value!({vpc: {vpc_id: "vpc-1", cidr_blocks: ["10.0.0.0/16", "2001:db8::/56"], dhcp_options_id: "dopt-1", is_default: true,
            enable_dns_support: "on", enable_dns_hostnames: "off"}}),
        value!({subnet: {subnet_id: "subnet-1", vpc_id: "vpc-1", cidr_blocks: ["10.0.1.0/24"], availability_zone: "eu-west-1a", availability_zone_id: "euw1-az1"}}),
        value!({route_table: {route_table_id: "rtb-1", vpc_id: "vpc-1", associations: ["main", {subnet: "subnet-1"}, {internet_gateway: "igw-1"}, {vpn_gateway: "vgw-1"}],
            routes: [
                {destination: {cidr: "10.0.0.0/16"}, target: "local", state: "active", origin: "create_route_table"},
                {destination: {prefix_list: "pl-1"}, target: {vpc_endpoint: "vpce-1"}, state: "active", origin: "create_route"},
                {destination: {cidr: "0.0.0.0/0"}, target: {ip_address: "10.0.0.9"}, state: "filtered", origin: "advertisement"},
                {destination: {cidr: "192.0.2.0/24"}, state: "blackhole", origin: "enable_vgw_route_propagation"}],
            propagating_vgws: ["vgw-1"]}}),
        value!({network_interface: {network_interface_id: "eni-1", vpc_id: "vpc-1", subnet_id: "subnet-1", interface_type: "interface",
            private_ip_addresses: [{private_ip_address: "10.0.1.10", public_ip: "203.0.113.7"}], ipv6_addresses: ["2001:db8::10"], group_ids: ["sg-1", "sg-2"],
            source_dest_check: "off", status: "in_use", instance_id: "i-1", device_index: 63, availability_zone: "eu-west-1a", requester_managed: true,
            description: "primary", deny_all_igw_traffic: true}}),
        value!({instance: {instance_id: "i-1", vpc_id: "vpc-1", subnet_id: "subnet-1", state: "running"}}),
        value!({security_group: {group_id: "sg-1", group_name: "web", vpc_id: "vpc-1",
            ip_permissions: [
                {ip_protocol: "tcp", ports: [443, 443], ip_ranges: ["0.0.0.0/0"], prefix_list_ids: ["pl-1"],
                    user_id_group_pairs: [{group_id: "sg-2", user_id: "111122223333", vpc_id: "vpc-2", vpc_peering_connection_id: "pcx-1"}]},
                {ip_protocol: "icmp", icmp_type_code: {r#type: (-1), code: 64}}],
            ip_permissions_egress: [{ip_protocol: "all", ip_ranges: ["0.0.0.0/0", "::/0"]}]}}),
        value!({network_acl: {network_acl_id: "acl-1", vpc_id: "vpc-1", is_default: true, subnet_ids: ["subnet-1"], entries: [
            {rule_number: 100, egress: true, protocol: "47", rule_action: "allow", cidr_block: "0.0.0.0/0", port_range: [1024, 65535], icmp_type_code: {r#type: 8, code: (-1)}},
            {rule_number: 32767, protocol: "all", rule_action: "deny", cidr_block: "::/0"}]}}),
        value!({managed_prefix_list: {prefix_list_id: "pl-1", prefix_list_name: "com.amazonaws.eu-west-1.s3", entries_known: true, entries: ["52.218.0.0/17"]}}),
        value!({dhcp_options: {dhcp_options_id: "dopt-1", domain_name_servers: ["AmazonProvidedDNS"], domain_name: "corp.example"}}),
        value!({hosted_zone: {hosted_zone_id: "Z1", name: "corp.example", vpc_ids: ["vpc-1"], resource_record_sets: [
            {name: "a.corp.example", r#type: "A", resource_records: ["10.0.1.10"], alias_target_dns_name: "b.corp.example"}], records_known: true}}),
        value!({resolver_rule: {resolver_rule_id: "rslvr-rr-1", domain_name: "corp.example", rule_type: "forward", target_ips: ["10.0.0.2"], vpc_ids: ["vpc-1"]}}),
    ]
}

fn gateways() -> Vec<Value> {
    vec![
        value!({internet_gateway: {internet_gateway_id: "igw-1", attachments: [{vpc_id: "vpc-1", state: "attached"}]}}),
        value!({egress_only_internet_gateway: {egress_only_internet_gateway_id: "eigw-1", attachments: [{vpc_id: "vpc-1", state: "attaching"}]}}),
        value!({nat_gateway: {nat_gateway_id: "nat-1", vpc_id: "vpc-1", subnet_id: "subnet-1", state: "available", connectivity_type: "public",
            availability_mode: "zonal", nat_gateway_addresses: [{allocation_id: "eipalloc-1", network_interface_id: "eni-2", private_ip: "10.0.1.20",
            public_ip: "203.0.113.8", availability_zone_id: "euw1-az1"}]}}),
        value!({address: {allocation_id: "eipalloc-1", public_ip: "203.0.113.8", network_interface_id: "eni-2", private_ip_address: "10.0.1.20"}}),
        value!({load_balancer: {load_balancer_arn: "arn:aws:elasticloadbalancing:lb", load_balancer_name: "web", r#type: "network", scheme: "internet_facing",
            vpc_id: "vpc-1", dns_name: "web.elb.example", state: "active",
            availability_zones: [{zone_name: "eu-west-1a", subnet_id: "subnet-1", addresses: ["10.0.1.30"]}], security_groups: ["sg-1"],
            listeners: [{listener_arn: "arn:aws:elasticloadbalancing:listener", port: 443, protocol: "TLS", target_group_arns: ["arn:aws:elasticloadbalancing:tg"]}],
            cross_zone_enabled: "on", enforce_security_group_inbound_rules_on_private_link_traffic: "off"}}),
        value!({target_group: {target_group_arn: "arn:aws:elasticloadbalancing:tg", target_group_name: "web", protocol: "TCP", port: 8443, vpc_id: "vpc-1",
            target_type: "ip", load_balancer_arns: ["arn:aws:elasticloadbalancing:lb"],
            targets: [{id: "10.0.1.10", port: 8443, availability_zone: "eu-west-1a", state: "healthy"}], targets_known: true, preserve_client_ip_enabled: "on"}}),
    ]
}

fn endpoints() -> Vec<Value> {
    vec![
        value!({vpc_endpoint: {vpc_endpoint_id: "vpce-1", vpc_endpoint_type: "interface", vpc_id: "vpc-1", service_name: "com.amazonaws.eu-west-1.s3",
            state: "available", route_table_ids: ["rtb-1"], subnet_ids: ["subnet-1"], network_interface_ids: ["eni-3"], group_ids: ["sg-1"],
            private_dns_enabled: true, dns_entries: [{dns_name: "s3.example", hosted_zone_id: "Z2"}], policy_document: "{}", service_region: "eu-west-1",
            resource_configuration_arn: "arn:aws:vpc-lattice:rc", service_network_arn: "arn:aws:vpc-lattice:sn",
            private_dns_only_for_inbound_resolver_endpoint: true}}),
        value!({vpc_endpoint_service: {service_id: "vpce-svc-1", service_name: "com.example.svc", service_type: "gateway_load_balancer", service_state: "available",
            availability_zones: ["eu-west-1a"], acceptance_required: true, network_load_balancer_arns: ["arn:aws:elasticloadbalancing:lb"],
            gateway_load_balancer_arns: ["arn:aws:elasticloadbalancing:gwlb"], base_endpoint_dns_names: ["svc.example"], private_dns_names: ["api.example"],
            private_dns_name_state: "verified", supported_regions: ["eu-west-1"], permissions_known: true, allowed_principals: ["*"],
            connections: [{vpc_endpoint_id: "vpce-2", vpc_endpoint_owner: "444455556666", vpc_endpoint_state: "pending_acceptance", vpc_endpoint_region: "eu-west-1"}],
            vpc_endpoint_policy_supported: true}}),
    ]
}

fn hybrid() -> Vec<Value> {
    vec![
        value!({vpc_peering_connection: {vpc_peering_connection_id: "pcx-1",
            requester_vpc_info: {vpc_id: "vpc-1", owner_id: "111122223333", region: "eu-west-1", cidr_blocks: ["10.0.0.0/16"], allow_dns_resolution_from_remote_vpc: true},
            accepter_vpc_info: {vpc_id: "vpc-2"}, status: "active"}}),
        value!({transit_gateway: {transit_gateway_id: "tgw-1", amazon_side_asn: 64512, transit_gateway_cidr_blocks: ["10.99.0.0/24"], vpn_ecmp_support: true,
            dns_support: true, security_group_referencing_support: "on"}}),
        value!({transit_gateway_attachment: {transit_gateway_attachment_id: "tgw-attach-1", transit_gateway_id: "tgw-1", transit_gateway_owner_id: "111122223333",
            resource_type: "vpc", resource_id: "vpc-1", resource_owner_id: "111122223333", state: "available",
            association_transit_gateway_route_table_id: "tgw-rtb-1", subnet_ids: ["subnet-1"], appliance_mode_support: true,
            security_group_referencing_support: "off", ipv6_support: true, peer_transit_gateway_id: "tgw-2", peer_region: "us-east-1"}}),
        value!({transit_gateway_route_table: {transit_gateway_route_table_id: "tgw-rtb-1", transit_gateway_id: "tgw-1", association_attachment_ids: ["tgw-attach-1"],
            propagation_attachment_ids: ["tgw-attach-1"], routes_known: true,
            routes: [{destination: {cidr: "10.0.0.0/8"}, transit_gateway_attachment_ids: ["tgw-attach-1"], r#type: "static", state: "active"}]}}),
        value!({vpn_gateway: {vpn_gateway_id: "vgw-1", vpc_attachments: [{vpc_id: "vpc-1", state: "attached"}], amazon_side_asn: 4294967295}}),
        value!({customer_gateway: {customer_gateway_id: "cgw-1", ip_address: "198.51.100.1", bgp_asn: 65000}}),
        value!({vpn_connection: {vpn_connection_id: "vpn-1", customer_gateway_id: "cgw-1", gateway: {transit_gateway: "tgw-1"}, state: "available",
            static_routes_only: true, routes: ["192.168.0.0/16"], vgw_telemetry: [{outside_ip_address: "203.0.113.9", up: true, accepted_route_count: 2}]}}),
        value!({direct_connect_gateway: {direct_connect_gateway_id: "5f294f92-bafb-4011-916d-9b0bexample", amazon_side_asn: 64512,
            associations: [{associated_gateway_id: "tgw-1", allowed_prefixes: ["10.0.0.0/8"], associated: true}]}}),
        value!({virtual_interface: {virtual_interface_id: "dxvif-1", virtual_interface_type: "transit", gateway: {direct_connect_gateway: "5f294f92"},
            available: true, bgp_up: true, route_filter_prefixes: ["192.168.0.0/16"]}}),
    ]
}

fn firewalls() -> Vec<Value> {
    vec![
        value!({firewall: {firewall_arn: "arn:aws:network-firewall:fw", firewall_name: "edge", vpc_id: "vpc-1", firewall_policy_arn: "arn:aws:network-firewall:policy",
            endpoints: [{availability_zone: "eu-west-1a", subnet_id: "subnet-1", endpoint_id: "vpce-3"}]}}),
        value!({firewall_policy: {firewall_policy_arn: "arn:aws:network-firewall:policy",
            stateless_rule_group_references: [{resource_arn: "arn:aws:network-firewall:rg", priority: 1}],
            stateful_rule_group_references: [{resource_arn: "arn:aws:network-firewall:rg2", priority: 2}], stateless_default_actions: ["aws:forward_to_sfe"],
            stateless_fragment_default_actions: ["aws:drop"], stateful_default_actions: ["aws:drop_strict"], strict_order: true}}),
        value!({firewall_rule_group: {rule_group_arn: "arn:aws:network-firewall:rg", stateful: true, rules: [
            {priority: 10, action: "pass", protocols: [6, 17], sources: ["10.0.0.0/8"], destinations: ["0.0.0.0/0"], source_ports: [[0, 65535]],
                destination_ports: [[443, 443]], any_direction: true, has_other_options: true}], has_other_rules: true}}),
        value!({vpc_block_public_access_options: {options_id: "vpcbpa-111122223333-eu-west-1", internet_gateway_block_mode: "block_bidirectional",
            exclusions: [{exclusion_id: "vpcbpa-exclude-1", resource: {subnet: "subnet-1"}, allow_egress_only: true}]}}),
    ]
}
