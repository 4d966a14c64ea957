//! Network Firewall, and VPC Block Public Access.

use ipnet::IpNet;

use crate::fields::{choice, enumeration, record};
use crate::ids::{
    BlockPublicAccessExclusionId, BlockPublicAccessId, FirewallArn, FirewallPolicyArn,
    FirewallRuleGroupArn, SubnetId, TransitGatewayAttachmentId, VpcEndpointId, VpcId, ZoneName,
};
use crate::protocol::PortRange;

record! {
    /// A Network Firewall.
    pub struct Firewall {
        firewall_arn: FirewallArn,
        firewall_name: String,
        /// None for a firewall that is attached to a transit gateway.
        vpc_id: Option<VpcId>,
        firewall_policy_arn: Option<FirewallPolicyArn>,
        endpoints: Vec<FirewallEndpoint>,
        transit_gateway_attachment_id: Option<TransitGatewayAttachmentId>,
    }

    /// An endpoint of a Network Firewall.
    pub struct FirewallEndpoint {
        availability_zone: Option<ZoneName>,
        subnet_id: Option<SubnetId>,
        endpoint_id: Option<VpcEndpointId>,
    }

    /// A Network Firewall policy.
    pub struct FirewallPolicy {
        firewall_policy_arn: FirewallPolicyArn,
        stateless_rule_group_references: Vec<FirewallRuleGroupReference>,
        stateful_rule_group_references: Vec<FirewallRuleGroupReference>,
        stateless_default_actions: Vec<String>,
        stateless_fragment_default_actions: Vec<String>,
        stateful_default_actions: Vec<String>,
        strict_order: bool,
    }

    /// A use of a rule group in a policy.
    pub struct FirewallRuleGroupReference {
        resource_arn: FirewallRuleGroupArn,
        priority: u32,
    }

    /// A Network Firewall rule group.
    pub struct FirewallRuleGroup {
        rule_group_arn: FirewallRuleGroupArn,
        stateful: bool,
        rules: Vec<FirewallRule>,
        has_other_rules: bool,
    }

    /// A 5-tuple rule of a Network Firewall.
    pub struct FirewallRule {
        priority: u32,
        action: FirewallRuleAction,
        protocols: Vec<u32>,
        sources: Vec<IpNet>,
        destinations: Vec<IpNet>,
        source_ports: Vec<PortRange>,
        destination_ports: Vec<PortRange>,
        any_direction: bool,
        has_other_options: bool,
    }

    /// The VPC Block Public Access settings of one account in one Region.
    pub struct VpcBlockPublicAccessOptions {
        options_id: BlockPublicAccessId,
        internet_gateway_block_mode: InternetGatewayBlockMode,
        exclusions: Vec<VpcBlockPublicAccessExclusion>,
    }

    /// An exception from Block Public Access.
    pub struct VpcBlockPublicAccessExclusion {
        exclusion_id: BlockPublicAccessExclusionId,
        resource: ExcludedResource,
        allow_egress_only: bool,
    }
}

choice! {
    /// What is excepted from Block Public Access.
    pub enum ExcludedResource {
        Vpc(VpcId) = "vpc",
        Subnet(SubnetId) = "subnet",
    }
}

enumeration! {
    /// What a firewall rule does.
    pub enum FirewallRuleAction {
        Pass = "pass",
        Drop = "drop",
        Reject = "reject",
        Alert = "alert",
        ForwardToStateful = "forward_to_stateful",
    }

    /// What Block Public Access blocks.
    pub enum InternetGatewayBlockMode {
        Off = "off",
        BlockBidirectional = "block_bidirectional",
        BlockIngress = "block_ingress",
    }
}
