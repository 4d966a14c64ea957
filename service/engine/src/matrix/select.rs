//! Which ends a matrix is of.

use std::collections::BTreeSet;

use causeway_model::flow::FlowEnd;
use causeway_model::ids::{ResourceId, SecurityGroupId, SubnetId};
use causeway_model::resource::{Body, Kind, Resource};
use causeway_model::resources::NetworkInterface;
use causeway_model::snapshot::Snapshot;
use causeway_resolver::ResolveError;

use crate::read::Filter;

/// Chooses ends of flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndSelector {
    /// This one.
    One(FlowEnd),
    /// All that meet some conditions.
    All(EndFilter),
}

/// Which network interfaces or instances to choose: those that meet every condition given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndFilter {
    /// Interfaces or instances.
    pub kind: EndKind,
    /// What is asked of the resource itself; its kinds are not looked at.
    pub of: Filter,
    /// In this subnet; an instance by an interface of its own.
    pub subnet: Option<SubnetId>,
    /// With this security group; an instance by an interface of its own.
    pub group: Option<SecurityGroupId>,
}

/// What a filter chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndKind {
    /// Network interfaces.
    #[default]
    Interfaces,
    /// Instances.
    Instances,
}

/// A state, as far as somebody may see it.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    snapshot: &'a Snapshot,
    shows: &'a dyn Fn(&Resource) -> bool,
}

// === impl Chosen ===

impl<'a> Chosen<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, shows: &'a dyn Fn(&Resource) -> bool) -> Self {
        Self { snapshot, shows }
    }

    /// What some selectors choose, each once, in order.
    pub(super) fn ends(self, selectors: &[EndSelector]) -> Result<Vec<FlowEnd>, ResolveError> {
        let mut ends = BTreeSet::new();
        for selector in selectors {
            match selector {
                EndSelector::One(end) => {
                    if let FlowEnd::Resource(id) = end {
                        self.check(id)?;
                    }
                    ends.insert(end.clone());
                }
                EndSelector::All(filter) => {
                    filter.check(self)?;
                    ends.extend(filter.all(self).into_iter().map(FlowEnd::Resource));
                }
            }
        }
        Ok(ends.into_iter().collect())
    }

    /// That a resource is there.
    fn check(self, id: &ResourceId) -> Result<(), ResolveError> {
        match self.snapshot.get(id.as_str()) {
            Some(held) if (self.shows)(held) => Ok(()),
            Some(_) | None => Err(ResolveError::UnknownResource { id: id.clone() }),
        }
    }

    /// All that there is.
    fn iter(self) -> impl Iterator<Item = &'a Resource> {
        let held = self.snapshot.iter().map(std::sync::Arc::as_ref);
        held.filter(move |held| (self.shows)(held))
    }
}

// === impl EndFilter ===

impl EndFilter {
    /// Refuses what chooses nothing only because an id is not one of the topology's.
    fn check(&self, chosen: Chosen<'_>) -> Result<(), ResolveError> {
        let Self {
            kind: _,
            of,
            subnet,
            group,
        } = self;
        let ids = [
            of.vpc.as_ref().map(|id| id.as_resource_id()),
            subnet.as_ref().map(|id| id.as_resource_id()),
            group.as_ref().map(|id| id.as_resource_id()),
        ];
        ids.into_iter()
            .flatten()
            .try_for_each(|id| chosen.check(id))
    }

    fn all(&self, chosen: Chosen<'_>) -> Vec<ResourceId> {
        match self.kind {
            EndKind::Interfaces => {
                let found = chosen.iter().filter(|held| {
                    interface(held).is_some_and(|own| self.fits(own)) && self.of.admits(held)
                });
                found.map(|held| held.id().clone()).collect()
            }
            EndKind::Instances => self.instances(chosen),
        }
    }

    fn instances(&self, chosen: Chosen<'_>) -> Vec<ResourceId> {
        let is_by_interface = self.subnet.is_some() || self.group.is_some();
        let fitting: BTreeSet<&ResourceId> = if is_by_interface {
            let own = chosen.iter().filter_map(|held| interface(held));
            let own = own.filter(|own| self.fits(own));
            own.filter_map(|own| Some(own.instance_id.as_ref()?.as_resource_id()))
                .collect()
        } else {
            BTreeSet::new()
        };
        let found = chosen.iter().filter(|held| {
            held.kind() == Kind::Instance
                && (!is_by_interface || fitting.contains(held.id()))
                && self.of.admits(held)
        });
        found.map(|held| held.id().clone()).collect()
    }

    /// Whether an interface is in the subnet and has the group that are wanted.
    fn fits(&self, own: &NetworkInterface) -> bool {
        self.subnet.as_ref().is_none_or(|id| own.subnet_id == *id)
            && self
                .group
                .as_ref()
                .is_none_or(|id| own.group_ids.contains(id))
    }
}

fn interface(held: &Resource) -> Option<&NetworkInterface> {
    let Body::NetworkInterface(own) = &held.body else {
        return None;
    };
    Some(own)
}
