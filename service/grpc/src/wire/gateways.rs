//! Internet, egress-only and NAT gateways, and Elastic IP addresses.

use causeway_model::resources::gateways::{
    AvailabilityMode, ConnectivityType, GatewayAttachment, GatewayAttachmentState,
    NatGatewayAddress, NatGatewayState,
};
use causeway_model::resources::{Address, EgressOnlyInternetGateway, InternetGateway, NatGateway};
use causeway_proto::v1;

use crate::wire::macros::{message, names};

message! {
    InternetGateway = v1::InternetGateway { internet_gateway_id, attachments }
    EgressOnlyInternetGateway = v1::EgressOnlyInternetGateway { egress_only_internet_gateway_id, attachments }
    GatewayAttachment = v1::GatewayAttachment { vpc_id, state }
    NatGateway = v1::NatGateway {
        nat_gateway_id, vpc_id, subnet_id, state, connectivity_type, availability_mode, nat_gateway_addresses,
    }
    NatGatewayAddress = v1::NatGatewayAddress { allocation_id, network_interface_id, private_ip, public_ip, availability_zone_id }
    Address = v1::Address { allocation_id, public_ip, network_interface_id, private_ip_address }
}

names! {
    GatewayAttachmentState = v1::GatewayAttachmentState, absent Attached { Attaching, Attached, Detaching, Detached }
    NatGatewayState = v1::NatGatewayState, absent Available { Pending, Failed, Available, Deleting, Deleted }
    ConnectivityType = v1::ConnectivityType, absent Public { Public, Private }
    AvailabilityMode = v1::AvailabilityMode, absent Zonal { Zonal, Regional }
}
