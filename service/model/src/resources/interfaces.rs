//! Network interfaces and instances.

use std::net::IpAddr;

use crate::fields::{Setting, enumeration, record};
use crate::ids::{InstanceId, NetworkInterfaceId, SecurityGroupId, SubnetId, VpcId, ZoneName};

record! {
    /// A network interface.
    pub struct NetworkInterface {
        network_interface_id: NetworkInterfaceId,
        vpc_id: VpcId,
        subnet_id: SubnetId,
        interface_type: NetworkInterfaceType,
        private_ip_addresses: Vec<PrivateIpAddress>,
        ipv6_addresses: Vec<IpAddr>,
        group_ids: Vec<SecurityGroupId>,
        source_dest_check: Setting,
        status: NetworkInterfaceStatus,
        instance_id: Option<InstanceId>,
        device_index: u32,
        availability_zone: Option<ZoneName>,
        requester_managed: bool,
        description: String,
        deny_all_igw_traffic: bool,
    }

    /// A private IPv4 address of an interface.
    pub struct PrivateIpAddress {
        private_ip_address: IpAddr,
        public_ip: Option<IpAddr>,
    }

    /// An instance.
    pub struct Instance {
        instance_id: InstanceId,
        vpc_id: Option<VpcId>,
        subnet_id: Option<SubnetId>,
        state: InstanceState,
    }
}

enumeration! {
    /// What uses a network interface.
    pub enum NetworkInterfaceType {
        Interface = "interface",
        NatGateway = "nat_gateway",
        VpcEndpoint = "vpc_endpoint",
        GatewayLoadBalancerEndpoint = "gateway_load_balancer_endpoint",
        GatewayLoadBalancer = "gateway_load_balancer",
        NetworkLoadBalancer = "network_load_balancer",
        LoadBalancer = "load_balancer",
        TransitGateway = "transit_gateway",
        Lambda = "lambda",
        Efa = "efa",
        Trunk = "trunk",
        Branch = "branch",
        Other = "other",
    }

    /// Whether a network interface is in use.
    pub enum NetworkInterfaceStatus {
        Available = "available",
        InUse = "in_use",
        Attaching = "attaching",
        Detaching = "detaching",
        Associated = "associated",
    }

    /// State of an instance.
    pub enum InstanceState {
        Pending = "pending",
        Running = "running",
        ShuttingDown = "shutting_down",
        Terminated = "terminated",
        Stopping = "stopping",
        Stopped = "stopped",
    }
}
