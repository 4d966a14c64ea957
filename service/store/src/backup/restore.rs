//! Filling a store from a backup, and checking a backup without one.

use std::io::Read;

use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;

use super::Selection;
use super::error::BackupError;
use super::frames::FrameReader;
use super::replay::{Appending, Contents, Replay, Step};
use crate::port::{Append, Deletion, NewTopology, Store, TopologyId};

/// Bytes that are read at once.
const READ_BYTES: usize = 128 * 1024;

/// Revisions from one checkpoint to the next, at least.
const CHECKPOINT_EVERY: u64 = 128;

/// Checks a whole backup: every checksum, every record, and that the revisions of each topology come to the state that it had.
///
/// # Errors
/// [`BackupError`] with the place of what is wrong.
pub fn verify(input: &mut dyn Read) -> Result<Contents, BackupError> {
    let mut reading = Reading::new(input);
    while reading.step()?.is_some() {}
    reading.finish()
}

/// Fills a store, in which none of the topologies is, from a backup. All of the backup is checked, also what is not selected; tells what was
/// restored of it.
///
/// # Errors
/// [`BackupError`] with the place of what is wrong. What is in the store by then is to be thrown away with it.
pub async fn restore(
    input: &mut (dyn Read + Send),
    store: &dyn Store,
    selection: &Selection,
) -> Result<Contents, BackupError> {
    let mut reading = Reading::new(input);
    let mut filling = Filling {
        store,
        selection,
        current: None,
        deletions: 0,
    };
    while let Some(step) = reading.step()? {
        filling.step(step).await?;
    }
    let deletions = filling.deletions;
    let mut contents = reading.finish()?;
    check_selection(selection, &contents)?;
    contents.deletions = deletions;
    contents
        .topologies
        .retain(|topology| selection.has(&topology.name));
    Ok(contents)
}

/// That the backup has what is asked for.
fn check_selection(selection: &Selection, contents: &Contents) -> Result<(), BackupError> {
    let Selection::Named(names) = selection else {
        return Ok(());
    };
    let held = || contents.topologies.iter().map(|topology| &topology.name);
    match names.iter().find(|name| !held().any(|held| held == *name)) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<String> = held().take(10).map(|name| format!("`{name}`")).collect();
            let rest = held().count().saturating_sub(known.len());
            let mut known = known.join(", ");
            if known.is_empty() {
                known.push_str("none");
            }
            if rest > 0 {
                known.push_str(&format!(" and {rest} more"));
            }
            Err(BackupError::NoTopology {
                name: name.clone(),
                known,
            })
        }
    }
}

/// A backup that is read.
struct Reading<'a, R: Read + ?Sized> {
    input: &'a mut R,
    buffer: Vec<u8>,
    frames: FrameReader,
    replay: Replay,
}

impl<'a, R: Read + ?Sized> Reading<'a, R> {
    fn new(input: &'a mut R) -> Self {
        Self {
            input,
            buffer: vec![0; READ_BYTES],
            frames: FrameReader::new(),
            replay: Replay::default(),
        }
    }

    /// What is to be done next; nothing at the end.
    fn step(&mut self) -> Result<Option<Step>, BackupError> {
        loop {
            while let Some(frame) = self.frames.next()? {
                if let Some(step) = self.replay.frame(&frame)? {
                    return Ok(Some(step));
                }
            }
            let count = loop {
                match self.input.read(&mut self.buffer) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    outcome => break outcome.map_err(BackupError::Read)?,
                }
            };
            match self.buffer.get(..count) {
                None | Some([]) => return Ok(None),
                Some(bytes) => self.frames.push(bytes),
            }
        }
    }

    fn finish(self) -> Result<Contents, BackupError> {
        let end = self.frames.finish()?;
        self.replay.finish(&end)
    }
}

/// A store that is filled.
struct Filling<'a> {
    store: &'a dyn Store,
    selection: &'a Selection,
    /// The topology that is filled; none while one is passed over.
    current: Option<Current>,
    deletions: u64,
}

/// A topology that is filled.
struct Current {
    id: TopologyId,
    head: Revision,
    /// The newest checkpoint.
    checkpoint: Revision,
    /// Changes since then.
    changes: usize,
}

impl Filling<'_> {
    async fn step(&mut self, step: Step) -> Result<(), BackupError> {
        match (step, &mut self.current) {
            (Step::Deletions(deletions), _) => self.deletions(deletions).await,
            (Step::Begin(new, state), _) => self.begin(*new, state).await,
            (Step::Requests(requests), Some(current)) => {
                Ok(self.store.put_requests(current.id, requests).await?)
            }
            (Step::Append(appending), Some(current)) => {
                current.append(self.store, *appending).await
            }
            (Step::Labels(labels), Some(current)) => {
                for label in labels {
                    self.store.set_label(current.id, label, None).await?;
                }
                Ok(())
            }
            (Step::End(state), Some(current)) => {
                current.checkpoint(self.store, state).await?;
                self.current = None;
                Ok(())
            }
            (Step::Requests(_) | Step::Append(_) | Step::Labels(_) | Step::End(_), None) => Ok(()),
        }
    }

    async fn deletions(&mut self, mut deletions: Vec<Deletion>) -> Result<(), BackupError> {
        deletions.retain(|deletion| self.selection.has(&deletion.name));
        let count = u64::try_from(deletions.len()).unwrap_or(u64::MAX);
        self.deletions = self.deletions.saturating_add(count);
        Ok(self.store.put_deletions(deletions).await?)
    }

    async fn begin(
        &mut self,
        new: NewTopology,
        state: Option<Snapshot>,
    ) -> Result<(), BackupError> {
        if !self.selection.has(&new.name) {
            return Ok(());
        }
        let record = self.store.create(new).await?;
        if let Some(state) = state {
            self.store
                .put_checkpoint(record.id, record.head, state)
                .await?;
        }
        self.current = Some(Current {
            id: record.id,
            head: record.head,
            checkpoint: record.head,
            changes: 0,
        });
        Ok(())
    }
}

impl Current {
    async fn append(&mut self, store: &dyn Store, appending: Appending) -> Result<(), BackupError> {
        let Appending {
            logged,
            changes,
            state,
        } = appending;
        self.changes = self.changes.saturating_add(changes.changes.len());
        let append = Append {
            topology: self.id,
            head: self.head,
            changes,
            note: logged.note,
            counts: logged.counts,
            request: None,
        };
        self.head = store.append(append).await?.revision;
        // A checkpoint takes what the state takes: no more of them than the changes since the last one are worth.
        let passed = self.head.0.saturating_sub(self.checkpoint.0);
        if passed >= CHECKPOINT_EVERY && self.changes >= state.len() {
            self.checkpoint(store, state).await?;
        }
        Ok(())
    }

    /// Puts a checkpoint of the head, if there is none.
    async fn checkpoint(&mut self, store: &dyn Store, state: Snapshot) -> Result<(), BackupError> {
        if self.head > self.checkpoint {
            store.put_checkpoint(self.id, self.head, state).await?;
            (self.checkpoint, self.changes) = (self.head, 0);
        }
        Ok(())
    }
}
