//! A lookup: which of hosted zones, Resolver rules, names of endpoints and public names decides, and what follows from a record.
//!
//! Names lead to other names (CNAME, aliases), and each is looked up as the first one was. Both the length of a chain and the number
//! of all names of a lookup are bounded.

use causeway_model::ids::DnsName;
use causeway_model::resources::dns::ResolverRuleType;
use causeway_model::trace::{Addr, Code};

use crate::network::{Network, VpcEntry};
use crate::table::{ResourceIx, VpcIx};

use super::hosts::{self, Host, host_of};
use super::zones::{Found, Record, Zone, deciding_rule, deciding_zones};
use super::{PrivateName, Resolved, addresses, private_name, public_service, service_addresses};

/// How many names lead one to the next: more than any resolver follows.
const MAX_CHAIN: usize = 16;

/// How many names one lookup looks up, over all its chains.
const MAX_NAMES: usize = 64;

/// A lookup on its way.
#[derive(Debug)]
pub(super) struct Lookup<'n> {
    network: &'n Network,
    vpc: Option<VpcIx>,
    /// The names that led here.
    chain: Vec<DnsName>,
    names: usize,
}

/// What decides about a name in a VPC.
#[derive(Debug)]
enum Decides<'n> {
    Zone(&'n Zone),
    /// Several zones of one name, the first of which is here.
    Zones(ResourceIx),
    /// A rule that forwards.
    Rule(ResourceIx),
    Endpoint(&'n PrivateName),
    Host(Host),
    Public,
}

impl<'n> Lookup<'n> {
    pub(super) fn new(network: &'n Network, vpc: Option<VpcIx>) -> Self {
        Self {
            network,
            vpc,
            chain: Vec::new(),
            names: 0,
        }
    }

    /// Looks a name up.
    pub(super) fn name(&mut self, name: &DnsName) -> Resolved {
        if self.chain.contains(name) {
            let why = "its names lead in a circle";
            return Resolved::nothing(Code::DnsNameNotFound, None, why);
        }
        self.names += 1;
        if self.chain.len() >= MAX_CHAIN || self.names > MAX_NAMES {
            let why = "too many names lead one to the next";
            return Resolved::unknown(Code::UnknownDestination, None, why);
        }
        self.chain.push(name.clone());
        let resolved = match self.vpc.and_then(|at| Some((at, self.network.vpc(at)?))) {
            Some((at, entry)) => self.in_vpc(at, entry, name),
            None => match host_of(name) {
                Some(host) => hosts::resolve(self.network, None, &host),
                None => self.public(name, None),
            },
        };
        self.chain.pop();
        resolved
    }

    fn in_vpc(&mut self, at: VpcIx, entry: &VpcEntry, name: &DnsName) -> Resolved {
        let network = self.network;
        if let Some(options) = network.frame.names.other_servers.get(&at) {
            let why = "other DNS servers than Amazon's answer in the VPC";
            return Resolved::unknown(Code::UnsupportedComponent, Some(*options), why);
        }
        if !entry.dns_support {
            return Resolved::nothing(Code::DnsSupportDisabled, Some(entry.resource), "");
        }
        match self.decides(at, entry, name) {
            Decides::Zone(zone) => self.in_zone(zone, name),
            Decides::Zones(first) => {
                let why = "two hosted zones of the VPC are of one name";
                Resolved::unknown(Code::UnknownDestination, Some(first), why)
            }
            Decides::Rule(rule) => {
                let why = "the rule forwards it to other DNS servers";
                Resolved::unknown(Code::UnknownDestination, Some(rule), why)
            }
            Decides::Endpoint(private) if !private.is_verified => {
                let why = "the service's private DNS name is not verified";
                let code = Code::DnsPrivateNameNotVerified;
                Resolved::unknown(code, Some(private.name.endpoint), why)
            }
            Decides::Endpoint(private) => addresses(network, &private.name),
            Decides::Host(host) => hosts::resolve(network, Some(at), &host),
            Decides::Public => self.public(name, self.switched_off(at, entry, name)),
        }
    }

    /// The most specific of what knows the name; a rule that forwards only if nothing is more specific than its domain.
    fn decides(&self, at: VpcIx, entry: &VpcEntry, name: &DnsName) -> Decides<'n> {
        let names = &self.network.frame.names;
        let private = private_name(self.network, at, name);
        let is_on = |private: &PrivateName| private.is_enabled && entry.dns_hostnames;
        let private = private.filter(|(_, private)| is_on(private));
        let private = private.map(|(length, private)| (length, 1, Decides::Endpoint(private)));
        let host = host_of(name).map(|host| (host.domain, 0, Decides::Host(host)));
        let zones = self.zones(at, name);
        let zone = match zones.as_slice() {
            [] => None,
            [only] => Some((only, Decides::Zone(only))),
            [first, ..] => Some((first, Decides::Zones(first.resource))),
        };
        let zone = zone
            .filter(|_| entry.dns_hostnames)
            .map(|(zone, decides)| (zone.name.as_str().len(), 2, decides));
        let best = [private, host, zone].into_iter().flatten();
        let best = best.max_by_key(|(length, rank, _)| (*length, *rank));
        let (length, best) = best.map_or((0, Decides::Public), |(length, _, best)| (length, best));
        let rules = names.rules.get(&at).map_or(&[][..], Vec::as_slice);
        match deciding_rule(rules, name) {
            Some((domain, rule))
                if domain >= length && rule.rule_type == ResolverRuleType::Forward =>
            {
                Decides::Rule(rule.resource)
            }
            _ => best,
        }
    }

    fn zones(&self, at: VpcIx, name: &DnsName) -> Vec<&'n Zone> {
        let names = &self.network.frame.names;
        let zones = names.zones_of.get(&at).into_iter().flatten();
        deciding_zones(zones.filter_map(|zone| names.zones.get(*zone)), name)
    }

    /// The endpoint or zone that would know the name if what it needs were on.
    fn switched_off(&self, at: VpcIx, entry: &VpcEntry, name: &DnsName) -> Option<ResourceIx> {
        let private = private_name(self.network, at, name);
        let endpoint = private.map(|(_, private)| private.name.endpoint);
        let zone = self.zones(at, name).first().map(|zone| zone.resource);
        endpoint.or_else(|| zone.filter(|_| !entry.dns_hostnames))
    }

    fn in_zone(&mut self, zone: &Zone, name: &DnsName) -> Resolved {
        match zone.find(name) {
            Found::Records(records) => self.records(zone, records),
            Found::Missing => {
                let why = "the hosted zone has no such record, and nobody else is asked";
                Resolved::nothing(Code::DnsNameNotFound, Some(zone.resource), why)
            }
            Found::Unknown(why) => {
                Resolved::unknown(Code::UnknownDestination, Some(zone.resource), why)
            }
        }
    }

    /// The addresses of all records of a name. One that leads nowhere is passed over only where it is of one family.
    fn records(&mut self, zone: &Zone, records: &[Record]) -> Resolved {
        let mut found = Vec::new();
        let mut nothing = None;
        for record in records {
            let (to, family) = match record {
                Record::Address(address) => {
                    found.push(Addr::Ip(*address));
                    continue;
                }
                Record::Alias { to, is_ipv6 } => (to, Some(*is_ipv6)),
                Record::Canonical(to) => (to, None),
                Record::Delegation => continue,
                Record::Unreadable => {
                    let why = "a record cannot be read";
                    let at = Some(zone.resource);
                    return Resolved::unknown(Code::UnknownDestination, at, why);
                }
            };
            match self.name(to) {
                Resolved::To(addresses, _) => {
                    let of_family = |address: &Addr| is_of_family(address, family);
                    found.extend(addresses.into_iter().filter(of_family));
                }
                Resolved::Nothing(code, at, why) => {
                    nothing = Some((code, at.or(Some(zone.resource)), why));
                }
                Resolved::Unknown(code, at, why) => {
                    return Resolved::Unknown(code, at.or(Some(zone.resource)), why);
                }
            }
        }
        match nothing {
            _ if !found.is_empty() => {
                found.sort_unstable();
                found.dedup();
                Resolved::To(found, None)
            }
            Some((code, at, why)) => Resolved::Nothing(code, at, why),
            None => {
                let why = "the hosted zone has no address for it";
                Resolved::nothing(Code::DnsNameNotFound, Some(zone.resource), why)
            }
        }
    }

    /// What a name is in public. `switched_off` is what would know it in the VPC.
    fn public(&self, name: &DnsName, switched_off: Option<ResourceIx>) -> Resolved {
        let names = &self.network.frame.names;
        if let Some(endpoint) = names.endpoints.get(name) {
            return addresses(self.network, endpoint);
        }
        if let Some((balancer, addresses)) = names.balancers.get(name) {
            return match addresses {
                Some(all) => Resolved::To(all.iter().copied().map(Addr::Ip).collect(), None),
                None => {
                    let why = "the addresses of the load balancer are not known";
                    Resolved::unknown(Code::UnknownResource, Some(*balancer), why)
                }
            };
        }
        let Some(service) = public_service(self.network, name) else {
            let why = switched_off.map_or("", |_| "what would know it is switched off in the VPC");
            return Resolved::unknown(Code::UnknownDestination, switched_off, why);
        };
        let guessed = self.vpc.map(|vpc| (vpc, service.clone()));
        match guessed.and_then(|key| names.unlisted.get(&key)) {
            Some(endpoint) if switched_off.is_none() => {
                let why = "whether the endpoint takes the name over is not known";
                Resolved::unknown(Code::UnknownDestination, Some(*endpoint), why)
            }
            _ => Resolved::To(service_addresses(self.network, service), switched_off),
        }
    }
}

fn is_of_family(address: &Addr, is_ipv6: Option<bool>) -> bool {
    let own = match address {
        Addr::Ip(address) => address.is_ipv6(),
        Addr::Within(block) => block.addr().is_ipv6(),
        Addr::Internet | Addr::Service(_) => return is_ipv6 != Some(true),
    };
    is_ipv6.is_none_or(|wanted| wanted == own)
}
