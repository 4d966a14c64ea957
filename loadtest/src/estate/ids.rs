//! Ids, addresses and names of what is in a VPC: all follow from its number.

use std::net::Ipv4Addr;

use causeway_client::v1::{Resource, Tag, resource::Kind};

use super::{Place, VPCS_OF_REGION};

/// Regions, in the order in which they are filled.
const REGIONS: [&str; 4] = ["eu-west-1", "us-east-1", "eu-central-1", "ap-southeast-2"];

/// The zones of a Region.
pub(super) const ZONES: [char; 3] = ['a', 'b', 'c'];

/// The tiers of a VPC. Each has a subnet in each zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Public,
    App,
    Data,
    Transit,
}

impl Tier {
    pub(super) const ALL: [Self; 4] = [Self::Public, Self::App, Self::Data, Self::Transit];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::App => "app",
            Self::Data => "data",
            Self::Transit => "transit",
        }
    }

    /// Where the subnet of the first zone begins in the VPC's block, and how long its prefix is.
    fn place(self) -> (u32, u8, u32) {
        match self {
            Self::App => (0, 23, 512),
            Self::Data => (2048, 24, 256),
            Self::Public => (3072, 25, 128),
            Self::Transit => (3584, 28, 16),
        }
    }
}

impl Place {
    /// An id as AWS writes it: the kind's prefix, and the VPC's number with one of its own.
    pub(super) fn id(self, prefix: &str, own: u32) -> String {
        format!("{prefix}-{:09x}{own:08x}", self.number)
    }

    /// The account.
    pub(super) fn owner(self) -> String {
        format!("{:012}", 100_000_000_000_u64 + u64::from(self.number))
    }

    pub(super) fn region(self) -> &'static str {
        let at = usize::try_from(self.number / VPCS_OF_REGION).unwrap_or(0);
        REGIONS.get(at).copied().unwrap_or(REGIONS[0])
    }

    /// Whether it is the first of its Region, which holds what all share.
    pub(super) fn is_first(self) -> bool {
        self.number.is_multiple_of(VPCS_OF_REGION)
    }

    /// The first VPC of the Region.
    pub(super) fn first(self) -> Self {
        let number = self.number.saturating_sub(self.number % VPCS_OF_REGION);
        Self { number, ..self }
    }

    /// The first address of the VPC's block.
    fn base(self) -> u32 {
        u32::from(Ipv4Addr::new(10, 0, 0, 0)) + (self.number % VPCS_OF_REGION) * 4096
    }

    pub(super) fn block(self) -> String {
        format!("{}/20", Ipv4Addr::from(self.base()))
    }

    pub(super) fn zone(self, zone: usize) -> String {
        format!("{}{}", self.region(), ZONES.get(zone).unwrap_or(&'a'))
    }

    /// The number of a tier's subnet in a zone.
    fn subnet_number(tier: Tier, zone: usize) -> u32 {
        let tier = Tier::ALL.iter().position(|other| *other == tier);
        number(tier.unwrap_or(0) * ZONES.len() + zone)
    }

    pub(super) fn subnet(self, tier: Tier, zone: usize) -> String {
        self.id("subnet", Self::subnet_number(tier, zone))
    }

    pub(super) fn subnet_block(self, tier: Tier, zone: usize) -> String {
        let (_, length, _) = tier.place();
        format!("{}/{length}", self.address(tier, zone, 0))
    }

    /// An address of a tier's subnet in a zone.
    pub(super) fn address(self, tier: Tier, zone: usize, own: u32) -> Ipv4Addr {
        let (begin, _, size) = tier.place();
        Ipv4Addr::from(self.base() + begin + size * number(zone) + own)
    }

    /// A public address that is this VPC's alone.
    pub(super) fn public_address(self, own: u32) -> String {
        Ipv4Addr::from(u32::from(Ipv4Addr::new(54, 0, 0, 0)) + self.number * 64 + own).to_string()
    }

    pub(super) fn resource(self, name: &str, kind: Kind) -> Resource {
        Resource {
            owner_id: self.owner(),
            region: self.region().to_owned(),
            tags: vec![Tag {
                key: "Name".to_owned(),
                value: name.to_owned(),
            }],
            kind: Some(kind),
        }
    }
}

/// A small number as the width that addresses have.
pub(super) fn number(small: usize) -> u32 {
    u32::try_from(small).unwrap_or(u32::MAX)
}
