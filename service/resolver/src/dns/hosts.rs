//! The names that EC2 gives to addresses (VPC guide, "DNS attributes for your VPC"; EC2 guide, "EC2 instance hostnames and domains").
//!
//! A public name is the public address to all, and the private one to those who are in the VPC, or in a peer VPC that may ask.
//! A private name is a private address of the VPC where it is asked for.

use std::net::{IpAddr, Ipv4Addr};

use causeway_model::ids::{DnsName, Region};
use causeway_model::trace::{Addr, Code};

use crate::network::Network;
use crate::table::VpcIx;

use super::{Resolved, region_of};

/// A name that EC2 gives to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    address: Ipv4Addr,
    region: Region,
    is_public: bool,
    /// The domain that Resolver answers for by itself is so many bytes long.
    pub(crate) domain: usize,
}

/// Reads a name as one that EC2 gives.
pub(crate) fn host_of(name: &DnsName) -> Option<Host> {
    let (own, domain) = name.as_str().split_once('.')?;
    let (prefix, home, elsewhere) = match own.split_once('-')?.0 {
        "ec2" => ("ec2-", "compute-1.amazonaws.com", ".compute.amazonaws.com"),
        "ip" => ("ip-", "ec2.internal", ".compute.internal"),
        _ => return None,
    };
    let region = if domain == home {
        "us-east-1".parse().ok()
    } else {
        domain.strip_suffix(elsewhere).and_then(region_of)
    };
    let address = own.strip_prefix(prefix)?.replace('-', ".");
    Some(Host {
        address: address.parse().ok()?,
        region: region?,
        is_public: prefix == "ec2-",
        domain: domain.len(),
    })
}

/// What such a name is in a VPC; without a VPC, in the internet.
pub(crate) fn resolve(network: &Network, vpc: Option<VpcIx>, host: &Host) -> Resolved {
    if host.is_public {
        public(network, vpc, host)
    } else {
        private(network, vpc, host)
    }
}

fn public(network: &Network, vpc: Option<VpcIx>, host: &Host) -> Resolved {
    let public = IpAddr::V4(host.address);
    let held = network.by_public.get(&public);
    let Some((interface, private)) =
        held.and_then(|(at, private)| Some((network.interface(*at)?, *private)))
    else {
        return to(public);
    };
    if region(network, interface.vpc) != Some(&host.region) {
        let why = "the address that it names is of another Region";
        return Resolved::unknown(Code::UnknownDestination, None, why);
    }
    let is_inside = vpc.is_some_and(|vpc| sees(network, vpc, interface.vpc));
    to(if is_inside { private } else { public })
}

/// Whether public names of a VPC's interfaces are private addresses where they are asked for.
fn sees(network: &Network, asked_in: VpcIx, holder: VpcIx) -> bool {
    let has_names = |at| {
        let vpc = network.vpc(at);
        vpc.is_some_and(|vpc| vpc.dns_support && vpc.dns_hostnames)
    };
    let lets_ask = || {
        let peers = network.frame.names.resolving_peers.get(&asked_in);
        peers.is_some_and(|peers| peers.contains(&holder))
    };
    has_names(holder) && has_names(asked_in) && (asked_in == holder || lets_ask())
}

fn private(network: &Network, vpc: Option<VpcIx>, host: &Host) -> Resolved {
    let Some((at, entry)) = vpc.and_then(|at| Some((at, network.vpc(at)?))) else {
        let why = "private names of EC2 are known in VPCs alone";
        return Resolved::nothing(Code::DnsNameNotFound, None, why);
    };
    let address = IpAddr::V4(host.address);
    let mut blocks = entry.cidr_blocks.iter();
    let is_here = blocks.any(|block| block.contains(&address));
    if is_here && region(network, at) == Some(&host.region) {
        return to(address);
    }
    let why = "it is a private name of another network than the source's VPC";
    Resolved::unknown(Code::UnknownDestination, None, why)
}

fn region(network: &Network, vpc: VpcIx) -> Option<&Region> {
    let entry = network.vpc(vpc)?;
    network.resource(entry.resource)?.region.as_ref()
}

fn to(address: IpAddr) -> Resolved {
    Resolved::To(vec![Addr::Ip(address)], None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Option<String> {
        let host = host_of(&name.parse().unwrap())?;
        Some(format!("{} in {}", host.address, host.region))
    }

    #[test]
    fn names_of_addresses_carry_address_and_region() {
        let public = "ec2-54-0-0-10.eu-west-1.compute.amazonaws.com";
        assert_eq!(read(public).as_deref(), Some("54.0.0.10 in eu-west-1"));
        let public = "ec2-54-0-0-10.compute-1.amazonaws.com";
        assert_eq!(read(public).as_deref(), Some("54.0.0.10 in us-east-1"));
        let private = "ip-10-0-1-10.eu-west-1.compute.internal";
        assert_eq!(read(private).as_deref(), Some("10.0.1.10 in eu-west-1"));
        let private = "ip-10-0-1-10.ec2.internal";
        assert_eq!(read(private).as_deref(), Some("10.0.1.10 in us-east-1"));
    }

    #[test]
    fn other_names_are_not_taken_for_them() {
        for name in [
            "ec2-54-0-0.eu-west-1.compute.amazonaws.com",
            "ec2-54-0-0-10.eu-west-1.compute.internal",
            "ip-10-0-1-10.eu-west-1.compute.amazonaws.com",
            "ec2-54-0-0-10.example.com",
            "i-0123456789abcdef0.eu-west-1.compute.internal",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
