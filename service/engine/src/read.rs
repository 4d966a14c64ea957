//! Reading a topology: states, resources, history.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_model::ids::{AccountId, Region, ResourceId, VpcId};
use causeway_model::resource::{Kind, Resource};
use causeway_model::revision::{LabelName, Revision, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;
use causeway_store::{Label, Logged};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::topology::{Topology, View};

/// Which revision to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Consistency {
    /// The newest.
    #[default]
    Newest,
    /// The newest, which must not be older than this one.
    AtLeast(Revision),
    /// This very one.
    Exact(Revision),
    /// The newest one at this time or before it.
    AsOf(Timestamp),
    /// The one with this label.
    Label(LabelName),
}

/// Which resources to list: those that meet every condition given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Of one of these kinds; of any if empty.
    pub kinds: Vec<Kind>,
    /// In this VPC, or this VPC itself.
    pub vpc: Option<VpcId>,
    /// Of this account.
    pub owner: Option<AccountId>,
    /// In this Region.
    pub region: Option<Region>,
    /// With all of these tags.
    pub tags: Vec<TagFilter>,
}

/// A tag to list by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// Its key.
    pub key: String,
    /// Its value; any if none.
    pub value: Option<String>,
}

/// A page of resources.
#[derive(Debug, Clone)]
pub struct ResourcePage {
    /// The revision they were read at.
    pub revision: Revision,
    /// The resources, by id.
    pub resources: Vec<Arc<Resource>>,
    /// Whether there are more.
    pub more: bool,
}

/// A page of revisions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RevisionPage {
    /// The revisions, newest first, each with the labels that it has now, by name.
    pub revisions: Vec<(Logged, Vec<LabelName>)>,
    /// Whether there are more.
    pub more: bool,
}

// === impl Engine ===

impl Engine {
    /// The state of a topology.
    ///
    /// # Errors
    /// [`EngineError::TopologyNotFound`]; [`EngineError::RevisionNotReached`] and [`EngineError::RevisionNotKept`] for a revision that is not there,
    /// [`EngineError::BeforeCreation`] for a time, [`EngineError::LabelNotFound`] for a label.
    pub async fn view(
        &self,
        name: &TopologyName,
        consistency: Consistency,
    ) -> Result<View, EngineError> {
        let topology = self.topology(name).await?;
        self.view_of(&topology, consistency).await
    }

    pub(crate) async fn view_of(
        &self,
        topology: &Topology,
        consistency: Consistency,
    ) -> Result<View, EngineError> {
        let moves_on = matches!(consistency, Consistency::Newest | Consistency::AtLeast(_));
        let revision = self.revision_of(topology, consistency).await?;
        if moves_on {
            return Ok(topology.head());
        }
        Ok(View {
            revision,
            snapshot: self.snapshot_at(topology, revision).await?,
        })
    }

    /// Which revision is to be read: one that there is, or that was there.
    pub(crate) async fn revision_of(
        &self,
        topology: &Topology,
        consistency: Consistency,
    ) -> Result<Revision, EngineError> {
        let (head, _) = topology.newest();
        match consistency {
            Consistency::AtLeast(wanted) | Consistency::Exact(wanted) if wanted > head => {
                Err(EngineError::RevisionNotReached { wanted, head })
            }
            Consistency::Exact(wanted) if wanted < topology.oldest() => {
                // It may be in memory still, and is not shown: what is kept is the same for everybody.
                let oldest = topology.oldest();
                Err(EngineError::RevisionNotKept { wanted, oldest })
            }
            Consistency::Exact(revision) => Ok(revision),
            Consistency::Newest | Consistency::AtLeast(_) => Ok(head),
            Consistency::AsOf(time) => self.revision_at(topology, time).await,
            Consistency::Label(label) => self.labelled(topology, label).await,
        }
    }

    /// One resource, and the revision it was read at.
    ///
    /// # Errors
    /// [`EngineError::ResourceNotFound`] if the topology does not hold it there; those of [`Engine::view`].
    pub async fn get_resource(
        &self,
        name: &TopologyName,
        id: &ResourceId,
        consistency: Consistency,
    ) -> Result<(Arc<Resource>, Revision), EngineError> {
        let View { revision, snapshot } = self.view(name, consistency).await?;
        let found = snapshot.get(id.as_str()).map(Arc::clone);
        let resource = found.filter(|resource| self.shows(resource));
        let resource = resource.ok_or_else(|| self.not_found(name, id, revision))?;
        Ok((resource, revision))
    }

    /// That a resource is not there, or that its caller may not see it: who may not see everything is told both alike.
    pub(crate) fn not_found(
        &self,
        topology: &TopologyName,
        id: &ResourceId,
        revision: Revision,
    ) -> EngineError {
        let (topology, id) = (topology.clone(), id.clone());
        if self.veil().is_some() {
            return EngineError::NotShown { topology, id };
        }
        EngineError::ResourceNotFound {
            topology,
            id,
            revision,
        }
    }

    /// The resources after an id that meet the filter, by id, at most so many.
    ///
    /// # Errors
    /// Those of [`Engine::view`].
    pub async fn list_resources(
        &self,
        name: &TopologyName,
        consistency: Consistency,
        filter: Filter,
        (after, limit): (Option<ResourceId>, usize),
    ) -> Result<ResourcePage, EngineError> {
        let View { revision, snapshot } = self.view(name, consistency).await?;
        let engine = self.clone();
        let (resources, more) = self
            .compute
            .run(move || engine.page(&filter, &snapshot, (after.as_ref(), limit)))
            .await?;
        Ok(ResourcePage {
            revision,
            resources,
            more,
        })
    }

    /// A page of what meets the filter and is shown.
    fn page(
        &self,
        filter: &Filter,
        snapshot: &Snapshot,
        (after, limit): (Option<&ResourceId>, usize),
    ) -> (Vec<Arc<Resource>>, bool) {
        let mut matching = snapshot
            .iter_after(after)
            .filter(|resource| filter.admits(resource) && self.shows(resource));
        let page = matching.by_ref().take(limit).cloned().collect();
        (page, matching.next().is_some())
    }

    /// The revisions from one down, or from below one that was listed before; newest first, at most so many.
    ///
    /// # Errors
    /// Those of [`Engine::view`].
    pub async fn list_revisions(
        &self,
        name: &TopologyName,
        from: Consistency,
        (below, limit): (Option<Revision>, usize),
    ) -> Result<RevisionPage, EngineError> {
        let topology = self.topology(name).await?;
        let newest = match below {
            Some(below) => Revision(below.0.saturating_sub(1)).min(topology.newest().0),
            None => self.revision_of(&topology, from).await?,
        };
        if newest == Revision::ZERO {
            return Ok(RevisionPage::default());
        }
        let found = self
            .store
            .history(topology.record.id, newest, limit.saturating_add(1))
            .await;
        let mut logged = found.map_err(|error| EngineError::from_store(error, name))?;
        let more = logged.len() > limit;
        logged.truncate(limit);
        let labels = if logged.is_empty() {
            Vec::new()
        } else {
            let found = self.store.labels(topology.record.id).await;
            found.map_err(|error| EngineError::from_store(error, name))?
        };
        Ok(RevisionPage::of(logged, &labels, more))
    }
}

// === impl RevisionPage ===

impl RevisionPage {
    fn of(logged: Vec<Logged>, labels: &[Label], more: bool) -> Self {
        let mut named: BTreeMap<Revision, Vec<LabelName>> = BTreeMap::new();
        for label in labels {
            named
                .entry(label.revision)
                .or_default()
                .push(label.name.clone());
        }
        let revisions = logged.into_iter().map(|logged| {
            let names = named.remove(&logged.revision).unwrap_or_default();
            (logged, names)
        });
        Self {
            revisions: revisions.collect(),
            more,
        }
    }
}

// === impl Filter ===

impl Filter {
    pub(crate) fn admits(&self, resource: &Resource) -> bool {
        let vpc_fits = self
            .vpc
            .as_ref()
            .is_none_or(|vpc| resource.body.vpc() == Some(vpc.as_resource_id()));
        (self.kinds.is_empty() || self.kinds.contains(&resource.kind()))
            && vpc_fits
            && self
                .owner
                .as_ref()
                .is_none_or(|owner| *owner == resource.owner_id)
            && self
                .region
                .as_ref()
                .is_none_or(|region| resource.region.as_ref() == Some(region))
            && self.tags.iter().all(|tag| tag.admits(resource))
    }
}

// === impl TagFilter ===

impl TagFilter {
    fn admits(&self, resource: &Resource) -> bool {
        let held = resource.tag(&self.key);
        held.is_some_and(|held| self.value.as_ref().is_none_or(|value| value == held))
    }
}
