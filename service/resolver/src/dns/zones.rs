//! Private hosted zones and Resolver rules, as a VPC's resolver looks into them (Route 53 guide, "Working with private hosted zones",
//! "Forwarding DNS queries"; RFC 1034, RFC 4592 for what a wildcard stands for).
//!
//! It finds records and rules; what a record leads to is resolved elsewhere.

use std::net::IpAddr;

use causeway_model::ids::DnsName;
use causeway_model::resources::dns::ResolverRuleType;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::table::ResourceIx;

use super::is_within;

/// A private hosted zone.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    pub(crate) resource: ResourceIx,
    pub(crate) name: DnsName,
    /// The records by the name that has them; none where they are not known.
    pub(crate) records: Option<Records>,
}

/// The records of a zone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    by_name: FxHashMap<DnsName, Vec<Record>>,
    /// Names that exist: those that have records, and what stands between them and the zone.
    existing: FxHashSet<DnsName>,
}

/// What a record says, as far as addresses go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// An address.
    Address(IpAddr),
    /// The addresses of one family that another name has.
    Alias {
        /// The other name.
        to: DnsName,
        /// Whether those of IPv6 are meant.
        is_ipv6: bool,
    },
    /// Everything is at another name (CNAME).
    Canonical(DnsName),
    /// Other servers answer for this name and for what is below it (NS).
    Delegation,
    /// It leads to an address, and cannot be read.
    Unreadable,
}

/// What a zone holds for a name.
#[derive(Debug)]
pub(crate) enum Found<'z> {
    /// These records; none where the name is there and has no address.
    Records(&'z [Record]),
    /// The name is not there.
    Missing,
    /// It is for others to say, or not known.
    Unknown(&'static str),
}

/// A Resolver rule.
#[derive(Debug, Clone)]
pub(crate) struct ResolverRule {
    pub(crate) resource: ResourceIx,
    /// All names, if none.
    pub(crate) domain: Option<DnsName>,
    pub(crate) rule_type: ResolverRuleType,
}

impl Records {
    /// Adds a record of a name in the zone; a name that only exists is added with no record.
    pub(crate) fn add(&mut self, zone: &DnsName, name: &DnsName, records: Vec<Record>) {
        let between = std::iter::once(name.clone()).chain(parents(name));
        self.existing
            .extend(between.take_while(|name| is_within(name, zone)));
        self.by_name
            .entry(name.clone())
            .or_default()
            .extend(records);
    }

    fn find(&self, zone: &DnsName, name: &DnsName) -> Found<'_> {
        let above = std::iter::once(name.clone()).chain(parents(name));
        let mut above = above.take_while(|above| above != zone);
        let is_delegated = |above: DnsName| {
            let own = self.by_name.get(&above);
            own.is_some_and(|own| own.contains(&Record::Delegation))
        };
        if above.any(is_delegated) {
            return Found::Unknown("the zone leaves it to other name servers");
        }
        if let Some(own) = self.by_name.get(name) {
            return Found::Records(own);
        }
        if name == zone || self.existing.contains(name) {
            return Found::Records(&[]);
        }
        let closest = parents(name).find(|above| above == zone || self.existing.contains(above));
        let wildcard = closest.and_then(|above| format!("*.{above}").parse().ok());
        let wildcard = wildcard.and_then(|name: DnsName| self.by_name.get(&name));
        wildcard.map_or(Found::Missing, |records| Found::Records(records))
    }
}

impl Zone {
    /// What the zone holds for a name within it.
    pub(crate) fn find(&self, name: &DnsName) -> Found<'_> {
        match &self.records {
            Some(records) => records.find(&self.name, name),
            None => Found::Unknown("the records of the zone are not known"),
        }
    }
}

/// The zone that decides about a name: the one with the longest name; several of them if they are of one name.
pub(crate) fn deciding_zones<'z>(
    zones: impl Iterator<Item = &'z Zone>,
    name: &DnsName,
) -> Vec<&'z Zone> {
    let mut best: Vec<&Zone> = Vec::new();
    for zone in zones.filter(|zone| is_within(name, &zone.name)) {
        let length = best.first().map_or(0, |best| best.name.as_str().len());
        if zone.name.as_str().len() > length {
            best.clear();
        }
        if zone.name.as_str().len() >= length {
            best.push(zone);
        }
    }
    best
}

/// The rule with the longest domain that holds a name, and the length of the domain.
pub(crate) fn deciding_rule<'r>(
    rules: &'r [ResolverRule],
    name: &DnsName,
) -> Option<(usize, &'r ResolverRule)> {
    let length = |rule: &ResolverRule| match &rule.domain {
        None => Some(0),
        Some(domain) => is_within(name, domain).then(|| domain.as_str().len()),
    };
    let found = rules.iter().filter_map(|rule| Some((length(rule)?, rule)));
    found.max_by_key(|(length, _)| *length)
}

/// The names above a name, the longest first.
fn parents(name: &DnsName) -> impl Iterator<Item = DnsName> {
    let text = name.as_str();
    let dots = text.match_indices('.');
    dots.filter_map(|(dot, _)| text.get(dot.saturating_add(1)..)?.parse().ok())
}

#[cfg(test)]
mod tests;
