//! What a group of writes comes to: one batch, and the answers to give when it is durable.
//!
//! Each job is checked against what the jobs before it have staged. Nothing here is visible to a reader, and nothing is synced.

use std::collections::BTreeMap;

use causeway_model::revision::Revision;
use tokio::sync::oneshot;

use super::keys::{self, Key, Sort};
use super::sled_error;
use super::{batch, chunks};
use crate::catalogue::{self, Catalogue, Effect};
use crate::port::{
    Append, Appended, NewTopology, RequestRecord, StoreError, TopologyId, TopologyRecord,
};
use crate::records::{
    ChangesRow, CheckpointRow, CounterRow, LogRow, MarkRow, NameRow, Record, RequestRow,
    TopologyRow,
};

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// An answer that waits for the group: it is given what made the group fail, if something did.
pub(super) type Answer = Box<dyn FnOnce(Option<&str>) + Send>;

/// Chunks of more bytes than this are written ahead of their group, in batches of this size, so that no batch is huge.
const AHEAD_BYTES: usize = 16 * chunks::MAX_VALUE;

/// Something to write.
#[derive(Debug)]
pub(super) enum Job {
    Create {
        new: Box<Creation>,
        reply: Reply<TopologyRecord>,
    },
    Delete {
        id: TopologyId,
        reply: Reply<()>,
    },
    Append {
        append: Box<Prepared>,
        reply: Reply<Appended>,
    },
    BeginCheckpoint {
        id: TopologyId,
        revision: Revision,
        reply: Reply<()>,
    },
    CheckpointPart {
        part: CheckpointPart,
        reply: Reply<()>,
    },
    EndCheckpoint {
        id: TopologyId,
        revision: Revision,
        row: CheckpointRow,
        reply: Reply<()>,
    },
}

/// A topology to create, with its record.
#[derive(Debug)]
pub(super) struct Creation {
    new: NewTopology,
    row: Vec<u8>,
}

/// A change set to append, in bytes.
#[derive(Debug)]
pub(super) struct Prepared {
    topology: TopologyId,
    head: Revision,
    /// The log record; none if there are no changes.
    row: Option<Vec<u8>>,
    body: Vec<u8>,
    request: Option<RequestRecord>,
}

/// Some chunks of a checkpoint.
#[derive(Debug)]
pub(super) struct CheckpointPart {
    pub(super) id: TopologyId,
    pub(super) revision: Revision,
    /// The place of the first chunk.
    pub(super) first: u32,
    pub(super) body: Vec<u8>,
}

/// A group while it is staged.
pub(super) struct Stage<'a> {
    db: &'a sled::Db,
    catalogue: &'a mut Catalogue,
    staged: Staged,
}

/// A group that has been staged.
#[derive(Default)]
pub(super) struct Staged {
    /// Keys with their new values; none removes the key.
    pub(super) writes: BTreeMap<Key, Option<Vec<u8>>>,
    pub(super) effects: Vec<Effect>,
    /// Keys of requests, not to be found before they are durable.
    pub(super) requests: Vec<Key>,
    pub(super) answers: Vec<Answer>,
    /// Whether something is promised to be durable.
    pub(super) is_promised: bool,
    /// Whether chunks were written ahead.
    pub(super) is_ahead: bool,
    /// What went wrong while writing ahead.
    pub(super) failure: Option<StoreError>,
}

impl Job {
    /// About how many bytes it writes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Append { append, .. } => append.body.len(),
            Self::CheckpointPart { part, .. } => part.body.len(),
            Self::Create { .. }
            | Self::Delete { .. }
            | Self::BeginCheckpoint { .. }
            | Self::EndCheckpoint { .. } => 0,
        }
    }

    /// The answer to a job that is not done.
    pub(super) fn refuse(self, failure: &str) {
        match self {
            Self::Create { reply, .. } => give(reply, Err(write_failed(failure))),
            Self::Append { reply, .. } => give(reply, Err(write_failed(failure))),
            Self::Delete { reply, .. }
            | Self::BeginCheckpoint { reply, .. }
            | Self::CheckpointPart { reply, .. }
            | Self::EndCheckpoint { reply, .. } => give(reply, Err(write_failed(failure))),
        }
    }
}

impl Creation {
    /// Prepares a creation, away from the writer's thread.
    pub(super) fn new(new: NewTopology) -> Result<Self, StoreError> {
        let row = TopologyRow {
            name: new.name.clone(),
            description: new.description.clone(),
            time: new.time,
        };
        let row = chunks::encode_bounded(&row)?;
        check_request(new.request.as_ref())?;
        Ok(Self { new, row })
    }
}

impl Prepared {
    /// Prepares an append, away from the writer's thread.
    pub(super) fn new(append: Append) -> Result<Self, StoreError> {
        check_request(append.request.as_ref())?;
        let (mut row, mut body) = (None, Vec::new());
        if !append.changes.changes.is_empty() {
            body = ChangesRow(append.changes).encode();
            let extent = chunks::Sum::of(&body).extent();
            row = Some(chunks::encode_bounded(&LogRow {
                note: append.note,
                counts: append.counts,
                body: extent,
            })?);
        }
        Ok(Self {
            topology: append.topology,
            head: append.head,
            row,
            body,
            request: append.request,
        })
    }
}

impl<'a> Stage<'a> {
    pub(super) fn new(db: &'a sled::Db, catalogue: &'a mut Catalogue) -> Self {
        Self {
            db,
            catalogue,
            staged: Staged::default(),
        }
    }

    pub(super) fn finish(self) -> Staged {
        self.staged
    }

    /// Stages a job and its answer.
    pub(super) fn add(&mut self, job: Job) {
        match job {
            Job::Create { new, reply } => {
                let outcome = self.create(*new);
                self.answer(reply, outcome);
            }
            Job::Delete { id, reply } => {
                let outcome = self.delete(id);
                self.answer(reply, outcome);
            }
            Job::Append { append, reply } => {
                let outcome = self.append(*append);
                self.answer(reply, outcome);
            }
            Job::BeginCheckpoint {
                id,
                revision,
                reply,
            } => {
                let outcome = self.begin_checkpoint(id, revision);
                self.answer(reply, outcome);
            }
            Job::CheckpointPart { part, reply } => {
                let outcome = self.checkpoint_part(&part);
                self.answer(reply, outcome);
            }
            Job::EndCheckpoint {
                id,
                revision,
                row,
                reply,
            } => {
                let outcome = self.end_checkpoint(id, revision, &row);
                self.answer(reply, outcome);
            }
        }
    }

    fn create(&mut self, creation: Creation) -> Result<TopologyRecord, StoreError> {
        let record = self.catalogue.create(&creation.new)?;
        self.put_record(
            Sort::Counter.alone(),
            &CounterRow {
                next: self.catalogue.next(),
            },
        );
        self.put_record(keys::name(&record.name), &NameRow { id: record.id });
        self.put(Sort::Topology.of(record.id), &creation.row);
        if let Some(request) = creation.new.request {
            let revision = request.revision;
            self.put_request(record.id, &request, revision);
        }
        self.staged.effects.push(Effect::Created(record.clone()));
        self.staged.is_promised = true;
        Ok(record)
    }

    /// The topology is gone with its name and its record. What it owned is swept later, and found again by the mark if need be.
    fn delete(&mut self, id: TopologyId) -> Result<(), StoreError> {
        let record = self.catalogue.remove(id)?;
        self.remove(keys::name(&record.name));
        self.remove(Sort::Topology.of(id));
        self.put_record(Sort::Deleted.of(id), &MarkRow);
        self.staged.effects.push(Effect::Deleted(id));
        self.staged.is_promised = true;
        Ok(())
    }

    fn append(&mut self, append: Prepared) -> Result<Appended, StoreError> {
        let id = append.topology;
        let revision = self
            .catalogue
            .advance(id, append.head, append.row.is_none())?;
        if let Some(row) = append.row {
            self.put_chunks(Sort::LogChunk, id, revision, &append.body);
            self.put(Sort::Log.at(id, revision), &row);
            self.staged.effects.push(Effect::Advanced(id, revision));
            self.staged.is_promised = true;
        }
        if let Some(request) = append.request {
            self.put_request(id, &request, revision);
            self.staged.is_promised = true;
        }
        Ok(Appended { revision })
    }

    fn begin_checkpoint(&mut self, id: TopologyId, revision: Revision) -> Result<(), StoreError> {
        catalogue::check_in_log(self.catalogue.get(id)?, revision)?;
        self.remove(Sort::Checkpoint.at(id, revision));
        self.put_record(Sort::Unfinished.at(id, revision), &MarkRow);
        Ok(())
    }

    fn checkpoint_part(&mut self, part: &CheckpointPart) -> Result<(), StoreError> {
        self.catalogue.get(part.id)?;
        for (place, chunk) in (part.first..).zip(chunks::cut(&part.body)) {
            self.put(
                Sort::CheckpointChunk.chunk(part.id, part.revision, place),
                chunk,
            );
        }
        Ok(())
    }

    fn end_checkpoint(
        &mut self,
        id: TopologyId,
        revision: Revision,
        row: &CheckpointRow,
    ) -> Result<(), StoreError> {
        self.catalogue.get(id)?;
        self.put_record(Sort::Checkpoint.at(id, revision), row);
        self.remove(Sort::Unfinished.at(id, revision));
        self.staged.is_promised = true;
        Ok(())
    }

    fn put_request(&mut self, id: TopologyId, request: &RequestRecord, revision: Revision) {
        let key = keys::request(id, &request.key);
        self.put_record(
            key.clone(),
            &RequestRow {
                digest: request.digest,
                time: request.time,
                revision,
                counts: request.counts,
            },
        );
        self.staged.requests.push(key);
    }

    /// Stages the chunks of a body, or writes them at once if they are many: they are nothing without the record that names them.
    fn put_chunks(&mut self, sort: Sort, id: TopologyId, revision: Revision, body: &[u8]) {
        if body.len() <= AHEAD_BYTES {
            for (place, chunk) in (0..).zip(chunks::cut(body)) {
                self.put(sort.chunk(id, revision, place), chunk);
            }
            return;
        }
        self.staged.is_ahead = true;
        let mut writes = Vec::new();
        for (place, chunk) in (0_u32..).zip(chunks::cut(body)) {
            let key = sort.chunk(id, revision, place);
            let value = chunks::seal(&key, chunk);
            writes.push((key, Some(value)));
            if place % 16 == 15 {
                self.write_ahead(std::mem::take(&mut writes));
            }
        }
        self.write_ahead(writes);
    }

    fn write_ahead(&mut self, writes: Vec<(Key, Option<Vec<u8>>)>) {
        if self.staged.failure.is_none() {
            self.staged.failure = batch::apply(self.db, writes)
                .err()
                .map(|error| sled_error(error, "log"));
        }
    }

    fn put_record<R: Record>(&mut self, key: Key, record: &R) {
        self.put(key, &record.encode());
    }

    fn put(&mut self, key: Key, value: &[u8]) {
        let sealed = chunks::seal(&key, value);
        self.staged.writes.insert(key, Some(sealed));
    }

    fn remove(&mut self, key: Key) {
        self.staged.writes.insert(key, None);
    }

    fn answer<T: Send + 'static>(&mut self, reply: Reply<T>, outcome: Result<T, StoreError>) {
        self.staged.answers.push(Box::new(move |failure| {
            give(
                reply,
                failure.map_or(outcome, |failure| Err(write_failed(failure))),
            )
        }));
    }
}

/// Gives an answer. Whoever asked may have stopped waiting; the write stands all the same.
fn give<T>(reply: Reply<T>, outcome: Result<T, StoreError>) {
    drop(reply.send(outcome));
}

fn write_failed(failure: &str) -> StoreError {
    StoreError::WriteFailed {
        source: failure.into(),
    }
}

fn check_request(request: Option<&RequestRecord>) -> Result<(), StoreError> {
    request.map_or(Ok(()), |request| {
        chunks::check_length(
            "request",
            request
                .key
                .caller
                .len()
                .saturating_add(request.key.id.len()),
        )
    })
}
