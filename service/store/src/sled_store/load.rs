//! Loading one thing of a topology from the database, checked against its checksums.
//!
//! It knows where a thing is and whether it is whole, and nothing of who may see it.

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;

use super::chunks::{self, Sum};
use super::keys::Sort;
use super::{sled_error, with_causes};
use crate::port::{StoreError, TopologyId, TopologyRecord};
use crate::records::codec::Input;
use crate::records::{self, ChangesRow, CheckpointRow, Extent, LogRow, Record, RecordError};

/// What is loaded, to find it, and to name it if it is damaged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) topology: TopologyId,
    pub(super) name: &'a str,
    pub(super) revision: Revision,
}

impl<'a> Place<'a> {
    pub(super) fn of(topology: &'a TopologyRecord, revision: Revision) -> Self {
        Self {
            topology: topology.id,
            name: topology.name.as_str(),
            revision,
        }
    }

    fn describe(self, sort: &str) -> String {
        format!(
            "{sort} of topology `{}` at revision {}",
            self.name, self.revision
        )
    }

    fn damaged(self, sort: &str, error: &RecordError) -> StoreError {
        damaged(self.describe(sort), error)
    }
}

/// The changes of a revision.
pub(super) fn change_set(db: &sled::Db, place: Place<'_>) -> Result<ChangeSet, StoreError> {
    let row = log_row(db, place)?;
    let body = Body {
        sort: "change set",
        chunks: Sort::LogChunk,
        extent: row.body,
    };
    let mut bytes = Vec::new();
    body.read(db, place, |chunk| {
        bytes.extend_from_slice(chunk);
        Ok(())
    })?;
    ChangesRow::decode(&bytes)
        .map(|row| row.0)
        .map_err(|error| place.damaged(body.sort, &error))
}

/// The log's record of a revision.
pub(super) fn log_row(db: &sled::Db, place: Place<'_>) -> Result<LogRow, StoreError> {
    let sort = "log record";
    let key = Sort::Log.at(place.topology, place.revision);
    let value = db
        .get(&key)
        .map_err(|error| sled_error(error, &place.describe(sort)))?;
    let value = value.ok_or_else(|| {
        place.damaged(
            sort,
            &RecordError::Missing {
                what: "revision",
                number: place.revision.0,
            },
        )
    })?;
    chunks::unseal_record(&key, &value).map_err(|error| place.damaged(sort, &error))
}

/// The snapshot that a checkpoint's record leads to.
pub(super) fn checkpoint(
    db: &sled::Db,
    place: Place<'_>,
    record: &[u8],
) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot::default();
    resources(db, place, record, |set| snapshot = snapshot.replay(&set))?;
    Ok(snapshot)
}

/// That everything is there and whole that a checkpoint's record leads to.
pub(super) fn check_checkpoint(
    db: &sled::Db,
    place: Place<'_>,
    record: &[u8],
) -> Result<(), StoreError> {
    resources(db, place, record, drop)
}

/// Reads the resources of a checkpoint, some at a time.
fn resources(
    db: &sled::Db,
    place: Place<'_>,
    record: &[u8],
    take: impl FnMut(ChangeSet),
) -> Result<(), StoreError> {
    let key = Sort::Checkpoint.at(place.topology, place.revision);
    let damaged = |error: &RecordError| place.damaged("checkpoint", error);
    let row: CheckpointRow =
        chunks::unseal_record(&key, record).map_err(|error| damaged(&error))?;
    let body = Body {
        sort: "checkpoint",
        chunks: Sort::CheckpointChunk,
        extent: row.body,
    };
    let mut loading = Loading {
        take,
        waiting: Vec::new(),
        resources: 0,
        is_open: false,
    };
    body.read(db, place, |chunk| loading.add(chunk))?;
    loading
        .finish(row.resources)
        .map_err(|error| damaged(&error))
}

/// That something stored is damaged.
pub(super) fn damaged(what: String, error: &RecordError) -> StoreError {
    StoreError::Corrupt {
        what,
        detail: with_causes(error),
    }
}

/// A long record in chunks.
#[derive(Debug, Clone, Copy)]
struct Body {
    sort: &'static str,
    chunks: Sort,
    extent: Extent,
}

impl Body {
    /// Reads the chunks in order, and checks each and all of them.
    fn read(
        self,
        db: &sled::Db,
        place: Place<'_>,
        mut take: impl FnMut(&[u8]) -> Result<(), RecordError>,
    ) -> Result<(), StoreError> {
        let damaged = |error: &RecordError| place.damaged(self.sort, error);
        let mut sum = Sum::default();
        for chunk in 0..self.extent.chunks {
            let key = self.chunks.chunk(place.topology, place.revision, chunk);
            let value = db
                .get(&key)
                .map_err(|error| sled_error(error, &place.describe(self.sort)))?;
            let value = value.ok_or_else(|| {
                damaged(&RecordError::Missing {
                    what: "chunk",
                    number: chunk.into(),
                })
            })?;
            let bytes = chunks::unseal(&key, &value).map_err(|error| damaged(&error))?;
            sum.add(bytes);
            take(bytes).map_err(|error| damaged(&error))?;
        }
        sum.check(self.extent).map_err(|error| damaged(&error))
    }
}

/// A checkpoint while it is read. Only the part of it is held in bytes that no whole resource was read from yet.
struct Loading<F> {
    take: F,
    waiting: Vec<u8>,
    resources: u64,
    is_open: bool,
}

impl<F: FnMut(ChangeSet)> Loading<F> {
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
        (self.take)(set);
        Ok(())
    }

    fn finish(self, expected: u64) -> Result<(), RecordError> {
        Input::new(&self.waiting).finish()?;
        if self.resources != expected {
            return Err(RecordError::Count {
                what: "resources",
                found: self.resources,
                expected,
            });
        }
        Ok(())
    }
}
