//! Revisions by time: which one a topology was at.

use causeway_model::revision::{Revision, Timestamp};
use causeway_store::TopologyRecord;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::topology::Topology;

// === impl Engine ===

impl Engine {
    /// The newest revision at this time or before it. Times of revisions never go back, which a commit sees to, so that the log is searched by halves.
    pub(crate) async fn revision_at(
        &self,
        topology: &Topology,
        time: Timestamp,
    ) -> Result<Revision, EngineError> {
        let (head, newest) = topology.newest();
        let record = &topology.record;
        if time >= newest {
            return Ok(head);
        }
        if time < record.time {
            return Err(EngineError::BeforeCreation {
                name: record.name.clone(),
                created: record.time,
            });
        }
        let oldest = topology.oldest();
        let first = self.time_of(record, oldest).await?;
        // If even the oldest one is gone by now, so is what is asked for.
        if first.is_none_or(|since| time < since) {
            return Err(EngineError::TimeNotKept {
                name: record.name.clone(),
                oldest: topology.oldest(),
            });
        }
        let (mut before, mut after) = (oldest, head);
        while before.next() < after {
            let middle = Revision(before.0.midpoint(after.0));
            match self.time_of(record, middle).await? {
                Some(found) if found > time => after = middle,
                // What is kept no longer is older than what is.
                Some(_) | None => before = middle,
            }
        }
        Ok(before)
    }

    /// When a revision was applied, the creation being revision 0; nothing if it is not kept.
    pub(crate) async fn time_of(
        &self,
        record: &TopologyRecord,
        revision: Revision,
    ) -> Result<Option<Timestamp>, EngineError> {
        if revision == Revision::ZERO {
            return Ok(Some(record.time));
        }
        let found = self.store.history(record.id, revision, 1).await;
        let found = found.map_err(|error| EngineError::from_store(error, &record.name))?;
        let logged = found.first().filter(|logged| logged.revision == revision);
        Ok(logged.map(|logged| logged.note.time))
    }
}
