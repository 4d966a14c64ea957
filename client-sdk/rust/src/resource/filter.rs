//! Security groups and network ACLs.

use std::ops::RangeInclusive;

use causeway_proto::v1;

use super::{Builder, Home, check};

/// The highest number of a rule of a network ACL; what is above are AWS's own.
const LAST_RULE: u16 = 32_766;

/// Packets that a rule is about: their protocol, and ports where it has ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    protocol: &'static str,
    ports: Option<Ports>,
}

/// A port, as `443`, or several, as `1024..=65535`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    from: u16,
    to: u16,
}

// === impl Traffic ===

impl Traffic {
    /// All packets.
    #[must_use]
    pub fn all() -> Self {
        Self::of("-1", None)
    }

    /// TCP to a port, or to several.
    #[must_use]
    pub fn tcp(ports: impl Into<Ports>) -> Self {
        Self::of("tcp", Some(ports.into()))
    }

    /// UDP to a port, or to several.
    #[must_use]
    pub fn udp(ports: impl Into<Ports>) -> Self {
        Self::of("udp", Some(ports.into()))
    }

    /// ICMP of IPv4, all types.
    #[must_use]
    pub fn icmp() -> Self {
        Self::of("icmp", None)
    }

    /// ICMP of IPv6, all types.
    #[must_use]
    pub fn icmpv6() -> Self {
        Self::of("icmpv6", None)
    }

    fn of(protocol: &'static str, ports: Option<Ports>) -> Self {
        Self { protocol, ports }
    }

    fn check(&self) -> Result<(), String> {
        match self.ports {
            Some(Ports { from, to }) if from > to => {
                Err(format!("the ports {from} to {to} are none"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl From<u16> for Ports {
    fn from(port: u16) -> Self {
        Self {
            from: port,
            to: port,
        }
    }
}

impl From<RangeInclusive<u16>> for Ports {
    fn from(ports: RangeInclusive<u16>) -> Self {
        let (from, to) = ports.into_inner();
        Self { from, to }
    }
}

// === impl Home ===

impl Home {
    /// A security group of a VPC. Without rules it admits nothing.
    pub fn security_group(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
    ) -> Builder<v1::SecurityGroup> {
        let id = id.into();
        let group = v1::SecurityGroup {
            group_id: id.clone(),
            ..v1::SecurityGroup::default()
        };
        let mut builder = self.begin(id, "sg-", "group_id", group);
        builder.kind.vpc_id = builder.id("vpc_id", vpc_id, "vpc-");
        builder
    }

    /// A network ACL of a VPC. Without rules it admits nothing.
    pub fn network_acl(
        &self,
        id: impl Into<String>,
        vpc_id: impl Into<String>,
    ) -> Builder<v1::NetworkAcl> {
        let id = id.into();
        let acl = v1::NetworkAcl {
            network_acl_id: id.clone(),
            ..v1::NetworkAcl::default()
        };
        let mut builder = self.begin(id, "acl-", "network_acl_id", acl);
        builder.kind.vpc_id = builder.id("vpc_id", vpc_id, "vpc-");
        builder
    }
}

// === impl Builder ===

impl Builder<v1::SecurityGroup> {
    /// Admits packets that come from a CIDR block, another security group `sg-...`, or a prefix list `pl-...`.
    pub fn ingress(mut self, traffic: Traffic, from: impl Into<String>) -> Self {
        let rule = self.rule("ip_permissions", traffic, from.into());
        self.kind.ip_permissions.push(rule);
        self
    }

    /// Admits packets that go to a CIDR block, another security group `sg-...`, or a prefix list `pl-...`.
    pub fn egress(mut self, traffic: Traffic, to: impl Into<String>) -> Self {
        let rule = self.rule("ip_permissions_egress", traffic, to.into());
        self.kind.ip_permissions_egress.push(rule);
        self
    }

    fn rule(&mut self, field: &'static str, traffic: Traffic, peer: String) -> v1::IpPermission {
        self.check(field, traffic.check());
        let mut rule = v1::IpPermission {
            ip_protocol: traffic.protocol.to_owned(),
            from_port: traffic.ports.map(|ports| i32::from(ports.from)),
            to_port: traffic.ports.map(|ports| i32::from(ports.to)),
            ..v1::IpPermission::default()
        };
        if peer.starts_with("sg-") {
            self.check(field, check::id(&peer, "sg-"));
            rule.user_id_group_pairs.push(v1::UserIdGroupPair {
                group_id: peer,
                ..v1::UserIdGroupPair::default()
            });
        } else if peer.starts_with("pl-") {
            self.check(field, check::id(&peer, "pl-"));
            rule.prefix_list_ids.push(peer);
        } else {
            let block = self.block(field, peer);
            rule.ip_ranges.push(block);
        }
        rule
    }
}

impl Builder<v1::NetworkAcl> {
    /// Makes it the VPC's default one.
    pub fn default_of_vpc(mut self) -> Self {
        self.kind.is_default = true;
        self
    }

    /// A subnet that uses it.
    pub fn subnet(mut self, subnet_id: impl Into<String>) -> Self {
        let id = self.id("subnet_ids", subnet_id, "subnet-");
        self.kind.subnet_ids.push(id);
        self
    }

    /// Lets packets into the subnets that come from a CIDR block; of the rules that match, the lowest number decides.
    pub fn allow_in(self, number: u16, traffic: Traffic, from: impl Into<String>) -> Self {
        self.entry(number, (false, v1::RuleAction::Allow), traffic, from)
    }

    /// Keeps packets out of the subnets that come from a CIDR block.
    pub fn deny_in(self, number: u16, traffic: Traffic, from: impl Into<String>) -> Self {
        self.entry(number, (false, v1::RuleAction::Deny), traffic, from)
    }

    /// Lets packets out of the subnets that go to a CIDR block.
    pub fn allow_out(self, number: u16, traffic: Traffic, to: impl Into<String>) -> Self {
        self.entry(number, (true, v1::RuleAction::Allow), traffic, to)
    }

    /// Keeps packets in the subnets that go to a CIDR block.
    pub fn deny_out(self, number: u16, traffic: Traffic, to: impl Into<String>) -> Self {
        self.entry(number, (true, v1::RuleAction::Deny), traffic, to)
    }

    fn entry(
        mut self,
        number: u16,
        (egress, action): (bool, v1::RuleAction),
        traffic: Traffic,
        block: impl Into<String>,
    ) -> Self {
        self.check("entries", traffic.check());
        if !(1..=LAST_RULE).contains(&number) {
            let fault = format!("rule {number} is not from 1 to {LAST_RULE}");
            self.fault("entries", fault);
        }
        let cidr_block = self.block("entries", block);
        let is_v6 = |block: &str| block.contains(':');
        let taken = self.kind.entries.iter().any(|entry| {
            entry.rule_number == u32::from(number)
                && entry.egress == egress
                && is_v6(&entry.cidr_block) == is_v6(&cidr_block)
        });
        if taken {
            self.fault("entries", format!("rule {number} is there twice"));
        }
        let range = traffic.ports.map(|ports| v1::PortRange {
            from: u32::from(ports.from),
            to: u32::from(ports.to),
        });
        self.kind.entries.push(v1::NetworkAclEntry {
            rule_number: u32::from(number),
            egress,
            protocol: traffic.protocol.to_owned(),
            rule_action: action.into(),
            cidr_block,
            port_range: range,
            icmp_type_code: None,
        });
        self
    }
}
