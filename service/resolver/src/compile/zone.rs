//! Zones as resources tell them: by an id, which is the same in every account, or by a name, which means something in one account alone.

use causeway_model::ids::{AccountId, ZoneId, ZoneName};
use causeway_model::resource::Body;

use crate::table::{ResourceIx, SubnetIx};

use super::builder::Builder;

/// What is known of a zone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zone {
    pub(crate) id: Option<ZoneId>,
    pub(crate) owner: Option<AccountId>,
    pub(crate) name: Option<ZoneName>,
}

impl Zone {
    /// The zone of a subnet.
    pub(crate) fn of_subnet(builder: &Builder, subnet: SubnetIx) -> Self {
        let resource = builder.network.subnet(subnet);
        let resource = resource.and_then(|own| builder.network.resource(own.resource));
        let Some((resource, Body::Subnet(held))) = resource.map(|own| (own, &own.body)) else {
            return Self::default();
        };
        Self {
            id: held.availability_zone_id.clone(),
            owner: Some(resource.owner_id.clone()),
            name: held.availability_zone.clone(),
        }
    }

    /// A zone by the name that the owner of a resource has for it.
    pub(crate) fn named(builder: &Builder, by: ResourceIx, name: Option<&ZoneName>) -> Self {
        let owner = builder.network.resource(by);
        Self {
            id: None,
            owner: owner.map(|by| by.owner_id.clone()),
            name: name.cloned(),
        }
    }

    /// Whether two zones are the same; none where that cannot be told.
    pub(crate) fn is(&self, other: &Self) -> Option<bool> {
        if let (Some(own), Some(other)) = (&self.id, &other.id) {
            return Some(own == other);
        }
        let (own, its) = (self.name.as_ref()?, other.name.as_ref()?);
        let is_known = self.owner.is_some() && self.owner == other.owner;
        is_known.then_some(own == its)
    }
}
