//! Peering connections and transit gateways.

use ipnet::IpNet;

use crate::fields::{Setting, choice, enumeration, record};
use crate::ids::{
    AccountId, PrefixListId, Region, SubnetId, TransitGatewayAttachmentId, TransitGatewayId,
    TransitGatewayRouteTableId, VpcId, VpcPeeringConnectionId,
};
use crate::resources::routing::RouteState;

record! {
    /// A VPC peering connection.
    pub struct VpcPeeringConnection {
        vpc_peering_connection_id: VpcPeeringConnectionId,
        requester_vpc_info: VpcPeeringConnectionVpcInfo,
        accepter_vpc_info: VpcPeeringConnectionVpcInfo,
        status: VpcPeeringConnectionState,
    }

    /// One side of a peering connection.
    pub struct VpcPeeringConnectionVpcInfo {
        vpc_id: VpcId,
        owner_id: Option<AccountId>,
        region: Option<Region>,
        cidr_blocks: Vec<IpNet>,
        allow_dns_resolution_from_remote_vpc: bool,
    }

    /// A transit gateway.
    pub struct TransitGateway {
        transit_gateway_id: TransitGatewayId,
        amazon_side_asn: u64,
        transit_gateway_cidr_blocks: Vec<IpNet>,
        vpn_ecmp_support: bool,
        dns_support: bool,
        security_group_referencing_support: Setting,
    }

    /// An attachment of a transit gateway.
    pub struct TransitGatewayAttachment {
        transit_gateway_attachment_id: TransitGatewayAttachmentId,
        transit_gateway_id: Option<TransitGatewayId>,
        transit_gateway_owner_id: Option<AccountId>,
        resource_type: TransitGatewayAttachmentResourceType,
        resource_id: String,
        resource_owner_id: Option<AccountId>,
        state: TransitGatewayAttachmentState,
        association_transit_gateway_route_table_id: Option<TransitGatewayRouteTableId>,
        subnet_ids: Vec<SubnetId>,
        appliance_mode_support: bool,
        security_group_referencing_support: Setting,
        ipv6_support: bool,
        peer_transit_gateway_id: Option<TransitGatewayId>,
        peer_region: Option<Region>,
    }

    /// A route table of a transit gateway.
    pub struct TransitGatewayRouteTable {
        transit_gateway_route_table_id: TransitGatewayRouteTableId,
        transit_gateway_id: Option<TransitGatewayId>,
        association_attachment_ids: Vec<TransitGatewayAttachmentId>,
        propagation_attachment_ids: Vec<TransitGatewayAttachmentId>,
        routes_known: bool,
        routes: Vec<TransitGatewayRoute>,
    }

    /// A route of a transit gateway route table.
    pub struct TransitGatewayRoute {
        destination: TransitGatewayRouteDestination,
        transit_gateway_attachment_ids: Vec<TransitGatewayAttachmentId>,
        r#type: TransitGatewayRouteType,
        state: RouteState,
    }
}

choice! {
    /// Where packets are going that take a transit gateway's route.
    pub enum TransitGatewayRouteDestination {
        Cidr(IpNet) = "cidr",
        PrefixList(PrefixListId) = "prefix_list",
    }
}

enumeration! {
    /// State of a peering connection.
    pub enum VpcPeeringConnectionState {
        InitiatingRequest = "initiating_request",
        PendingAcceptance = "pending_acceptance",
        Provisioning = "provisioning",
        Active = "active",
        Deleting = "deleting",
        Deleted = "deleted",
        Rejected = "rejected",
        Failed = "failed",
        Expired = "expired",
    }

    /// What a transit gateway attachment attaches.
    pub enum TransitGatewayAttachmentResourceType {
        Vpc = "vpc",
        Vpn = "vpn",
        VpnConcentrator = "vpn_concentrator",
        DirectConnectGateway = "direct_connect_gateway",
        Connect = "connect",
        Peering = "peering",
        NetworkFunction = "network_function",
        ClientVpn = "client_vpn",
    }

    /// State of a transit gateway attachment.
    pub enum TransitGatewayAttachmentState {
        Initiating = "initiating",
        PendingAcceptance = "pending_acceptance",
        Pending = "pending",
        Available = "available",
        Modifying = "modifying",
        Deleting = "deleting",
        Deleted = "deleted",
        Rejected = "rejected",
        Failed = "failed",
    }

    /// How a transit gateway route came to be.
    pub enum TransitGatewayRouteType {
        Static = "static",
        Propagated = "propagated",
    }
}
