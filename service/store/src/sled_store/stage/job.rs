//! What the writer is asked for, prepared as far as that can be done away from its thread.

use causeway_model::revision::{LabelName, Revision, Timestamp};
use tokio::sync::oneshot;

use crate::port::{
    Append, Appended, Base, Label, NewTopology, RequestRecord, StoreError, TopologyId,
    TopologyRecord,
};
use crate::records::{ChangesRow, CheckpointRow, Extent, LogRow, Record, TopologyRow};
use crate::sled_store::chunks;
use crate::sled_store::keys::Key;

/// Where an answer goes.
pub(in crate::sled_store) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// The most bytes that a topology's record takes beside its name and its description.
const MAX_ROW_REST: usize = 256;

/// Something to write.
#[derive(Debug)]
pub(in crate::sled_store) enum Job {
    Create {
        new: Box<Creation>,
        reply: Reply<TopologyRecord>,
    },
    Delete {
        id: TopologyId,
        request: Option<RequestRecord>,
        reply: Reply<()>,
    },
    Append {
        append: Box<Prepared>,
        reply: Reply<Appended>,
    },
    BeginCheckpoint {
        id: TopologyId,
        revision: Revision,
        /// Whether the one that is there cannot be read.
        is_damaged: bool,
        /// Whether it is to be written: the one that a history begins with is not written again.
        reply: Reply<bool>,
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
    /// Something about what is kept.
    Keep(Keep),
}

/// Something to write about what is kept and what is let go.
#[derive(Debug)]
pub(in crate::sled_store) enum Keep {
    DropCheckpoint {
        id: TopologyId,
        revision: Revision,
        reply: Reply<()>,
    },
    Trim {
        id: TopologyId,
        oldest: Revision,
        /// The record of the checkpoint there, which was read back whole.
        checkpoint: Vec<u8>,
        reply: Reply<()>,
    },
    SetLabel {
        id: TopologyId,
        label: Label,
        request: Option<RequestRecord>,
        reply: Reply<()>,
    },
    DeleteLabel {
        id: TopologyId,
        name: LabelName,
        request: Option<RequestRecord>,
        reply: Reply<()>,
    },
    /// Forget these requests, if they are as old as that still.
    Forget {
        requests: Vec<Key>,
        before: Timestamp,
        reply: Reply<u64>,
    },
}

/// A topology to create.
#[derive(Debug)]
pub(in crate::sled_store) struct Creation {
    pub(super) new: NewTopology,
    /// The log record of the revision that a restored history begins with, if anything is told of it.
    pub(super) first: Option<Vec<u8>>,
}

/// A change set to append, in bytes.
#[derive(Debug)]
pub(in crate::sled_store) struct Prepared {
    pub(super) topology: TopologyId,
    pub(super) head: Revision,
    /// The log record; none if there are no changes.
    pub(super) row: Option<Vec<u8>>,
    pub(super) body: Vec<u8>,
    pub(super) request: Option<RequestRecord>,
}

/// Some chunks of a checkpoint.
#[derive(Debug)]
pub(in crate::sled_store) struct CheckpointPart {
    pub(in crate::sled_store) id: TopologyId,
    pub(in crate::sled_store) revision: Revision,
    /// The place of the first chunk.
    pub(in crate::sled_store) first: u32,
    pub(in crate::sled_store) body: Vec<u8>,
}

impl Job {
    /// About how many bytes it writes.
    pub(in crate::sled_store) fn bytes(&self) -> usize {
        match self {
            Self::Append { append, .. } => append.body.len(),
            Self::CheckpointPart { part, .. } => part.body.len(),
            Self::Create { .. }
            | Self::Delete { .. }
            | Self::BeginCheckpoint { .. }
            | Self::EndCheckpoint { .. }
            | Self::Keep(_) => 0,
        }
    }

    /// The answer to a job that is not done.
    pub(in crate::sled_store) fn refuse(self, failure: &str) {
        match self {
            Self::Create { reply, .. } => give(reply, Err(write_failed(failure))),
            Self::Append { reply, .. } => give(reply, Err(write_failed(failure))),
            Self::BeginCheckpoint { reply, .. } => give(reply, Err(write_failed(failure))),
            Self::Keep(keep) => keep.refuse(failure),
            Self::Delete { reply, .. }
            | Self::CheckpointPart { reply, .. }
            | Self::EndCheckpoint { reply, .. } => give(reply, Err(write_failed(failure))),
        }
    }
}

impl Keep {
    fn refuse(self, failure: &str) {
        match self {
            Self::Forget { reply, .. } => give(reply, Err(write_failed(failure))),
            Self::DropCheckpoint { reply, .. }
            | Self::Trim { reply, .. }
            | Self::SetLabel { reply, .. }
            | Self::DeleteLabel { reply, .. } => give(reply, Err(write_failed(failure))),
        }
    }
}

impl Creation {
    /// Prepares a creation, away from the writer's thread.
    pub(in crate::sled_store) fn new(new: NewTopology) -> Result<Self, StoreError> {
        let length = new.description.len().saturating_add(MAX_ROW_REST);
        chunks::check_length(TopologyRow::WHAT, length)?;
        check_request(new.request.as_ref())?;
        let first = match &new.base {
            Base::Restored { first, origin: _ } if first.revision > Revision::ZERO => {
                Some(chunks::encode_bounded(&LogRow {
                    note: first.note.clone(),
                    counts: first.counts,
                    body: Extent::EMPTY,
                })?)
            }
            Base::Empty | Base::Fork { .. } | Base::Restored { .. } => None,
        };
        Ok(Self { new, first })
    }
}

impl Prepared {
    /// Prepares an append, away from the writer's thread.
    pub(in crate::sled_store) fn new(append: Append) -> Result<Self, StoreError> {
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

/// Gives an answer. Whoever asked may have stopped waiting; the write stands all the same.
pub(super) fn give<T>(reply: Reply<T>, outcome: Result<T, StoreError>) {
    drop(reply.send(outcome));
}

pub(super) fn write_failed(failure: &str) -> StoreError {
    StoreError::WriteFailed {
        source: failure.into(),
    }
}

/// That the key of a request is not longer than it may be.
pub(in crate::sled_store) fn check_request(
    request: Option<&RequestRecord>,
) -> Result<(), StoreError> {
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
