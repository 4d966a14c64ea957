//! VPCs, subnets and route tables.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::fields::{Setting, choice, enumeration, record};
use crate::ids::{
    CarrierGatewayId, CoreNetworkArn, DhcpOptionsId, EgressOnlyInternetGatewayId, InstanceId,
    InternetGatewayId, LocalGatewayId, NatGatewayId, NetworkInterfaceId, OdbNetworkArn,
    PrefixListId, RouteTableId, SubnetId, TransitGatewayId, VpcEndpointId, VpcId,
    VpcPeeringConnectionId, VpnGatewayId, ZoneId, ZoneName,
};

record! {
    /// A VPC.
    pub struct Vpc {
        vpc_id: VpcId,
        cidr_blocks: Vec<IpNet>,
        dhcp_options_id: Option<DhcpOptionsId>,
        is_default: bool,
        enable_dns_support: Setting,
        enable_dns_hostnames: Setting,
    }

    /// A subnet of a VPC.
    pub struct Subnet {
        subnet_id: SubnetId,
        vpc_id: VpcId,
        cidr_blocks: Vec<IpNet>,
        availability_zone: Option<ZoneName>,
        availability_zone_id: Option<ZoneId>,
    }

    /// A route table of a VPC.
    pub struct RouteTable {
        route_table_id: RouteTableId,
        vpc_id: VpcId,
        associations: Vec<RouteTableAssociation>,
        routes: Vec<Route>,
        propagating_vgws: Vec<VpnGatewayId>,
    }

    /// One route.
    pub struct Route {
        destination: RouteDestination,
        /// None where AWS names no target: it was deleted.
        target: Option<RouteTarget>,
        state: RouteState,
        origin: RouteOrigin,
    }
}

choice! {
    /// What a route table is associated with.
    pub enum RouteTableAssociation {
        Main = "main",
        Subnet(SubnetId) = "subnet",
        InternetGateway(InternetGatewayId) = "internet_gateway",
        VpnGateway(VpnGatewayId) = "vpn_gateway",
    }

    /// Where packets are going that take a route.
    pub enum RouteDestination {
        Cidr(IpNet) = "cidr",
        PrefixList(PrefixListId) = "prefix_list",
    }

    /// Where a route leads.
    pub enum RouteTarget {
        Local = "local",
        InternetGateway(InternetGatewayId) = "internet_gateway",
        VpnGateway(VpnGatewayId) = "vpn_gateway",
        VpcEndpoint(VpcEndpointId) = "vpc_endpoint",
        Instance(InstanceId) = "instance",
        NatGateway(NatGatewayId) = "nat_gateway",
        NetworkInterface(NetworkInterfaceId) = "network_interface",
        VpcPeeringConnection(VpcPeeringConnectionId) = "vpc_peering_connection",
        TransitGateway(TransitGatewayId) = "transit_gateway",
        EgressOnlyInternetGateway(EgressOnlyInternetGatewayId) = "egress_only_internet_gateway",
        LocalGateway(LocalGatewayId) = "local_gateway",
        CarrierGateway(CarrierGatewayId) = "carrier_gateway",
        CoreNetwork(CoreNetworkArn) = "core_network",
        OdbNetwork(OdbNetworkArn) = "odb_network",
        IpAddress(IpAddr) = "ip_address",
    }
}

enumeration! {
    /// State of a route.
    pub enum RouteState {
        Active = "active",
        Blackhole = "blackhole",
        Filtered = "filtered",
    }

    /// How a route came to be.
    pub enum RouteOrigin {
        CreateRouteTable = "create_route_table",
        CreateRoute = "create_route",
        EnableVgwRoutePropagation = "enable_vgw_route_propagation",
        Advertisement = "advertisement",
    }
}
