//! Internet, egress-only and NAT gateways, and the Elastic IP addresses that they use.

use std::net::IpAddr;

use crate::fields::{enumeration, record};
use crate::ids::{
    AllocationId, EgressOnlyInternetGatewayId, InternetGatewayId, NatGatewayId, NetworkInterfaceId,
    SubnetId, VpcId, ZoneId,
};

record! {
    /// An internet gateway.
    pub struct InternetGateway {
        internet_gateway_id: InternetGatewayId,
        attachments: Vec<GatewayAttachment>,
    }

    /// An egress-only internet gateway.
    pub struct EgressOnlyInternetGateway {
        egress_only_internet_gateway_id: EgressOnlyInternetGatewayId,
        attachments: Vec<GatewayAttachment>,
    }

    /// The attachment of a gateway to a VPC.
    pub struct GatewayAttachment {
        vpc_id: VpcId,
        state: GatewayAttachmentState,
    }

    /// A NAT gateway.
    pub struct NatGateway {
        nat_gateway_id: NatGatewayId,
        vpc_id: VpcId,
        /// None for a regional gateway.
        subnet_id: Option<SubnetId>,
        state: NatGatewayState,
        connectivity_type: ConnectivityType,
        availability_mode: AvailabilityMode,
        nat_gateway_addresses: Vec<NatGatewayAddress>,
    }

    /// One address of a NAT gateway.
    pub struct NatGatewayAddress {
        allocation_id: Option<AllocationId>,
        network_interface_id: Option<NetworkInterfaceId>,
        private_ip: Option<IpAddr>,
        public_ip: Option<IpAddr>,
        availability_zone_id: Option<ZoneId>,
    }

    /// An Elastic IP address.
    pub struct Address {
        allocation_id: AllocationId,
        public_ip: IpAddr,
        network_interface_id: Option<NetworkInterfaceId>,
        private_ip_address: Option<IpAddr>,
    }
}

enumeration! {
    /// State of a gateway's attachment to a VPC.
    pub enum GatewayAttachmentState {
        Attaching = "attaching",
        Attached = "attached",
        Detaching = "detaching",
        Detached = "detached",
    }

    /// State of a NAT gateway.
    pub enum NatGatewayState {
        Pending = "pending",
        Failed = "failed",
        Available = "available",
        Deleting = "deleting",
        Deleted = "deleted",
    }

    /// Whether a NAT gateway has public addresses.
    pub enum ConnectivityType {
        Public = "public",
        Private = "private",
    }

    /// Whether a NAT gateway is in one zone or in all of its VPC.
    pub enum AvailabilityMode {
        Zonal = "zonal",
        Regional = "regional",
    }
}
