//! VPCs, subnets and route tables.

use causeway_model::ids::{InternetGatewayId, VpcEndpointId, VpnGatewayId};
use causeway_model::resources::routing::{
    Route, RouteDestination, RouteOrigin, RouteState, RouteTableAssociation, RouteTarget,
};
use causeway_model::resources::{RouteTable, Subnet, Vpc};
use causeway_proto::v1;
use ipnet::IpNet;

use crate::faults::Faults;
use crate::wire::macros::{message, names};
use crate::wire::texts::short;
use crate::wire::{Text, Wire};

message! {
    Vpc = v1::Vpc { vpc_id, cidr_blocks, dhcp_options_id, is_default, enable_dns_support, enable_dns_hostnames }
    Subnet = v1::Subnet { subnet_id, vpc_id, cidr_blocks, availability_zone, availability_zone_id }
    RouteTable = v1::RouteTable { route_table_id, vpc_id, associations, routes, propagating_vgws }
    Route = v1::Route { destination as oneof, target as oneof, state, origin }
}

names! {
    RouteState = v1::RouteState, absent Active { Active, Blackhole, Filtered }
    RouteOrigin = v1::RouteOrigin, absent CreateRoute { CreateRouteTable, CreateRoute, EnableVgwRoutePropagation, Advertisement }
}

impl Wire<v1::RouteTableAssociation> for RouteTableAssociation {
    fn parse(wire: v1::RouteTableAssociation, faults: &mut Faults) -> Option<Self> {
        use v1::route_table_association::Target;
        let v1::RouteTableAssociation { target } = wire;
        match target {
            Some(Target::Main(true)) => Some(Self::Main),
            Some(Target::Main(false)) => faults.field("main", |faults| {
                faults.add("must be true where it is given; leave it out for another target")
            }),
            Some(Target::SubnetId(id)) => faults
                .field("subnet_id", |faults| Wire::parse(id, faults))
                .map(Self::Subnet),
            Some(Target::GatewayId(id)) => faults.field("gateway_id", |faults| edge(&id, faults)),
            None => faults.field("target", |faults| {
                faults.missing("one of main, subnet_id and gateway_id")
            }),
        }
    }

    fn render(&self) -> v1::RouteTableAssociation {
        use v1::route_table_association::Target;
        let target = match self {
            Self::Main => Target::Main(true),
            Self::Subnet(id) => Target::SubnetId(id.render()),
            Self::InternetGateway(id) => Target::GatewayId(id.render()),
            Self::VpnGateway(id) => Target::GatewayId(id.render()),
        };
        v1::RouteTableAssociation {
            target: Some(target),
        }
    }
}

fn edge(id: &str, faults: &mut Faults) -> Option<RouteTableAssociation> {
    if let Ok(id) = InternetGatewayId::read(id) {
        return Some(RouteTableAssociation::InternetGateway(id));
    }
    match VpnGatewayId::read(id) {
        Ok(id) => Some(RouteTableAssociation::VpnGateway(id)),
        Err(_) => faults.add(format!("`{}` is no gateway that a table can be associated with, expected `igw-...` or `vgw-...`", short(id))),
    }
}

impl Wire<v1::route::Destination> for RouteDestination {
    fn parse(wire: v1::route::Destination, faults: &mut Faults) -> Option<Self> {
        use v1::route::Destination;
        match wire {
            Destination::DestinationCidrBlock(block) => faults
                .field("destination_cidr_block", |faults| {
                    block_of(block, false, faults)
                }),
            Destination::DestinationIpv6CidrBlock(block) => faults
                .field("destination_ipv6_cidr_block", |faults| {
                    block_of(block, true, faults)
                }),
            Destination::DestinationPrefixListId(id) => faults
                .field("destination_prefix_list_id", |faults| {
                    Wire::parse(id, faults)
                })
                .map(Self::PrefixList),
        }
    }

    fn render(&self) -> v1::route::Destination {
        use v1::route::Destination;
        match self {
            Self::Cidr(block) if block.addr().is_ipv6() => {
                Destination::DestinationIpv6CidrBlock(block.render())
            }
            Self::Cidr(block) => Destination::DestinationCidrBlock(block.render()),
            Self::PrefixList(id) => Destination::DestinationPrefixListId(id.render()),
        }
    }
}

fn block_of(text: String, is_ipv6: bool, faults: &mut Faults) -> Option<RouteDestination> {
    let block = IpNet::parse(text, faults)?;
    if block.addr().is_ipv6() == is_ipv6 {
        return Some(RouteDestination::Cidr(block));
    }
    let expected = if is_ipv6 { "an IPv6" } else { "an IPv4" };
    faults.add(format!(
        "`{block}` is of the other address family, expected {expected} block"
    ))
}

impl Wire<v1::route::Target> for RouteTarget {
    fn parse(wire: v1::route::Target, faults: &mut Faults) -> Option<Self> {
        use v1::route::Target;
        /// Reads the id under the name of its field.
        fn read<T: Text>(field: &'static str, id: String, faults: &mut Faults) -> Option<T> {
            faults.field(field, |faults| T::parse(id, faults))
        }
        match wire {
            Target::GatewayId(id) => faults.field("gateway_id", |faults| gateway(&id, faults)),
            Target::InstanceId(id) => read("instance_id", id, faults).map(Self::Instance),
            Target::NatGatewayId(id) => read("nat_gateway_id", id, faults).map(Self::NatGateway),
            Target::NetworkInterfaceId(id) => {
                read("network_interface_id", id, faults).map(Self::NetworkInterface)
            }
            Target::VpcPeeringConnectionId(id) => {
                read("vpc_peering_connection_id", id, faults).map(Self::VpcPeeringConnection)
            }
            Target::TransitGatewayId(id) => {
                read("transit_gateway_id", id, faults).map(Self::TransitGateway)
            }
            Target::EgressOnlyInternetGatewayId(id) => {
                read("egress_only_internet_gateway_id", id, faults)
                    .map(Self::EgressOnlyInternetGateway)
            }
            Target::LocalGatewayId(id) => {
                read("local_gateway_id", id, faults).map(Self::LocalGateway)
            }
            Target::CarrierGatewayId(id) => {
                read("carrier_gateway_id", id, faults).map(Self::CarrierGateway)
            }
            Target::CoreNetworkArn(arn) => {
                read("core_network_arn", arn, faults).map(Self::CoreNetwork)
            }
            Target::OdbNetworkArn(arn) => {
                read("odb_network_arn", arn, faults).map(Self::OdbNetwork)
            }
            Target::VpcEndpointId(id) => read("vpc_endpoint_id", id, faults).map(Self::VpcEndpoint),
            Target::IpAddress(address) => read("ip_address", address, faults).map(Self::IpAddress),
        }
    }

    fn render(&self) -> v1::route::Target {
        use v1::route::Target;
        match self {
            Self::Local => Target::GatewayId("local".to_owned()),
            Self::InternetGateway(id) => Target::GatewayId(id.render()),
            Self::VpnGateway(id) => Target::GatewayId(id.render()),
            // AWS lists endpoints of both types under GatewayId.
            Self::VpcEndpoint(id) => Target::GatewayId(id.render()),
            Self::Instance(id) => Target::InstanceId(id.render()),
            Self::NatGateway(id) => Target::NatGatewayId(id.render()),
            Self::NetworkInterface(id) => Target::NetworkInterfaceId(id.render()),
            Self::VpcPeeringConnection(id) => Target::VpcPeeringConnectionId(id.render()),
            Self::TransitGateway(id) => Target::TransitGatewayId(id.render()),
            Self::EgressOnlyInternetGateway(id) => Target::EgressOnlyInternetGatewayId(id.render()),
            Self::LocalGateway(id) => Target::LocalGatewayId(id.render()),
            Self::CarrierGateway(id) => Target::CarrierGatewayId(id.render()),
            Self::CoreNetwork(arn) => Target::CoreNetworkArn(arn.render()),
            Self::OdbNetwork(arn) => Target::OdbNetworkArn(arn.render()),
            Self::IpAddress(address) => Target::IpAddress(address.render()),
        }
    }
}

fn gateway(id: &str, faults: &mut Faults) -> Option<RouteTarget> {
    if id == "local" {
        return Some(RouteTarget::Local);
    }
    let internet = InternetGatewayId::read(id).map(RouteTarget::InternetGateway);
    let vpn = || VpnGatewayId::read(id).map(RouteTarget::VpnGateway);
    let endpoint = || VpcEndpointId::read(id).map(RouteTarget::VpcEndpoint);
    let found = internet.or_else(|_| vpn()).or_else(|_| endpoint());
    found.map_or_else(
        |_| {
            faults.add(format!(
                "`{}` is no gateway, expected `local`, `igw-...`, `vgw-...` or `vpce-...`",
                short(id)
            ))
        },
        Some,
    )
}
