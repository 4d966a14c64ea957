//! Reading: everything is checked against its checksums, and nothing beyond a topology's durable head is looked at.
//!
//! All of it blocks, and belongs on a thread that may.

use std::ops::Bound;

use causeway_model::change::ChangeSet;
use causeway_model::revision::{Revision, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;

use super::chunks;
use super::keys::{self, Key, Sort};
use super::load::{self, Place};
use super::{Shared, sled_error, with_causes};
use crate::catalogue;
use crate::port::{Logged, RequestKey, RequestRecord, StoreError, TopologyId, TopologyRecord};
use crate::records::{LogRow, RequestRow};

/// How many requests are looked at at once.
const REQUESTS_AT_ONCE: usize = 512;

impl Shared {
    /// The change sets of the revisions after one and up to another.
    pub(super) fn changes(
        &self,
        id: TopologyId,
        after: Revision,
        to: Revision,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.look(id, |topology| {
            catalogue::check_in_log(topology, after.min(to))?;
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
            let oldest = topology.oldest.max(Revision(1));
            let revisions = (oldest.0..=newest.min(topology.head).0)
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
            let checkpoints = self.checkpoint_records(topology, at);
            for entry in checkpoints.rev() {
                let (key, value) =
                    entry.map_err(|error| sled_error(error, "list of checkpoints"))?;
                let Some((_, revision)) = keys::revision_in(&key) else {
                    continue;
                };
                let place = Place::of(topology, revision);
                match load::checkpoint(&self.db, place, &value) {
                    Ok(snapshot) => return Ok(Some((revision, snapshot))),
                    Err(error @ StoreError::Corrupt { .. }) => {
                        // One that was dropped or is written anew while it is read is no damage.
                        if self.get(&key, "checkpoint")?.as_ref() == Some(&value) {
                            tracing::error!(
                                failure = with_causes(&error),
                                "a checkpoint is passed over"
                            );
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(None)
        })
    }

    /// The revisions that have checkpoints, in order.
    pub(super) fn checkpoints(&self, id: TopologyId) -> Result<Vec<Revision>, StoreError> {
        self.look(id, |topology| {
            let keys = self.checkpoint_records(topology, topology.head).keys();
            let keys: Result<Vec<_>, _> = keys.collect();
            let keys = keys.map_err(|error| sled_error(error, "list of checkpoints"))?;
            let revisions = keys.iter().filter_map(|key| keys::revision_in(key));
            Ok(revisions.map(|(_, revision)| revision).collect())
        })
    }

    fn checkpoint_records(&self, topology: &TopologyRecord, at: Revision) -> sled::Iter {
        let key = |revision| Sort::Checkpoint.at(topology.id, revision);
        let to = at.min(topology.head).max(topology.oldest);
        if at < topology.oldest {
            // Nothing: a range that ends where it begins.
            return self.db.range(key(to)..key(to));
        }
        self.db.range(key(topology.oldest)..=key(to))
    }

    /// The checkpoint that a history could begin with, read back whole.
    pub(super) fn whole_checkpoint(
        &self,
        id: TopologyId,
        revision: Revision,
    ) -> Result<Whole, StoreError> {
        self.look(id, |topology| {
            if revision <= topology.oldest {
                return Ok(Whole::Needless);
            }
            let key = Sort::Checkpoint.at(id, revision);
            let Some(record) = self.get(&key, "checkpoint")? else {
                return Ok(Whole::Missing);
            };
            match load::check_checkpoint(&self.db, Place::of(topology, revision), &record) {
                Ok(()) => Ok(Whole::Record(record.to_vec())),
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(
                        failure = with_causes(&error),
                        "the history cannot begin with a checkpoint"
                    );
                    Ok(Whole::Missing)
                }
                Err(error) => Err(error),
            }
        })
    }

    /// Whether a history begins with the checkpoint of this revision, and it is there and cannot be read.
    pub(super) fn is_first_damaged(
        &self,
        id: TopologyId,
        revision: Revision,
    ) -> Result<bool, StoreError> {
        self.look(id, |topology| {
            if revision != topology.oldest {
                return Ok(false);
            }
            let key = Sort::Checkpoint.at(id, revision);
            let Some(record) = self.get(&key, "checkpoint")? else {
                return Ok(false);
            };
            match load::check_checkpoint(&self.db, Place::of(topology, revision), &record) {
                Ok(()) => Ok(false),
                Err(StoreError::Corrupt { .. }) => Ok(true),
                Err(error) => Err(error),
            }
        })
    }

    fn get(&self, key: &[u8], what: &str) -> Result<Option<sled::IVec>, StoreError> {
        self.db.get(key).map_err(|error| sled_error(error, what))
    }

    /// A request that succeeded before.
    pub(super) fn request(
        &self,
        id: TopologyId,
        request: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        self.look(id, |topology| {
            let what = || format!("request `{}` of topology `{}`", request.id, topology.name);
            self.request_under(&keys::request(id, request), request, what)
        })
    }

    /// A request that deleted a topology of a name.
    pub(super) fn deletion(
        &self,
        name: &TopologyName,
        request: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError> {
        let what = || format!("request `{}` that deleted topology `{name}`", request.id);
        self.request_under(&keys::deletion(name, request), request, what)
    }

    fn request_under(
        &self,
        key: &Key,
        request: &RequestKey,
        what: impl FnOnce() -> String,
    ) -> Result<Option<RequestRecord>, StoreError> {
        let Some(value) = self.get(key, "requests")? else {
            return Ok(None);
        };
        // It is asked after the value was read: a request that is hidden no longer was durable by then.
        if self.is_hidden(key) {
            return Ok(None);
        }
        let row: RequestRow =
            chunks::unseal_record(key, &value).map_err(|error| load::damaged(what(), &error))?;
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
    }

    /// Requests that are older than that, at most so many of those after a key; and the key to go on after, if there may be more.
    pub(super) fn old_requests(
        &self,
        before: Timestamp,
        after: &Key,
        end: &Key,
    ) -> Result<(Vec<Key>, Option<Key>), StoreError> {
        let (mut old, mut last) = (Vec::new(), None);
        let range = (Bound::Excluded(after), Bound::Excluded(end));
        for entry in self.db.range::<&Key, _>(range).take(REQUESTS_AT_ONCE) {
            let (key, value) = entry.map_err(|error| sled_error(error, "requests"))?;
            let row = chunks::unseal_record::<RequestRow>(&key, &value);
            if row.is_ok_and(|row| row.time < before) {
                old.push(key.to_vec());
            }
            last = Some(key.to_vec());
        }
        Ok((old, last))
    }

    /// Looks at a topology. If it is deleted meanwhile, what was seen means nothing; and if its oldest revision moves, it is looked at again.
    fn look<T>(
        &self,
        id: TopologyId,
        looking: impl Fn(&TopologyRecord) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut topology = self.catalogue().get(id)?.clone();
        loop {
            let outcome = looking(&topology);
            let now = self.catalogue().get(id)?.clone();
            if now.oldest == topology.oldest {
                return outcome;
            }
            topology = now;
        }
    }
}

/// What a history could begin with.
#[derive(Debug)]
pub(super) enum Whole {
    /// It begins there or later already.
    Needless,
    /// Nothing that can be read.
    Missing,
    /// A checkpoint with this record.
    Record(Vec<u8>),
}
