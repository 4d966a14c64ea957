//! A resource: what all kinds have in common, and the table of kinds.

use crate::fields::{choice, record};
use crate::ids::{AccountId, Region, ResourceId, SubnetId, VpcId};
use crate::resources::gateways::GatewayAttachment;
use crate::resources::{
    Address, CustomerGateway, DhcpOptions, DirectConnectGateway, EgressOnlyInternetGateway,
    Firewall, FirewallPolicy, FirewallRuleGroup, HostedZone, Instance, InternetGateway,
    LoadBalancer, ManagedPrefixList, NatGateway, NetworkAcl, NetworkInterface, ResolverRule,
    RouteTable, SecurityGroup, Subnet, TargetGroup, TransitGateway, TransitGatewayAttachment,
    TransitGatewayRouteTable, VirtualInterface, Vpc, VpcBlockPublicAccessOptions, VpcEndpoint,
    VpcEndpointService, VpcPeeringConnection, VpnConnection, VpnGateway,
};
use crate::text::Text;

record! {
    /// One AWS resource.
    pub struct Resource {
        /// Account that owns it.
        owner_id: AccountId,
        /// Region it lives in; none for global resources.
        region: Option<Region>,
        /// Its tags, each key once.
        tags: Vec<Tag>,
        /// What it is.
        body: Body,
    }

    /// A tag.
    pub struct Tag {
        key: Text,
        value: Text,
    }
}

/// A record that can be the body of a resource.
pub trait Record: Sized {
    /// The kind of resource that it describes.
    const KIND: Kind;

    /// The body as this record, if it is one.
    fn of(body: &Body) -> Option<&Self>;
}

/// What must contain a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The field that names it, as a path in the contract's names.
    pub field: &'static str,
    /// Its id.
    pub id: ResourceId,
    /// Its kind.
    pub kind: Kind,
}

/// Makes the table of kinds: the record, its name in the contract, the field of its id, the field of its VPC, and the fields of what
/// must contain it.
macro_rules! kinds {
    ($($kind:ident $name:literal $id:ident [$($vpc:ident)?] ($($field:ident $container:ident),*);)*) => {
        choice! {
            /// What a resource is: one record for each kind.
            pub enum Body {
                $($kind(Box<$kind>) = $name,)*
            }
        }

        crate::fields::enumeration! {
            /// A kind of resource.
            pub enum Kind {
                $($kind = $name,)*
            }
        }

        impl Body {
            /// The kind.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// The id of the resource.
            #[must_use]
            pub fn id(&self) -> &ResourceId {
                match self {
                    $(Self::$kind(record) => record.$id.as_resource_id(),)*
                }
            }

            /// The VPC the resource is in, or is.
            #[must_use]
            pub fn vpc(&self) -> Option<&ResourceId> {
                match self {
                    $(Self::$kind(record) => { let _ = record; kinds!(@vpc record $($vpc)?) })*
                }
            }

            /// What must contain the resource, in the order of the contract.
            #[must_use]
            pub fn containers(&self) -> Vec<Container> {
                match self {
                    $(Self::$kind(record) => {
                        let _ = record;
                        let found: [Option<Container>; _] = [$(record.$field.refers_to().map(|id| Container {
                            field: concat!($name, ".", stringify!($field)),
                            id: id.clone(),
                            kind: Kind::$container,
                        })),*];
                        found.into_iter().flatten().collect()
                    })*
                }
            }
        }

        $(
            impl From<$kind> for Body {
                fn from(record: $kind) -> Self {
                    Self::$kind(Box::new(record))
                }
            }

            impl Record for $kind {
                const KIND: Kind = Kind::$kind;

                fn of(body: &Body) -> Option<&Self> {
                    if let Body::$kind(record) = body { Some(record) } else { None }
                }
            }
        )*
    };
    (@vpc $record:ident) => { None };
    (@vpc $record:ident $vpc:ident) => { $record.$vpc.refers_to() };
}

kinds! {
    Vpc "vpc" vpc_id [vpc_id] ();
    Subnet "subnet" subnet_id [vpc_id] (vpc_id Vpc);
    RouteTable "route_table" route_table_id [vpc_id] (vpc_id Vpc);
    InternetGateway "internet_gateway" internet_gateway_id [attachments] ();
    EgressOnlyInternetGateway "egress_only_internet_gateway" egress_only_internet_gateway_id [attachments] ();
    NatGateway "nat_gateway" nat_gateway_id [vpc_id] (vpc_id Vpc, subnet_id Subnet);
    NetworkInterface "network_interface" network_interface_id [vpc_id] (vpc_id Vpc, subnet_id Subnet);
    Instance "instance" instance_id [vpc_id] (vpc_id Vpc, subnet_id Subnet);
    SecurityGroup "security_group" group_id [vpc_id] (vpc_id Vpc);
    NetworkAcl "network_acl" network_acl_id [vpc_id] (vpc_id Vpc);
    ManagedPrefixList "managed_prefix_list" prefix_list_id [] ();
    Address "address" allocation_id [] ();
    VpcEndpoint "vpc_endpoint" vpc_endpoint_id [vpc_id] (vpc_id Vpc);
    VpcEndpointService "vpc_endpoint_service" service_id [] ();
    LoadBalancer "load_balancer" load_balancer_arn [vpc_id] (vpc_id Vpc);
    TargetGroup "target_group" target_group_arn [vpc_id] (vpc_id Vpc);
    VpcPeeringConnection "vpc_peering_connection" vpc_peering_connection_id [] ();
    TransitGateway "transit_gateway" transit_gateway_id [] ();
    TransitGatewayAttachment "transit_gateway_attachment" transit_gateway_attachment_id [] ();
    TransitGatewayRouteTable "transit_gateway_route_table" transit_gateway_route_table_id [] ();
    VpnGateway "vpn_gateway" vpn_gateway_id [vpc_attachments] ();
    CustomerGateway "customer_gateway" customer_gateway_id [] ();
    VpnConnection "vpn_connection" vpn_connection_id [] ();
    DirectConnectGateway "direct_connect_gateway" direct_connect_gateway_id [] ();
    VirtualInterface "virtual_interface" virtual_interface_id [] ();
    DhcpOptions "dhcp_options" dhcp_options_id [] ();
    HostedZone "hosted_zone" hosted_zone_id [] ();
    ResolverRule "resolver_rule" resolver_rule_id [] ();
    Firewall "firewall" firewall_arn [vpc_id] (vpc_id Vpc);
    FirewallPolicy "firewall_policy" firewall_policy_arn [] ();
    FirewallRuleGroup "firewall_rule_group" rule_group_arn [] ();
    VpcBlockPublicAccessOptions "vpc_block_public_access_options" options_id [] ();
}

impl Resource {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        self.body.id()
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags
            .iter()
            .find(|tag| tag.key == key)
            .map(|tag| tag.value.as_str())
    }
}

/// How a field refers to another resource, or to none.
trait Refers {
    fn refers_to(&self) -> Option<&ResourceId>;
}

impl Refers for VpcId {
    fn refers_to(&self) -> Option<&ResourceId> {
        Some(self.as_resource_id())
    }
}

impl Refers for SubnetId {
    fn refers_to(&self) -> Option<&ResourceId> {
        Some(self.as_resource_id())
    }
}

impl<T: Refers> Refers for Option<T> {
    fn refers_to(&self) -> Option<&ResourceId> {
        self.as_ref().and_then(T::refers_to)
    }
}

impl Refers for Vec<GatewayAttachment> {
    fn refers_to(&self) -> Option<&ResourceId> {
        self.first()
            .map(|attachment| attachment.vpc_id.as_resource_id())
    }
}
