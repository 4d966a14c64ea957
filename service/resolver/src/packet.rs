//! A packet on its way, and how a rule's match reads it.

use std::net::IpAddr;

use causeway_model::protocol::{PortRange, Protocol};
use causeway_model::resources::filters::IcmpTypeCode;
use causeway_model::trace::{Addr, Header, ServiceAddress};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::network::Network;
use crate::table::{AddressMatch, GroupIx, InterfaceIx, Match, ZoneIx};

/// The packets of a flow, seen at one moment: a header, and what the network knows of it beside.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) header: Header,
    /// Whether it is IPv6; tells what the symbolic addresses stand for.
    pub(crate) is_ipv6: bool,
    /// Whether it is a reply.
    pub(crate) is_reply: bool,
    /// The interface it comes from, as long as its security groups still count.
    pub(crate) sender: Option<InterfaceIx>,
    /// The zone it was in last.
    pub(crate) zone: Option<ZoneIx>,
}

/// Whether the packets of a flow match a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Matched {
    /// All do.
    Yes,
    /// Some do, some do not.
    Partly,
    /// The topology does not tell.
    Unknown,
    /// None does.
    No,
}

impl Matched {
    pub(crate) fn from(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }
}

impl Packet {
    /// The reply to this packet.
    pub(crate) fn reply(&self) -> Self {
        let header = Header {
            source: self.header.destination.clone(),
            destination: self.header.source.clone(),
            protocol: self.header.protocol,
            source_ports: self.header.destination_ports,
            destination_ports: self.header.source_ports,
        };
        Self {
            header,
            is_ipv6: self.is_ipv6,
            is_reply: true,
            sender: None,
            zone: None,
        }
    }

    /// Whether the packet matches by its source, by its destination, and by the rest, ports left aside.
    pub(crate) fn matches_by_part(&self, rule: &Match, network: &Network) -> [Matched; 3] {
        let is_other_answer = rule.is_reply.is_some_and(|wanted| wanted != self.is_reply);
        let is_other_block = rule
            .block
            .is_some_and(|block| self.header.destination != Addr::Within(block));
        if is_other_answer
            || is_other_block
            || !rule.protocol.matches(self.header.protocol)
            || !self.matches_icmp(rule.icmp.as_ref())
        {
            return [Matched::No; 3];
        }
        let source = if let AddressMatch::Group(group) = &rule.source {
            self.comes_from(*group, network)
        } else {
            self.matches_address(&rule.source, &self.header.source, network)
        };
        let destination = if let AddressMatch::Group(group) = &rule.destination {
            self.goes_to(*group, network)
        } else {
            self.matches_address(&rule.destination, &self.header.destination, network)
        };
        let doubt = rule.doubt.map_or(Matched::Yes, |_| Matched::Unknown);
        [source, destination, doubt.max(self.matches_zone(rule.zone))]
    }

    /// Whether the packet was in this zone last.
    fn matches_zone(&self, wanted: Option<ZoneIx>) -> Matched {
        match (wanted, self.zone) {
            (None, _) => Matched::Yes,
            (Some(_), None) => Matched::Unknown,
            (Some(wanted), Some(own)) => Matched::from(wanted == own),
        }
    }

    /// Whether the packet matches.
    pub(crate) fn matches(&self, rule: &Match, network: &Network) -> Matched {
        let of_range = |own: PortRange, wanted: PortRange| match wanted.intersection(own) {
            None => Matched::No,
            Some(both) if both == own => Matched::Yes,
            Some(_) => Matched::Partly,
        };
        let header = &self.header;
        let source = of_range(header.source_ports, rule.source_ports);
        let destination = of_range(header.destination_ports, rule.destination_ports);
        let ports = source.max(destination);
        if ports == Matched::No {
            return Matched::No;
        }
        let [from, to, rest] = self.matches_by_part(rule, network);
        ports.max(from).max(to).max(rest)
    }

    /// All that an address of the packet may be: itself, its block, else its whole family.
    pub(crate) fn whole_of(&self, address: &Addr) -> IpNet {
        match address {
            Addr::Ip(address) => IpNet::from(*address),
            Addr::Within(block) => *block,
            Addr::Internet | Addr::Service(_) if self.is_ipv6 => IpNet::V6(Ipv6Net::default()),
            Addr::Internet | Addr::Service(_) => IpNet::V4(Ipv4Net::default()),
        }
    }

    /// Whether the packet comes from a member of a security group. Any address of a block may be a member's that is in it.
    fn comes_from(&self, group: GroupIx, network: &Network) -> Matched {
        let sender = self.sender.and_then(|sender| network.interface(sender));
        match (&self.header.source, sender) {
            (_, Some(sender)) => Matched::from(sender.groups.contains(&group)),
            (Addr::Within(block), None) => has_member_within(group, block, network),
            (Addr::Ip(_) | Addr::Internet | Addr::Service(_), None) => Matched::No,
        }
    }

    /// Whether the packet goes to a private address of a member of a security group, in the sender's VPC or in one that groups are known across to.
    fn goes_to(&self, group: GroupIx, network: &Network) -> Matched {
        let address = match self.header.destination {
            Addr::Ip(address) => address,
            Addr::Within(block) => return has_member_within(group, &block, network),
            Addr::Internet | Addr::Service(_) => return Matched::No,
        };
        let own = self.sender.and_then(|sender| network.interface(sender));
        let peers = own.and_then(|own| network.frame.peers.get(&own.vpc));
        let vpcs = own.map(|own| own.vpc);
        let mut vpcs = vpcs.into_iter().chain(peers.into_iter().flatten().copied());
        Matched::from(vpcs.any(|vpc| {
            let holder = network.by_address.get(&(vpc, address));
            let holder = holder.and_then(|holder| network.interface(*holder));
            holder.is_some_and(|holder| holder.groups.contains(&group))
        }))
    }

    /// Whether an address matches; membership of groups is not the address's to tell.
    fn matches_address(&self, wanted: &AddressMatch, address: &Addr, network: &Network) -> Matched {
        match wanted {
            AddressMatch::Any => Matched::Yes,
            AddressMatch::Net(net) => self.matches_net(net, address, network),
            AddressMatch::List(list) => self.matches_list(network.list(*list), address, network),
            AddressMatch::Service(service) => matches_service(service, None, address, network),
            AddressMatch::Group(_) => Matched::No,
        }
    }

    fn matches_net(&self, net: &IpNet, address: &Addr, network: &Network) -> Matched {
        if let Addr::Ip(address) = address {
            return Matched::from(net.contains(address));
        }
        if let Addr::Within(own) = address {
            return matches_within(net, own);
        }
        if net.addr().is_ipv6() != self.is_ipv6 || is_private(net) {
            return Matched::No;
        }
        match address {
            _ if net.prefix_len() == 0 => Matched::Yes,
            // The internet is what the topology does not hold, and so are the addresses of services.
            _ if network.frame.never_public.holds(*net, None) => Matched::No,
            Addr::Internet => Matched::Partly,
            Addr::Service(_) | Addr::Ip(_) | Addr::Within(_) => Matched::Unknown,
        }
    }

    fn matches_list(
        &self,
        list: Option<&PrefixList>,
        address: &Addr,
        network: &Network,
    ) -> Matched {
        let Some(list) = list else {
            return Matched::Unknown;
        };
        if let Some(service) = &list.service {
            return matches_service(service, list.entries.as_deref(), address, network);
        }
        let Some(entries) = &list.entries else {
            return Matched::Unknown;
        };
        let matched = entries
            .iter()
            .map(|net| self.matches_net(net, address, network));
        matched.min().unwrap_or(Matched::No)
    }

    /// ICMP flows mean echo and its reply (RFC 792, RFC 4443).
    fn matches_icmp(&self, wanted: Option<&IcmpTypeCode>) -> bool {
        let Some(wanted) = wanted.filter(|_| self.header.protocol.is_icmp()) else {
            return true;
        };
        let own = match (self.header.protocol == Protocol::ICMPV6, self.is_reply) {
            (false, false) => 8,
            (false, true) => 0,
            (true, false) => 128,
            (true, true) => 129,
        };
        (wanted.r#type == -1 || wanted.r#type == own) && (wanted.code == -1 || wanted.code == 0)
    }
}

/// Whether one address of a block, which one is not known, is that of a member of a security group.
fn has_member_within(group: GroupIx, block: &IpNet, network: &Network) -> Matched {
    let mut interfaces = network.interfaces.iter();
    let has = interfaces.any(|own| {
        own.groups.contains(&group) && own.addresses.iter().any(|own| block.contains(own))
    });
    let beyond = network
        .frame
        .peered_groups
        .get(&group)
        .into_iter()
        .flatten();
    let may_have = has
        || beyond
            .into_iter()
            .any(|peer| overlap(peer, block).is_some());
    if may_have {
        Matched::Unknown
    } else {
        Matched::No
    }
}

/// Whether one address of a block, which one is not known, is in a network.
fn matches_within(net: &IpNet, own: &IpNet) -> Matched {
    if net.contains(own) {
        Matched::Yes
    } else if own.contains(net) {
        Matched::Unknown
    } else {
        Matched::No
    }
}

/// A prefix list, as rules read it.
#[derive(Debug, Clone)]
pub(crate) struct PrefixList {
    /// The AWS service whose list it is.
    pub(crate) service: Option<ServiceAddress>,
    /// The entries, if they are known.
    pub(crate) entries: Option<Vec<IpNet>>,
}

/// Whether an address is one of an AWS service. What is in its list is told by that, if it is known; else its addresses are public. The services'
/// addresses are apart from each other, and none of them is meant by `internet`.
fn matches_service(
    wanted: &ServiceAddress,
    entries: Option<&[IpNet]>,
    address: &Addr,
    network: &Network,
) -> Matched {
    match (address, entries) {
        (Addr::Service(own), _) => Matched::from(own.as_ref() == wanted),
        (Addr::Internet, _) => Matched::No,
        (Addr::Within(own), Some(entries)) => {
            let matched = entries.iter().map(|net| matches_within(net, own));
            matched.min().unwrap_or(Matched::No)
        }
        (Addr::Ip(own), Some(entries)) => {
            Matched::from(entries.iter().any(|net| net.contains(own)))
        }
        (Addr::Within(own), None) if is_private(own) => Matched::No,
        (Addr::Within(_), None) => Matched::Unknown,
        (Addr::Ip(own), None) if is_private_address(*own) => Matched::No,
        (Addr::Ip(own), None) => match network.service_of(*own) {
            Some(other) => Matched::from(other == wanted),
            None => Matched::Unknown,
        },
    }
}

impl AddressMatch {
    /// The blocks that tell which addresses of a symbolic end are meant; none if no blocks tell that.
    pub(crate) fn blocks<'n>(&'n self, of: &Addr, network: &'n Network) -> Option<&'n [IpNet]> {
        match self {
            Self::Net(net) => Some(std::slice::from_ref(net)),
            Self::List(list) => {
                let list = network.list(*list)?;
                let is_told = list.service.is_none() || matches!(of, Addr::Within(_));
                list.entries.as_deref().filter(|_| is_told)
            }
            Self::Any | Self::Service(_) | Self::Group(_) => None,
        }
    }
}

/// Private use (RFC 1918).
pub(crate) const RFC1918: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// Shared address space (RFC 6598).
pub(crate) const RFC6598: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(100, 64, 0, 0), 10);

const LINK_LOCAL: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(169, 254, 0, 0), 16);
const LOOPBACK: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(127, 0, 0, 0), 8);
const UNIQUE_LOCAL: Ipv6Net =
    Ipv6Net::new_assert(std::net::Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);
/// Where AWS answers by itself on Nitro hosts: DNS, time, metadata (VPC guide, "Subnet CIDR reservations").
const AWS_OWN_V6: Ipv6Net =
    Ipv6Net::new_assert(std::net::Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32);
const LINK_LOCAL_V6: Ipv6Net =
    Ipv6Net::new_assert(std::net::Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10);

/// The blocks that have no public address in them.
pub(crate) fn private_blocks() -> impl Iterator<Item = IpNet> {
    let v4 = RFC1918.into_iter().chain([RFC6598, LINK_LOCAL, LOOPBACK]);
    let v6 = [UNIQUE_LOCAL, LINK_LOCAL_V6];
    v4.map(IpNet::V4).chain(v6.map(IpNet::V6))
}

/// What two CIDR blocks have in common: the smaller one, if it lies within the other.
pub(crate) fn overlap(one: &IpNet, other: &IpNet) -> Option<IpNet> {
    if one.contains(other) {
        Some(*other)
    } else {
        other.contains(one).then_some(*one)
    }
}

/// Whether a CIDR block has no public address in it.
pub(crate) fn is_private(net: &IpNet) -> bool {
    private_blocks().any(|block| block.contains(net))
}

/// Whether an address is not a public one.
pub(crate) fn is_private_address(address: IpAddr) -> bool {
    is_private(&IpNet::from(address))
}

/// Whether an address is one that no router forwards to: link-local (RFC 3927, RFC 4291), AWS's own, loopback, multicast, reserved
/// or broadcast (RFC 6890). Multicast is forwarded by multicast domains of transit gateways alone.
pub(crate) fn is_unrouted(address: IpAddr) -> bool {
    let is_special = address.is_unspecified() || address.is_loopback() || address.is_multicast();
    is_special
        || match address {
            IpAddr::V4(address) => {
                let [first, ..] = address.octets();
                LINK_LOCAL.contains(&address) || first == 0 || first >= 240
            }
            IpAddr::V6(address) => {
                LINK_LOCAL_V6.contains(&address) || AWS_OWN_V6.contains(&address)
            }
        }
}

#[cfg(test)]
mod tests;
