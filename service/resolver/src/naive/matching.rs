//! Whether a rule is for one packet.

use causeway_model::protocol::Protocol;
use causeway_model::resources::filters::IcmpTypeCode;
use causeway_model::trace::{Addr, ServiceAddress};
use ipnet::IpNet;

use crate::network::{Interface, Network};
use crate::packet::{Packet, PrefixList};
use crate::table::{AddressMatch, GroupIx, Match, VpcIx};

use super::address::{holder, is_private, service_of};
use super::sample::{Of, Sample, Spot};

/// Whether a rule is for a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    /// The topology does not tell.
    Maybe,
    No,
}

impl Fit {
    fn of(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// Whether a rule is for a packet: what it asks must all be so.
pub(super) fn fits(rule: &Match, packet: &Packet, sample: &Sample, network: &Network) -> Fit {
    let asked = [
        source(rule, packet, sample, network),
        destination(rule, packet, sample, network),
        but_for_ends(rule, packet, sample),
    ];
    if asked.contains(&Fit::No) {
        Fit::No
    } else if asked.contains(&Fit::Maybe) {
        Fit::Maybe
    } else {
        Fit::Yes
    }
}

/// Whether a rule is for a packet if the security group does not matter that it names.
pub(super) fn fits_but_for_group(
    rule: &Match,
    packet: &Packet,
    sample: &Sample,
    network: &Network,
) -> Fit {
    let mut anybody = rule.clone();
    if matches!(rule.source, AddressMatch::Group(_)) {
        anybody.source = AddressMatch::Any;
    } else {
        anybody.destination = AddressMatch::Any;
    }
    fits(&anybody, packet, sample, network)
}

fn source(rule: &Match, packet: &Packet, sample: &Sample, network: &Network) -> Fit {
    match rule.source {
        AddressMatch::Group(group) => comes_from(group, packet, network),
        AddressMatch::Any
        | AddressMatch::Net(_)
        | AddressMatch::List(_)
        | AddressMatch::Service(_) => is_in(&rule.source, &sample.source, network),
    }
}

fn destination(rule: &Match, packet: &Packet, sample: &Sample, network: &Network) -> Fit {
    match rule.destination {
        AddressMatch::Group(group) => goes_to(group, packet, network),
        AddressMatch::Any
        | AddressMatch::Net(_)
        | AddressMatch::List(_)
        | AddressMatch::Service(_) => is_in(&rule.destination, &sample.destination, network),
    }
}

/// Whether a rule is for a packet, its two ends left aside.
fn but_for_ends(rule: &Match, packet: &Packet, sample: &Sample) -> Fit {
    let is_direction = rule
        .is_reply
        .is_none_or(|replies| replies == packet.is_reply);
    let (from, to) = (rule.source_ports, rule.destination_ports);
    let is_source_port = from.from() <= sample.source_port && sample.source_port <= from.to();
    let is_port = to.from() <= sample.destination_port && sample.destination_port <= to.to();
    let is_protocol = rule.protocol.matches(packet.header.protocol);
    let is_block = rule
        .block
        .is_none_or(|block| packet.header.destination == Addr::Within(block));
    if !(is_block
        && is_direction
        && is_source_port
        && is_port
        && is_protocol
        && is_icmp(rule, packet))
    {
        return Fit::No;
    }
    let zone = match (rule.zone, packet.zone) {
        (None, _) => Fit::Yes,
        (Some(_), None) => Fit::Maybe,
        (Some(asked), Some(own)) => Fit::of(asked == own),
    };
    if zone == Fit::Yes && rule.doubt.is_some() {
        return Fit::Maybe;
    }
    zone
}

/// Whether a rule takes the ICMP message that the packet is: an echo request or its reply, both of code 0.
fn is_icmp(rule: &Match, packet: &Packet) -> bool {
    let (is_reply, protocol) = (packet.is_reply, packet.header.protocol);
    let message = if protocol == Protocol::ICMP {
        if is_reply { 0 } else { 8 }
    } else if protocol == Protocol::ICMPV6 {
        if is_reply { 129 } else { 128 }
    } else {
        return true;
    };
    let Some(IcmpTypeCode { r#type, code }) = &rule.icmp else {
        return true;
    };
    [-1, message].contains(r#type) && [-1, 0].contains(code)
}

/// Whether a member of a security group has sent the packet.
fn comes_from(group: GroupIx, packet: &Packet, network: &Network) -> Fit {
    match (sender(packet, network), &packet.header.source) {
        (Some(sender), _) => Fit::of(sender.groups.contains(&group)),
        (None, Addr::Within(block)) => is_one_of(group, block, network),
        (None, Addr::Ip(_) | Addr::Internet | Addr::Service(_)) => Fit::No,
    }
}

/// Whether an address of a block, and nobody knows which, may be that of a member of a security group: of one that the topology holds, or of one
/// that a peer may have.
fn is_one_of(group: GroupIx, block: &IpNet, network: &Network) -> Fit {
    let members = network
        .interfaces
        .iter()
        .filter(|own| own.groups.contains(&group));
    let mut addresses = members.flat_map(|member| member.addresses.iter());
    let has_member = addresses.any(|address| block.contains(address));
    let peers = network.frame.peered_groups.get(&group);
    let mut peers = peers.into_iter().flatten();
    let has_peer = peers.any(|peer| peer.contains(block) || block.contains(peer));
    if has_member || has_peer {
        Fit::Maybe
    } else {
        Fit::No
    }
}

/// Whether a packet goes to the private address of a member of a security group, in the VPC of who sent it or in one that knows its groups.
fn goes_to(group: GroupIx, packet: &Packet, network: &Network) -> Fit {
    if let Addr::Within(block) = &packet.header.destination {
        return is_one_of(group, block, network);
    }
    let (Some(sender), Addr::Ip(address)) = (sender(packet, network), &packet.header.destination)
    else {
        return Fit::No;
    };
    let mut vpcs: Vec<VpcIx> = vec![sender.vpc];
    vpcs.extend(network.frame.peers.get(&sender.vpc).into_iter().flatten());
    let mut holders = vpcs
        .iter()
        .filter_map(|vpc| holder(network, *vpc, *address));
    Fit::of(holders.any(|holder| holder.groups.contains(&group)))
}

fn sender<'n>(packet: &Packet, network: &'n Network) -> Option<&'n Interface> {
    network.interface(packet.sender?)
}

/// Whether an address is among those that a rule names.
pub(super) fn is_in(asked: &AddressMatch, spot: &Spot, network: &Network) -> Fit {
    match asked {
        AddressMatch::Any => Fit::Yes,
        AddressMatch::Net(net) => Fit::of(net.contains(&spot.address)),
        AddressMatch::List(list) => match network.list(*list) {
            Some(list) => is_in_list(list, spot, network),
            None => Fit::Maybe,
        },
        AddressMatch::Service(service) => is_of_service(service, None, spot, network),
        AddressMatch::Group(_) => Fit::No,
    }
}

fn is_in_list(list: &PrefixList, spot: &Spot, network: &Network) -> Fit {
    match (&list.service, &list.entries) {
        (Some(service), entries) => is_of_service(service, entries.as_deref(), spot, network),
        (None, Some(entries)) => Fit::of(entries.iter().any(|net| net.contains(&spot.address))),
        (None, None) => Fit::Maybe,
    }
}

/// Whether an address is one of a service: its list tells, if it is known. Else services have public addresses, no two of them the same, and none is
/// meant by the internet.
fn is_of_service(
    service: &ServiceAddress,
    entries: Option<&[IpNet]>,
    spot: &Spot,
    network: &Network,
) -> Fit {
    match (&spot.of, entries) {
        (Of::Service(own), _) => Fit::of(own.as_ref() == service),
        (Of::Internet, _) => Fit::No,
        (Of::Itself | Of::Block, Some(entries)) => {
            Fit::of(entries.iter().any(|net| net.contains(&spot.address)))
        }
        (Of::Itself | Of::Block, None) if is_private(spot.address) => Fit::No,
        (Of::Block, None) => Fit::Maybe,
        (Of::Itself, None) => match service_of(network, spot.address) {
            Some(other) => Fit::of(other == service),
            None => Fit::Maybe,
        },
    }
}
