//! One topology in memory: its newest state, and the turn that writers take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use causeway_model::revision::{Revision, Timestamp};
use causeway_model::snapshot::Snapshot;
use causeway_store::TopologyRecord;
use tokio::sync::{Mutex, MutexGuard, watch};

use crate::checkpoint::Growth;
use crate::earlier::Earlier;
use crate::error::EngineError;

/// A topology at a revision. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct View {
    /// The revision.
    pub revision: Revision,
    /// The state that it has.
    pub snapshot: Snapshot,
}

/// The newest state, and what is told of it.
#[derive(Debug)]
pub(crate) struct Head {
    /// The state.
    pub(crate) view: View,
    /// When it was applied.
    pub(crate) time: Timestamp,
    /// Whether the topology is deleted: nothing comes after this.
    pub(crate) is_deleted: bool,
}

/// One incarnation of a topology.
#[derive(Debug)]
pub(crate) struct Topology {
    /// What the store told when it was loaded; the head and the oldest revision have moved on since.
    pub(crate) record: TopologyRecord,
    oldest: AtomicU64,
    head: watch::Sender<Head>,
    earlier: RwLock<Earlier>,
    writer: Mutex<()>,
    /// Held while a checkpoint is written: one at a time is enough.
    pub(crate) checkpointing: Mutex<()>,
    pub(crate) growth: Growth,
}

impl Topology {
    pub(crate) fn new(record: TopologyRecord, view: View, time: Timestamp, growth: Growth) -> Self {
        let head = Head {
            view,
            time,
            is_deleted: false,
        };
        Self {
            oldest: AtomicU64::new(record.oldest.0),
            record,
            head: watch::Sender::new(head),
            earlier: RwLock::default(),
            writer: Mutex::new(()),
            checkpointing: Mutex::new(()),
            growth,
        }
    }

    /// The newest state.
    pub(crate) fn head(&self) -> View {
        self.head.borrow().view.clone()
    }

    /// The newest revision, and when it was applied.
    pub(crate) fn newest(&self) -> (Revision, Timestamp) {
        let head = self.head.borrow();
        (head.view.revision, head.time)
    }

    /// The oldest revision that can be read.
    pub(crate) fn oldest(&self) -> Revision {
        Revision(self.oldest.load(Ordering::Acquire))
    }

    /// Notes that the revisions below this one are kept no longer.
    pub(crate) fn trimmed(&self, oldest: Revision) {
        self.oldest.fetch_max(oldest.0, Ordering::AcqRel);
    }

    /// The newest state as it goes on.
    pub(crate) fn heads(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// The state at a revision, if it is the newest one or was a short while ago.
    pub(crate) fn recent(&self, revision: Revision) -> Option<View> {
        let head = self.head();
        if head.revision == revision {
            return Some(head);
        }
        let earlier = self.earlier.read().unwrap_or_else(PoisonError::into_inner);
        earlier.get(revision).cloned()
    }

    /// Makes a state the newest one, which these many changes made from the one before. Only who has the turn may.
    pub(crate) fn publish(&self, view: View, time: Timestamp, changes: u64) {
        let mut earlier = self.earlier.write().unwrap_or_else(PoisonError::into_inner);
        let forgotten = earlier.keep(self.head(), changes);
        drop(earlier);
        self.set_head(view, time);
        // Those who read a state that is kept need not wait for it.
        drop(forgotten);
    }

    /// Makes a state the newest one that was read from the store. Only who has the turn may.
    pub(crate) fn replace(&self, view: View, time: Timestamp) {
        // It shares nothing with those before.
        let mut earlier = self.earlier.write().unwrap_or_else(PoisonError::into_inner);
        earlier.clear();
        drop(earlier);
        self.set_head(view, time);
    }

    fn set_head(&self, view: View, time: Timestamp) {
        self.head
            .send_modify(|head| (head.view, head.time) = (view, time));
    }

    /// Waits for the writer's turn, in the order of asking.
    pub(crate) async fn turn(&self) -> Result<MutexGuard<'_, ()>, EngineError> {
        let turn = self.writer.lock().await;
        if self.head.borrow().is_deleted {
            return Err(EngineError::TopologyNotFound {
                name: self.record.name.clone(),
            });
        }
        Ok(turn)
    }

    /// Refuses all further turns, and tells those who watch. Only who has the turn may.
    pub(crate) fn mark_deleted(&self) {
        self.head.send_modify(|head| head.is_deleted = true);
    }
}
