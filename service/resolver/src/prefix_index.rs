//! An index over the routes of a table: the rules whose destination is the longest prefix of an address.

use std::net::IpAddr;

use ipnet::IpNet;

/// The rules by prefix length, longest first, then by network.
#[derive(Debug, Clone, Default)]
pub(crate) struct PrefixIndex {
    levels: Vec<Level>,
    /// Whether there are rules beside it, for prefix lists whose entries are not known.
    has_unlisted: bool,
}

/// The prefixes of one length and family.
#[derive(Debug, Clone)]
struct Level {
    is_ipv6: bool,
    length: u8,
    /// Networks and the places of their rules, by network then by place.
    entries: Vec<(u128, u32)>,
}

impl PrefixIndex {
    /// An index over networks and the places of their rules; places are in order of precedence. There may be rules that it does not have.
    pub(crate) fn new(networks: impl Iterator<Item = (IpNet, u32)>, has_unlisted: bool) -> Self {
        let mut levels: Vec<Level> = Vec::new();
        for (network, place) in networks {
            let is_ipv6 = network.addr().is_ipv6();
            let length = network.prefix_len();
            let bits = bits(network.network());
            match levels
                .iter_mut()
                .find(|level| level.is_ipv6 == is_ipv6 && level.length == length)
            {
                Some(level) => level.entries.push((bits, place)),
                None => levels.push(Level {
                    is_ipv6,
                    length,
                    entries: vec![(bits, place)],
                }),
            }
        }
        for level in &mut levels {
            level.entries.sort_unstable();
        }
        levels.sort_by_key(|level| std::cmp::Reverse(level.length));
        Self {
            levels,
            has_unlisted,
        }
    }

    /// Whether there are rules that it does not have, for prefix lists whose entries are not known.
    pub(crate) fn has_unlisted(&self) -> bool {
        self.has_unlisted
    }

    /// The places of the rules with the longest prefix of the address, in order of precedence; none if no prefix covers it.
    pub(crate) fn longest(&self, address: IpAddr) -> &[(u128, u32)] {
        let is_ipv6 = address.is_ipv6();
        let own = bits(address);
        for level in self.levels.iter().filter(|level| level.is_ipv6 == is_ipv6) {
            let network = own & mask(level.length, is_ipv6);
            let start = level.entries.partition_point(|(other, _)| *other < network);
            let end = level
                .entries
                .partition_point(|(other, _)| *other <= network);
            match level.entries.get(start..end) {
                Some(found) if !found.is_empty() => return found,
                _ => {}
            }
        }
        &[]
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn mask(length: u8, is_ipv6: bool) -> u128 {
    let width: u32 = if is_ipv6 { 128 } else { 32 };
    let host_bits = width.saturating_sub(u32::from(length));
    u128::MAX.checked_shl(host_bits).unwrap_or(0)
}

#[cfg(test)]
mod tests;
