//! Security groups, network ACLs and prefix lists.

use causeway_model::protocol::{PortRange, ProtocolMatch};
use causeway_model::resources::filters::{
    IcmpTypeCode, IpPermission, NetworkAclEntry, RuleAction, UserIdGroupPair,
};
use causeway_model::resources::{ManagedPrefixList, NetworkAcl, SecurityGroup};
use causeway_proto::v1;

use crate::faults::Faults;
use crate::wire::Wire;
use crate::wire::macros::{message, names};

message! {
    SecurityGroup = v1::SecurityGroup { group_id, group_name, vpc_id, ip_permissions, ip_permissions_egress }
    UserIdGroupPair = v1::UserIdGroupPair { group_id, user_id, vpc_id, vpc_peering_connection_id }
    NetworkAcl = v1::NetworkAcl { network_acl_id, vpc_id, is_default, subnet_ids, entries }
    NetworkAclEntry = v1::NetworkAclEntry { rule_number, egress, protocol, rule_action, cidr_block, port_range, icmp_type_code }
    IcmpTypeCode = v1::IcmpTypeCode { r#type as icmp_number, code as icmp_number }
    ManagedPrefixList = v1::ManagedPrefixList { prefix_list_id, prefix_list_name, entries_known, entries }
}

names! {
    RuleAction = v1::RuleAction, required { Allow, Deny }
}

impl Wire<v1::PortRange> for PortRange {
    fn parse(wire: v1::PortRange, faults: &mut Faults) -> Option<Self> {
        let v1::PortRange { from, to } = wire;
        let from = faults.field("from", |faults| u16::parse(from, faults));
        let to = faults.field("to", |faults| u16::parse(to, faults));
        range(from?, to?, faults)
    }

    fn render(&self) -> v1::PortRange {
        v1::PortRange {
            from: self.from().into(),
            to: self.to().into(),
        }
    }
}

fn range(from: u16, to: u16, faults: &mut Faults) -> Option<PortRange> {
    PortRange::new(from, to)
        .or_else(|| faults.add(format!("the last port {to} is below the first {from}")))
}

impl Wire<v1::IpPermission> for IpPermission {
    fn parse(wire: v1::IpPermission, faults: &mut Faults) -> Option<Self> {
        let v1::IpPermission {
            ip_protocol,
            from_port,
            to_port,
            ip_ranges,
            prefix_list_ids,
            user_id_group_pairs,
        } = wire;
        let ip_protocol = faults.field("ip_protocol", |faults| {
            ProtocolMatch::parse(ip_protocol, faults)
        });
        let ends =
            ip_protocol.and_then(|protocol| Ends::parse(protocol, (from_port, to_port), faults));
        let ip_ranges = faults.field("ip_ranges", |faults| Wire::parse(ip_ranges, faults));
        let prefix_list_ids = faults.field("prefix_list_ids", |faults| {
            Wire::parse(prefix_list_ids, faults)
        });
        let user_id_group_pairs = faults.field("user_id_group_pairs", |faults| {
            Wire::parse(user_id_group_pairs, faults)
        });
        let Ends {
            ports,
            icmp_type_code,
        } = ends?;
        Some(Self {
            ip_protocol: ip_protocol?,
            ports,
            icmp_type_code,
            ip_ranges: ip_ranges?,
            prefix_list_ids: prefix_list_ids?,
            user_id_group_pairs: user_id_group_pairs?,
        })
    }

    fn render(&self) -> v1::IpPermission {
        let Self {
            ip_protocol,
            ports,
            icmp_type_code,
            ip_ranges,
            prefix_list_ids,
            user_id_group_pairs,
        } = self;
        let ports = ports.map(|ports| (ports.from().into(), ports.to().into()));
        let icmp = icmp_type_code.as_ref().map(|icmp| (icmp.r#type, icmp.code));
        let ends = ports.or(icmp);
        v1::IpPermission {
            ip_protocol: ip_protocol.render(),
            from_port: ends.map(|(from, _)| from),
            to_port: ends.map(|(_, to)| to),
            ip_ranges: ip_ranges.render(),
            prefix_list_ids: prefix_list_ids.render(),
            user_id_group_pairs: user_id_group_pairs.render(),
        }
    }
}

/// What `from_port` and `to_port` say, which depends on the protocol.
struct Ends {
    ports: Option<PortRange>,
    icmp_type_code: Option<IcmpTypeCode>,
}

impl Ends {
    const ALL: Self = Self {
        ports: None,
        icmp_type_code: None,
    };

    fn parse(
        protocol: ProtocolMatch,
        ends: (Option<i32>, Option<i32>),
        faults: &mut Faults,
    ) -> Option<Self> {
        match (protocol, ends) {
            (_, (None, None)) => Some(Self::ALL),
            // AWS ignores the ends where the protocol has neither ports nor types, and may tell some all the same.
            (ProtocolMatch::All, _) => Some(Self::ALL),
            (ProtocolMatch::Is(protocol), _) if !protocol.has_ports() && !protocol.is_icmp() => {
                Some(Self::ALL)
            }
            (_, (None, Some(_))) => faults.field("from_port", |faults| {
                faults.missing("a number, for to_port is given")
            }),
            (_, (Some(_), None)) => faults.field("to_port", |faults| {
                faults.missing("a number, for from_port is given")
            }),
            (ProtocolMatch::Is(protocol), (Some(from), Some(to))) if protocol.is_icmp() => {
                Self::icmp(from, to, faults)
            }
            (ProtocolMatch::Is(_), (Some(-1), Some(-1))) => Some(Self::ALL),
            (ProtocolMatch::Is(_), (Some(from), Some(to))) => Self::ports(from, to, faults),
        }
    }

    fn icmp(r#type: i32, code: i32, faults: &mut Faults) -> Option<Self> {
        let r#type = super::adapters::icmp_number::parse("from_port", r#type, faults);
        let code = super::adapters::icmp_number::parse("to_port", code, faults);
        Some(Self {
            icmp_type_code: Some(IcmpTypeCode {
                r#type: r#type?,
                code: code?,
            }),
            ..Self::ALL
        })
    }

    fn ports(from: i32, to: i32, faults: &mut Faults) -> Option<Self> {
        let from = faults.field("from_port", |faults| port(from, faults));
        let to = faults.field("to_port", |faults| port(to, faults));
        let (from, to) = (from?, to?);
        let ports = faults.field("to_port", |faults| range(from, to, faults))?;
        Some(Self {
            ports: Some(ports),
            ..Self::ALL
        })
    }
}

fn port(number: i32, faults: &mut Faults) -> Option<u16> {
    u16::try_from(number).map_or_else(
        |_| faults.add(format!("`{number}` is no port, expected 0 to 65535")),
        Some,
    )
}
