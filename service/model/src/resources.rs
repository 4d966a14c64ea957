//! The kinds of resources, one file for each family, with AWS's field names.
//!
//! What a field means stands in the contract (`resources.proto`); the records here hold it in checked types.

pub mod dns;
pub mod endpoints;
pub mod filters;
pub mod firewall;
pub mod gateways;
pub mod hybrid;
pub mod interfaces;
pub mod load_balancers;
pub mod routing;
pub mod transit;

pub use dns::{DhcpOptions, HostedZone, ResolverRule};
pub use endpoints::{VpcEndpoint, VpcEndpointService};
pub use filters::{ManagedPrefixList, NetworkAcl, SecurityGroup};
pub use firewall::{Firewall, FirewallPolicy, FirewallRuleGroup, VpcBlockPublicAccessOptions};
pub use gateways::{Address, EgressOnlyInternetGateway, InternetGateway, NatGateway};
pub use hybrid::{
    CustomerGateway, DirectConnectGateway, VirtualInterface, VpnConnection, VpnGateway,
};
pub use interfaces::{Instance, NetworkInterface};
pub use load_balancers::{LoadBalancer, TargetGroup};
pub use routing::{RouteTable, Subnet, Vpc};
pub use transit::{
    TransitGateway, TransitGatewayAttachment, TransitGatewayRouteTable, VpcPeeringConnection,
};
