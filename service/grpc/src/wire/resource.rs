//! A resource: what all kinds have in common, and the table of kinds.

use std::sync::LazyLock;

use causeway_model::resource::{Body, Kind, Resource, Tag};
use causeway_proto::{FILE_DESCRIPTOR_SET, v1};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use crate::faults::Faults;
use crate::wire::Wire;
use crate::wire::macros::{names, required};

/// Declares the kinds: the variant, which is the same on both sides, its field, and the field of its message that is the id.
macro_rules! kinds {
    ($($kind:ident $field:literal $id:ident),* $(,)?) => {
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

        /// The id that a resource gives itself, also if nothing else of it can be read.
        pub(crate) fn raw_id(wire: &v1::Resource) -> Option<&str> {
            match wire.kind.as_ref()? {
                $(v1::resource::Kind::$kind(message) => Some(message.$id.as_str()),)*
            }
        }
    };
}

kinds! {
    Vpc "vpc" vpc_id,
    Subnet "subnet" subnet_id,
    RouteTable "route_table" route_table_id,
    InternetGateway "internet_gateway" internet_gateway_id,
    EgressOnlyInternetGateway "egress_only_internet_gateway" egress_only_internet_gateway_id,
    NatGateway "nat_gateway" nat_gateway_id,
    NetworkInterface "network_interface" network_interface_id,
    Instance "instance" instance_id,
    SecurityGroup "security_group" group_id,
    NetworkAcl "network_acl" network_acl_id,
    ManagedPrefixList "managed_prefix_list" prefix_list_id,
    Address "address" allocation_id,
    VpcEndpoint "vpc_endpoint" vpc_endpoint_id,
    VpcEndpointService "vpc_endpoint_service" service_id,
    LoadBalancer "load_balancer" load_balancer_arn,
    TargetGroup "target_group" target_group_arn,
    VpcPeeringConnection "vpc_peering_connection" vpc_peering_connection_id,
    TransitGateway "transit_gateway" transit_gateway_id,
    TransitGatewayAttachment "transit_gateway_attachment" transit_gateway_attachment_id,
    TransitGatewayRouteTable "transit_gateway_route_table" transit_gateway_route_table_id,
    VpnGateway "vpn_gateway" vpn_gateway_id,
    CustomerGateway "customer_gateway" customer_gateway_id,
    VpnConnection "vpn_connection" vpn_connection_id,
    DirectConnectGateway "direct_connect_gateway" direct_connect_gateway_id,
    VirtualInterface "virtual_interface" virtual_interface_id,
    DhcpOptions "dhcp_options" dhcp_options_id,
    HostedZone "hosted_zone" hosted_zone_id,
    ResolverRule "resolver_rule" resolver_rule_id,
    Firewall "firewall" firewall_arn,
    FirewallPolicy "firewall_policy" firewall_policy_arn,
    FirewallRuleGroup "firewall_rule_group" rule_group_arn,
    VpcBlockPublicAccessOptions "vpc_block_public_access_options" options_id,
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

/// A resource as the contract describes it, field by field; none if the contract's description is broken, which the build would have told.
pub(crate) fn by_fields(resource: &v1::Resource) -> Option<DynamicMessage> {
    static RESOURCE: LazyLock<Option<MessageDescriptor>> = LazyLock::new(|| {
        let contract = DescriptorPool::decode(FILE_DESCRIPTOR_SET).ok()?;
        contract.get_message_by_name("causeway.v1.Resource")
    });
    let mut message = DynamicMessage::new(RESOURCE.clone()?);
    message.transcode_from(resource).ok().map(|()| message)
}

impl Wire<v1::Tag> for Tag {
    fn parse(wire: v1::Tag, faults: &mut Faults) -> Option<Self> {
        let v1::Tag { key, value } = wire;
        let key = faults.field("key", |faults| text(key, 1, 128, faults));
        let value = faults.field("value", |faults| text(value, 0, 256, faults));
        Some(Self {
            key: key?.into(),
            value: value?.into(),
        })
    }

    fn render(&self) -> v1::Tag {
        let Self { key, value } = self;
        v1::Tag {
            key: key.to_string(),
            value: value.to_string(),
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
