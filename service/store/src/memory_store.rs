//! A store in memory: for tests, and for a service that need not remember.
//!
//! Everything is done under one lock, so that what a commit assigns is assigned inside it. It knows no bytes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use causeway_model::change::ChangeSet;
use causeway_model::revision::{LabelName, Revision, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;

use crate::catalogue::{self, Catalogue};
use crate::port::{
    Append, Appended, Base, Deletion, Label, Logged, NewTopology, RequestKey, RequestRecord, Store,
    StoreError, TopologyId, TopologyRecord,
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
    /// Requests that deleted a topology of a name.
    deletions: BTreeMap<(TopologyName, RequestKey), RequestRecord>,
}

#[derive(Debug, Default)]
struct Topology {
    /// The revisions from the oldest one on; of revision 0 there is nothing. The changes of the oldest one are not kept once it was trimmed.
    log: BTreeMap<Revision, (Logged, ChangeSet)>,
    checkpoints: BTreeMap<Revision, Snapshot>,
    requests: BTreeMap<RequestKey, RequestRecord>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            catalogue: Catalogue::starting_at(1),
            topologies: BTreeMap::new(),
            deletions: BTreeMap::new(),
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

    fn change(&mut self, id: TopologyId) -> Result<&mut Topology, StoreError> {
        self.topologies
            .get_mut(&id)
            .ok_or(StoreError::NoTopology { id })
    }

    fn note(
        &mut self,
        id: TopologyId,
        request: Option<RequestRecord>,
        revision: Revision,
    ) -> Result<(), StoreError> {
        if let Some(request) = request {
            let request = RequestRecord {
                revision,
                ..request
            };
            let requests = &mut self.change(id)?.requests;
            requests.insert(request.key.clone(), request);
        }
        Ok(())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create(&self, new: NewTopology) -> Result<TopologyRecord, StoreError> {
        let mut kept = self.lock();
        let record = kept.catalogue.create(&new)?;
        let mut topology = Topology::default();
        if let Base::Restored { first, origin: _ } = new.base
            && first.revision > Revision::ZERO
        {
            let nothing = ChangeSet::default();
            topology.log.insert(first.revision, (first, nothing));
        }
        kept.topologies.insert(record.id, topology);
        kept.note(record.id, new.request, record.head)?;
        Ok(record)
    }

    async fn find(&self, name: &TopologyName) -> Result<Option<TopologyRecord>, StoreError> {
        self.lock().catalogue.find(name)
    }

    async fn list(&self) -> Result<Vec<TopologyRecord>, StoreError> {
        Ok(self.lock().catalogue.list())
    }

    async fn damaged(&self) -> Result<Vec<TopologyName>, StoreError> {
        Ok(self.lock().catalogue.damaged())
    }

    async fn delete(
        &self,
        id: TopologyId,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        let mut kept = self.lock();
        let record = kept.catalogue.remove(id)?;
        kept.topologies.remove(&id);
        if let Some(request) = request {
            let revision = record.head;
            let request = RequestRecord {
                revision,
                ..request
            };
            kept.deletions
                .insert((record.name, request.key.clone()), request);
        }
        Ok(())
    }

    async fn deletion(
        &self,
        name: &TopologyName,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        let key = (name.clone(), key.clone());
        Ok(self.lock().deletions.get(&key).cloned())
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let mut kept = self.lock();
        let nothing = append.changes.changes.is_empty();
        let revision = kept
            .catalogue
            .advance(append.topology, append.head, nothing)?;
        kept.note(append.topology, append.request, revision)?;
        if !nothing {
            let logged = Logged {
                revision,
                note: append.note,
                counts: append.counts,
            };
            let log = &mut kept.change(append.topology)?.log;
            log.insert(revision, (logged, append.changes));
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
        let record = kept.catalogue.get(id)?;
        catalogue::check_in_log(record, after.min(to))?;
        catalogue::check_in_log(record, to)?;
        if after >= to {
            return Ok(Vec::new());
        }
        let wanted = kept.topology(id)?.log.range(after.next()..=to);
        Ok(wanted.map(|(_, (_, changes))| changes.clone()).collect())
    }

    async fn history(
        &self,
        id: TopologyId,
        newest: Revision,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        let kept = self.lock();
        let back = kept.topology(id)?.log.range(..=newest).rev();
        Ok(back
            .map(|(_, (logged, _))| logged.clone())
            .take(limit)
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
        kept.change(id)?.checkpoints.insert(revision, snapshot);
        if revision == Revision::ZERO {
            kept.catalogue.detach(id);
        }
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

    async fn checkpoints(&self, id: TopologyId) -> Result<Vec<Revision>, StoreError> {
        Ok(self
            .lock()
            .topology(id)?
            .checkpoints
            .keys()
            .copied()
            .collect())
    }

    async fn drop_checkpoint(&self, id: TopologyId, revision: Revision) -> Result<(), StoreError> {
        let mut kept = self.lock();
        let oldest = kept.catalogue.get(id)?.oldest;
        if revision > oldest {
            kept.change(id)?.checkpoints.remove(&revision);
        }
        Ok(())
    }

    async fn trim(&self, id: TopologyId, oldest: Revision) -> Result<(), StoreError> {
        let mut kept = self.lock();
        if oldest <= kept.catalogue.get(id)?.oldest {
            return Ok(());
        }
        if !kept.topology(id)?.checkpoints.contains_key(&oldest) {
            return Err(StoreError::NoCheckpoint { revision: oldest });
        }
        kept.catalogue.trim(id, oldest)?;
        let topology = kept.change(id)?;
        topology.log = topology.log.split_off(&oldest);
        topology.checkpoints = topology.checkpoints.split_off(&oldest);
        Ok(())
    }

    async fn set_label(
        &self,
        id: TopologyId,
        label: Label,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        let mut kept = self.lock();
        let revision = label.revision;
        kept.catalogue.label(id, label)?;
        kept.note(id, request, revision)
    }

    async fn delete_label(
        &self,
        id: TopologyId,
        name: &LabelName,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError> {
        let mut kept = self.lock();
        kept.catalogue.unlabel(id, name)?;
        let head = kept.catalogue.get(id)?.head;
        kept.note(id, request, head)
    }

    async fn labels(&self, id: TopologyId) -> Result<Vec<Label>, StoreError> {
        self.lock().catalogue.labels(id)
    }

    async fn request(
        &self,
        id: TopologyId,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        Ok(self.lock().topology(id)?.requests.get(key).cloned())
    }

    async fn requests(
        &self,
        id: TopologyId,
        after: Option<&RequestKey>,
        limit: usize,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        let kept = self.lock();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let later = kept
            .topology(id)?
            .requests
            .range::<RequestKey, _>((start, Bound::Unbounded));
        Ok(later
            .take(limit)
            .map(|(_, request)| request.clone())
            .collect())
    }

    async fn put_requests(
        &self,
        id: TopologyId,
        requests: Vec<RequestRecord>,
    ) -> Result<(), StoreError> {
        let mut kept = self.lock();
        let keyed = requests
            .into_iter()
            .map(|request| (request.key.clone(), request));
        kept.change(id)?.requests.extend(keyed);
        Ok(())
    }

    async fn deletions(
        &self,
        after: Option<&Deletion>,
        limit: usize,
    ) -> Result<Vec<Deletion>, StoreError> {
        let kept = self.lock();
        let start = after.map_or(Bound::Unbounded, |after| {
            Bound::Excluded((after.name.clone(), after.request.key.clone()))
        });
        let later = kept.deletions.range((start, Bound::Unbounded)).take(limit);
        let deletions = later.map(|((name, _), request)| Deletion {
            name: name.clone(),
            request: request.clone(),
        });
        Ok(deletions.collect())
    }

    async fn put_deletions(&self, deletions: Vec<Deletion>) -> Result<(), StoreError> {
        let keyed = deletions
            .into_iter()
            .map(|Deletion { name, request }| ((name, request.key.clone()), request));
        self.lock().deletions.extend(keyed);
        Ok(())
    }

    async fn forget_requests(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut kept = self.lock();
        let mut forgotten = 0_u64;
        let mut keeps = |request: &RequestRecord| {
            let is_old = request.time < before;
            forgotten = forgotten.saturating_add(is_old.into());
            !is_old
        };
        kept.deletions.retain(|_, request| keeps(request));
        for topology in kept.topologies.values_mut() {
            topology.requests.retain(|_, request| keeps(request));
        }
        Ok(forgotten)
    }
}
