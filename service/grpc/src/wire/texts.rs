//! Ids, names, addresses and blocks, which the contract writes as text.

use std::net::IpAddr;

use ipnet::IpNet;

use causeway_model::ids::{
    AccountId, AllocationId, BlockPublicAccessExclusionId, BlockPublicAccessId, CarrierGatewayId,
    CoreNetworkArn, CustomerGatewayId, DhcpOptionsId, DirectConnectGatewayId, DnsName,
    EgressOnlyInternetGatewayId, FirewallArn, FirewallPolicyArn, FirewallRuleGroupArn,
    HostedZoneId, InstanceId, InternetGatewayId, ListenerArn, LoadBalancerArn, LocalGatewayId,
    NatGatewayId, NetworkAclId, NetworkInterfaceId, OdbNetworkArn, PrefixListId, Region,
    ResolverRuleId, ResourceId, RouteTableId, SecurityGroupId, ServiceId, ServiceName, SubnetId,
    TargetGroupArn, TransitGatewayAttachmentId, TransitGatewayId, TransitGatewayRouteTableId,
    VirtualInterfaceId, VpcEndpointId, VpcId, VpcPeeringConnectionId, VpnConnectionId,
    VpnGatewayId, ZoneId, ZoneName,
};
use causeway_model::policy::PolicyDocument;
use causeway_model::protocol::{Protocol, ProtocolMatch};
use causeway_model::revision::{LabelName, TopologyName};

use crate::wire::Text;

/// Declares what reads and writes itself: the type, and what it is in words.
macro_rules! texts {
    ($($type:ty = $words:literal;)*) => {
        $(impl Text for $type {
            const WORDS: &'static str = $words;

            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|fault: <Self as std::str::FromStr>::Err| fault.to_string())
            }

            fn write(&self) -> String {
                self.to_string()
            }
        })*
    };
}

texts! {
    AccountId = "an account id of twelve digits";
    AllocationId = "the allocation id of an Elastic IP address, `eipalloc-...`";
    BlockPublicAccessExclusionId = "the id of an exclusion, `vpcbpa-exclude-...`";
    BlockPublicAccessId = "`vpcbpa-`, an account, `-` and a Region";
    CarrierGatewayId = "the id of a carrier gateway, `cagw-...`";
    CoreNetworkArn = "the ARN of a core network";
    CustomerGatewayId = "the id of a customer gateway, `cgw-...`";
    DhcpOptionsId = "the id of a set of DHCP options, `dopt-...`";
    DirectConnectGatewayId = "the id of a Direct Connect gateway, a UUID";
    EgressOnlyInternetGatewayId = "the id of an egress-only internet gateway, `eigw-...`";
    FirewallArn = "the ARN of a firewall";
    FirewallPolicyArn = "the ARN of a firewall policy";
    FirewallRuleGroupArn = "the ARN of a rule group";
    HostedZoneId = "the id of a hosted zone, `Z...`";
    InstanceId = "the id of an instance, `i-...`";
    InternetGatewayId = "the id of an internet gateway, `igw-...`";
    LabelName = "a label: 1 to 63 of `a-z`, `0-9`, `-`, `.` and `_`, starting with a letter";
    ListenerArn = "the ARN of a listener";
    LoadBalancerArn = "the ARN of a load balancer";
    LocalGatewayId = "the id of a local gateway, `lgw-...`";
    NatGatewayId = "the id of a NAT gateway, `nat-...`";
    NetworkAclId = "the id of a network ACL, `acl-...`";
    NetworkInterfaceId = "the id of a network interface, `eni-...`";
    OdbNetworkArn = "the ARN of an ODB network";
    PolicyDocument = "an IAM policy as JSON";
    PrefixListId = "the id of a prefix list, `pl-...`";
    Protocol = "tcp, udp, icmp, icmpv6 or a number from 0 to 255";
    Region = "a Region, as `eu-west-1`";
    ResolverRuleId = "the id of a Resolver rule, `rslvr-rr-...`";
    ResourceId = "an AWS id";
    RouteTableId = "the id of a route table, `rtb-...`";
    SecurityGroupId = "the id of a security group, `sg-...`";
    ServiceId = "the id of an endpoint service, `vpce-svc-...`";
    ServiceName = "the name of a service, as `com.amazonaws.eu-west-1.s3`";
    SubnetId = "the id of a subnet, `subnet-...`";
    TargetGroupArn = "the ARN of a target group";
    TopologyName = "the name of a topology: 1 to 63 of `a-z`, `0-9` and `-`";
    TransitGatewayAttachmentId = "the id of a transit gateway attachment, `tgw-attach-...`";
    TransitGatewayId = "the id of a transit gateway, `tgw-...`";
    TransitGatewayRouteTableId = "the id of a transit gateway route table, `tgw-rtb-...`";
    VirtualInterfaceId = "the id of a virtual interface, `dxvif-...`";
    VpcEndpointId = "the id of a VPC endpoint, `vpce-...`";
    VpcId = "the id of a VPC, `vpc-...`";
    VpcPeeringConnectionId = "the id of a VPC peering connection, `pcx-...`";
    VpnConnectionId = "the id of a VPN connection, `vpn-...`";
    VpnGatewayId = "the id of a virtual private gateway, `vgw-...`";
    ZoneId = "a zone's id, as `euw1-az3`";
    ZoneName = "a zone's name, as `eu-west-1a`";
}

impl Text for DnsName {
    const WORDS: &'static str = "a DNS name";

    fn read(text: &str) -> Result<Self, String> {
        Self::from_any_case(text).map_err(|fault| fault.to_string())
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Text for IpAddr {
    const WORDS: &'static str = "an IPv4 or IPv6 address";

    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("`{}` is no IPv4 or IPv6 address", short(text)))
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Text for IpNet {
    const WORDS: &'static str = "a CIDR block, as `10.0.0.0/16`";

    fn read(text: &str) -> Result<Self, String> {
        let block: Self = text.parse().map_err(|_| {
            format!(
                "`{}` is no CIDR block, expected one as `10.0.0.0/16`",
                short(text)
            )
        })?;
        // A block with host bits is a mistake of whoever wrote it; masking it could hide which block was meant.
        if block == block.trunc() {
            Ok(block)
        } else {
            Err(format!(
                "`{block}` has host bits set, the block would be `{}`",
                block.trunc()
            ))
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Text for ProtocolMatch {
    const WORDS: &'static str = "-1, tcp, udp, icmp, icmpv6 or a number from 0 to 255";

    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|fault: causeway_model::protocol::ProtocolError| fault.to_string())
    }

    fn write(&self) -> String {
        match self {
            Self::All => "-1".to_owned(),
            Self::Is(protocol) => protocol.to_string(),
        }
    }
}

/// So much of a text as a message repeats.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
