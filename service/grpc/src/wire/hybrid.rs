//! VPN and Direct Connect.

use causeway_model::resources::hybrid::{
    DirectConnectGatewayAssociation, VgwTelemetry, VirtualInterfaceGateway, VirtualInterfaceType,
    VpnConnectionGateway, VpnConnectionState,
};
use causeway_model::resources::{
    CustomerGateway, DirectConnectGateway, VirtualInterface, VpnConnection, VpnGateway,
};
use causeway_proto::v1;

use crate::wire::macros::{message, names, oneof};

message! {
    VpnGateway = v1::VpnGateway { vpn_gateway_id, vpc_attachments, amazon_side_asn }
    CustomerGateway = v1::CustomerGateway { customer_gateway_id, ip_address, bgp_asn }
    VpnConnection = v1::VpnConnection {
        vpn_connection_id, customer_gateway_id, gateway as oneof, state, static_routes_only, routes, vgw_telemetry,
    }
    VgwTelemetry = v1::VgwTelemetry { outside_ip_address, up, accepted_route_count }
    DirectConnectGateway = v1::DirectConnectGateway { direct_connect_gateway_id, amazon_side_asn, associations }
    DirectConnectGatewayAssociation = v1::DirectConnectGatewayAssociation { associated_gateway_id, allowed_prefixes, associated }
    VirtualInterface = v1::VirtualInterface {
        virtual_interface_id, virtual_interface_type, gateway as oneof, available, bgp_up, route_filter_prefixes,
    }
}

oneof! {
    VpnConnectionGateway = v1::vpn_connection::Gateway {
        VpnGatewayId "vpn_gateway_id" VpnGateway,
        TransitGatewayId "transit_gateway_id" TransitGateway,
    }
    VirtualInterfaceGateway = v1::virtual_interface::Gateway {
        VirtualGatewayId "virtual_gateway_id" VirtualGateway,
        DirectConnectGatewayId "direct_connect_gateway_id" DirectConnectGateway,
    }
}

names! {
    VpnConnectionState = v1::VpnConnectionState, absent Available { Pending, Available, Deleting, Deleted }
    VirtualInterfaceType = v1::VirtualInterfaceType, required { Private, Public, Transit }
}
