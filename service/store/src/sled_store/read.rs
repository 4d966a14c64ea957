//! Reading: everything is checked against its checksums, and nothing beyond a topology's durable head is looked at.
//!
//! All of it blocks, and belongs on a thread that may.

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;

use super::chunks::{self, Sum};
use super::keys::{self, Sort};
use super::{Shared, sled_error, with_causes};
use crate::catalogue;
use crate::port::{Logged, RequestKey, RequestRecord, StoreError, TopologyId, TopologyRecord};
use crate::records::codec::Input;
use crate::records::{
    self, ChangesRow, CheckpointRow, Extent, LogRow, Record, RecordError, RequestRow,
};

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
                .map(|revision| self.change_set(topology, Revision(revision)))
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
                } = self.log_row(topology, revision)?;
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
                let place = Place {
                    sort: "checkpoint",
                    topology,
                    revision,
                };
                match self.load_checkpoint(place, &key, &value) {
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
            let row: RequestRow =
                chunks::unseal_record(&key, &value).map_err(|error| damaged(what(), &error))?;
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

    fn change_set(
        &self,
        topology: &TopologyRecord,
        revision: Revision,
    ) -> Result<ChangeSet, StoreError> {
        let row = self.log_row(topology, revision)?;
        let place = Place {
            sort: "change set",
            topology,
            revision,
        };
        let mut body = Vec::new();
        self.read_body(place, Sort::LogChunk, row.body, |chunk| {
            body.extend_from_slice(chunk);
            Ok(())
        })?;
        ChangesRow::decode(&body)
            .map(|row| row.0)
            .map_err(|error| place.damaged(&error))
    }

    fn log_row(&self, topology: &TopologyRecord, revision: Revision) -> Result<LogRow, StoreError> {
        let place = Place {
            sort: "log record",
            topology,
            revision,
        };
        let key = Sort::Log.at(topology.id, revision);
        let value = self
            .db
            .get(&key)
            .map_err(|error| sled_error(error, &place.describe()))?;
        let value = value.ok_or_else(|| {
            place.damaged(&RecordError::Missing {
                what: "revision",
                number: revision.0,
            })
        })?;
        chunks::unseal_record(&key, &value).map_err(|error| place.damaged(&error))
    }

    fn load_checkpoint(
        &self,
        place: Place<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<Snapshot, StoreError> {
        let row: CheckpointRow =
            chunks::unseal_record(key, value).map_err(|error| place.damaged(&error))?;
        let mut loading = Loading::default();
        self.read_body(place, Sort::CheckpointChunk, row.body, |chunk| {
            loading.add(chunk)
        })?;
        loading
            .finish(row.resources)
            .map_err(|error| place.damaged(&error))
    }

    /// Reads the chunks of a body in order, and checks each and all of them.
    fn read_body(
        &self,
        place: Place<'_>,
        sort: Sort,
        extent: Extent,
        mut take: impl FnMut(&[u8]) -> Result<(), RecordError>,
    ) -> Result<(), StoreError> {
        let mut sum = Sum::default();
        for chunk in 0..extent.chunks {
            let key = sort.chunk(place.topology.id, place.revision, chunk);
            let value = self
                .db
                .get(&key)
                .map_err(|error| sled_error(error, &place.describe()))?;
            let value = value.ok_or_else(|| {
                place.damaged(&RecordError::Missing {
                    what: "chunk",
                    number: chunk.into(),
                })
            })?;
            let bytes = chunks::unseal(&key, &value).map_err(|error| place.damaged(&error))?;
            sum.add(bytes);
            take(bytes).map_err(|error| place.damaged(&error))?;
        }
        sum.check(extent).map_err(|error| place.damaged(&error))
    }
}

/// What is being read, to name it if it is damaged.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    sort: &'static str,
    topology: &'a TopologyRecord,
    revision: Revision,
}

impl Place<'_> {
    fn describe(self) -> String {
        format!(
            "{} of topology `{}` at revision {}",
            self.sort, self.topology.name, self.revision
        )
    }

    fn damaged(self, error: &RecordError) -> StoreError {
        damaged(self.describe(), error)
    }
}

fn damaged(what: String, error: &RecordError) -> StoreError {
    StoreError::Corrupt {
        what,
        detail: with_causes(error),
    }
}

/// A checkpoint while it is read. Only the part of it is held in bytes that no whole resource was read from yet.
#[derive(Debug, Default)]
struct Loading {
    snapshot: Snapshot,
    waiting: Vec<u8>,
    resources: u64,
    is_open: bool,
}

impl Loading {
    fn add(&mut self, chunk: &[u8]) -> Result<(), RecordError> {
        self.waiting.extend_from_slice(chunk);
        let mut input = Input::new(&self.waiting);
        if !self.is_open {
            records::take_checkpoint_opening(&mut input)?;
            self.is_open = true;
        }
        let mut set = ChangeSet::default();
        while let Some(resource) = records::take_checkpoint_resource(&mut input)? {
            set.changes.push(Change::Put(Box::new(resource)));
            self.resources = self.resources.saturating_add(1);
        }
        let read = self.waiting.len().saturating_sub(input.left());
        self.waiting.drain(..read);
        self.snapshot = self.snapshot.replay(&set);
        Ok(())
    }

    fn finish(self, expected: u64) -> Result<Snapshot, RecordError> {
        Input::new(&self.waiting).finish()?;
        if self.resources != expected {
            return Err(RecordError::Count {
                what: "resources",
                found: self.resources,
                expected,
            });
        }
        Ok(self.snapshot)
    }
}
