//! Removing what is nothing any more: bit by bit while the store is open, and what an earlier process did not come to.
//!
//! What is removed here was let go by a durable record before, so that a removal may be lost and is then done again.

use causeway_model::revision::Revision;

use super::keys::{self, Key, Sort};
use super::{Shared, batch, sled_error};
use crate::catalogue::Catalogue;
use crate::port::{StoreError, TopologyId};

/// The most keys that one batch removes.
const KEYS_AT_ONCE: usize = 256;

/// Something whose keys are to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sweep {
    /// All of a deleted topology.
    Deleted(TopologyId),
    /// Of a topology what is below its oldest revision.
    Trimmed(TopologyId),
    /// The chunks of a checkpoint that was dropped.
    Checkpoint(TopologyId, Revision),
}

impl Sweep {
    /// Removes some of its keys, and says whether there may be more.
    pub(super) fn some(self, db: &sled::Db, catalogue: &Catalogue) -> Result<bool, StoreError> {
        match self {
            Self::Deleted(id) => {
                for sort in Sort::OWNED {
                    if remove_some(db, db.scan_prefix(sort.of(id)))? {
                        return Ok(true);
                    }
                }
                remove(db, Sort::Deleted.of(id), "mark of a deletion")
            }
            Self::Trimmed(id) => {
                // It may be deleted meanwhile.
                let Ok(record) = catalogue.get(id) else {
                    return Ok(false);
                };
                for keys in below(id, record.oldest) {
                    if remove_some(db, db.range(keys))? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Checkpoint(id, revision) => {
                if remove_some(db, db.scan_prefix(Sort::CheckpointChunk.at(id, revision)))? {
                    return Ok(true);
                }
                let mark = Sort::Unfinished.at(id, revision);
                remove(db, mark, "marks of checkpoints")
            }
        }
    }

    /// The topology.
    pub(super) fn topology(self) -> TopologyId {
        match self {
            Self::Deleted(id) | Self::Trimmed(id) | Self::Checkpoint(id, _) => id,
        }
    }
}

/// What a topology with this oldest revision has no use for: the log's record of the oldest one stays, and tells who made it.
fn below(id: TopologyId, oldest: Revision) -> [std::ops::Range<Key>; 5] {
    let from = |sort: Sort, to: Revision| sort.of(id)..sort.at(id, to);
    [
        from(Sort::LogChunk, oldest.next()),
        from(Sort::Log, oldest),
        from(Sort::Checkpoint, oldest),
        from(Sort::CheckpointChunk, oldest),
        from(Sort::Unfinished, oldest),
    ]
}

fn remove(db: &sled::Db, key: Key, what: &str) -> Result<bool, StoreError> {
    let removed = batch::apply(db, [(key, None)]);
    removed
        .map(|()| false)
        .map_err(|error| sled_error(error, what))
}

/// What an earlier process did not come to remove.
pub(super) fn left(shared: &Shared) -> Result<Vec<Sweep>, StoreError> {
    let deleted = deleted(&shared.db)?.into_iter().map(Sweep::Deleted);
    let catalogue = shared.catalogue();
    let trimmed = catalogue
        .iter()
        .filter(|record| record.oldest > Revision::ZERO);
    let trimmed = trimmed.map(|record| Sweep::Trimmed(record.id));
    Ok(deleted.chain(trimmed).collect())
}

/// Removes what a process left that was killed in the middle: chunks that no record names.
pub(super) fn clean(shared: &Shared) -> Result<(), StoreError> {
    let db = &shared.db;
    let heads: Vec<_> = shared
        .catalogue()
        .iter()
        .map(|record| (record.id, record.head))
        .collect();
    for (id, head) in heads {
        let beyond = Sort::LogChunk.at(id, head.next())..Sort::LogChunk.at(id, Revision(u64::MAX));
        while remove_some(db, db.range(beyond.clone()))? {}
    }
    for mark in db.scan_prefix(Sort::Unfinished.alone()).keys() {
        let mark = mark.map_err(|error| sled_error(error, "marks of checkpoints"))?;
        if let Some((id, revision)) = keys::revision_in(&mark) {
            while remove_some(db, db.scan_prefix(Sort::CheckpointChunk.at(id, revision)))? {}
        }
        db.remove(&mark)
            .map_err(|error| sled_error(error, "marks of checkpoints"))?;
    }
    Ok(())
}

/// The topologies whose deletion has not ended.
pub(super) fn deleted(db: &sled::Db) -> Result<Vec<TopologyId>, StoreError> {
    let keys: Result<Vec<_>, _> = db.scan_prefix(Sort::Deleted.alone()).keys().collect();
    let keys = keys.map_err(|error| sled_error(error, "list of deletions"))?;
    Ok(keys
        .iter()
        .filter_map(|key| keys::topology_in(key))
        .collect())
}

/// Removes some of the keys, and says whether there were any.
fn remove_some(db: &sled::Db, entries: sled::Iter) -> Result<bool, StoreError> {
    let failed = |error| sled_error(error, "leftovers");
    let keys: Result<Vec<Key>, _> = entries
        .keys()
        .take(KEYS_AT_ONCE)
        .map(|key| key.map(|key| key.to_vec()))
        .collect();
    let keys = keys.map_err(failed)?;
    let is_any = !keys.is_empty();
    batch::apply(db, keys.into_iter().map(|key| (key, None))).map_err(failed)?;
    Ok(is_any)
}
