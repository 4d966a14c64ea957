//! Reads each kind of resource from its record. Knows which file reads which kind; must not know how views were merged.

mod dns;
mod endpoints;
mod filters;
mod firewall;
mod gateways;
mod hybrid;
mod interfaces;
mod load_balancers;
mod routing;
mod transit;
mod vpc;

use causeway_proto::v1::ResourceKind as Of;
use causeway_proto::v1::resource::Kind;

use crate::gather::Key;
use crate::record::Record;

pub(crate) use transit::route_order;

/// Reads a resource; nothing when it cannot be one, and then a fault or a warning is noted.
pub(crate) fn read(key: &Key, record: &Record<'_>) -> Option<Kind> {
    let (kind, id) = key;
    match kind {
        Of::Unspecified => None,
        Of::Vpc => vpc::vpc(id, record).map(Kind::Vpc),
        Of::Subnet => vpc::subnet(id, record).map(Kind::Subnet),
        Of::RouteTable => routing::table(id, record).map(Kind::RouteTable),
        Of::InternetGateway => gateways::internet(id, record).map(Kind::InternetGateway),
        Of::EgressOnlyInternetGateway => {
            gateways::egress_only(id, record).map(Kind::EgressOnlyInternetGateway)
        }
        Of::NatGateway => gateways::nat(id, record).map(Kind::NatGateway),
        Of::NetworkInterface => interfaces::interface(id, record).map(Kind::NetworkInterface),
        Of::Instance => interfaces::instance(id, record).map(Kind::Instance),
        Of::SecurityGroup => filters::security_group(id, record).map(Kind::SecurityGroup),
        Of::NetworkAcl => filters::network_acl(id, record).map(Kind::NetworkAcl),
        Of::ManagedPrefixList => routing::prefix_list(id, record).map(Kind::ManagedPrefixList),
        Of::Address => interfaces::address(id, record).map(Kind::Address),
        Of::VpcEndpoint => endpoints::endpoint(id, record).map(Kind::VpcEndpoint),
        Of::VpcEndpointService => endpoints::service(id, record).map(Kind::VpcEndpointService),
        Of::LoadBalancer => load_balancers::balancer(id, record).map(Kind::LoadBalancer),
        Of::TargetGroup => load_balancers::target_group(id, record).map(Kind::TargetGroup),
        Of::VpcPeeringConnection => transit::peering(id, record).map(Kind::VpcPeeringConnection),
        Of::TransitGateway => transit::gateway(id, record).map(Kind::TransitGateway),
        Of::TransitGatewayAttachment => {
            transit::attachment(id, record).map(Kind::TransitGatewayAttachment)
        }
        Of::TransitGatewayRouteTable => {
            transit::table(id, record).map(Kind::TransitGatewayRouteTable)
        }
        Of::VpnGateway => hybrid::vpn_gateway(id, record).map(Kind::VpnGateway),
        Of::CustomerGateway => hybrid::customer_gateway(id, record).map(Kind::CustomerGateway),
        Of::VpnConnection => hybrid::vpn_connection(id, record).map(Kind::VpnConnection),
        Of::DirectConnectGateway => {
            hybrid::direct_connect_gateway(id, record).map(Kind::DirectConnectGateway)
        }
        Of::VirtualInterface => hybrid::virtual_interface(id, record).map(Kind::VirtualInterface),
        Of::DhcpOptions => dns::dhcp_options(id, record).map(Kind::DhcpOptions),
        Of::HostedZone => dns::hosted_zone(id, record).map(Kind::HostedZone),
        Of::ResolverRule => dns::resolver_rule(id, record).map(Kind::ResolverRule),
        Of::Firewall => firewall::firewall(id, record).map(Kind::Firewall),
        Of::FirewallPolicy => firewall::policy(id, record).map(Kind::FirewallPolicy),
        Of::FirewallRuleGroup => firewall::rule_group(id, record).map(Kind::FirewallRuleGroup),
        Of::VpcBlockPublicAccessOptions => {
            firewall::block_public_access(id, record).map(Kind::VpcBlockPublicAccessOptions)
        }
    }
}

/// Whether answers about a resource make a resource without its own record: all that matters of it is in them.
pub(crate) fn stands_alone(kind: Of) -> bool {
    matches!(kind, Of::ManagedPrefixList | Of::TransitGatewayRouteTable)
}

/// Kinds whose state the contract does not hold, and the field that says when one is deleted.
const DELETABLE: [(Of, &str); 7] = [
    (Of::ManagedPrefixList, "State"),
    (Of::TransitGateway, "State"),
    (Of::TransitGatewayRouteTable, "State"),
    (Of::VpnGateway, "State"),
    (Of::CustomerGateway, "State"),
    (Of::DirectConnectGateway, "directConnectGatewayState"),
    (Of::VirtualInterface, "virtualInterfaceState"),
];

/// Why a record is no resource, if it is none. AWS lists what is deleted for a while; where the contract has no state
/// that says so, the resource is left out.
pub(crate) fn left_out(kind: Of, record: &Record<'_>) -> Option<&'static str> {
    if kind == Of::HostedZone {
        return dns::left_out(record);
    }
    let (_, state) = DELETABLE.iter().find(|(other, _)| *other == kind)?;
    matches!(record.word(state), Some("deleted" | "delete-complete")).then_some("it is deleted")
}
