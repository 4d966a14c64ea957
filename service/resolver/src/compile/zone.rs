//! Zones, told apart across accounts: the id of a zone is the same in every account, its name is not.

use std::collections::BTreeMap;
use std::fmt;

use causeway_model::ids::{AccountId, ZoneId, ZoneName};
use causeway_model::resources::Subnet;

use crate::table::{ResourceIx, SubnetIx};

use super::builder::{Builder, pick};

/// What targets outside of the load balancer's VPC have for a zone (Elastic Load Balancing API, `TargetDescription`).
const EVERY_ZONE: &str = "all";

/// A zone, as far as the topology tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zone {
    account: Option<AccountId>,
    name: Option<ZoneName>,
    id: Option<ZoneId>,
}

impl Zone {
    /// Whether it is the same zone as another; none where that cannot be known.
    pub(crate) fn is(&self, other: &Self) -> Option<bool> {
        if let (Some(own), Some(other)) = (&self.id, &other.id) {
            return Some(own == other);
        }
        let names = self.name.as_ref().zip(other.name.as_ref());
        names
            .filter(|_| self.account.is_some() && self.account == other.account)
            .map(|(own, other)| own == other)
    }

    /// What is the same for equal zones: the id, else the name within the account; none where neither is known.
    pub(crate) fn key(&self) -> Option<String> {
        if let Some(id) = &self.id {
            return Some(id.to_string());
        }
        let (account, name) = self.account.as_ref().zip(self.name.as_ref())?;
        Some(format!("{account}/{name}"))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.id) {
            (Some(name), _) => name.fmt(f),
            (None, Some(id)) => id.fmt(f),
            (None, None) => f.write_str("a zone that is not named"),
        }
    }
}

/// The zones that subnets tell of.
#[derive(Debug, Default)]
pub(crate) struct Zones {
    of_subnet: BTreeMap<SubnetIx, Zone>,
    ids: BTreeMap<(AccountId, ZoneName), ZoneId>,
}

impl Zones {
    pub(crate) fn gather(builder: &Builder) -> Self {
        let mut all = Self::default();
        let subnets: Vec<(ResourceIx, Subnet)> = builder.each(pick!(Subnet));
        for (at, subnet) in &subnets {
            let Some(owner) = builder.network.resource(*at).map(|held| &held.owner_id) else {
                continue;
            };
            let both = subnet.availability_zone.clone();
            if let Some((name, id)) = both.zip(subnet.availability_zone_id.clone()) {
                all.ids.entry((owner.clone(), name)).or_insert(id);
            }
        }
        for (at, subnet) in subnets {
            let owner = builder.network.resource(at).map(|held| &held.owner_id);
            let Some((owner, own)) = owner.zip(builder.subnet(&subnet.subnet_id)) else {
                continue;
            };
            let name = subnet.availability_zone;
            let known = name.as_ref().and_then(|name| all.id(owner, name));
            let zone = Zone {
                account: Some(owner.clone()),
                id: subnet.availability_zone_id.or(known),
                name,
            };
            all.of_subnet.insert(own, zone);
        }
        all
    }

    fn id(&self, account: &AccountId, name: &ZoneName) -> Option<ZoneId> {
        self.ids.get(&(account.clone(), name.clone())).cloned()
    }

    /// The zone of a subnet.
    pub(crate) fn of_subnet(&self, subnet: SubnetIx) -> Option<&Zone> {
        self.of_subnet.get(&subnet)
    }

    /// The zone that an account calls by a name. `all`, the zone of targets outside of the load balancer's VPC, is none that could be compared.
    pub(crate) fn named(&self, account: &AccountId, name: &ZoneName) -> Zone {
        if name.as_str() == EVERY_ZONE {
            return Zone::default();
        }
        Zone {
            account: Some(account.clone()),
            id: self.id(account, name),
            name: Some(name.clone()),
        }
    }

    /// The zone that the owner of a resource calls by a name.
    pub(crate) fn named_by(
        &self,
        builder: &Builder,
        by: ResourceIx,
        name: Option<&ZoneName>,
    ) -> Option<Zone> {
        let owner = &builder.network.resource(by)?.owner_id;
        Some(self.named(owner, name?))
    }
}
