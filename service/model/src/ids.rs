//! Ids as AWS writes them, one type for each kind, all made in one registry.
//!
//! An id is checked for its form alone; whether a topology holds the resource is the snapshot's to say.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::text::Text;

/// Longest id in bytes: AWS bounds an ARN at 2,048.
pub const MAX_ID_BYTES: usize = 2048;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// The text is empty.
    #[error("is empty, expected {expected}")]
    Empty {
        /// What it should be, in words.
        expected: &'static str,
    },
    /// The text is longer than [`MAX_ID_BYTES`].
    #[error("is {length} bytes long, the maximum is 2048")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The text has a character that no id has.
    #[error("`{text}` holds a character that no id has, expected {expected}")]
    BadCharacter {
        /// The text.
        text: String,
        /// What it should be, in words.
        expected: &'static str,
    },
    /// The text does not start as ids of this type do.
    #[error("`{text}` is not of this kind, expected {expected}")]
    WrongPrefix {
        /// The text.
        text: String,
        /// What it should be, in words.
        expected: &'static str,
    },
}

/// The id of any resource: printable ASCII without blanks, 1 to 2,048 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(Text);

impl ResourceId {
    /// The id as AWS writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str, expected: &'static str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty { expected });
        }
        if text.len() > MAX_ID_BYTES {
            return Err(IdError::TooLong { length: text.len() });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(IdError::BadCharacter {
                text: text.to_owned(),
                expected,
            });
        }
        Ok(Self(Text::from(text)))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ResourceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text, "an AWS id")
    }
}

impl Borrow<str> for ResourceId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ResourceId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl crate::fields::Field for ResourceId {
    fn to_value(&self) -> crate::fields::Value {
        crate::fields::Value::Text(self.as_str().to_owned())
    }

    fn from_value(value: crate::fields::Value) -> Result<Self, crate::fields::FieldError> {
        value.parse_text()
    }
}

/// Makes the id types: name, prefixes that its ids start with (any if none), what it is in words.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident [$($prefix:literal),*] $words:literal;)*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(ResourceId);

            impl $name {
                /// The id as AWS writes it.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    self.0.as_str()
                }

                /// The id without its type.
                #[must_use]
                pub fn as_resource_id(&self) -> &ResourceId {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}", self.0)
                }
            }

            impl FromStr for $name {
                type Err = IdError;

                fn from_str(text: &str) -> Result<Self, IdError> {
                    let prefixes: &[&str] = &[$($prefix),*];
                    if !text.is_empty() && !prefixes.is_empty() && !prefixes.iter().any(|prefix| text.len() > prefix.len() && text.starts_with(prefix)) {
                        return Err(IdError::WrongPrefix { text: text.chars().take(64).collect(), expected: $words });
                    }
                    ResourceId::parse(text, $words).map(Self)
                }
            }

            impl AsRef<str> for $name {
                fn as_ref(&self) -> &str {
                    self.as_str()
                }
            }

            impl From<$name> for ResourceId {
                fn from(id: $name) -> Self {
                    id.0
                }
            }

            impl From<&$name> for ResourceId {
                fn from(id: &$name) -> Self {
                    id.0.clone()
                }
            }

            impl crate::fields::Field for $name {
                fn to_value(&self) -> crate::fields::Value {
                    crate::fields::Value::Text(self.as_str().to_owned())
                }

                fn from_value(value: crate::fields::Value) -> Result<Self, crate::fields::FieldError> {
                    value.parse_text()
                }
            }
        )*

        /// Whether a text has the form of an AWS id: a prefix that the registry knows, an ARN, or the bare UUID of a Direct Connect gateway.
        #[must_use]
        pub fn looks_like_resource_id(text: &str) -> bool {
            let prefixes: &[&str] = &[$($($prefix,)*)*];
            !text.contains('/') && !text.contains('.') && prefixes.iter().any(|prefix| prefix.len() > 1 && text.len() > prefix.len() && text.starts_with(prefix)) || text.starts_with("arn:") || is_uuid(text)
        }
    };
}

/// Whether a text is a UUID (RFC 9562): five groups of hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let is_hex = |group: &str| group.chars().all(|digit| digit.is_ascii_hexdigit());
    let groups = text.split('-').map(|group| (group.len(), is_hex(group)));
    groups.eq([8, 4, 4, 4, 12].map(|length| (length, true)))
}

ids! {
    /// `vpc-...`
    VpcId["vpc-"] "the id of a VPC, `vpc-...`";
    /// `subnet-...`
    SubnetId["subnet-"] "the id of a subnet, `subnet-...`";
    /// `rtb-...`
    RouteTableId["rtb-"] "the id of a route table, `rtb-...`";
    /// `igw-...`
    InternetGatewayId["igw-"] "the id of an internet gateway, `igw-...`";
    /// `eigw-...`
    EgressOnlyInternetGatewayId["eigw-"] "the id of an egress-only internet gateway, `eigw-...`";
    /// `nat-...`
    NatGatewayId["nat-"] "the id of a NAT gateway, `nat-...`";
    /// `eni-...`
    NetworkInterfaceId["eni-"] "the id of a network interface, `eni-...`";
    /// `i-...` or, for a managed node, `mi-...`
    InstanceId["i-", "mi-"] "the id of an instance, `i-...`";
    /// `sg-...`
    SecurityGroupId["sg-"] "the id of a security group, `sg-...`";
    /// `acl-...`
    NetworkAclId["acl-"] "the id of a network ACL, `acl-...`";
    /// `pl-...`
    PrefixListId["pl-"] "the id of a prefix list, `pl-...`";
    /// `eipalloc-...`
    AllocationId["eipalloc-"] "the allocation id of an Elastic IP address, `eipalloc-...`";
    /// `vpce-...`
    VpcEndpointId["vpce-"] "the id of a VPC endpoint, `vpce-...`";
    /// `vpce-svc-...`
    ServiceId["vpce-svc-"] "the id of an endpoint service, `vpce-svc-...`";
    /// ARN of a load balancer.
    LoadBalancerArn["arn:"] "the ARN of a load balancer";
    /// ARN of a listener.
    ListenerArn["arn:"] "the ARN of a listener";
    /// ARN of a target group.
    TargetGroupArn["arn:"] "the ARN of a target group";
    /// `pcx-...`
    VpcPeeringConnectionId["pcx-"] "the id of a VPC peering connection, `pcx-...`";
    /// `tgw-...`
    TransitGatewayId["tgw-"] "the id of a transit gateway, `tgw-...`";
    /// `tgw-attach-...`
    TransitGatewayAttachmentId["tgw-attach-"] "the id of a transit gateway attachment, `tgw-attach-...`";
    /// `tgw-rtb-...`
    TransitGatewayRouteTableId["tgw-rtb-"] "the id of a transit gateway route table, `tgw-rtb-...`";
    /// `vgw-...`
    VpnGatewayId["vgw-"] "the id of a virtual private gateway, `vgw-...`";
    /// `cgw-...`
    CustomerGatewayId["cgw-"] "the id of a customer gateway, `cgw-...`";
    /// `vpn-...`
    VpnConnectionId["vpn-"] "the id of a VPN connection, `vpn-...`";
    /// A UUID.
    DirectConnectGatewayId[] "the id of a Direct Connect gateway, a UUID";
    /// `dxvif-...`
    VirtualInterfaceId["dxvif-"] "the id of a virtual interface, `dxvif-...`";
    /// `dopt-...`, or `default`
    DhcpOptionsId["dopt-", "default"] "the id of a set of DHCP options, `dopt-...`";
    /// `Z...`
    HostedZoneId["Z"] "the id of a hosted zone, `Z...`";
    /// `rslvr-...`
    ResolverRuleId["rslvr-"] "the id of a Resolver rule, `rslvr-rr-...`";
    /// ARN of a firewall.
    FirewallArn["arn:"] "the ARN of a firewall";
    /// ARN of a firewall policy.
    FirewallPolicyArn["arn:"] "the ARN of a firewall policy";
    /// ARN of a firewall rule group.
    FirewallRuleGroupArn["arn:"] "the ARN of a rule group";
    /// `vpcbpa-<account>-<region>`
    BlockPublicAccessId["vpcbpa-"] "`vpcbpa-`, an account, `-` and a Region";
    /// `vpcbpa-exclude-...`
    BlockPublicAccessExclusionId["vpcbpa-exclude-"] "the id of an exclusion, `vpcbpa-exclude-...`";
    /// `lgw-...`
    LocalGatewayId["lgw-"] "the id of a local gateway, `lgw-...`";
    /// `cagw-...`
    CarrierGatewayId["cagw-"] "the id of a carrier gateway, `cagw-...`";
    /// ARN of a core network.
    CoreNetworkArn["arn:"] "the ARN of a core network";
    /// ARN of an ODB network.
    OdbNetworkArn["arn:"] "the ARN of an ODB network";
}

/// Makes short texts that have a form but name no resource.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident($check:expr) $words:literal;)*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(Text);

            impl $name {
                /// The text.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl FromStr for $name {
                type Err = IdError;

                fn from_str(text: &str) -> Result<Self, IdError> {
                    if text.is_empty() {
                        return Err(IdError::Empty { expected: $words });
                    }
                    let check: fn(&str) -> bool = $check;
                    if text.len() > 255 || !check(text) {
                        return Err(IdError::BadCharacter { text: text.chars().take(64).collect(), expected: $words });
                    }
                    Ok(Self(Text::from(text)))
                }
            }

            impl AsRef<str> for $name {
                fn as_ref(&self) -> &str {
                    self.as_str()
                }
            }

            impl crate::fields::Field for $name {
                fn to_value(&self) -> crate::fields::Value {
                    crate::fields::Value::Text(self.as_str().to_owned())
                }

                fn from_value(value: crate::fields::Value) -> Result<Self, crate::fields::FieldError> {
                    value.parse_text()
                }
            }
        )*
    };
}

words! {
    /// An account: twelve digits, or `AWS` or `amazon` for AWS itself.
    AccountId(|text| (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())) || matches!(text, "AWS" | "amazon")) "an account id of twelve digits";
    /// A Region, as `eu-west-1`.
    Region(is_code) "a Region, as `eu-west-1`";
    /// A zone by name, as `eu-west-1a`: the same name may be another zone in another account.
    ZoneName(is_code) "a zone's name, as `eu-west-1a`";
    /// A zone by id, as `euw1-az3`: the same in every account.
    ZoneId(is_code) "a zone's id, as `euw1-az3`";
    /// The name of an endpoint service, as `com.amazonaws.eu-west-1.s3`.
    ServiceName(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))) "the name of a service, as `com.amazonaws.eu-west-1.s3`";
    /// A DNS name in lower case without the final dot; the first label may be `*`.
    DnsName(is_dns_name) "a DNS name in lower case";
}

impl DnsName {
    /// Reads a name in any case, with or without the final dot.
    ///
    /// # Errors
    /// [`IdError`] if it is no DNS name (RFC 1035: labels of 1 to 63 bytes, 253 in all).
    pub fn from_any_case(text: &str) -> Result<Self, IdError> {
        text.strip_suffix('.')
            .unwrap_or(text)
            .to_ascii_lowercase()
            .parse()
    }
}

fn is_code(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_dns_name(text: &str) -> bool {
    let label_is_good = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
            })
    };
    text.len() <= 253
        && text
            .strip_prefix("*.")
            .unwrap_or(text)
            .split('.')
            .all(label_is_good)
}

#[cfg(test)]
mod tests;
