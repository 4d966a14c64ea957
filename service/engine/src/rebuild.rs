//! States that are not in memory: made again from the nearest checkpoint and the log after it.
//!
//! A fork has its revision 0 in the topology that it leans on, until it has a checkpoint of its own. What is read from may go away meanwhile: a fork is
//! detached and its source deleted or trimmed, or a log is trimmed to a newer checkpoint. Then the state is there in another way, which is found by
//! beginning again.

use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;
use causeway_store::{StoreError, TopologyId, TopologyRecord};

use crate::counts::add;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::topology::View;

/// How often a state is begun again. Each time, something was detached, deleted or trimmed since the time before.
const ATTEMPTS: usize = 64;

/// A topology, and the revision of it that is wanted.
type Place<'r> = (&'r TopologyRecord, Revision);

/// How rebuilding can fail.
enum RebuildError {
    /// What it was to be made from is not there, or no longer.
    Moved(StoreError),
    Failed(EngineError),
}

// === impl Engine ===

impl Engine {
    /// The state at a revision that is not above the head.
    pub(crate) async fn rebuild(
        &self,
        record: &TopologyRecord,
        revision: Revision,
    ) -> Result<Snapshot, EngineError> {
        let mut attempt = 1;
        loop {
            let source = match self.rebuild_once(record, revision).await {
                Ok(snapshot) => {
                    add(&self.tallies.rebuilt_states);
                    return Ok(snapshot);
                }
                Err(RebuildError::Failed(error)) => return Err(error),
                Err(RebuildError::Moved(source)) => source,
            };
            let TopologyRecord { oldest, head, .. } = self.current(record).await?;
            if revision < oldest {
                return Err(EngineError::RevisionNotKept {
                    wanted: revision,
                    oldest,
                });
            }
            if revision > head {
                return Err(EngineError::RevisionNotReached {
                    wanted: revision,
                    head,
                });
            }
            if attempt == ATTEMPTS {
                return Err(EngineError::StoreCorrupt { source });
            }
            attempt += 1;
        }
    }

    /// Goes from topology to topology down to a state that is known, and through the logs up again.
    async fn rebuild_once(
        &self,
        record: &TopologyRecord,
        revision: Revision,
    ) -> Result<Snapshot, RebuildError> {
        let fail = |error| RebuildError::of(error, record);
        // Read before any checkpoint: a fork that leans on nothing by then has one.
        let all = if record.origin.is_some() {
            self.store.list().await.map_err(fail)?
        } else {
            Vec::new()
        };
        let mut place = (record, revision);
        let mut above = Vec::new();
        let mut view = loop {
            if let Some(view) = self.known(place).await.map_err(fail)? {
                break view;
            }
            match below(place, &all).map_err(RebuildError::Moved)? {
                Some(next) => above.push(std::mem::replace(&mut place, next)),
                None => break self.empty(place.0.id).await.map_err(fail)?,
            }
        };
        loop {
            let (topology, at) = place;
            let snapshot = self.replayed(topology, view, at).await?;
            let Some(next) = above.pop() else {
                return Ok(snapshot);
            };
            view = View {
                revision: Revision::ZERO,
                snapshot,
            };
            place = next;
        }
    }

    /// The nearest state at a place or before it that needs no other topology.
    async fn known(&self, (record, at): Place<'_>) -> Result<Option<View>, StoreError> {
        let loaded = self.registry.get(&record.name);
        let loaded = loaded.filter(|topology| topology.record.id == record.id);
        if let Some(view) = loaded.and_then(|topology| topology.recent(at)) {
            return Ok(Some(view));
        }
        let checkpoint = self.store.checkpoint(record.id, at).await?;
        Ok(checkpoint.map(|(revision, snapshot)| View { revision, snapshot }))
    }

    /// Revision 0 of a topology that began with nothing, if it is kept.
    async fn empty(&self, id: TopologyId) -> Result<View, StoreError> {
        // Reads nothing, and fails where the log does not reach so far.
        self.store.read(id, Revision::ZERO, Revision::ZERO).await?;
        Ok(View {
            revision: Revision::ZERO,
            snapshot: Snapshot::default(),
        })
    }

    /// The state at a revision that is not below another one, made from it: the two share what stayed the same.
    pub(crate) async fn replay(
        &self,
        record: &TopologyRecord,
        base: View,
        revision: Revision,
    ) -> Result<Snapshot, EngineError> {
        let made = self.replayed(record, base, revision).await;
        made.map_err(|error| match error {
            RebuildError::Moved(source) => EngineError::from_store(source, &record.name),
            RebuildError::Failed(error) => error,
        })
    }

    async fn replayed(
        &self,
        record: &TopologyRecord,
        base: View,
        revision: Revision,
    ) -> Result<Snapshot, RebuildError> {
        let View {
            revision: after,
            snapshot,
        } = base;
        if after >= revision {
            return Ok(snapshot);
        }
        let sets = self.store.read(record.id, after, revision).await;
        let sets = sets.map_err(|error| RebuildError::of(error, record))?;
        let made = self.compute.run(move || {
            sets.iter()
                .fold(snapshot, |snapshot, set| snapshot.replay(set))
        });
        made.await.map_err(RebuildError::Failed)
    }
}

/// What the place's topology leans on, by these records of all; nothing if it began with nothing.
fn below<'r>(
    (record, _): Place<'_>,
    all: &'r [TopologyRecord],
) -> Result<Option<Place<'r>>, StoreError> {
    if record.origin.is_none() {
        return Ok(None);
    }
    let find = |id: TopologyId| {
        let found = all.iter().find(|found| found.id == id);
        found.ok_or(StoreError::NoTopology { id })
    };
    let Some((source, at)) = find(record.id)?.leans_on else {
        return Err(StoreError::NoCheckpoint {
            revision: Revision::ZERO,
        });
    };
    Ok(Some((find(source)?, at)))
}

// === impl RebuildError ===

impl RebuildError {
    fn of(source: StoreError, record: &TopologyRecord) -> Self {
        if matches!(
            source,
            StoreError::NoTopology { .. }
                | StoreError::NoRevision { .. }
                | StoreError::NoCheckpoint { .. }
        ) {
            Self::Moved(source)
        } else {
            Self::Failed(EngineError::from_store(source, &record.name))
        }
    }
}
