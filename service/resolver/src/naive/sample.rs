//! The single packets that a flow's packets stand for. A flow may have many ports, and symbolic addresses: a table is asked about one
//! packet for each part that its rules could tell apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use causeway_model::protocol::PortRange;
use causeway_model::trace::{Addr, ServiceAddress};
use ipnet::IpNet;

use crate::network::Network;
use crate::packet::Packet;
use crate::table::{AddressMatch, Match, Table};

use super::address::{after, is_of_a_vpc, is_private, private_blocks};

/// One packet, with its ends settled.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) source: Spot,
    pub(super) destination: Spot,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
}

/// One address, and what it is an example of.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) address: IpAddr,
    pub(super) of: Of,
}

/// What an address is an example of.
#[derive(Debug, Clone)]
pub(super) enum Of {
    /// Of itself: it is known.
    Itself,
    /// Of a block: it may be the one.
    Block,
    /// Of the internet.
    Internet,
    /// Of the addresses of a service.
    Service(Arc<ServiceAddress>),
}

/// The packets that there are if the ends which nobody knows are what they may be: one of these is the truth.
pub(super) type World = Vec<Sample>;

/// All that may be true of a flow's packets at a table.
pub(super) fn worlds(packet: &Packet, table: &Table, network: &Network) -> Vec<World> {
    let rules: Vec<&Match> = table.rules.iter().map(|rule| &rule.matches).collect();
    let borders = borders(&rules, network);
    let header = &packet.header;
    let sources = spots(&header.source, packet.is_ipv6, &borders, network);
    let destinations = spots(&header.destination, packet.is_ipv6, &borders, network);
    let source_ports = ports(
        header.source_ports,
        rules.iter().map(|rule| rule.source_ports),
    );
    let ports = ports(
        header.destination_ports,
        rules.iter().map(|rule| rule.destination_ports),
    );
    let mut worlds = Vec::new();
    for sources in by_truth(&header.source, &sources) {
        for destinations in by_truth(&header.destination, &destinations) {
            let mut world = World::new();
            for source in &sources {
                for destination in &destinations {
                    world.extend(with_ports(source, destination, &source_ports, &ports));
                }
            }
            worlds.push(world);
        }
    }
    worlds
}

fn with_ports(source: &Spot, destination: &Spot, from: &[u16], to: &[u16]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for source_port in from {
        for destination_port in to {
            samples.push(Sample {
                source: source.clone(),
                destination: destination.clone(),
                source_port: *source_port,
                destination_port: *destination_port,
            });
        }
    }
    samples
}

/// The internet is all of its addresses at once; of a block or a service one address is meant, and nobody knows which.
fn by_truth(end: &Addr, spots: &[Spot]) -> Vec<Vec<Spot>> {
    match end {
        Addr::Ip(_) | Addr::Internet => vec![spots.to_vec()],
        Addr::Within(_) | Addr::Service(_) => spots.iter().map(|spot| vec![spot.clone()]).collect(),
    }
}

/// The addresses at which something begins: a block that a rule names, or what comes after it.
fn borders(rules: &[&Match], network: &Network) -> Vec<IpAddr> {
    let mut nets = private_blocks();
    nets.extend(network.frame.vpcs.iter().flat_map(|vpc| &vpc.cidr_blocks));
    nets.extend(
        network
            .frame
            .lists
            .iter()
            .filter(|list| list.service.is_some())
            .flat_map(|list| list.entries.iter().flatten()),
    );
    for rule in rules {
        for end in [&rule.source, &rule.destination] {
            match end {
                AddressMatch::Net(net) => nets.push(*net),
                AddressMatch::List(list) => {
                    let list = network.list(*list);
                    nets.extend(list.iter().flat_map(|list| list.entries.iter().flatten()));
                }
                AddressMatch::Any | AddressMatch::Service(_) | AddressMatch::Group(_) => {}
            }
        }
    }
    let mut borders: Vec<IpAddr> = Vec::new();
    borders.extend(nets.iter().map(IpNet::network));
    borders.extend(nets.iter().filter_map(|net| after(net.broadcast())));
    borders.sort();
    borders.dedup();
    borders
}

/// An address for each part of an end that borders make.
fn spots(end: &Addr, is_ipv6: bool, borders: &[IpAddr], network: &Network) -> Vec<Spot> {
    let first: IpAddr = match end {
        Addr::Ip(address) => *address,
        Addr::Within(block) => block.network(),
        Addr::Internet | Addr::Service(_) if is_ipv6 => Ipv6Addr::UNSPECIFIED.into(),
        Addr::Internet | Addr::Service(_) => Ipv4Addr::UNSPECIFIED.into(),
    };
    let is_meant = |address: &IpAddr| match end {
        Addr::Ip(own) => address == own,
        Addr::Within(block) => block.contains(address),
        Addr::Internet | Addr::Service(_) => {
            address.is_ipv6() == is_ipv6 && !is_private(*address) && !is_of_a_vpc(network, *address)
        }
    };
    let of = match end {
        Addr::Ip(_) => Of::Itself,
        Addr::Within(_) => Of::Block,
        Addr::Internet => Of::Internet,
        Addr::Service(service) => Of::Service(Arc::clone(service)),
    };
    let mut addresses: Vec<IpAddr> = borders.to_vec();
    addresses.push(first);
    addresses.retain(is_meant);
    addresses.sort();
    addresses.dedup();
    let spots = addresses.into_iter().map(|address| Spot {
        address,
        of: of.clone(),
    });
    spots.collect()
}

/// A port for each part of a range that others make of it.
fn ports(own: PortRange, others: impl Iterator<Item = PortRange>) -> Vec<u16> {
    let mut ports = vec![own.from()];
    for other in others {
        ports.push(other.from());
        ports.extend(other.to().checked_add(1));
    }
    ports.retain(|port| own.from() <= *port && *port <= own.to());
    ports.sort_unstable();
    ports.dedup();
    ports
}
