//! The one thread that writes. It takes what is queued as a group, writes it as one batch, syncs once, and only then shows and
//! acknowledges it.
//!
//! After a failed write nobody knows what is on disk: the kernel may have dropped pages that it could not write. So the group is
//! discarded, the heads stay, and the store takes no more writes until it is opened again, from what is really there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::stage::{Job, Stage, Staged};
use super::sweep::Sweep;
use super::witness::Witness;
use super::{Shared, batch, io, sled_error, with_causes};
use crate::catalogue::Catalogue;
use crate::observer::{Observer, Written};
use crate::port::StoreError;

/// The most jobs of a group, and about the most bytes.
const MAX_JOBS: usize = 512;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How often something is removed at the end, so that a store that ends well mostly leaves nothing over, and ends soon.
const LAST_SWEEPS: usize = 64;

/// Makes everything durable that was written before.
pub(super) type Sync = Box<dyn FnMut() -> Result<(), StoreError> + Send>;

/// The state of the thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    jobs: mpsc::Receiver<Job>,
    sync: Sync,
    /// Where it is noted what is durable.
    witness: Witness,
    /// The catalogue with what is staged. Readers have another, with what is durable.
    staged: Catalogue,
    /// What is to be removed bit by bit.
    sweeps: VecDeque<Sweep>,
    /// What went wrong; then nothing more is written.
    failure: Option<String>,
    observer: Arc<dyn Observer>,
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        jobs: mpsc::Receiver<Job>,
        (sync, witness): (Sync, Witness),
        sweeps: Vec<Sweep>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let staged = shared.catalogue().clone();
        Self {
            shared,
            jobs,
            sync,
            witness,
            staged,
            sweeps: sweeps.into(),
            failure: None,
            observer,
        }
    }

    /// Writes until nobody can send any more, and everything that was sent is done.
    pub(super) fn run(mut self) {
        while let Some(group) = self.next_group() {
            self.commit(group);
            self.sweep();
        }
        // What is left after that, opening the store goes on with.
        for _ in 0..LAST_SWEEPS {
            self.sweep();
        }
    }

    /// What is queued, at least one job.
    fn next_group(&mut self) -> Option<Vec<Job>> {
        let first = self.first_job()?;
        let mut bytes = first.bytes();
        let mut group = vec![first];
        while group.len() < MAX_JOBS && bytes < MAX_BYTES {
            let Ok(job) = self.jobs.try_recv() else { break };
            bytes = bytes.saturating_add(job.bytes());
            group.push(job);
        }
        Some(group)
    }

    /// The next job; while there is none, what is nothing any more is removed.
    fn first_job(&mut self) -> Option<Job> {
        while !self.sweeps.is_empty() {
            match self.jobs.try_recv() {
                Ok(job) => return Some(job),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => self.sweep(),
            }
        }
        self.jobs.blocking_recv()
    }

    fn commit(&mut self, group: Vec<Job>) {
        if let Some(failure) = &self.failure {
            group.into_iter().for_each(|job| job.refuse(failure));
            return;
        }
        let writes = group.len();
        let mut stage = Stage::new(&self.shared.db, &mut self.staged);
        group.into_iter().for_each(|job| stage.add(job));
        let mut staged = stage.finish();
        let answers = std::mem::take(&mut staged.answers);
        let effects = staged.effects.clone();
        let written = self.write(staged);
        if let Err(error) = &written {
            let failure = with_causes(error);
            tracing::error!(
                failure,
                "a write failed; the store takes no more writes until it is opened again"
            );
            self.failure = Some(failure);
            self.observer.written(writes, Written::Failed);
        } else {
            self.observer.written(writes, Written::Durably);
        }
        for answer in answers {
            answer(self.failure.as_deref());
        }
        // It may lag behind, so nobody has to wait for it.
        if written.is_ok() {
            self.witness.note(&effects);
        }
    }

    /// Writes a group, syncs it and shows it to readers.
    fn write(&mut self, mut staged: Staged) -> Result<(), StoreError> {
        if let Some(error) = staged.failure.take() {
            return Err(error);
        }
        if staged.writes.is_empty() {
            return Ok(());
        }
        // What was written ahead must be there whenever the record is that names it.
        if staged.is_ahead {
            self.sync()?;
        }
        self.witness.announce(&staged.effects).map_err(|source| {
            io(
                "note that a topology is going to be deleted".to_owned(),
                source,
            )
        })?;
        self.shared.hide_requests(&staged.requests);
        batch::apply(&self.shared.db, staged.writes).map_err(|error| sled_error(error, "log"))?;
        if staged.is_promised {
            self.sync()?;
        }
        self.sweeps.retain(|sweep| !staged.kept.contains(sweep));
        self.sweeps.extend(staged.sweeps);
        self.shared.show(staged.effects, &staged.requests);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        let begun = Instant::now();
        (self.sync)()?;
        self.observer.synced(begun.elapsed());
        Ok(())
    }

    /// Removes some of what is nothing any more.
    fn sweep(&mut self) {
        let Some(&sweep) = self.sweeps.front() else {
            return;
        };
        let outcome = if self.failure.is_some() {
            Ok(false)
        } else {
            sweep.some(&self.shared.db, &self.staged)
        };
        match outcome {
            Ok(true) => {}
            Ok(false) => drop(self.sweeps.pop_front()),
            Err(error) => {
                tracing::error!(
                    topology = sweep.topology().0,
                    failure = with_causes(&error),
                    "what is not needed any more cannot be removed; opening the store tries again"
                );
                self.sweeps.pop_front();
            }
        }
    }
}
