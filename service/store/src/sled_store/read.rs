//! Reading: everything is checked against its checksums, and nothing beyond a topology's durable head is looked at.
//!
//! All of it blocks, and belongs on a thread that may.

use causeway_model::change::ChangeSet;
use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;

use super::chunks;
use super::keys::{self, Sort};
use super::load::{self, Place};
use super::{Shared, sled_error, with_causes};
use crate::catalogue;
use crate::port::{Logged, RequestKey, RequestRecord, StoreError, TopologyId, TopologyRecord};
use crate::records::{LogRow, RequestRow};

impl Shared {
    /// The change sets of the revisions after one and up to another.
    pub(super) fn changes(
        &self,
        id: TopologyId,
        after: Revision,
        to: Revision,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.look(id, |topology| {
            catalogue::check_in_log(topology, to)?;
            (after.0.saturating_add(1)..=to.0)
                .map(|revision| {
                    let place = Place::of(topology, Revision(revision));
                    load::change_set(&self.db, place)
                })
                .collect()
        })
    }

    /// What the log tells of revisions up to this one, newest first.
    pub(super) fn history(
        &self,
        id: TopologyId,
        newest: Revision,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError> {
        self.look(id, |topology| {
            let revisions = (1..=newest.min(topology.head).0)
                .rev()
                .take(limit)
                .map(Revision);
            let logged = revisions.map(|revision| {
                let LogRow {
                    note,
                    counts,
                    body: _,
                } = load::log_row(&self.db, Place::of(topology, revision))?;
                Ok(Logged {
                    revision,
                    note,
                    counts,
                })
            });
            logged.collect()
        })
    }

    /// The newest checkpoint at this revision or before it that can be read. A checkpoint is made from the log and can be made
    /// again: a damaged one is told to the operator and passed over, and never served.
    pub(super) fn newest_checkpoint(
        &self,
        id: TopologyId,
        at: Revision,
    ) -> Result<Option<(Revision, Snapshot)>, StoreError> {
        self.look(id, |topology| {
            let range = Sort::Checkpoint.at(id, Revision::ZERO)
                ..=Sort::Checkpoint.at(id, at.min(topology.head));
            for entry in self.db.range(range).rev() {
                let (key, value) =
                    entry.map_err(|error| sled_error(error, "list of checkpoints"))?;
                let Some((_, revision)) = keys::revision_in(&key) else {
                    continue;
                };
                let place = Place::of(topology, revision);
                match load::checkpoint(&self.db, place, &value) {
                    Ok(snapshot) => return Ok(Some((revision, snapshot))),
                    Err(error @ StoreError::Corrupt { .. }) => tracing::error!(
                        failure = with_causes(&error),
                        "a checkpoint is passed over"
                    ),
                    Err(error) => return Err(error),
                }
            }
            Ok(None)
        })
    }

    /// A request that succeeded before.
    pub(super) fn request(
        &self,
        id: TopologyId,
        request: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        self.look(id, |topology| {
            let key = keys::request(id, request);
            let Some(value) = self
                .db
                .get(&key)
                .map_err(|error| sled_error(error, "requests"))?
            else {
                return Ok(None);
            };
            // It is asked after the value was read: a request that is hidden no longer was durable by then.
            if self.is_hidden(&key) {
                return Ok(None);
            }
            let what = || format!("request `{}` of topology `{}`", request.id, topology.name);
            let row: RequestRow = chunks::unseal_record(&key, &value)
                .map_err(|error| load::damaged(what(), &error))?;
            let RequestRow {
                digest,
                time,
                revision,
                counts,
            } = row;
            Ok(Some(RequestRecord {
                key: request.clone(),
                digest,
                time,
                revision,
                counts,
            }))
        })
    }

    /// Looks at a topology. If it is deleted meanwhile, what was seen means nothing.
    fn look<T>(
        &self,
        id: TopologyId,
        looking: impl FnOnce(&TopologyRecord) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let topology = self.catalogue().get(id)?.clone();
        let outcome = looking(&topology);
        self.catalogue().get(id)?;
        outcome
    }
}
