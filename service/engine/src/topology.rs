//! One topology in memory: its newest state, and the turn that writers take.

use std::sync::atomic::{AtomicBool, Ordering};

use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;
use causeway_store::TopologyRecord;
use tokio::sync::{Mutex, MutexGuard, watch};

use crate::error::EngineError;

/// A topology at a revision. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct View {
    /// The revision.
    pub revision: Revision,
    /// The state that it has.
    pub snapshot: Snapshot,
}

/// One incarnation of a topology.
#[derive(Debug)]
pub(crate) struct Topology {
    /// What the store told when it was loaded; the head has moved on since.
    pub(crate) record: TopologyRecord,
    head: watch::Sender<View>,
    writer: Mutex<()>,
    deleted: AtomicBool,
    /// Held while a checkpoint is written: one at a time is enough.
    pub(crate) checkpointing: Mutex<()>,
}

impl Topology {
    pub(crate) fn new(record: TopologyRecord, head: View) -> Self {
        Self {
            record,
            head: watch::Sender::new(head),
            writer: Mutex::new(()),
            deleted: AtomicBool::new(false),
            checkpointing: Mutex::new(()),
        }
    }

    /// The newest state.
    pub(crate) fn head(&self) -> View {
        self.head.borrow().clone()
    }

    /// Makes a state the newest one. Only who has the turn may.
    pub(crate) fn publish(&self, head: View) {
        self.head.send_replace(head);
    }

    /// Waits for the writer's turn, in the order of asking.
    pub(crate) async fn turn(&self) -> Result<MutexGuard<'_, ()>, EngineError> {
        let turn = self.writer.lock().await;
        if self.deleted.load(Ordering::Acquire) {
            return Err(EngineError::TopologyNotFound {
                name: self.record.name.clone(),
            });
        }
        Ok(turn)
    }

    /// Refuses all further turns. Only who has the turn may.
    pub(crate) fn mark_deleted(&self) {
        self.deleted.store(true, Ordering::Release);
    }
}
