//! What is answered: verdicts, traces hop by hop, and what stops a packet.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::fields::enumeration;
use crate::ids::{AccountId, Region, ResourceId, ZoneName};
use crate::price::Cost;
use crate::protocol::{PortRange, Protocol};
use crate::resource::Kind;

enumeration! {
    /// How a flow ends.
    pub enum Verdict {
        /// Every way the network may take gets there, and the replies get back.
        Reachable = "REACHABLE",
        /// No way gets there, or no reply gets back.
        Unreachable = "UNREACHABLE",
        /// There are several ways, and they end differently.
        Ambiguous = "AMBIGUOUS",
        /// The topology lacks what it would take to say.
        Undetermined = "UNDETERMINED",
    }

    /// How a trace ends.
    pub enum Disposition {
        /// Delivered to a network interface.
        Delivered = "DELIVERED",
        /// Left for the internet.
        ExitedToInternet = "EXITED_TO_INTERNET",
        /// Handed to a service behind an endpoint, or to an AWS service's public address.
        DeliveredToService = "DELIVERED_TO_SERVICE",
        /// Went on to its end, but filters on the way would have dropped it.
        Denied = "DENIED",
        /// No next hop: no route, a blackhole, or nothing at the address.
        NoNextHop = "NO_NEXT_HOP",
        /// Came back to where it had been.
        Loop = "LOOP",
        /// The topology does not say how it goes on.
        Unknown = "UNKNOWN",
        /// Left for the user's premises, by VPN or Direct Connect.
        ExitedToOnPremises = "EXITED_TO_ON_PREMISES",
        /// Reached the gateway, connection or attachment beyond which any address of a block was asked for.
        DeliveredToGateway = "DELIVERED_TO_GATEWAY",
    }

    /// A stage of a packet's processing.
    pub enum Stage {
        /// Source/destination check of an interface.
        SourceDestCheck = "SOURCE_DEST_CHECK",
        /// Security groups, packet leaving.
        SecurityGroupOut = "SECURITY_GROUP_OUT",
        /// Network ACL, packet leaving the subnet.
        NetworkAclOut = "NETWORK_ACL_OUT",
        /// Route table of a subnet or a gateway.
        RouteTable = "ROUTE_TABLE",
        /// State of a component or an attachment.
        State = "STATE",
        /// What a gateway, an endpoint or a connection takes.
        Admission = "ADMISSION",
        /// Address translation.
        Translation = "TRANSLATION",
        /// Where a component hands the packet on to.
        Forwarding = "FORWARDING",
        /// Network ACL, packet entering the subnet.
        NetworkAclIn = "NETWORK_ACL_IN",
        /// Security groups, packet entering.
        SecurityGroupIn = "SECURITY_GROUP_IN",
        /// The end of the way.
        Delivery = "DELIVERY",
        /// Which of several a component takes: a zone, a target, one of equal routes.
        Choice = "CHOICE",
        /// Policy of an endpoint.
        Policy = "POLICY",
        /// Rules of a firewall.
        Firewall = "FIREWALL",
    }

    /// What a step did with the packet.
    pub enum StepAction {
        /// Let it pass.
        Allowed = "ALLOWED",
        /// Let it pass as the reply to a connection it keeps state of.
        AllowedByState = "ALLOWED_BY_STATE",
        /// Would drop it.
        Denied = "DENIED",
        /// Drops some of the packets the flow may consist of.
        PartlyDenied = "PARTLY_DENIED",
        /// Sent it on.
        Forwarded = "FORWARDED",
        /// Changed an address or a port.
        Translated = "TRANSLATED",
        /// Took it at its end.
        Delivered = "DELIVERED",
        /// Had no next hop for it.
        Dropped = "DROPPED",
        /// Cannot be known.
        Unknown = "UNKNOWN",
    }

    /// Direction of a packet.
    pub enum Direction {
        /// From the source to the destination.
        Forward = "FORWARD",
        /// The reply.
        Return = "RETURN",
    }

    /// What stops a flow or qualifies its answer. Names are AWS's where AWS has one (VPC Reachability Analyzer, explanation codes).
    pub enum Code {
        /// A component on the way is not in a state that carries traffic.
        BadState = "BAD_STATE",
        /// The attachment between two components does not carry traffic.
        BadStateAttachment = "BAD_STATE_ATTACHMENT",
        /// The route that applies is a blackhole.
        BadStateRoute = "BAD_STATE_ROUTE",
        /// The interface sends and takes packets of its own addresses alone.
        EniSourceDestCheckRestriction = "ENI_SOURCE_DEST_CHECK_RESTRICTION",
        /// No rule of the interface's security groups admits the packet.
        EniSgRulesMismatch = "ENI_SG_RULES_MISMATCH",
        /// The interface's security groups have no rules in this direction.
        SgHasNoRules = "SG_HAS_NO_RULES",
        /// A rule refers to a security group, and a component on the way does not preserve what group a packet comes from.
        SgReferencesNotPreserved = "SG_REFERENCES_NOT_PRESERVED",
        /// The subnet's network ACL does not admit the packet.
        SubnetAclRestriction = "SUBNET_ACL_RESTRICTION",
        /// No route of the table covers the destination.
        NoRouteToDestination = "NO_ROUTE_TO_DESTINATION",
        /// The component has nothing that it could deliver the packet to.
        NoPossibleDestination = "NO_POSSIBLE_DESTINATION",
        /// The internet gateway drops packets to private addresses (RFC 1918).
        IgwDestinationAddressNotInRfc1918Egress = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
        /// The internet gateway drops packets to shared addresses (RFC 6598).
        IgwDestinationAddressNotInRfc6598Egress = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS",
        /// The destination is not the public address of an interface in the gateway's VPC.
        IgwPrivateIpAssociationForIngress = "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        /// The source has no public address.
        IgwPublicIpAssociationForEgress = "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        /// The internet gateway drops packets that come from private addresses (RFC 1918).
        IgwSourceAddressNotInRfc1918Ingress = "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
        /// The internet gateway drops packets that come from shared addresses (RFC 6598).
        IgwSourceAddressNotInRfc6598Ingress = "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS",
        /// A NAT gateway serves the interfaces of its own VPC alone.
        NgwRequiresSourceInVpc = "NGW_REQUIRES_SOURCE_IN_VPC",
        /// The component takes certain protocols alone.
        ProtocolRestriction = "PROTOCOL_RESTRICTION",
        /// The peering connection carries traffic for addresses of the peer VPC alone.
        PcxRequiresAddressInVpcCidr = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
        /// Traffic would enter by a peering connection and leave the peer VPC by another edge of it.
        PcxNotTransitive = "PCX_NOT_TRANSITIVE",
        /// The gateway endpoint takes TCP and ICMP echo alone.
        VpceGatewayProtocolRestriction = "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
        /// A gateway endpoint is approached from outside its own VPC.
        VpceGatewayNotTransitive = "VPCE_GATEWAY_NOT_TRANSITIVE",
        /// The endpoint is not in state `available`.
        VpceStateNotAvailable = "VPCE_STATE_NOT_AVAILABLE",
        /// The endpoint's service is not in the topology and is no AWS service.
        VpceServiceNotFound = "VPCE_SERVICE_NOT_FOUND",
        /// The service's side would open a connection toward the consumer.
        VpceServiceCannotInitiate = "VPCE_SERVICE_CANNOT_INITIATE",
        /// The VPC has enableDnsSupport off: the name does not resolve.
        DnsSupportDisabled = "DNS_SUPPORT_DISABLED",
        /// The name resolves publicly, for private DNS of the endpoint or enableDnsHostnames of the VPC is off. Information.
        DnsPrivateNameDisabled = "DNS_PRIVATE_NAME_DISABLED",
        /// The reply does not come back; what stops it is named too.
        ReturnPathBlocked = "RETURN_PATH_BLOCKED",
        /// The reply takes another way and arrives as something else than an answer.
        ReturnPathAsymmetric = "RETURN_PATH_ASYMMETRIC",
        /// The packet comes back to where it had been, unchanged.
        RoutingLoop = "ROUTING_LOOP",
        /// Two prefix-list routes of equal rank lead to different targets; AWS picks one at random.
        AmbiguousPrefixLists = "AMBIGUOUS_PREFIX_LISTS",
        /// A rule refers to a security group that is gone or out of reach: it matches nothing.
        StaleSgReference = "STALE_SG_REFERENCE",
        /// Too little is known of the destination.
        UnknownDestination = "UNKNOWN_DESTINATION",
        /// A resource that is referred to is not in the topology.
        UnknownResource = "UNKNOWN_RESOURCE",
        /// A component of a kind that the resolver does not know yet.
        UnsupportedComponent = "UNSUPPORTED_COMPONENT",
        /// The source or destination does not exist in the topology.
        NoSourceOrDestination = "NO_SOURCE_OR_DESTINATION",
        /// The component has no network interface with an address of the packet's family.
        UnassociatedComponent = "UNASSOCIATED_COMPONENT",
        /// VPC Block Public Access stops traffic with the internet.
        VpcBlockPublicAccessEnabled = "VPC_BLOCK_PUBLIC_ACCESS_ENABLED",
        /// The VPN connection is down.
        BadStateVpn = "BAD_STATE_VPN",
        /// Cross-zone load balancing is off, so that targets of other zones are not used.
        ElbNotCrosszone = "ELB_NOT_CROSSZONE",
        /// The load balancer is not enabled in the zone.
        ElbInstalledAzRestriction = "ELB_INSTALLED_AZ_RESTRICTION",
        /// The listener has no target group, or only empty ones.
        Elbv2ListenerHasNoTg = "ELBV2_LISTENER_HAS_NO_TG",
        /// No target group of the listener takes the traffic.
        Elbv2ListenerRequiresTgAccept = "ELBV2_LISTENER_REQUIRES_TG_ACCEPT",
        /// The load balancer has no listener for the protocol and port.
        Elbv2ListenersMismatch = "ELBV2_LISTENERS_MISMATCH",
        /// The load balancer has no target in the zone.
        Elbv2NoTargetsInAz = "ELBV2_NO_TARGETS_IN_AZ",
        /// A rule of a Network Firewall drops the packet.
        FirewallRulesRestriction = "FIREWALL_RULES_RESTRICTION",
        /// The gateway refuses a source address that is not the VPC's.
        GatewayRejectsSpoofedTraffic = "GATEWAY_REJECTS_SPOOFED_TRAFFIC",
        /// The regional NAT gateway is not present in the traffic's zone.
        RegionalNgwRouteAzRestriction = "REGIONAL_NGW_ROUTE_AZ_RESTRICTION",
        /// Security group references are off for the transit gateway or one of its attachments.
        SgReferencingSupport = "SG_REFERENCING_SUPPORT",
        /// The attachment is associated with no transit gateway route table.
        TgwAttachMissingTgwRtbAssociation = "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION",
        /// The attachment must deliver in the zone that the flow keeps to, and has no subnet there.
        TgwAttachVpcAzRestriction = "TGW_ATTACH_VPC_AZ_RESTRICTION",
        /// The transit gateway's VPN connection is down.
        TgwBadStateVpn = "TGW_BAD_STATE_VPN",
        /// The transit gateway has no attachment subnet in the traffic's zone.
        TgwRouteAzRestriction = "TGW_ROUTE_AZ_RESTRICTION",
        /// The transit gateway's route leads to an attachment that does not carry traffic.
        TgwRtbBadStateRoute = "TGW_RTB_BAD_STATE_ROUTE",
        /// The transit gateway route table has no route to the destination.
        TgwRtbNoRouteToTgwAttachment = "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
        /// The routes of the transit gateway route table are not known.
        TgwRtbRoutesAreUnknown = "TGW_RTB_ROUTES_ARE_UNKNOWN",
        /// The transit gateway's best route is a blackhole.
        TgwRouteBlackhole = "TGW_ROUTE_BLACKHOLE",
        /// The peer VPC's security groups are not in the topology.
        UnknownPeeredSgs = "UNKNOWN_PEERED_SGS",
        /// The virtual private gateway refuses a source that is no interface of its VPC.
        VgwPrivateIpAssociationForEgress = "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS",
        /// The virtual private gateway refuses a destination that is no interface of its VPC.
        VgwPrivateIpAssociationForIngress = "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        /// The endpoint service is not offered in the zone.
        VpceServiceNotInstalledInAz = "VPCE_SERVICE_NOT_INSTALLED_IN_AZ",
        /// The endpoint's type and the service's do not fit.
        VpceServiceTypeMismatch = "VPCE_SERVICE_TYPE_MISMATCH",
        /// The service allows no principal of the endpoint's account.
        VpcePrincipalNotAllowed = "VPCE_PRINCIPAL_NOT_ALLOWED",
        /// The service requires acceptance, and the connection is not accepted.
        VpceConnectionNotAccepted = "VPCE_CONNECTION_NOT_ACCEPTED",
        /// The endpoint's policy denies what the flow asks for.
        VpcePolicyDenies = "VPCE_POLICY_DENIES",
        /// The service does not offer itself in the endpoint's Region.
        VpceRegionNotSupported = "VPCE_REGION_NOT_SUPPORTED",
        /// The service's private DNS name is not verified.
        DnsPrivateNameNotVerified = "DNS_PRIVATE_NAME_NOT_VERIFIED",
        /// The name does not exist from where the source stands (NXDOMAIN).
        DnsNameNotFound = "DNS_NAME_NOT_FOUND",
        /// The Gateway Load Balancer behind the endpoint has no target that it could use.
        GwlbeNoHealthyTarget = "GWLBE_NO_HEALTHY_TARGET",
        /// A middlebox behind a gateway route table needs a public address.
        IngressRtbNoPublicIp = "INGRESS_RTB_NO_PUBLIC_IP",
        /// What comes in for the subnet is redirected to a middlebox, and what leaves it is not.
        IngressRtbTrafficRedirection = "INGRESS_RTB_TRAFFIC_REDIRECTION",
        /// The way and its reply may use appliances of different zones: appliance mode is off. Information.
        TransitGatewayApplianceModeRecommended = "TRANSIT_GATEWAY_APPLIANCE_MODE_RECOMMENDED",
        /// The target group's attributes are not known, so AWS's defaults are assumed. Information.
        MissingTargetGroupAttributes = "MISSING_TARGET_GROUP_ATTRIBUTES",
        /// The way does not pass a resource that the flow wants it to pass.
        ComponentFilterRestriction = "COMPONENT_FILTER_RESTRICTION",
        /// The way passes a resource that the flow does not want it to pass.
        ComponentFilterRestrictionRemovedComponent = "COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT",
        /// The source opens no connections.
        NoPath = "NO_PATH",
        /// The target group's attributes are not known, so the client's address is taken not to be kept. Information.
        AssumptionPreserveClientIpIsDisabled = "ASSUMPTION_PRESERVE_CLIENT_IP_IS_DISABLED",
    }
}

/// An address of a packet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Addr {
    /// One address.
    Ip(IpAddr),
    /// Any public address that the topology does not hold.
    Internet,
    /// One address of a block; which one is not known.
    Within(IpNet),
    /// The public addresses of an AWS service in a Region, where they are not known one by one.
    Service(Arc<ServiceAddress>),
}

/// The public address of an AWS service in a Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceAddress {
    /// Short name of the service, as `s3`.
    pub service: String,
    /// The Region.
    pub region: Region,
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Internet => f.write_str("internet"),
            Self::Within(block) => block.fmt(f),
            Self::Service(service) => write!(f, "{}@{}", service.service, service.region),
        }
    }
}

/// The packet as a step sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Header {
    /// Source address.
    pub source: Addr,
    /// Destination address.
    pub destination: Addr,
    /// Protocol.
    pub protocol: Protocol,
    /// Source ports the packet may have.
    pub source_ports: PortRange,
    /// Destination ports the packet may have.
    pub destination_ports: PortRange,
}

/// A resource that a trace names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named {
    /// Its id.
    pub id: ResourceId,
    /// Its kind.
    pub kind: Kind,
    /// Its name, from its tag `Name`; empty for none.
    pub name: String,
}

/// One decision at a hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// The resource whose rule decided.
    pub resource: Option<ResourceId>,
    /// The rule.
    pub rule: Cow<'static, str>,
    /// What it did.
    pub action: StepAction,
    /// Code, when it stopped or qualified the packet.
    pub code: Option<Code>,
    /// Packet before.
    pub before: Header,
    /// Packet after, when it was changed.
    pub after: Option<Header>,
}

/// One resource a packet meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The resource; none for the internet itself and for AWS's own services.
    pub resource: Option<Named>,
    /// The account of a resource of which nothing else may be told; then there is no resource here, and no step.
    pub account: Option<AccountId>,
    /// What was decided there, in order.
    pub steps: Vec<Step>,
}

/// A packet's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The hops, in order.
    pub hops: Vec<Hop>,
    /// How it ends.
    pub disposition: Disposition,
}

/// Something that stops a flow or qualifies its answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Explanation {
    /// What it is.
    pub code: Code,
    /// The resource at fault.
    pub resource: Option<Named>,
    /// The direction it was met in; none if it belongs to neither.
    pub direction: Option<Direction>,
    /// What happened, and on what evidence.
    pub detail: String,
}

/// Another way the network may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// How it ends.
    pub verdict: Verdict,
    /// The packet's way.
    pub forward: Option<Trace>,
    /// The reply's way.
    pub reply: Option<Trace>,
    /// How many equivalent ways it stands for, itself included.
    pub count: u32,
}

/// The answer to one flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathAnswer {
    /// How the flow ends.
    pub verdict: Verdict,
    /// The packet's way.
    pub forward: Option<Trace>,
    /// The reply's way.
    pub reply: Option<Trace>,
    /// What stops the flow or qualifies the answer, each once.
    pub explanations: Vec<Explanation>,
    /// The other ways.
    pub alternatives: Vec<Alternative>,
    /// Whether there are more ways than were walked.
    pub alternatives_truncated: bool,
    /// What the answer takes for granted.
    pub assumptions: Vec<String>,
    /// What the way that is told is like, if one is.
    pub qualities: Option<Qualities>,
    /// What the way that is told costs, if it arrives.
    pub cost: Option<Cost>,
}

/// What a way is like, in both directions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Qualities {
    /// Whether a packet on it has a public address.
    pub uses_public_addresses: bool,
    /// Whether it leaves the Amazon network.
    pub leaves_aws_network: bool,
    /// Regions that the forward way crosses, in order.
    pub regions: Vec<Region>,
    /// Zones that the forward way crosses, in order.
    pub zones: Vec<ZoneName>,
}
