//! Network interfaces and instances.

use causeway_model::resources::interfaces::{
    InstanceState, NetworkInterfaceStatus, NetworkInterfaceType, PrivateIpAddress,
};
use causeway_model::resources::{Instance, NetworkInterface};
use causeway_proto::v1;

use crate::wire::macros::{message, names};

message! {
    NetworkInterface = v1::NetworkInterface {
        network_interface_id, vpc_id, subnet_id, interface_type, private_ip_addresses, ipv6_addresses, group_ids, source_dest_check, status,
        instance_id, device_index, availability_zone, requester_managed, description, deny_all_igw_traffic,
    }
    PrivateIpAddress = v1::PrivateIpAddress { private_ip_address, public_ip }
    Instance = v1::Instance { instance_id, vpc_id, subnet_id, state }
}

names! {
    NetworkInterfaceType = v1::NetworkInterfaceType, absent Interface {
        Interface, NatGateway, VpcEndpoint, GatewayLoadBalancerEndpoint, GatewayLoadBalancer, NetworkLoadBalancer, LoadBalancer, TransitGateway,
        Lambda, Efa, Trunk, Branch, Other,
    }
    NetworkInterfaceStatus = v1::NetworkInterfaceStatus, absent InUse { Available, InUse, Attaching, Detaching, Associated }
    InstanceState = v1::InstanceState, absent Running { Pending, Running, ShuttingDown, Terminated, Stopping, Stopped }
}
