//! Addresses: which are private, which are the internet's, which AWS keeps, and who has one. All by looking at each in turn.

use std::net::IpAddr;

use causeway_model::trace::ServiceAddress;
use ipnet::IpNet;

use crate::network::{Interface, Network};
use crate::table::{InterfaceIx, VpcIx};

/// Blocks without public addresses: private use (RFC 1918), shared (RFC 6598), link-local (RFC 3927), loopback (RFC 1122), and of IPv6
/// unique local (RFC 4193) and link-local (RFC 4291).
const PRIVATE: [&str; 8] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
];

/// The blocks without public addresses.
pub(super) fn private_blocks() -> Vec<IpNet> {
    PRIVATE.iter().flat_map(|text| text.parse()).collect()
}

pub(super) fn is_private(address: IpAddr) -> bool {
    private_blocks().iter().any(|net| net.contains(&address))
}

/// Whether a VPC of the topology has an address in its blocks; those of nearly all addresses, as AWS makes none, do not count.
pub(super) fn is_of_a_vpc(network: &Network, address: IpAddr) -> bool {
    let blocks = network.frame.vpcs.iter().flat_map(|vpc| &vpc.cidr_blocks);
    let mut blocks = blocks.filter(|block| block.prefix_len() >= 8);
    blocks.any(|block| block.contains(&address))
}

/// The service whose list of addresses has an address in it.
pub(super) fn service_of(network: &Network, address: IpAddr) -> Option<&ServiceAddress> {
    let lists = network.frame.lists.iter();
    let mut lists = lists.filter(|list| {
        let mut entries = list.entries.iter().flatten();
        list.service.is_some() && entries.any(|entry| entry.contains(&address))
    });
    lists.next()?.service.as_ref()
}

/// The first interface in a VPC that has an address inside of it.
pub(super) fn holder(network: &Network, vpc: VpcIx, address: IpAddr) -> Option<&Interface> {
    let mut interfaces = network.interfaces.iter();
    interfaces.find(|own| own.vpc == vpc && own.addresses.contains(&address))
}

/// Who is paired with a public address, and at which private one.
pub(super) fn public_holder(network: &Network, address: IpAddr) -> Option<(InterfaceIx, IpAddr)> {
    let mut pairs = network.by_public.iter();
    let pair = pairs.find(|(public, _)| **public == address)?;
    Some(*pair.1)
}

/// The public address that a private one in a VPC is paired with.
pub(super) fn public_of(network: &Network, vpc: VpcIx, address: IpAddr) -> Option<IpAddr> {
    let mut pairs = network.public_of.iter();
    let pair = pairs.find(|((of, private), _)| (*of, *private) == (vpc, address))?;
    Some(*pair.1)
}

/// Whether AWS keeps an address in a VPC for itself: the first four of each block of the VPC and of each subnet, and the last of a subnet.
pub(super) fn is_reserved(network: &Network, vpc: VpcIx, address: IpAddr) -> bool {
    let own = network.vpc(vpc);
    let mut blocks = own.iter().flat_map(|own| &own.cidr_blocks);
    if blocks.any(|block| first_four(block).contains(&address)) {
        return true;
    }
    let subnets = network
        .frame
        .subnets
        .iter()
        .filter(|subnet| subnet.vpc == vpc);
    let mut blocks = subnets.flat_map(|subnet| &subnet.cidr_blocks);
    blocks.any(|block| first_four(block).contains(&address) || block.broadcast() == address)
}

fn first_four(block: &IpNet) -> Vec<IpAddr> {
    block_hosts(block).take(4).collect()
}

/// All addresses of a block, from the first to the last.
fn block_hosts(block: &IpNet) -> impl Iterator<Item = IpAddr> {
    let last = block.broadcast();
    std::iter::successors(Some(block.network()), move |address| {
        after(*address).filter(|_| *address < last)
    })
}

/// The next address; none after the last of the family.
pub(super) fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let next = u32::from(address).checked_add(1)?;
            Some(IpAddr::V4(next.into()))
        }
        IpAddr::V6(address) => {
            let next = u128::from(address).checked_add(1)?;
            Some(IpAddr::V6(next.into()))
        }
    }
}
