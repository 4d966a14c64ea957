//! A resource: what all kinds have in common, and the table of kinds.

use causeway_model::resource::{Body, Kind, Resource, Tag};
use causeway_proto::v1;

use crate::faults::Faults;
use crate::wire::Wire;
use crate::wire::macros::{names, required};

/// Declares the kinds: the variant, which is the same on both sides, and its field.
macro_rules! kinds {
    ($($kind:ident $field:literal),* $(,)?) => {
        impl Wire<v1::resource::Kind> for Body {
            fn parse(wire: v1::resource::Kind, faults: &mut Faults) -> Option<Self> {
                match wire {
                    $(v1::resource::Kind::$kind(message) => {
                        faults.field($field, |faults| Wire::parse(message, faults)).map(|record| Self::$kind(Box::new(record)))
                    })*
                }
            }

            fn render(&self) -> v1::resource::Kind {
                match self {
                    $(Self::$kind(record) => v1::resource::Kind::$kind(record.as_ref().render()),)*
                }
            }
        }

        names! {
            Kind = v1::ResourceKind, required { $($kind),* }
        }
    };
}

kinds! {
    Vpc "vpc",
    Subnet "subnet",
    RouteTable "route_table",
    InternetGateway "internet_gateway",
    EgressOnlyInternetGateway "egress_only_internet_gateway",
    NatGateway "nat_gateway",
    NetworkInterface "network_interface",
    Instance "instance",
    SecurityGroup "security_group",
    NetworkAcl "network_acl",
    ManagedPrefixList "managed_prefix_list",
    Address "address",
    VpcEndpoint "vpc_endpoint",
    VpcEndpointService "vpc_endpoint_service",
    LoadBalancer "load_balancer",
    TargetGroup "target_group",
    VpcPeeringConnection "vpc_peering_connection",
    TransitGateway "transit_gateway",
    TransitGatewayAttachment "transit_gateway_attachment",
    TransitGatewayRouteTable "transit_gateway_route_table",
    VpnGateway "vpn_gateway",
    CustomerGateway "customer_gateway",
    VpnConnection "vpn_connection",
    DirectConnectGateway "direct_connect_gateway",
    VirtualInterface "virtual_interface",
    DhcpOptions "dhcp_options",
    HostedZone "hosted_zone",
    ResolverRule "resolver_rule",
    Firewall "firewall",
    FirewallPolicy "firewall_policy",
    FirewallRuleGroup "firewall_rule_group",
    VpcBlockPublicAccessOptions "vpc_block_public_access_options",
}

impl Wire<v1::Resource> for Resource {
    fn parse(wire: v1::Resource, faults: &mut Faults) -> Option<Self> {
        let v1::Resource {
            owner_id,
            region,
            tags,
            kind,
        } = wire;
        let owner_id = faults.field("owner_id", |faults| Wire::parse(owner_id, faults));
        let region = faults.field("region", |faults| Wire::parse(region, faults));
        let tags = faults.field("tags", |faults| Wire::parse(tags, faults));
        let body = super::adapters::oneof::parse("kind", kind, faults);
        Some(Self {
            owner_id: owner_id?,
            region: region?,
            tags: tags?,
            body: body?,
        })
    }

    fn render(&self) -> v1::Resource {
        let Self {
            owner_id,
            region,
            tags,
            body,
        } = self;
        v1::Resource {
            owner_id: owner_id.render(),
            region: region.render(),
            tags: tags.render(),
            kind: Some(Wire::render(body)),
        }
    }
}

required!(Resource = v1::Resource);

impl Wire<v1::Tag> for Tag {
    fn parse(wire: v1::Tag, faults: &mut Faults) -> Option<Self> {
        let v1::Tag { key, value } = wire;
        let key = faults.field("key", |faults| text(key, 1, 128, faults));
        let value = faults.field("value", |faults| text(value, 0, 256, faults));
        Some(Self {
            key: key?,
            value: value?,
        })
    }

    fn render(&self) -> v1::Tag {
        let Self { key, value } = self;
        v1::Tag {
            key: key.clone(),
            value: value.clone(),
        }
    }
}

/// A text of so many characters.
fn text(text: String, least: usize, most: usize, faults: &mut Faults) -> Option<String> {
    let count = text.chars().count();
    if (least..=most).contains(&count) {
        Some(text)
    } else {
        faults.add(format!(
            "is {count} characters long, expected {least} to {most}"
        ))
    }
}
