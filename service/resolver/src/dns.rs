//! Names as a source's VPC sees them (VPC guide, "DNS attributes"; PrivateLink guide, "Private DNS"; Route 53 guide, "Resolver").
//!
//! The most specific name wins among private hosted zones, Resolver rules and the private names of endpoints. The names that an
//! endpoint itself is given resolve everywhere, to its private addresses. The public name of an AWS service stands for its public
//! addresses: those of its prefix list where one is known, else a symbolic one. Any other name cannot be known.

use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;

use causeway_model::ids::{DnsName, Region};
use causeway_model::trace::{Addr, Code, ServiceAddress};
use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::network::Network;
use crate::packet::is_private_address;
use crate::table::{AddressMatch, InterfaceIx, ResourceIx, Table, VpcIx};

mod hosts;
mod lookup;
mod zones;

use lookup::Lookup;
pub(crate) use zones::{Record, Records, ResolverRule, Zone};

/// The names that the topology gives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// Names of endpoints that resolve everywhere.
    pub(crate) endpoints: FxHashMap<DnsName, EndpointName>,
    /// Names of load balancers, which resolve everywhere: none where the topology does not hold the addresses of all nodes.
    pub(crate) balancers: FxHashMap<DnsName, (ResourceIx, Option<Vec<IpAddr>>)>,
    /// Names that endpoints take over inside a VPC; the first label may be `*`.
    pub(crate) private: FxHashMap<(VpcIx, DnsName), PrivateName>,
    /// The private hosted zones.
    pub(crate) zones: Vec<Zone>,
    /// The zones that answer in a VPC, by their places among all.
    pub(crate) zones_of: FxHashMap<VpcIx, Vec<usize>>,
    /// The Resolver rules of a VPC.
    pub(crate) rules: FxHashMap<VpcIx, Vec<ResolverRule>>,
    /// The VPCs whose public names of EC2 are private addresses for a VPC that peers with them.
    pub(crate) resolving_peers: FxHashMap<VpcIx, Vec<VpcIx>>,
    /// Endpoints that take over the names of a service in a VPC, of which nobody lists them all.
    pub(crate) unlisted: FxHashMap<(VpcIx, ServiceAddress), ResourceIx>,
    /// DHCP options that name other DNS servers than Amazon's.
    pub(crate) other_servers: FxHashMap<VpcIx, ResourceIx>,
    /// Public names of AWS services that the topology lists.
    pub(crate) services: FxHashMap<DnsName, ServiceAddress>,
}

/// A name of an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct EndpointName {
    pub(crate) endpoint: ResourceIx,
    /// The interfaces it resolves to; none where one of them is not in the topology.
    pub(crate) interfaces: Option<Vec<InterfaceIx>>,
}

/// A name that an endpoint takes over, or would.
#[derive(Debug, Clone)]
pub(crate) struct PrivateName {
    pub(crate) name: EndpointName,
    /// Whether the endpoint's private DNS is on.
    pub(crate) is_enabled: bool,
    /// Whether the service's owner has shown the name to be theirs, as far as is known.
    pub(crate) is_verified: bool,
}

/// What a name resolves to.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// To these addresses, and the endpoint or hosted zone that would have known the name if what it needs were on.
    To(Vec<Addr>, Option<ResourceIx>),
    /// To nothing, and why: this stops every packet.
    Nothing(Code, Option<ResourceIx>, &'static str),
    /// It cannot be known, and why.
    Unknown(Code, Option<ResourceIx>, &'static str),
}

impl Resolved {
    fn nothing(code: Code, at: Option<ResourceIx>, why: &'static str) -> Self {
        Self::Nothing(code, at, why)
    }

    fn unknown(code: Code, at: Option<ResourceIx>, why: &'static str) -> Self {
        Self::Unknown(code, at, why)
    }
}

/// Resolves a name, as a VPC does; without a VPC, as the internet does.
pub(crate) fn resolve(network: &Network, vpc: Option<VpcIx>, name: &DnsName) -> Resolved {
    Lookup::new(network, vpc).name(name)
}

fn addresses(network: &Network, name: &EndpointName) -> Resolved {
    let Some(interfaces) = name
        .interfaces
        .as_ref()
        .filter(|interfaces| !interfaces.is_empty())
    else {
        let why = "the topology does not hold the endpoint's interfaces";
        return Resolved::Unknown(Code::UnknownResource, Some(name.endpoint), why);
    };
    let entries = interfaces
        .iter()
        .filter_map(|interface| network.interface(*interface));
    Resolved::To(
        entries
            .filter_map(|interface| interface.addresses.first())
            .map(|address| Addr::Ip(*address))
            .collect(),
        None,
    )
}

/// The endpoint that takes a name over in a VPC, and how long the name of its hosted zone is.
fn private_name<'n>(
    network: &'n Network,
    vpc: VpcIx,
    name: &DnsName,
) -> Option<(usize, &'n PrivateName)> {
    let private = &network.frame.names.private;
    if let Some(exact) = private.get(&(vpc, name.clone())) {
        return Some((name.as_str().len(), exact));
    }
    wildcards(name).find_map(|wildcard| {
        let zone = wildcard.as_str().len().saturating_sub("*.".len());
        Some((zone, private.get(&(vpc, wildcard))?))
    })
}

/// The wildcard names that stand for a name, the longest first (RFC 4592).
fn wildcards(name: &DnsName) -> impl Iterator<Item = DnsName> {
    let text = name.as_str();
    let dots = text.match_indices('.');
    dots.filter_map(|(dot, _)| format!("*{}", text.get(dot..)?).parse().ok())
}

/// Whether a name is a zone's, or below it.
fn is_within(name: &DnsName, zone: &DnsName) -> bool {
    name == zone
        || name
            .as_str()
            .strip_suffix(zone.as_str())
            .is_some_and(|rest| rest.ends_with('.'))
}

/// The AWS service whose public name this is.
fn public_service(network: &Network, name: &DnsName) -> Option<ServiceAddress> {
    let services = &network.frame.names.services;
    let listed = services
        .get(name)
        .or_else(|| wildcards(name).find_map(|wildcard| services.get(&wildcard)));
    listed.cloned().or_else(|| service_of_public_name(name))
}

/// The service that a name is of, as far as its form is certain: `<service>.<Region>.amazonaws.com`, the dual-stack forms of S3 and
/// those under `api.aws`; also names of S3 buckets and of ECR registries. Whether the FIPS names of S3 and DynamoDB are of their
/// prefix lists, nobody says.
fn service_of_public_name(name: &DnsName) -> Option<ServiceAddress> {
    let name = name.as_str();
    let (domain, form): (&str, fn(&str) -> Option<&str>) =
        if let Some(domain) = name.strip_suffix(".amazonaws.com") {
            (domain, service_of_label)
        } else if let Some(domain) = name.strip_suffix(".api.aws") {
            (domain, service_of_dual_stack_label)
        } else {
            (name.strip_suffix(".on.aws")?, registry_of_label)
        };
    let (own, region) = domain.rsplit_once('.')?;
    let region = region_of(region)?;
    Some(ServiceAddress {
        service: form(own)?.to_owned(),
        region,
    })
}

fn service_of_label(own: &str) -> Option<&str> {
    match own {
        "api.ecr" => Some("ecr.api"),
        "s3.dualstack" => Some("s3"),
        _ if own == "dkr.ecr" || own.ends_with(".dkr.ecr") => Some("ecr.dkr"),
        _ if own.ends_with(".s3") || own.ends_with(".s3.dualstack") => Some("s3"),
        _ if own.starts_with("s3-") || own == "dynamodb-fips" => None,
        _ if !own.contains('.') => Some(own),
        _ => None,
    }
}

fn service_of_dual_stack_label(own: &str) -> Option<&str> {
    match own {
        "ecr" => Some("ecr.api"),
        _ if own.starts_with("s3-") || own == "dynamodb-fips" => None,
        _ if !own.contains('.') => Some(own),
        _ => None,
    }
}

fn registry_of_label(own: &str) -> Option<&'static str> {
    (own == "dkr-ecr" || own.ends_with(".dkr-ecr")).then_some("ecr.dkr")
}

/// The public names of an AWS service: the other way round.
pub(crate) fn names_in_public(service: &ServiceAddress) -> Vec<DnsName> {
    let own: &[&str] = match service.service.as_str() {
        "ecr.api" => &["api.ecr"],
        "ecr.dkr" => &["dkr.ecr", "*.dkr.ecr"],
        "s3" => &["s3", "*.s3"],
        other if !other.contains('.') => &[other],
        _ => &[],
    };
    let names = own
        .iter()
        .map(|own| format!("{own}.{}.amazonaws.com", service.region));
    names.filter_map(|name| name.parse().ok()).collect()
}

/// The AWS service of a name of the form `com.amazonaws.<Region>.<service>`; none for the services of customers.
pub(crate) fn service_of_name(name: &str) -> Option<ServiceAddress> {
    let (region, service) = name.strip_prefix("com.amazonaws.")?.split_once('.')?;
    if region == "vpce" || service.starts_with("vpce-svc-") {
        return None;
    }
    Some(ServiceAddress {
        service: service.to_owned(),
        region: region_of(region)?,
    })
}

/// A Region, told by its form: `eu-west-1`, `us-gov-east-1`.
fn region_of(text: &str) -> Option<Region> {
    let ends_in_number = text.rsplit_once('-').is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    text.parse()
        .ok()
        .filter(|_| ends_in_number && text.matches('-').count() >= 2)
}

/// The addresses of a service: one for each part of its prefix list that rules tell apart, or a symbolic one.
pub(crate) fn service_addresses(network: &Network, service: ServiceAddress) -> Vec<Addr> {
    match network
        .service_entries(&service)
        .filter(|entries| !entries.is_empty())
    {
        Some(entries) => {
            let mut found: Vec<IpAddr> =
                entries.iter().flat_map(|net| parts(network, net)).collect();
            found.sort_unstable();
            found.dedup();
            found.into_iter().map(Addr::Ip).collect()
        }
        None => vec![Addr::Service(Arc::new(service))],
    }
}

/// The first address of each part of a network that rules tell apart.
fn parts(network: &Network, net: &IpNet) -> Vec<IpAddr> {
    let (first, last) = (net.network(), net.broadcast());
    let inner = network
        .boundaries
        .range((Bound::Excluded(first), Bound::Included(last)));
    let inner = inner.map(|(address, _)| *address);
    std::iter::once(first).chain(inner).collect()
}

/// The public addresses at which the rules of a table begin or end, each as often as one does.
pub(crate) fn boundaries(table: &Table) -> impl Iterator<Item = IpAddr> {
    let matches = table.rules.iter().map(|rule| &rule.matches);
    let ends = matches.flat_map(|own| [&own.source, &own.destination]);
    let nets = ends.filter_map(|end| match end {
        AddressMatch::Net(net) => Some(*net),
        AddressMatch::Any
        | AddressMatch::List(_)
        | AddressMatch::Service(_)
        | AddressMatch::Group(_) => None,
    });
    nets.flat_map(limits)
}

/// The public addresses at which a network and what comes after it begin.
pub(crate) fn limits(net: IpNet) -> impl Iterator<Item = IpAddr> {
    let limits = [Some(net.network()), after(net.broadcast())];
    let limits = limits.into_iter().flatten();
    limits.filter(|address| !is_private_address(*address))
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address)
            .checked_add(1)
            .map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(address) => u128::from(address)
            .checked_add(1)
            .map(|next| IpAddr::V6(next.into())),
    }
}

#[cfg(test)]
mod tests;
