//! What a topology holds at a revision, as far as it can be read: what a fork begins with.

use std::collections::BTreeMap;

use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;

use crate::port::{StoreError, TopologyId};
use crate::records::TopologyRow;
use crate::sled_store::keys::{self, Sort};
use crate::sled_store::load::{self, Place};
use crate::sled_store::sled_error;

/// The state at a revision; none if something of it cannot be read, which the walk of its own topology names.
pub(super) fn snapshot(
    db: &sled::Db,
    rows: &BTreeMap<TopologyId, TopologyRow>,
    id: TopologyId,
    at: Revision,
) -> Result<Option<Snapshot>, StoreError> {
    let Some(row) = rows.get(&id) else {
        return Ok(None);
    };
    let place = |revision| Place {
        topology: id,
        name: row.name.as_str(),
        revision,
    };
    let range = Sort::Checkpoint.at(id, row.oldest)..=Sort::Checkpoint.at(id, at);
    let mut base = None;
    for entry in db.range(range).rev() {
        let (key, value) = entry.map_err(|error| sled_error(error, "list of checkpoints"))?;
        let revision = keys::revision_in(&key).map(|(_, revision)| revision);
        base = revision.and_then(|revision| {
            let kept = load::checkpoint(db, place(revision), &value).ok()?;
            Some((revision, kept))
        });
        if base.is_some() {
            break;
        }
    }
    let base = match (base, row.leans_on) {
        (Some(base), _) => Some(base),
        (None, _) if row.begins_with_checkpoint() => None,
        (None, None) => Some((Revision::ZERO, Snapshot::default())),
        // A fork is younger than what it leans on, and has a higher number.
        (None, Some((on, _))) if on >= id => None,
        (None, Some((on, revision))) => {
            snapshot(db, rows, on, revision)?.map(|base| (Revision::ZERO, base))
        }
    };
    let Some((from, mut state)) = base else {
        return Ok(None);
    };
    for revision in from.0.saturating_add(1)..=at.0 {
        match load::change_set(db, place(Revision(revision))) {
            Ok(set) => state = state.replay(&set),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(state))
}
