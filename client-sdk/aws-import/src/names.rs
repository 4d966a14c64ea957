//! AWS's words for states and types, as values of the contract's enums. Knows how both sides write them; must not
//! know records.
//!
//! AWS writes the same word in many ways (`pendingAcceptance`, `PendingAcceptance`, `pending-acceptance`); the
//! contract writes it in one, `PENDING_ACCEPTANCE` after the name of its enum. So one rule serves all enums, and only
//! words that really differ stand in a list.

use causeway_proto::v1;

/// An enum of the contract whose values AWS names.
pub(crate) trait Named: Copy + Into<i32> {
    /// What the names of its values start with.
    const PREFIX: &'static str;
    /// The value of a full name.
    fn from_full_name(name: &str) -> Option<Self>;
    /// The full name of the value.
    fn full_name(self) -> &'static str;
}

macro_rules! named {
    ($($name:ident, $prefix:literal;)*) => {
        $(impl Named for v1::$name {
            const PREFIX: &'static str = $prefix;

            fn from_full_name(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }

            fn full_name(self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

named! {
    AvailabilityMode, "AVAILABILITY_MODE_";
    ConnectivityType, "CONNECTIVITY_TYPE_";
    DnsNameState, "DNS_NAME_STATE_";
    FirewallRuleAction, "FIREWALL_RULE_ACTION_";
    GatewayAttachmentState, "GATEWAY_ATTACHMENT_STATE_";
    InstanceState, "INSTANCE_STATE_";
    InternetGatewayBlockMode, "INTERNET_GATEWAY_BLOCK_MODE_";
    LoadBalancerScheme, "LOAD_BALANCER_SCHEME_";
    LoadBalancerState, "LOAD_BALANCER_STATE_";
    LoadBalancerType, "LOAD_BALANCER_TYPE_";
    NatGatewayState, "NAT_GATEWAY_STATE_";
    NetworkInterfaceStatus, "NETWORK_INTERFACE_STATUS_";
    NetworkInterfaceType, "NETWORK_INTERFACE_TYPE_";
    ResolverRuleType, "RESOLVER_RULE_TYPE_";
    RouteOrigin, "ROUTE_ORIGIN_";
    RouteState, "ROUTE_STATE_";
    RuleAction, "RULE_ACTION_";
    ServiceState, "SERVICE_STATE_";
    ServiceType, "SERVICE_TYPE_";
    TargetHealthState, "TARGET_HEALTH_STATE_";
    TargetType, "TARGET_TYPE_";
    TransitGatewayAttachmentResourceType, "TRANSIT_GATEWAY_ATTACHMENT_RESOURCE_TYPE_";
    TransitGatewayAttachmentState, "TRANSIT_GATEWAY_ATTACHMENT_STATE_";
    TransitGatewayRouteType, "TRANSIT_GATEWAY_ROUTE_TYPE_";
    VirtualInterfaceType, "VIRTUAL_INTERFACE_TYPE_";
    VpcEndpointState, "VPC_ENDPOINT_STATE_";
    VpcEndpointType, "VPC_ENDPOINT_TYPE_";
    VpcPeeringConnectionState, "VPC_PEERING_CONNECTION_STATE_";
    VpnConnectionState, "VPN_CONNECTION_STATE_";
}

/// Words of AWS that the contract says by another: prefix of the enum, AWS's word, the contract's.
const SYNONYMS: [(&str, &str, &str); 10] = [
    // An internet gateway is `available` where a virtual private gateway is `attached`.
    ("GATEWAY_ATTACHMENT_STATE_", "AVAILABLE", "ATTACHED"),
    ("NETWORK_INTERFACE_TYPE_", "EFA_ONLY", "EFA"),
    ("TARGET_HEALTH_STATE_", "UNHEALTHY_DRAINING", "DRAINING"),
    (
        "TRANSIT_GATEWAY_ATTACHMENT_RESOURCE_TYPE_",
        "TGW_PEERING",
        "PEERING",
    ),
    (
        "TRANSIT_GATEWAY_ATTACHMENT_STATE_",
        "INITIATING_REQUEST",
        "INITIATING",
    ),
    (
        "TRANSIT_GATEWAY_ATTACHMENT_STATE_",
        "ROLLING_BACK",
        "DELETING",
    ),
    ("TRANSIT_GATEWAY_ATTACHMENT_STATE_", "REJECTING", "REJECTED"),
    ("TRANSIT_GATEWAY_ATTACHMENT_STATE_", "FAILING", "FAILED"),
    (
        "FIREWALL_RULE_ACTION_",
        "AWS_FORWARD_TO_SFE",
        "FORWARD_TO_STATEFUL",
    ),
    // A route that is not in force yet carries nothing.
    ("ROUTE_STATE_", "PENDING", "FILTERED"),
];

/// The value that a word of AWS names.
pub(crate) fn parse<E: Named>(word: &str) -> Option<E> {
    let word = screaming(word);
    let word = SYNONYMS
        .iter()
        .find(|(prefix, from, _)| *prefix == E::PREFIX && *from == word)
        .map_or(word.as_str(), |(_, _, to)| to);
    if word == "UNSPECIFIED" {
        return None;
    }
    E::from_full_name(&format!("{}{word}", E::PREFIX))
}

/// The contract's word for a value, without the name of its enum.
pub(crate) fn short<E: Named>(value: E) -> &'static str {
    let name = value.full_name();
    name.strip_prefix(E::PREFIX).unwrap_or(name)
}

/// A word in capitals, with `_` between its parts.
fn screaming(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    let mut after_lower = false;
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        out.push(if letter.is_ascii_alphanumeric() {
            letter.to_ascii_uppercase()
        } else {
            '_'
        });
    }
    out
}

#[cfg(test)]
mod tests;
