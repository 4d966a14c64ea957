//! Letting go of the past: revisions that no rule keeps, checkpoints that are closer together than old states need, requests that are long over.
//!
//! Everything here is done a little at a time, again and again, in the background. What fails is told in the log and tried again in the next round. A
//! topology need not be in memory for it, and is not loaded.

use std::time::Duration;

use causeway_model::revision::{Revision, Timestamp, TopologyName};
use causeway_store::{StoreError, TopologyRecord};

use crate::checkpoint::MOST_REPLAYED;
use crate::engine::Engine;
use crate::error::EngineError;

/// Revisions between a checkpoint and the one that could be the oldest, from which on one is written there; if checkpoints are not written otherwise.
const NEAR: u64 = 128;

/// Most revisions from one checkpoint to the next, however old they are.
const FARTHEST: u64 = 8_192;

/// Most checkpoints of one topology that are dropped in one round.
const DROPPED_AT_ONCE: usize = 64;

// === impl Engine ===

impl Engine {
    /// Lets go, in all topologies, of what is not to be kept any more. It goes on after a failure, and tells it in the log.
    pub async fn let_go(&self) {
        let records = match self.store.list().await {
            Ok(records) => records,
            Err(error) => {
                tell(None, &error);
                return;
            }
        };
        for record in &records {
            if let Err(error) = self.let_go_of(record, &records).await {
                tell(Some(&record.name), &error);
            }
        }
        let before = before(self.clock.now(), self.limits.retention.requests);
        match self.store.forget_requests(before).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "old requests were forgotten"),
            Err(error) => tell(None, &error),
        }
    }

    async fn let_go_of(
        &self,
        record: &TopologyRecord,
        all: &[TopologyRecord],
    ) -> Result<(), EngineError> {
        let fail = |error| EngineError::from_store(error, &record.name);
        let first = self.first_to_keep(record, all).await.map_err(fail)?;
        if first > record.oldest {
            let oldest = self.beginning(record, first).await?;
            if oldest > record.oldest {
                self.trim(record, oldest).await?;
            }
        }
        self.thin(record).await.map_err(fail)
    }

    /// The newest revision that could be the oldest one: no rule, no label and no fork needs those below.
    async fn first_to_keep(
        &self,
        record: &TopologyRecord,
        all: &[TopologyRecord],
    ) -> Result<Revision, StoreError> {
        let retention = &self.limits.retention;
        let mut first = record.head;
        if retention.revisions.is_none() && retention.age.is_none() {
            return Ok(record.oldest);
        }
        if let Some(kept) = retention.revisions {
            first = Revision(record.head.0.saturating_sub(kept.saturating_sub(1)));
        }
        if let Some(age) = retention.age {
            let since = before(self.clock.now(), age);
            first = first.min(self.newest_at(record, since, first).await?);
        }
        for label in self.store.labels(record.id).await? {
            first = first.min(label.revision);
        }
        for (on, revision) in all.iter().filter_map(|fork| fork.leans_on) {
            if on == record.id {
                first = first.min(revision);
            }
        }
        Ok(first.max(record.oldest))
    }

    /// The newest revision up to this one that was there at a time; the oldest one if none of them was.
    async fn newest_at(
        &self,
        record: &TopologyRecord,
        time: Timestamp,
        newest: Revision,
    ) -> Result<Revision, StoreError> {
        let (mut before, mut after) = (record.oldest, newest.next());
        while before.next() < after {
            let middle = Revision(before.0.midpoint(after.0));
            let logged = self.store.history(record.id, middle, 1).await?;
            let is_there = logged
                .first()
                .is_some_and(|logged| logged.note.time <= time);
            if is_there {
                before = middle;
            } else {
                after = middle;
            }
        }
        Ok(before)
    }

    /// Where the history is to begin: at a checkpoint that is there and frees most of what can be let go, or at one that is written for it.
    async fn beginning(
        &self,
        record: &TopologyRecord,
        first: Revision,
    ) -> Result<Revision, EngineError> {
        let checkpoints = self.store.checkpoints(record.id).await;
        let checkpoints =
            checkpoints.map_err(|error| EngineError::from_store(error, &record.name))?;
        let below = checkpoints.into_iter().rfind(|found| *found <= first);
        let nearest = below.unwrap_or(record.oldest).max(record.oldest);
        let every = match self.limits.checkpoint_every {
            0 => NEAR,
            every => every,
        };
        if first.0.saturating_sub(nearest.0) < every
            || !self.is_worth_it(record, nearest, first).await?
        {
            return Ok(nearest);
        }
        let snapshot = self.rebuild(record, first).await?;
        let is_there = self.checkpointed(record, first, snapshot).await;
        Ok(if is_there { first } else { nearest })
    }

    /// Whether the log between two revisions is worth a checkpoint. For a topology that is not in memory nobody knows how much it holds; nobody writes to it either,
    /// so that it is asked for seldom.
    async fn is_worth_it(
        &self,
        record: &TopologyRecord,
        after: Revision,
        to: Revision,
    ) -> Result<bool, EngineError> {
        let Some(topology) = self.registry.get(&record.name) else {
            return Ok(true);
        };
        let limit = Revision(to.0.saturating_sub(MOST_REPLAYED)).max(after);
        let changes = self.changes_between(record, limit, to).await;
        let changes = changes.map_err(|error| EngineError::from_store(error, &record.name))?;
        Ok(crate::checkpoint::is_worth(
            changes,
            topology.head().snapshot.len(),
        ))
    }

    async fn trim(&self, record: &TopologyRecord, oldest: Revision) -> Result<(), EngineError> {
        let mut trimmed = self.store.trim(record.id, oldest).await;
        if matches!(trimmed, Err(StoreError::NoCheckpoint { .. })) {
            // It cannot be read: it is made again from the log, which is all there still.
            self.store
                .drop_checkpoint(record.id, oldest)
                .await
                .map_err(|error| EngineError::from_store(error, &record.name))?;
            let snapshot = self.rebuild(record, oldest).await?;
            if self.checkpointed(record, oldest, snapshot).await {
                trimmed = self.store.trim(record.id, oldest).await;
            }
        }
        match trimmed {
            Ok(()) => {}
            // A label or a fork came in between: the next round sees it.
            Err(StoreError::Labelled { .. } | StoreError::LeanedOn { .. }) => return Ok(()),
            Err(error) => return Err(EngineError::from_store(error, &record.name)),
        }
        // Who loads it meanwhile has read where it began before; afterwards nobody has.
        let _lock = self.registry.lock(&record.name).lock().await;
        let loaded = self.registry.get(&record.name);
        if let Some(topology) = loaded.filter(|topology| topology.record.id == record.id) {
            topology.trimmed(oldest);
        }
        tracing::info!(
            topology = record.name.as_str(),
            oldest = oldest.0,
            "older revisions were let go"
        );
        Ok(())
    }

    /// Drops checkpoints that lie closer together than old states need: the older they are, the farther apart.
    async fn thin(&self, record: &TopologyRecord) -> Result<(), StoreError> {
        let checkpoints = self.store.checkpoints(record.id).await?;
        let mut kept: Vec<Revision> = checkpoints.iter().rev().copied().collect();
        let mut dropped = 0;
        let mut place = 1;
        while dropped < DROPPED_AT_ONCE {
            let (Some(&newer), Some(&this), Some(&older)) =
                (kept.get(place - 1), kept.get(place), kept.get(place + 1))
            else {
                break;
            };
            if self.is_needless(record, (newer, older)).await? {
                self.store.drop_checkpoint(record.id, this).await?;
                kept.remove(place);
                dropped += 1;
            } else {
                place += 1;
            }
        }
        Ok(())
    }

    /// Whether no checkpoint is needed between two others.
    async fn is_needless(
        &self,
        record: &TopologyRecord,
        (newer, older): (Revision, Revision),
    ) -> Result<bool, StoreError> {
        let apart = newer.0.saturating_sub(older.0);
        let age = record.head.0.saturating_sub(newer.0);
        if apart > (age / 2).min(FARTHEST) {
            return Ok(false);
        }
        let changes = self.changes_between(record, older, newer).await?;
        Ok(changes <= MOST_REPLAYED)
    }
}

/// So long before a time.
fn before(time: Timestamp, age: Duration) -> Timestamp {
    Timestamp(time.0.saturating_sub(age))
}

fn tell(topology: Option<&TopologyName>, error: &(dyn std::error::Error + 'static)) {
    let name = topology.map_or("", TopologyName::as_str);
    tracing::warn!(
        topology = name,
        error,
        "what is not to be kept any more could not be let go; it is tried again"
    );
}
