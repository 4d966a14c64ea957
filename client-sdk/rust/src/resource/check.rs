//! Whether texts are what they are to be: ids, blocks, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An id of the form `prefix...`, of characters that AWS uses.
pub(super) fn id(id: &str, prefix: &str) -> Result<(), String> {
    let is_word = |rest: &str| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match id.strip_prefix(prefix) {
        Some(rest) if is_word(rest) => Ok(()),
        Some(_) | None => Err(format!("`{id}` is no id of the form {prefix}...")),
    }
}

/// A CIDR block without host bits; true for IPv6.
pub(super) fn block(text: &str) -> Result<bool, String> {
    let read = || {
        let (address, length) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let length: u32 = length.parse().ok()?;
        let most = if address.is_ipv6() { 128 } else { 32 };
        (length <= most).then_some((address, length))
    };
    let Some((address, length)) = read() else {
        return Err(format!(
            "`{text}` is no CIDR block as 10.0.0.0/16 or 2001:db8::/56"
        ));
    };
    let first = first(address, length);
    if first == address {
        return Ok(address.is_ipv6());
    }
    Err(format!(
        "`{text}` has host bits set, its block is {first}/{length}"
    ))
}

/// An address; true for IPv6.
pub(super) fn address(text: &str) -> Result<bool, String> {
    let address: Result<IpAddr, _> = text.parse();
    let address = address.map_err(|_no_address| format!("`{text}` is no address"))?;
    Ok(address.is_ipv6())
}

/// The first address of a block.
fn first(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or_default();
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or_default();
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}
