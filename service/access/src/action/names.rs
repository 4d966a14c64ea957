//! What the four things that can be done to a resource are called, for each kind.

use causeway_model::resource::Kind;

/// Makes the table; a kind without a row does not compile.
macro_rules! names {
    ($($kind:ident $create:ident $modify:ident $delete:ident $describe:ident;)*) => {
        /// The names for a kind: create, modify, delete, describe.
        pub(super) fn of(kind: Kind) -> [&'static str; 4] {
            match kind {
                $(Kind::$kind => [stringify!($create), stringify!($modify), stringify!($delete), stringify!($describe)],)*
            }
        }
    };
}

names! {
    Vpc CreateVpc ModifyVpcAttribute DeleteVpc DescribeVpcs;
    Subnet CreateSubnet ModifySubnetAttribute DeleteSubnet DescribeSubnets;
    RouteTable CreateRouteTable ReplaceRoute DeleteRouteTable DescribeRouteTables;
    InternetGateway CreateInternetGateway AttachInternetGateway DeleteInternetGateway DescribeInternetGateways;
    EgressOnlyInternetGateway CreateEgressOnlyInternetGateway ModifyEgressOnlyInternetGateway DeleteEgressOnlyInternetGateway DescribeEgressOnlyInternetGateways;
    NatGateway CreateNatGateway AssociateNatGatewayAddress DeleteNatGateway DescribeNatGateways;
    NetworkInterface CreateNetworkInterface ModifyNetworkInterfaceAttribute DeleteNetworkInterface DescribeNetworkInterfaces;
    Instance RunInstances ModifyInstanceAttribute TerminateInstances DescribeInstances;
    SecurityGroup CreateSecurityGroup ModifySecurityGroupRules DeleteSecurityGroup DescribeSecurityGroups;
    NetworkAcl CreateNetworkAcl ReplaceNetworkAclEntry DeleteNetworkAcl DescribeNetworkAcls;
    ManagedPrefixList CreateManagedPrefixList ModifyManagedPrefixList DeleteManagedPrefixList DescribeManagedPrefixLists;
    Address AllocateAddress AssociateAddress ReleaseAddress DescribeAddresses;
    VpcEndpoint CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints DescribeVpcEndpoints;
    VpcEndpointService CreateVpcEndpointServiceConfiguration ModifyVpcEndpointServiceConfiguration DeleteVpcEndpointServiceConfigurations DescribeVpcEndpointServiceConfigurations;
    LoadBalancer CreateLoadBalancer ModifyLoadBalancerAttributes DeleteLoadBalancer DescribeLoadBalancers;
    TargetGroup CreateTargetGroup ModifyTargetGroup DeleteTargetGroup DescribeTargetGroups;
    VpcPeeringConnection CreateVpcPeeringConnection ModifyVpcPeeringConnectionOptions DeleteVpcPeeringConnection DescribeVpcPeeringConnections;
    TransitGateway CreateTransitGateway ModifyTransitGateway DeleteTransitGateway DescribeTransitGateways;
    TransitGatewayAttachment CreateTransitGatewayVpcAttachment ModifyTransitGatewayVpcAttachment DeleteTransitGatewayVpcAttachment DescribeTransitGatewayAttachments;
    TransitGatewayRouteTable CreateTransitGatewayRouteTable ReplaceTransitGatewayRoute DeleteTransitGatewayRouteTable DescribeTransitGatewayRouteTables;
    VpnGateway CreateVpnGateway AttachVpnGateway DeleteVpnGateway DescribeVpnGateways;
    CustomerGateway CreateCustomerGateway ModifyCustomerGateway DeleteCustomerGateway DescribeCustomerGateways;
    VpnConnection CreateVpnConnection ModifyVpnConnection DeleteVpnConnection DescribeVpnConnections;
    DirectConnectGateway CreateDirectConnectGateway UpdateDirectConnectGateway DeleteDirectConnectGateway DescribeDirectConnectGateways;
    VirtualInterface CreatePrivateVirtualInterface UpdateVirtualInterfaceAttributes DeleteVirtualInterface DescribeVirtualInterfaces;
    DhcpOptions CreateDhcpOptions ModifyDhcpOptions DeleteDhcpOptions DescribeDhcpOptions;
    HostedZone CreateHostedZone ChangeResourceRecordSets DeleteHostedZone ListHostedZones;
    ResolverRule CreateResolverRule UpdateResolverRule DeleteResolverRule ListResolverRules;
    Firewall CreateFirewall AssociateFirewallPolicy DeleteFirewall DescribeFirewall;
    FirewallPolicy CreateFirewallPolicy UpdateFirewallPolicy DeleteFirewallPolicy DescribeFirewallPolicy;
    FirewallRuleGroup CreateRuleGroup UpdateRuleGroup DeleteRuleGroup DescribeRuleGroup;
    VpcBlockPublicAccessOptions CreateVpcBlockPublicAccessOptions ModifyVpcBlockPublicAccessOptions DeleteVpcBlockPublicAccessOptions DescribeVpcBlockPublicAccessOptions;
}
