//! VPN and Direct Connect.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::fields::{choice, enumeration, record};
use crate::ids::{
    CustomerGatewayId, DirectConnectGatewayId, ResourceId, TransitGatewayId, VirtualInterfaceId,
    VpnConnectionId, VpnGatewayId,
};
use crate::resources::gateways::GatewayAttachment;

record! {
    /// A virtual private gateway.
    pub struct VpnGateway {
        vpn_gateway_id: VpnGatewayId,
        vpc_attachments: Vec<GatewayAttachment>,
        amazon_side_asn: u64,
    }

    /// A customer gateway.
    pub struct CustomerGateway {
        customer_gateway_id: CustomerGatewayId,
        ip_address: Option<IpAddr>,
        bgp_asn: u64,
    }

    /// A Site-to-Site VPN connection.
    pub struct VpnConnection {
        vpn_connection_id: VpnConnectionId,
        customer_gateway_id: Option<CustomerGatewayId>,
        gateway: Option<VpnConnectionGateway>,
        state: VpnConnectionState,
        static_routes_only: bool,
        routes: Vec<IpNet>,
        vgw_telemetry: Vec<VgwTelemetry>,
    }

    /// One tunnel of a VPN connection.
    pub struct VgwTelemetry {
        outside_ip_address: Option<IpAddr>,
        up: bool,
        accepted_route_count: u32,
    }

    /// A Direct Connect gateway.
    pub struct DirectConnectGateway {
        direct_connect_gateway_id: DirectConnectGatewayId,
        amazon_side_asn: u64,
        associations: Vec<DirectConnectGatewayAssociation>,
    }

    /// A gateway that is associated with a Direct Connect gateway.
    pub struct DirectConnectGatewayAssociation {
        associated_gateway_id: ResourceId,
        allowed_prefixes: Vec<IpNet>,
        associated: bool,
    }

    /// A Direct Connect virtual interface.
    pub struct VirtualInterface {
        virtual_interface_id: VirtualInterfaceId,
        virtual_interface_type: VirtualInterfaceType,
        gateway: Option<VirtualInterfaceGateway>,
        available: bool,
        bgp_up: bool,
        route_filter_prefixes: Vec<IpNet>,
    }
}

choice! {
    /// The gateway on the AWS side of a VPN connection.
    pub enum VpnConnectionGateway {
        VpnGateway(VpnGatewayId) = "vpn_gateway",
        TransitGateway(TransitGatewayId) = "transit_gateway",
    }

    /// The gateway that a virtual interface ends at.
    pub enum VirtualInterfaceGateway {
        VirtualGateway(VpnGatewayId) = "virtual_gateway",
        DirectConnectGateway(DirectConnectGatewayId) = "direct_connect_gateway",
    }
}

enumeration! {
    /// State of a VPN connection.
    pub enum VpnConnectionState {
        Pending = "pending",
        Available = "available",
        Deleting = "deleting",
        Deleted = "deleted",
    }

    /// Type of a virtual interface.
    pub enum VirtualInterfaceType {
        Private = "private",
        Public = "public",
        Transit = "transit",
    }
}
