//! Network Firewall, and VPC Block Public Access.

use causeway_model::resources::firewall::{
    ExcludedResource, FirewallEndpoint, FirewallRule, FirewallRuleAction,
    FirewallRuleGroupReference, InternetGatewayBlockMode, VpcBlockPublicAccessExclusion,
};
use causeway_model::resources::{
    Firewall, FirewallPolicy, FirewallRuleGroup, VpcBlockPublicAccessOptions,
};
use causeway_proto::v1;

use crate::wire::macros::{message, names, oneof};

message! {
    Firewall = v1::Firewall { firewall_arn, firewall_name, vpc_id, firewall_policy_arn, endpoints, transit_gateway_attachment_id }
    FirewallEndpoint = v1::FirewallEndpoint { availability_zone, subnet_id, endpoint_id }
    FirewallPolicy = v1::FirewallPolicy {
        firewall_policy_arn, stateless_rule_group_references, stateful_rule_group_references, stateless_default_actions,
        stateless_fragment_default_actions, stateful_default_actions, strict_order,
    }
    FirewallRuleGroupReference = v1::FirewallRuleGroupReference { resource_arn, priority }
    FirewallRuleGroup = v1::FirewallRuleGroup { rule_group_arn, stateful, rules, has_other_rules }
    FirewallRule = v1::FirewallRule {
        priority, action, protocols as protocol_numbers, sources, destinations, source_ports, destination_ports, any_direction, has_other_options,
    }
    VpcBlockPublicAccessOptions = v1::VpcBlockPublicAccessOptions { options_id, internet_gateway_block_mode, exclusions }
    VpcBlockPublicAccessExclusion = v1::VpcBlockPublicAccessExclusion { exclusion_id, resource as oneof, allow_egress_only }
}

oneof! {
    ExcludedResource = v1::vpc_block_public_access_exclusion::Resource {
        VpcId "vpc_id" Vpc,
        SubnetId "subnet_id" Subnet,
    }
}

names! {
    FirewallRuleAction = v1::FirewallRuleAction, required { Pass, Drop, Reject, Alert, ForwardToStateful }
    InternetGatewayBlockMode = v1::InternetGatewayBlockMode, required { Off, BlockBidirectional, BlockIngress }
}
