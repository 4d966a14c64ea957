//! Watching a topology: every revision after one, in order, each once.
//!
//! What there is to tell comes from the log, and that there is more from the head that is published; so it does not matter who moved the
//! head, and how far behind a watcher is. Nothing is kept for a watcher but a few records of the log.

use std::collections::VecDeque;
use std::sync::Arc;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::resource::Resource;
use causeway_model::revision::{Revision, TopologyName};
use causeway_store::{Logged, TopologyId};
use tokio::sync::watch;

use crate::counts::Counted;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::topology::{Head, Topology};

/// Records of the log that are read at once.
const BATCH: u64 = 256;

/// A place in the history of one incarnation of a topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchPoint {
    /// The incarnation.
    pub topology: TopologyId,
    /// The revision.
    pub revision: Revision,
}

/// Where a watch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchStart {
    /// With the next revision.
    Now,
    /// With the one after this.
    After(Revision),
    /// With the one after this, in the same incarnation.
    Resume(WatchPoint),
}

/// What a watch tells.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchEvent {
    /// A revision, the one after the last that was told.
    Revision {
        /// Its record.
        logged: Logged,
        /// Its changes; none if they were not asked for, or are more than asked for.
        changes: Option<ChangeSet>,
    },
    /// How far the watch has come.
    Mark {
        /// The last revision that was told, or after which it began.
        told: Revision,
        /// The newest revision.
        head: Revision,
    },
}

/// A watch that is under way.
#[derive(Debug)]
pub struct Watch {
    engine: Engine,
    topology: Arc<Topology>,
    heads: watch::Receiver<Head>,
    /// The last revision that was told.
    told: Revision,
    /// Records after it.
    waiting: VecDeque<Logged>,
    /// Changes of one revision that are told with it, at most.
    most_changes: u64,
    begun: bool,
    caught_up: bool,
    _counted: Counted,
}

// === impl Engine ===

impl Engine {
    /// Begins to watch a topology. A revision's changes are told with it if they are this many at most; with 0 they never are.
    ///
    /// # Errors
    /// [`EngineError::TopologyNotFound`], also if it is not the incarnation that is resumed; [`EngineError::RevisionNotReached`] for a beginning after the
    /// head.
    pub async fn watch(
        &self,
        name: &TopologyName,
        start: WatchStart,
        most_changes: u64,
    ) -> Result<Watch, EngineError> {
        let topology = self.topology(name).await?;
        let heads = topology.heads();
        let head = heads.borrow().view.revision;
        let told = match start {
            WatchStart::Now => head,
            WatchStart::After(revision) => revision,
            WatchStart::Resume(point) if point.topology == topology.record.id => point.revision,
            WatchStart::Resume(_) => {
                return Err(EngineError::TopologyNotFound { name: name.clone() });
            }
        };
        if told > head {
            return Err(EngineError::RevisionNotReached { wanted: told, head });
        }
        Ok(Watch {
            engine: self.clone(),
            topology,
            heads,
            told,
            waiting: VecDeque::new(),
            most_changes,
            begun: false,
            caught_up: false,
            _counted: Counted::new(&self.tallies.watches),
        })
    }
}

// === impl Watch ===

impl Watch {
    /// The place after the last event.
    #[must_use]
    pub fn point(&self) -> WatchPoint {
        WatchPoint {
            topology: self.topology.record.id,
            revision: self.told,
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn mark(&self) -> WatchEvent {
        WatchEvent::Mark {
            told: self.told,
            head: self.heads.borrow().view.revision,
        }
    }

    /// The next event, once there is one. The first one is a mark, and when all revisions were told for the first time there is another one; after
    /// that there are revisions alone. If it is dropped before it is done, nothing is lost.
    ///
    /// # Errors
    /// [`EngineError::TopologyNotFound`] once the topology is deleted; [`EngineError::RevisionNotKept`] if the next revision is not kept any more.
    pub async fn next(&mut self) -> Result<WatchEvent, EngineError> {
        loop {
            let head = self.head()?;
            if !std::mem::replace(&mut self.begun, true) {
                self.caught_up = self.told == head;
                return Ok(self.mark());
            }
            if let Some(logged) = self.waiting.front() {
                let logged = logged.clone();
                let changes = self.changes(&logged).await?;
                self.waiting.pop_front();
                self.told = logged.revision;
                return Ok(WatchEvent::Revision { logged, changes });
            }
            if self.told < head {
                self.waiting = self.read(head).await?;
            } else if !std::mem::replace(&mut self.caught_up, true) {
                return Ok(self.mark());
            } else if self.heads.changed().await.is_err() {
                return Err(self.not_found());
            }
        }
    }

    /// The newest revision. From now on, another one is a change.
    fn head(&mut self) -> Result<Revision, EngineError> {
        let head = self.heads.borrow_and_update();
        if head.is_deleted {
            drop(head);
            return Err(self.not_found());
        }
        Ok(head.view.revision)
    }

    /// The next records of the log, without gaps.
    async fn read(&self, head: Revision) -> Result<VecDeque<Logged>, EngineError> {
        let newest = Revision(head.0.min(self.told.0.saturating_add(BATCH)));
        let count = newest.0.saturating_sub(self.told.0);
        let limit = usize::try_from(count).unwrap_or(usize::MAX);
        let found = self
            .engine
            .store
            .history(self.topology.record.id, newest, limit)
            .await;
        let mut records = VecDeque::from(found.map_err(|error| self.failed(error))?);
        records.make_contiguous().reverse();
        let expected = (self.told.0.saturating_add(1)..=newest.0).map(Revision);
        if records.iter().map(|logged| logged.revision).eq(expected) {
            return Ok(records);
        }
        // The log was cut: what is asked for is older than what is kept.
        let first = records
            .front()
            .map_or_else(|| newest.next(), |logged| logged.revision);
        let now = self.engine.current(&self.topology.record).await?;
        Err(EngineError::RevisionNotKept {
            wanted: self.told.next(),
            oldest: now.oldest.max(first),
        })
    }

    async fn changes(&self, logged: &Logged) -> Result<Option<ChangeSet>, EngineError> {
        let [put, deleted] = logged.counts;
        if put.saturating_add(deleted) > self.most_changes {
            return Ok(None);
        }
        let sets = self
            .engine
            .store
            .read(self.topology.record.id, self.told, logged.revision)
            .await;
        let sets = sets.map_err(|error| self.failed(error))?;
        let Some(set) = sets.into_iter().next() else {
            return Ok(None);
        };
        self.seen(set, logged.revision).await.map(Some)
    }

    /// The changes as the watcher sees them: what is hidden is left out, and what becomes hidden is told as deleted.
    async fn seen(&self, set: ChangeSet, revision: Revision) -> Result<ChangeSet, EngineError> {
        let Some(veil) = self.engine.veil() else {
            return Ok(set);
        };
        let before = self.engine.snapshot_at(&self.topology, self.told).await?;
        let after = self.engine.snapshot_at(&self.topology, revision).await?;
        let changes = set.changes.into_iter().filter_map(|change| {
            let id = change.id();
            let is_shown = |held: &&Arc<Resource>| veil.shows(held);
            let was_shown = before.get(id.as_str()).filter(is_shown).is_some();
            match after.get(id.as_str()).filter(is_shown) {
                Some(_) => Some(change),
                None => was_shown.then(|| Change::Delete(id.clone())),
            }
        });
        Ok(ChangeSet {
            changes: changes.collect(),
        })
    }

    fn failed(&self, error: causeway_store::StoreError) -> EngineError {
        EngineError::from_store(error, &self.topology.record.name)
    }

    fn not_found(&self) -> EngineError {
        EngineError::TopologyNotFound {
            name: self.topology.record.name.clone(),
        }
    }
}
