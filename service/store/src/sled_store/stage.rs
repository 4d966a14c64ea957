//! What a group of writes comes to: one batch, and the answers to give when it is durable.
//!
//! Each job is checked against what the jobs before it have staged. Nothing here is visible to a reader, and nothing is synced.

mod checkpoints;
mod job;
mod keep;

use std::collections::BTreeMap;

use causeway_model::revision::Revision;

pub(super) use self::job::{CheckpointPart, Creation, Job, Keep, Prepared, Reply, check_request};
use self::job::{give, write_failed};
use super::keys::{self, Key, Sort};
use super::sled_error;
use super::sweep::Sweep;
use super::{batch, chunks};
use crate::catalogue::{Catalogue, Effect};
use crate::port::{Appended, RequestRecord, StoreError, TopologyId, TopologyRecord};
use crate::records::{CounterRow, MarkRow, NameRow, Record, RequestRow, TopologyRow};

/// An answer that waits for the group: it is given what made the group fail, if something did.
pub(super) type Answer = Box<dyn FnOnce(Option<&str>) + Send>;

/// Chunks of more bytes than this are written ahead of their group, in batches of this size, so that no batch is huge.
const AHEAD_BYTES: usize = 16 * chunks::MAX_VALUE;

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
    /// What is to be removed bit by bit, once this is written.
    pub(super) sweeps: Vec<Sweep>,
    /// What is not to be removed any more.
    pub(super) kept: Vec<Sweep>,
    /// Whether something is promised to be durable.
    pub(super) is_promised: bool,
    /// Whether chunks were written ahead.
    pub(super) is_ahead: bool,
    /// What went wrong while writing ahead.
    pub(super) failure: Option<StoreError>,
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
            Job::Delete { id, request, reply } => {
                let outcome = self.delete(id, request);
                self.answer(reply, outcome);
            }
            Job::Append { append, reply } => {
                let outcome = self.append(*append);
                self.answer(reply, outcome);
            }
            Job::BeginCheckpoint {
                id,
                revision,
                is_damaged,
                reply,
            } => {
                let outcome = self.begin_checkpoint(id, revision, is_damaged);
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
            Job::Keep(keep) => self.keep(keep),
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
        self.put_topology(record.id)?;
        if let Some(first) = creation.first {
            self.put(Sort::Log.at(record.id, record.head), &first);
        }
        self.put_request(record.id, creation.new.request, record.head);
        self.staged.effects.push(Effect::Created(record.clone()));
        self.staged.is_promised = true;
        Ok(record)
    }

    /// The topology is gone with its name and its record. What it owned is swept later, and found again by the mark if need be.
    fn delete(&mut self, id: TopologyId, request: Option<RequestRecord>) -> Result<(), StoreError> {
        let record = self.catalogue.remove(id)?;
        self.remove(keys::name(&record.name));
        self.remove(Sort::Topology.of(id));
        self.put_record(Sort::Deleted.of(id), &MarkRow);
        if let Some(request) = request {
            let key = keys::deletion(&record.name, &request.key);
            self.put_request_under(key, &request, record.head);
        }
        self.staged.effects.push(Effect::Deleted(id));
        self.staged.sweeps.push(Sweep::Deleted(id));
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
        self.put_request(id, append.request, revision);
        Ok(Appended { revision })
    }

    fn put_request(&mut self, id: TopologyId, request: Option<RequestRecord>, revision: Revision) {
        if let Some(request) = request {
            let key = keys::request(id, &request.key);
            self.put_request_under(key, &request, revision);
        }
    }

    fn put_request_under(&mut self, key: Key, request: &RequestRecord, revision: Revision) {
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
        self.staged.is_promised = true;
    }

    /// Stages the record of a topology as the catalogue has it.
    fn put_topology(&mut self, id: TopologyId) -> Result<(), StoreError> {
        let record = self.catalogue.get(id)?;
        let row = TopologyRow::of(record, self.catalogue.label_changes(id));
        self.put_record(Sort::Topology.of(id), &row);
        Ok(())
    }

    /// Stages that something is not to be removed any more.
    fn keep_swept(&mut self, sweep: Sweep) {
        self.staged.sweeps.retain(|other| *other != sweep);
        self.staged.kept.push(sweep);
    }

    /// What is stored under a key once everything before is written.
    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(staged) = self.staged.writes.get(key) {
            return Ok(staged.clone());
        }
        let found = self.db.get(key);
        let found = found.map_err(|error| sled_error(error, "database"))?;
        Ok(found.map(|value| value.to_vec()))
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
