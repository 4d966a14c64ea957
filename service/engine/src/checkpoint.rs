//! When checkpoints are written: so that a state is read from one and a bounded part of the log, and that writing them costs little beside the log.
//!
//! A checkpoint costs what the topology holds, whatever changed. So it is due once enough changed to be worth that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;
use causeway_store::{StoreError, TopologyRecord};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::topology::{Topology, View};

/// A checkpoint is due once the changes since the last one are this part of the resources.
const SHARE: u64 = 8;

/// Or so many changes, however many resources there are. To replay them takes a fraction of what it takes to load that many resources.
pub(crate) const MOST_REPLAYED: u64 = 32_768;

/// How many records of the log are read for the changes since the last checkpoint, when a topology is loaded. Of those before, each counts as one.
const COUNTED: u64 = 4_096;

/// What has changed since the last checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Growth {
    /// Changes since the topology was loaded, and those since the checkpoint before.
    changes: AtomicU64,
    /// The last checkpoint, and how many changes there had been by then.
    checkpoint: Mutex<(Revision, u64)>,
}

// === impl Growth ===

impl Growth {
    fn new(checkpoint: Revision, changes: u64) -> Self {
        Self {
            changes: AtomicU64::new(changes),
            checkpoint: Mutex::new((checkpoint, 0)),
        }
    }

    /// Adds the changes of a revision, and tells whether a checkpoint is due for the state that it made.
    fn add(&self, changes: u64, view: &View, every: u64) -> bool {
        let all = self.changes.fetch_add(changes, Ordering::Relaxed);
        let all = all.saturating_add(changes);
        let (revision, then) = *self.last();
        let revisions = view.revision.0.saturating_sub(revision.0);
        every > 0 && revisions >= every && is_worth(all.saturating_sub(then), view.snapshot.len())
    }

    fn all(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Notes that there is a checkpoint of a state that was the newest one when there were this many changes.
    fn note(&self, revision: Revision, changes: u64) {
        let mut last = self.last();
        if revision > last.0 {
            *last = (revision, changes);
        }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, (Revision, u64)> {
        self.checkpoint
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether so many changes are worth a checkpoint of so many resources.
pub(crate) fn is_worth(changes: u64, resources: usize) -> bool {
    let resources = u64::try_from(resources).unwrap_or(u64::MAX);
    changes >= MOST_REPLAYED.min(resources / SHARE)
}

// === impl Engine ===

impl Engine {
    /// What has changed in a topology since its last checkpoint.
    pub(crate) async fn growth(&self, record: &TopologyRecord) -> Result<Growth, EngineError> {
        let checkpoints = self.store.checkpoints(record.id).await;
        let checkpoints =
            checkpoints.map_err(|error| EngineError::from_store(error, &record.name))?;
        let last = checkpoints.last().copied().unwrap_or_default();
        let newer = record.head.0.saturating_sub(last.0);
        let from = Revision(record.head.0.saturating_sub(newer.min(COUNTED)));
        let counted = self.changes_between(record, from, record.head).await;
        let counted = counted.map_err(|error| EngineError::from_store(error, &record.name))?;
        let changes = counted.saturating_add(newer.saturating_sub(COUNTED));
        Ok(Growth::new(last, changes))
    }

    /// How many changes the revisions after one and up to another made.
    pub(crate) async fn changes_between(
        &self,
        record: &TopologyRecord,
        after: Revision,
        to: Revision,
    ) -> Result<u64, StoreError> {
        let limit = usize::try_from(to.0.saturating_sub(after.0)).unwrap_or(usize::MAX);
        let logged = self.store.history(record.id, to, limit).await?;
        let counts = logged.iter().flat_map(|logged| logged.counts);
        Ok(counts.fold(0, u64::saturating_add))
    }

    /// Writes a checkpoint in the background if so much has changed, so that loading and old states stay quick.
    pub(crate) fn checkpoint_if_due(&self, topology: &Arc<Topology>, changes: u64) {
        let head = topology.head();
        let every = self.limits.checkpoint_every;
        if !topology.growth.add(changes, &head, every) {
            return;
        }
        let (engine, topology) = (self.clone(), Arc::clone(topology));
        let all = topology.growth.all();
        tokio::spawn(async move {
            let Ok(_alone) = topology.checkpointing.try_lock() else {
                return;
            };
            let (record, revision) = (&topology.record, head.revision);
            if engine.checkpointed(record, revision, head.snapshot).await {
                topology.growth.note(revision, all);
            }
        });
    }

    /// Writes a checkpoint; says whether it is there. If it is not, the log has all.
    pub(crate) async fn checkpointed(
        &self,
        record: &TopologyRecord,
        revision: Revision,
        snapshot: Snapshot,
    ) -> bool {
        let put = self
            .store
            .put_checkpoint(record.id, revision, snapshot)
            .await;
        let Err(error) = put else {
            return true;
        };
        tracing::warn!(
            topology = record.name.as_str(),
            revision = revision.0,
            error = &error as &dyn std::error::Error,
            "no checkpoint was written; the log has all"
        );
        false
    }
}
