//! Which account and Region a resource belongs to. Knows where AWS writes them: owner ids, ARNs, zones, names of
//! services; must not know what else a record says.

use causeway_proto::v1::ResourceKind;

use crate::record::Record;

/// An account and a Region, as far as they are known. A global resource has the empty Region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) owner: Option<String>,
    pub(crate) region: Option<String>,
}

impl Location {
    /// What this leaves open, as `other` has it.
    pub(crate) fn or(&self, other: &Location) -> Location {
        Location {
            owner: self.owner.clone().or_else(|| other.owner.clone()),
            region: self.region.clone().or_else(|| other.region.clone()),
        }
    }
}

/// The parts of an ARN that say where a thing is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arn<'a> {
    region: &'a str,
    account: &'a str,
    /// What stands after the account: `subnet/subnet-...`.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let (_partition, _service) = (parts.next()?, parts.next()?);
        Some(Self {
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }

    pub(crate) fn location(self) -> Location {
        Location {
            owner: owner_of(self.account),
            region: given(self.region),
        }
    }
}

/// Whether a word is an account number.
pub(crate) fn is_account(word: &str) -> bool {
    word.len() == 12 && word.chars().all(|letter| letter.is_ascii_digit())
}

/// Whether a word is the name of a Region: `eu-west-1`, `us-gov-west-1`.
pub(crate) fn is_region(word: &str) -> bool {
    region_of_zone(word).as_deref() == Some(word)
}

/// The Region in the name of a zone, also of a local one: `eu-west-1a`, `us-west-2-lax-1a`.
fn region_of_zone(zone: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in zone.split('-') {
        let number: String = part.chars().take_while(char::is_ascii_digit).collect();
        if !number.is_empty() {
            parts.push(number);
            return (parts.len() >= 3).then(|| parts.join("-"));
        }
        if part.is_empty() || !part.chars().all(|letter| letter.is_ascii_lowercase()) {
            return None;
        }
        parts.push(part.to_owned());
    }
    None
}

fn given(word: &str) -> Option<String> {
    (!word.is_empty()).then(|| word.to_owned())
}

/// An owner as the contract writes it; nothing for words such as `aws-marketplace` that name no account.
fn owner_of(word: &str) -> Option<String> {
    match word {
        "AWS" | "aws" | "Route 53 Resolver" => Some("AWS".to_owned()),
        "amazon" | "aws-marketplace" => Some("amazon".to_owned()),
        _ => is_account(word).then(|| word.to_owned()),
    }
}

/// What a resource's own record says.
pub(crate) fn of_record(kind: ResourceKind, record: &Record<'_>) -> Location {
    let special = SPECIAL.iter().find(|(other, _)| *other == kind);
    let special = special.map(|(_, read)| read(record)).unwrap_or_default();
    let own = Location {
        owner: record.word("OwnerId").and_then(owner_of),
        region: record.word("AvailabilityZone").and_then(region_of_zone),
    };
    let arn = OWN_ARN.iter().find(|(other, _)| *other == kind);
    let arn = arn
        .and_then(|(_, field)| record.word(field))
        .and_then(Arn::parse);
    special
        .or(&own)
        .or(&arn.map(Arn::location).unwrap_or_default())
}

/// The field with the ARN of the resource itself.
const OWN_ARN: [(ResourceKind, &str); 10] = [
    (ResourceKind::Subnet, "SubnetArn"),
    (ResourceKind::SecurityGroup, "SecurityGroupArn"),
    (ResourceKind::ManagedPrefixList, "PrefixListArn"),
    (ResourceKind::LoadBalancer, "LoadBalancerArn"),
    (ResourceKind::TargetGroup, "TargetGroupArn"),
    (ResourceKind::TransitGateway, "TransitGatewayArn"),
    (ResourceKind::ResolverRule, "Arn"),
    (ResourceKind::Firewall, "FirewallArn"),
    (ResourceKind::FirewallPolicy, "FirewallPolicyArn"),
    (ResourceKind::FirewallRuleGroup, "RuleGroupArn"),
];

type Reader = fn(&Record<'_>) -> Location;

/// Kinds that say it in a way of their own.
const SPECIAL: [(ResourceKind, Reader); 10] = [
    (ResourceKind::VpcPeeringConnection, |record| {
        side(record, "RequesterVpcInfo")
    }),
    (ResourceKind::TransitGatewayAttachment, attachment),
    (ResourceKind::ManagedPrefixList, prefix_list),
    (ResourceKind::VpcEndpointService, service),
    (ResourceKind::Instance, placement),
    (ResourceKind::Address, border_group),
    (ResourceKind::DirectConnectGateway, direct_connect_gateway),
    (ResourceKind::VirtualInterface, virtual_interface),
    (ResourceKind::HostedZone, hosted_zone),
    (
        ResourceKind::VpcBlockPublicAccessOptions,
        block_public_access,
    ),
];

fn side(record: &Record<'_>, field: &str) -> Location {
    let side = record.child(field);
    let text = |name: &str| {
        side.as_ref()
            .and_then(|side| side.word(name))
            .map(str::to_owned)
    };
    Location {
        owner: text("OwnerId"),
        region: text("Region"),
    }
}

/// An attachment belongs to whom the attached thing belongs to; a peering to the side that asked for it.
fn attachment(record: &Record<'_>) -> Location {
    let requester = side(record, "RequesterTgwInfo");
    let is_peering = record
        .word("ResourceType")
        .is_some_and(|word| word.ends_with("peering"));
    let fields: [&str; 2] = if is_peering {
        ["TransitGatewayOwnerId", "ResourceOwnerId"]
    } else {
        ["VpcOwnerId", "ResourceOwnerId"]
    };
    let owner = fields
        .iter()
        .find_map(|field| record.word(field))
        .and_then(owner_of);
    requester.or(&Location {
        owner,
        region: None,
    })
}

fn prefix_list(record: &Record<'_>) -> Location {
    let name = record.word("PrefixListName").unwrap_or_default();
    let is_of_aws = record.word("OwnerId").is_none() && name.starts_with("com.amazonaws.");
    Location {
        owner: is_of_aws.then(|| "AWS".to_owned()),
        region: is_of_aws.then(|| region_in_name(name)).flatten(),
    }
}

/// A service's Region stands in its name, whoever sees it.
fn service(record: &Record<'_>) -> Location {
    let name = record.word("ServiceName").unwrap_or_default();
    let balancers = ["NetworkLoadBalancerArns", "GatewayLoadBalancerArns"];
    let owner = record.word("Owner").and_then(owner_of);
    let behind = || {
        let arns = balancers.iter().flat_map(|field| record.texts(field));
        arns.into_iter()
            .find_map(|arn| Arn::parse(&arn).and_then(|arn| owner_of(arn.account)))
    };
    let region = region_in_name(name).or_else(|| record.word("ServiceRegion").map(str::to_owned));
    Location {
        owner: owner.or_else(behind),
        region,
    }
}

fn region_in_name(name: &str) -> Option<String> {
    name.split('.')
        .find(|part| is_region(part))
        .map(str::to_owned)
}

fn placement(record: &Record<'_>) -> Location {
    let placement = record.child("Placement");
    let zone = placement.and_then(|placement| placement.word("AvailabilityZone"));
    Location {
        owner: None,
        region: zone.and_then(region_of_zone),
    }
}

fn border_group(record: &Record<'_>) -> Location {
    Location {
        owner: None,
        region: record.word("NetworkBorderGroup").and_then(region_of_zone),
    }
}

/// A Direct Connect gateway is global, and its interfaces are not.
fn direct_connect_gateway(record: &Record<'_>) -> Location {
    Location {
        region: Some(String::new()),
        ..virtual_interface(record)
    }
}

fn virtual_interface(record: &Record<'_>) -> Location {
    let text = |field: &str| record.word(field).map(str::to_owned);
    Location {
        owner: text("ownerAccount"),
        region: text("region"),
    }
}

fn block_public_access(record: &Record<'_>) -> Location {
    let text = |field: &str| record.word(field).map(str::to_owned);
    Location {
        owner: text("AwsAccountId"),
        region: text("AwsRegion"),
    }
}

fn hosted_zone(record: &Record<'_>) -> Location {
    let owner = record
        .child("Owner")
        .and_then(|owner| owner.word("OwningAccount").and_then(owner_of));
    Location {
        owner,
        region: Some(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_names_its_region_also_when_it_is_a_local_one() {
        for (zone, region) in [
            ("eu-west-1a", "eu-west-1"),
            ("us-gov-west-1b", "us-gov-west-1"),
            ("us-west-2-lax-1a", "us-west-2"),
            ("us-east-1-wl1-bos-wlz-1", "us-east-1"),
        ] {
            assert_eq!(region_of_zone(zone).as_deref(), Some(region), "{zone}");
        }
    }

    #[test]
    fn folders_that_only_look_like_regions_are_none() {
        for word in [
            "eu-west-1a",
            "eu-west",
            "west-1",
            "2024-10-1",
            "",
            "Eu-west-1",
            "dump-1",
        ] {
            assert!(!is_region(word), "{word}");
        }
        assert!(is_region("ap-southeast-2"));
    }
}
