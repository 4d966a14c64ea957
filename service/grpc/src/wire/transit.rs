//! Peering connections and transit gateways.

use causeway_model::resources::transit::{
    TransitGatewayAttachmentResourceType, TransitGatewayAttachmentState, TransitGatewayRoute,
    TransitGatewayRouteDestination, TransitGatewayRouteType, VpcPeeringConnectionState,
    VpcPeeringConnectionVpcInfo,
};
use causeway_model::resources::{
    TransitGateway, TransitGatewayAttachment, TransitGatewayRouteTable, VpcPeeringConnection,
};
use causeway_proto::v1;

use crate::wire::macros::{message, names, oneof};

message! {
    VpcPeeringConnection = v1::VpcPeeringConnection { vpc_peering_connection_id, requester_vpc_info, accepter_vpc_info, status }
    VpcPeeringConnectionVpcInfo = v1::VpcPeeringConnectionVpcInfo { vpc_id, owner_id, region, cidr_blocks, allow_dns_resolution_from_remote_vpc }
    TransitGateway = v1::TransitGateway {
        transit_gateway_id, amazon_side_asn, transit_gateway_cidr_blocks, vpn_ecmp_support, dns_support, security_group_referencing_support,
    }
    TransitGatewayAttachment = v1::TransitGatewayAttachment {
        transit_gateway_attachment_id, transit_gateway_id, transit_gateway_owner_id, resource_type, resource_id, resource_owner_id, state,
        association_transit_gateway_route_table_id, subnet_ids, appliance_mode_support, security_group_referencing_support, ipv6_support,
        peer_transit_gateway_id, peer_region,
    }
    TransitGatewayRouteTable = v1::TransitGatewayRouteTable {
        transit_gateway_route_table_id, transit_gateway_id, association_attachment_ids, propagation_attachment_ids, routes_known, routes,
    }
    TransitGatewayRoute = v1::TransitGatewayRoute { destination as oneof, transit_gateway_attachment_ids, r#type, state }
}

oneof! {
    TransitGatewayRouteDestination = v1::transit_gateway_route::Destination {
        DestinationCidrBlock "destination_cidr_block" Cidr,
        PrefixListId "prefix_list_id" PrefixList,
    }
}

names! {
    VpcPeeringConnectionState = v1::VpcPeeringConnectionState, absent Active {
        InitiatingRequest, PendingAcceptance, Provisioning, Active, Deleting, Deleted, Rejected, Failed, Expired,
    }
    TransitGatewayAttachmentResourceType = v1::TransitGatewayAttachmentResourceType, required {
        Vpc, Vpn, VpnConcentrator, DirectConnectGateway, Connect, Peering, NetworkFunction, ClientVpn,
    }
    TransitGatewayAttachmentState = v1::TransitGatewayAttachmentState, absent Available {
        Initiating, PendingAcceptance, Pending, Available, Modifying, Deleting, Deleted, Rejected, Failed,
    }
    TransitGatewayRouteType = v1::TransitGatewayRouteType, required { Static, Propagated }
}
