//! Writing a checkpoint, in parts, so that other writes get their turn between them, and never as a whole in bytes; and trusting one
//! with what lies below it.

use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;
use tokio::sync::{mpsc, oneshot};

use super::Shared;
use super::chunks::{self, MAX_VALUE, Sum};
use super::read::Whole;
use super::stage::{CheckpointPart, Job, Keep, Reply};
use crate::port::{StoreError, TopologyId};
use crate::records::{self, CheckpointRow};

/// The bytes of a part: a whole number of chunks.
const PART_BYTES: usize = 16 * MAX_VALUE;

/// Writes a checkpoint, and returns when it is durable. It blocks.
pub(super) fn write(
    shared: &Shared,
    jobs: &mpsc::Sender<Job>,
    (id, revision): (TopologyId, Revision),
    snapshot: &Snapshot,
) -> Result<(), StoreError> {
    let is_damaged = shared.is_first_damaged(id, revision)?;
    let is_to_be_written = submit(jobs, |reply| Job::BeginCheckpoint {
        id,
        revision,
        is_damaged,
        reply,
    })?;
    if !is_to_be_written {
        return Ok(());
    }
    let mut writing = Writing {
        jobs,
        id,
        revision,
        sum: Sum::default(),
    };
    let mut body = records::checkpoint_opening();
    let mut resources = 0_u64;
    for resource in snapshot.iter() {
        records::put_checkpoint_resource(&mut body, resource);
        resources = resources.saturating_add(1);
        while body.len() >= PART_BYTES {
            let rest = body.split_off(PART_BYTES);
            writing.part(std::mem::replace(&mut body, rest))?;
        }
    }
    writing.part(body)?;
    let row = CheckpointRow {
        resources,
        body: writing.sum.extent(),
    };
    submit(jobs, |reply| Job::EndCheckpoint {
        id,
        revision,
        row,
        reply,
    })
}

/// A checkpoint while it is written.
struct Writing<'a> {
    jobs: &'a mpsc::Sender<Job>,
    id: TopologyId,
    revision: Revision,
    sum: Sum,
}

impl Writing<'_> {
    /// Writes a part and waits for it, so that there is never more than one in memory.
    fn part(&mut self, body: Vec<u8>) -> Result<(), StoreError> {
        let first = self.sum.chunks();
        chunks::cut(&body).for_each(|chunk| self.sum.add(chunk));
        let part = CheckpointPart {
            id: self.id,
            revision: self.revision,
            first,
            body,
        };
        submit(self.jobs, |reply| Job::CheckpointPart { part, reply })
    }
}

/// Makes a revision the oldest one. It blocks, and reads the checkpoint there first: nothing else is left of that revision.
pub(super) fn trim(
    shared: &Shared,
    jobs: &mpsc::Sender<Job>,
    id: TopologyId,
    oldest: Revision,
) -> Result<(), StoreError> {
    let checkpoint = match shared.whole_checkpoint(id, oldest)? {
        Whole::Needless => return Ok(()),
        Whole::Missing => return Err(StoreError::NoCheckpoint { revision: oldest }),
        Whole::Record(checkpoint) => checkpoint,
    };
    submit(jobs, |reply| {
        Job::Keep(Keep::Trim {
            id,
            oldest,
            checkpoint,
            reply,
        })
    })
}

/// Sends a job to the writer and waits for its answer.
pub(super) fn submit<T>(
    jobs: &mpsc::Sender<Job>,
    job: impl FnOnce(Reply<T>) -> Job,
) -> Result<T, StoreError> {
    let (reply, answer) = oneshot::channel();
    jobs.blocking_send(job(reply))
        .map_err(|_| StoreError::Closed)?;
    answer.blocking_recv().map_err(|_| StoreError::Closed)?
}
