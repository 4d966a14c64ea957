//! The top-level keys of AWS's answers, and what becomes of each. Knows keys; must not know fields.

use causeway_proto::v1::ResourceKind;

use crate::special;
use crate::view::Shape;

/// A resource that an answer is about, and the key that names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parent {
    pub(crate) kind: ResourceKind,
    /// The key of its id, beside the answer or in its elements.
    pub(crate) id: &'static str,
}

/// What becomes of a key's value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Handling {
    /// A list of records of a kind, each with its id; all there are of the caller's.
    Listing {
        kind: ResourceKind,
        id: &'static str,
        shape: Shape,
    },
    /// A list of records of a kind that need not be all there are.
    Records {
        kind: ResourceKind,
        id: &'static str,
        shape: Shape,
    },
    /// A value that is about one parent: it becomes the parent's field `field`.
    Answer {
        parents: &'static [Parent],
        field: &'static str,
    },
    /// A list whose elements each belong to a parent. Each becomes a field of the parent of its own, named `key/id`,
    /// so that several answers add up.
    Members {
        parent: Parent,
        member: &'static str,
    },
    /// The gathered form: a list of answers, each tagged with its parent's id; the value under `answer` becomes the
    /// parent's field `field`.
    Gathered {
        parent: Parent,
        answer: &'static str,
        field: &'static str,
    },
    /// The gathered form of a list of members.
    GatheredMembers {
        parent: Parent,
        answer: &'static str,
        member: &'static str,
    },
    /// What no rule above can say.
    Special(special::Reader),
}

const VPC: Parent = Parent {
    kind: ResourceKind::Vpc,
    id: "VpcId",
};
const PREFIX_LIST: Parent = Parent {
    kind: ResourceKind::ManagedPrefixList,
    id: "PrefixListId",
};
const SERVICE: Parent = Parent {
    kind: ResourceKind::VpcEndpointService,
    id: "ServiceId",
};
const GROUP: Parent = Parent {
    kind: ResourceKind::SecurityGroup,
    id: "GroupId",
};
const LOAD_BALANCER: Parent = Parent {
    kind: ResourceKind::LoadBalancer,
    id: "LoadBalancerArn",
};
const TARGET_GROUP: Parent = Parent {
    kind: ResourceKind::TargetGroup,
    id: "TargetGroupArn",
};
const TABLE: Parent = Parent {
    kind: ResourceKind::TransitGatewayRouteTable,
    id: "TransitGatewayRouteTableId",
};
const ZONE: Parent = Parent {
    kind: ResourceKind::HostedZone,
    id: "HostedZoneId",
};
const RESOLVER_RULE: Parent = Parent {
    kind: ResourceKind::ResolverRule,
    id: "ResolverRuleId",
};
const DX_GATEWAY: Parent = Parent {
    kind: ResourceKind::DirectConnectGateway,
    id: "directConnectGatewayId",
};

const fn listing(kind: ResourceKind, id: &'static str) -> Handling {
    Handling::Listing {
        kind,
        id,
        shape: Shape::Full,
    }
}

const fn names_only(kind: ResourceKind, id: &'static str) -> Handling {
    Handling::Listing {
        kind,
        id,
        shape: Shape::Part,
    }
}

const fn glimpses(kind: ResourceKind, id: &'static str) -> Handling {
    Handling::Records {
        kind,
        id,
        shape: Shape::Glimpse,
    }
}

const fn answer(parents: &'static [Parent], field: &'static str) -> Handling {
    Handling::Answer { parents, field }
}

/// All keys that are understood. What is special comes first: it also takes the keys beside it that belong to it.
pub(crate) const KEYS: &[(&str, Handling)] = &[
    ("Reservations", Handling::Special(special::reservations)),
    (
        "AvailabilityZones",
        Handling::Special(special::availability_zones),
    ),
    ("PrefixLists", Handling::Special(special::prefix_lists)),
    (
        "ServiceDetails",
        Handling::Special(special::service_details),
    ),
    (
        "TagDescriptions",
        Handling::Special(special::tag_descriptions),
    ),
    ("Rules", Handling::Special(special::listener_rules)),
    ("HostedZone", Handling::Special(special::hosted_zone)),
    (
        "FirewallPolicyResponse",
        Handling::Special(special::firewall_policy),
    ),
    ("RuleGroupResponse", Handling::Special(special::rule_group)),
    ("Firewall", Handling::Special(special::firewall)),
    (
        "VpcBlockPublicAccessOptions",
        Handling::Special(special::block_public_access),
    ),
    (
        "VpcBlockPublicAccessExclusions",
        Handling::Special(special::block_public_access_exclusions),
    ),
    ("Vpcs", listing(ResourceKind::Vpc, "VpcId")),
    ("EnableDnsSupport", answer(&[VPC], "EnableDnsSupport")),
    ("EnableDnsHostnames", answer(&[VPC], "EnableDnsHostnames")),
    (
        "EnableNetworkAddressUsageMetrics",
        answer(&[VPC], "EnableNetworkAddressUsageMetrics"),
    ),
    ("Subnets", listing(ResourceKind::Subnet, "SubnetId")),
    (
        "RouteTables",
        listing(ResourceKind::RouteTable, "RouteTableId"),
    ),
    (
        "InternetGateways",
        listing(ResourceKind::InternetGateway, "InternetGatewayId"),
    ),
    (
        "EgressOnlyInternetGateways",
        listing(
            ResourceKind::EgressOnlyInternetGateway,
            "EgressOnlyInternetGatewayId",
        ),
    ),
    (
        "NatGateways",
        listing(ResourceKind::NatGateway, "NatGatewayId"),
    ),
    (
        "NetworkInterfaces",
        listing(ResourceKind::NetworkInterface, "NetworkInterfaceId"),
    ),
    (
        "SecurityGroups",
        listing(ResourceKind::SecurityGroup, "GroupId"),
    ),
    // The groups' own listing says the same; these are only looked at to see that their group is there.
    (
        "SecurityGroupRules",
        Handling::Members {
            parent: GROUP,
            member: "SecurityGroupRuleId",
        },
    ),
    (
        "NetworkAcls",
        listing(ResourceKind::NetworkAcl, "NetworkAclId"),
    ),
    ("Entries", answer(&[PREFIX_LIST], "Entries")),
    ("Addresses", listing(ResourceKind::Address, "AllocationId")),
    (
        "VpcEndpoints",
        listing(ResourceKind::VpcEndpoint, "VpcEndpointId"),
    ),
    (
        "ServiceConfigurations",
        listing(ResourceKind::VpcEndpointService, "ServiceId"),
    ),
    ("AllowedPrincipals", answer(&[SERVICE], "AllowedPrincipals")),
    (
        "VpcEndpointConnections",
        Handling::Members {
            parent: SERVICE,
            member: "VpcEndpointId",
        },
    ),
    (
        "LoadBalancers",
        listing(ResourceKind::LoadBalancer, "LoadBalancerArn"),
    ),
    (
        "Listeners",
        Handling::Members {
            parent: LOAD_BALANCER,
            member: "ListenerArn",
        },
    ),
    (
        "LoadBalancerListeners",
        Handling::GatheredMembers {
            parent: LOAD_BALANCER,
            answer: "Listeners",
            member: "ListenerArn",
        },
    ),
    (
        "Attributes",
        answer(&[LOAD_BALANCER, TARGET_GROUP], "Attributes"),
    ),
    (
        "LoadBalancerAttributes",
        Handling::Gathered {
            parent: LOAD_BALANCER,
            answer: "Attributes",
            field: "Attributes",
        },
    ),
    (
        "TargetGroups",
        listing(ResourceKind::TargetGroup, "TargetGroupArn"),
    ),
    (
        "TargetHealthDescriptions",
        answer(&[TARGET_GROUP], "TargetHealthDescriptions"),
    ),
    (
        "LoadBalancerTargetHealth",
        Handling::Gathered {
            parent: TARGET_GROUP,
            answer: "TargetHealthDescriptions",
            field: "TargetHealthDescriptions",
        },
    ),
    (
        "VpcPeeringConnections",
        listing(ResourceKind::VpcPeeringConnection, "VpcPeeringConnectionId"),
    ),
    (
        "TransitGateways",
        listing(ResourceKind::TransitGateway, "TransitGatewayId"),
    ),
    (
        "TransitGatewayAttachments",
        listing(
            ResourceKind::TransitGatewayAttachment,
            "TransitGatewayAttachmentId",
        ),
    ),
    (
        "TransitGatewayVpcAttachments",
        glimpses(
            ResourceKind::TransitGatewayAttachment,
            "TransitGatewayAttachmentId",
        ),
    ),
    (
        "TransitGatewayPeeringAttachments",
        glimpses(
            ResourceKind::TransitGatewayAttachment,
            "TransitGatewayAttachmentId",
        ),
    ),
    (
        "TransitGatewayRouteTables",
        listing(
            ResourceKind::TransitGatewayRouteTable,
            "TransitGatewayRouteTableId",
        ),
    ),
    ("Associations", answer(&[TABLE], "Associations")),
    (
        "TransitGatewayRouteTablePropagations",
        answer(&[TABLE], "Propagations"),
    ),
    ("Routes", answer(&[TABLE], "Routes")),
    (
        "TransitGatewayPropagations",
        Handling::Gathered {
            parent: TABLE,
            answer: "TransitGatewayRouteTablePropagations",
            field: "Propagations",
        },
    ),
    (
        "TransitGatewayStaticRoutes",
        Handling::Gathered {
            parent: TABLE,
            answer: "Routes",
            field: "StaticRoutes",
        },
    ),
    (
        "VpnGateways",
        listing(ResourceKind::VpnGateway, "VpnGatewayId"),
    ),
    (
        "CustomerGateways",
        listing(ResourceKind::CustomerGateway, "CustomerGatewayId"),
    ),
    (
        "VpnConnections",
        listing(ResourceKind::VpnConnection, "VpnConnectionId"),
    ),
    (
        "directConnectGateways",
        listing(ResourceKind::DirectConnectGateway, "directConnectGatewayId"),
    ),
    (
        "directConnectGatewayAssociations",
        Handling::Members {
            parent: DX_GATEWAY,
            member: "associationId",
        },
    ),
    (
        "virtualInterfaces",
        listing(ResourceKind::VirtualInterface, "virtualInterfaceId"),
    ),
    (
        "DhcpOptions",
        listing(ResourceKind::DhcpOptions, "DhcpOptionsId"),
    ),
    ("HostedZones", listing(ResourceKind::HostedZone, "Id")),
    ("ResourceRecordSets", answer(&[ZONE], "ResourceRecordSets")),
    ("ResolverRules", listing(ResourceKind::ResolverRule, "Id")),
    (
        "ResolverRuleAssociations",
        Handling::Members {
            parent: RESOLVER_RULE,
            member: "Id",
        },
    ),
    (
        "Firewalls",
        names_only(ResourceKind::Firewall, "FirewallArn"),
    ),
    (
        "FirewallPolicies",
        names_only(ResourceKind::FirewallPolicy, "Arn"),
    ),
    (
        "RuleGroups",
        names_only(ResourceKind::FirewallRuleGroup, "Arn"),
    ),
];

/// Keys around an answer that hold nothing of the network.
pub(crate) const ENVELOPE: [&str; 12] = [
    "ResponseMetadata",
    "NextToken",
    "nextToken",
    "NextMarker",
    "NextRecordName",
    "NextRecordType",
    "Marker",
    "MaxItems",
    "IsTruncated",
    "AdditionalRoutesAvailable",
    "DelegationSet",
    "UpdateToken",
];
