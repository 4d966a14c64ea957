//! A store in memory: for tests, and for a service that need not remember.
//!
//! Everything is done under one lock, so that what a commit assigns is assigned inside it. It knows no bytes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use causeway_model::change::ChangeSet;
use causeway_model::revision::{Revision, TopologyName};
use causeway_model::snapshot::Snapshot;

use crate::catalogue::{self, Catalogue};
use crate::port::{
    Append, Appended, Logged, NewTopology, RequestKey, RequestRecord, Store, StoreError,
    TopologyId, TopologyRecord,
};

/// Keeps topologies in memory, until it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    catalogue: Catalogue,
    topologies: BTreeMap<TopologyId, Topology>,
}

#[derive(Debug, Default)]
struct Topology {
    /// Revision 1 comes first.
    log: Vec<(Logged, ChangeSet)>,
    checkpoints: BTreeMap<Revision, Snapshot>,
    requests: BTreeMap<RequestKey, RequestRecord>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            catalogue: Catalogue::starting_at(1),
            topologies: BTreeMap::new(),
        }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn topology(&self, id: TopologyId) -> Result<&Topology, StoreError> {
        self.topologies
            .get(&id)
            .ok_or(StoreError::NoTopology { id })
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create(&self, new: NewTopology) -> Result<TopologyRecord, StoreError> {
        let mut kept = self.lock();
        let record = kept.catalogue.create(&new)?;
        let requests = new
            .request
            .into_iter()
            .map(|request| (request.key.clone(), request))
            .collect();
        kept.topologies.insert(
            record.id,
            Topology {
                requests,
                ..Topology::default()
            },
        );
        Ok(record)
    }

    async fn find(&self, name: &TopologyName) -> Result<Option<TopologyRecord>, StoreError> {
        self.lock().catalogue.find(name)
    }

    async fn list(&self) -> Result<Vec<TopologyRecord>, StoreError> {
        Ok(self.lock().catalogue.list())
    }

    async fn delete(&self, id: TopologyId) -> Result<(), StoreError> {
        let mut kept = self.lock();
        kept.catalogue.remove(id)?;
        kept.topologies.remove(&id);
        Ok(())
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let mut kept = self.lock();
        let nothing = append.changes.changes.is_empty();
        let revision = kept
            .catalogue
            .advance(append.topology, append.head, nothing)?;
        let topology = kept.topologies.entry(append.topology).or_default();
        if let Some(request) = append.request {
            topology.requests.insert(
                request.key.clone(),
                RequestRecord {
                    revision,
                    ..request
                },
            );
        }
        if !nothing {
            topology.log.push((
                Logged {
                    revision,
                    note: append.note,
                    counts: append.counts,
                },
                append.changes,
            ));
        }
        Ok(Appended { revision })
    }

    async fn read(
        &self,
        id: TopologyId,
        after: Revision,
        to: Revision,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        let kept = self.lock();
        catalogue::check_in_log(kept.catalogue.get(id)?, to)?;
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let wanted = kept
            .topology(id)?
            .log
            .iter()
            .skip(size(after.0))
            .take(size(to.0.saturating_sub(after.0)));
        Ok(wanted.map(|(_, changes)| changes.clone()).collect())
    }

    async fn history(
        &self,
        id: TopologyId,
        newest: Revision,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let kept = self.lock();
        let back = kept
            .topology(id)?
            .log
            .iter()
            .rev()
            .map(|(logged, _)| logged);
        Ok(back
            .skip_while(|logged| logged.revision > newest)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn put_checkpoint(
        &self,
        id: TopologyId,
        revision: Revision,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        let mut kept = self.lock();
        catalogue::check_in_log(kept.catalogue.get(id)?, revision)?;
        kept.topologies
            .entry(id)
            .or_default()
            .checkpoints
            .insert(revision, snapshot);
        Ok(())
    }

    async fn checkpoint(
        &self,
        id: TopologyId,
        at: Revision,
    ) -> Result<Option<(Revision, Snapshot)>, StoreError> {
        let kept = self.lock();
        let newest = kept.topology(id)?.checkpoints.range(..=at).next_back();
        Ok(newest.map(|(&revision, snapshot)| (revision, snapshot.clone())))
    }

    async fn request(
        &self,
        id: TopologyId,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        Ok(self.lock().topology(id)?.requests.get(key).cloned())
    }
}
