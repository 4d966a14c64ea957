//! What a dump shows complete, and what it is silent about. Knows listings and kinds; must not know fields.

use std::collections::{BTreeMap, BTreeSet};

use causeway_proto::v1::{self, ResourceKind};

use crate::finish::Built;
use crate::gather::{Gather, Key, Listing};
use crate::location::is_account;
use crate::locator::Locator;
use crate::warning::Warning;

/// An account, a Region (empty for what is global) and a kind.
type Scope = (String, String, ResourceKind);

/// What is assumed where a kind is wholly absent from an account's Region: the kind in words, and the assumption.
const ASSUMED: [(ResourceKind, &str, &str); 19] = [
    (
        ResourceKind::Subnet,
        "subnets",
        "assuming that its VPCs have none",
    ),
    (
        ResourceKind::RouteTable,
        "route tables",
        "how its subnets route is unknown",
    ),
    (
        ResourceKind::InternetGateway,
        "internet gateways",
        "assuming that there are none",
    ),
    (
        ResourceKind::EgressOnlyInternetGateway,
        "egress-only internet gateways",
        "assuming that there are none",
    ),
    (
        ResourceKind::NatGateway,
        "NAT gateways",
        "assuming that there are none",
    ),
    (
        ResourceKind::NetworkInterface,
        "network interfaces",
        "which addresses are in use is unknown",
    ),
    (
        ResourceKind::SecurityGroup,
        "security groups",
        "what they admit is unknown",
    ),
    (
        ResourceKind::NetworkAcl,
        "network ACLs",
        "assuming the default one, which allows all",
    ),
    (
        ResourceKind::ManagedPrefixList,
        "prefix lists",
        "what is in them is unknown",
    ),
    (
        ResourceKind::VpcEndpoint,
        "VPC endpoints",
        "assuming that there are none",
    ),
    (
        ResourceKind::LoadBalancer,
        "load balancers",
        "assuming that there are none",
    ),
    (
        ResourceKind::VpcPeeringConnection,
        "VPC peering connections",
        "assuming that there are none",
    ),
    (
        ResourceKind::TransitGatewayAttachment,
        "transit gateway attachments",
        "assuming that there are none",
    ),
    (
        ResourceKind::VpnGateway,
        "virtual private gateways",
        "assuming that there are none",
    ),
    (
        ResourceKind::DhcpOptions,
        "DHCP options",
        "assuming AWS's default, Amazon's DNS server",
    ),
    (
        ResourceKind::HostedZone,
        "hosted zones",
        "assuming that no private one answers",
    ),
    (
        ResourceKind::ResolverRule,
        "Resolver rules",
        "assuming that there are none",
    ),
    (
        ResourceKind::Firewall,
        "network firewalls",
        "assuming that there are none",
    ),
    (
        ResourceKind::VpcBlockPublicAccessOptions,
        "Block Public Access settings",
        "assuming that it is off",
    ),
];

/// What the dump shows complete. A listing counts only if it is whole, if whose it is can be told, and if every record
/// of it could be made a resource; `unread` holds those of which only the name is there.
pub(crate) fn scopes(
    gather: &Gather,
    locator: &Locator,
    unread: &BTreeSet<String>,
) -> Vec<v1::ImportScope> {
    let mut found: BTreeMap<Scope, bool> = BTreeMap::new();
    for listing in &gather.listings {
        let is_whole = listing.complete && !listing.ids.iter().any(|id| unread.contains(id));
        match scope_of(listing, locator) {
            Some(scope) => *found.entry(scope).or_insert(true) &= is_whole,
            None if is_whole => gather.notes.warn(Warning::ScopeUnknown {
                place: listing.place.clone(),
            }),
            None => {}
        }
    }
    let whole = found.into_iter().filter(|(_, is_whole)| *is_whole);
    whole
        .map(|((owner_id, region, kind), _)| v1::ImportScope {
            owner_id,
            region,
            kind: kind.into(),
        })
        .collect()
}

fn scope_of(listing: &Listing, locator: &Locator) -> Option<Scope> {
    let asker = locator.asker(listing.source)?;
    let region = if is_global(listing.kind) {
        String::new()
    } else {
        asker.region.clone()?
    };
    Some((asker.owner.clone()?, region, listing.kind))
}

fn is_global(kind: ResourceKind) -> bool {
    matches!(
        kind,
        ResourceKind::DirectConnectGateway | ResourceKind::HostedZone
    )
}

/// A sentence for each kind that is wholly absent from an account's Region that has VPCs.
pub(crate) fn assumptions(
    gather: &Gather,
    locator: &Locator,
    built: &BTreeMap<Key, Built>,
) -> Vec<String> {
    let mut present: BTreeSet<Scope> = gather
        .listings
        .iter()
        .filter_map(|listing| scope_of(listing, locator))
        .collect();
    let mut places: BTreeSet<(&str, &str)> = BTreeSet::new();
    for ((kind, _), built) in built {
        let (owner, region) = (&built.resource.owner_id, &built.resource.region);
        present.insert((owner.clone(), region.clone(), *kind));
        if *kind == ResourceKind::Vpc && is_account(owner) {
            places.insert((owner, region));
        }
    }
    let mut sentences = Vec::new();
    for (kind, words, assumption) in ASSUMED {
        let is_absent = |(owner, region): &&(&str, &str)| {
            let region = if is_global(kind) { "" } else { *region };
            !present.contains(&((*owner).to_owned(), region.to_owned(), kind))
        };
        let absent: Vec<String> = places
            .iter()
            .filter(is_absent)
            .map(|(owner, region)| format!("{owner}/{region}"))
            .collect();
        if !absent.is_empty() {
            sentences.push(format!(
                "no {words} given for {}: {assumption}",
                absent.join(", ")
            ));
        }
    }
    sentences
}
