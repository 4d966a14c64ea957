//! The port that every backend implements, and that the engine uses.

use std::fmt::Debug;

use async_trait::async_trait;
use causeway_model::change::ChangeSet;
use causeway_model::revision::{LabelName, Revision, RevisionNote, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;
use thiserror::Error;

/// One incarnation of a topology: a name that is deleted and created again gets another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopologyId(pub u64);

/// A topology that is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopology {
    /// Its name.
    pub name: TopologyName,
    /// What it is for.
    pub description: String,
    /// When it is created.
    pub time: Timestamp,
    /// The request that creates it, to be told apart from its repetition.
    pub request: Option<RequestRecord>,
    /// What it begins with.
    pub base: Base,
}

/// What a new topology begins with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Base {
    /// Nothing, at revision 0.
    #[default]
    Empty,
    /// At revision 0, what another topology holds at a revision that it keeps. The new one leans on the other until it has a checkpoint of its own at revision 0.
    Fork {
        /// The other topology.
        of: TopologyId,
        /// Its revision.
        at: Revision,
    },
    /// A history that was kept elsewhere: it begins at this revision, of which a checkpoint is put next, and goes on with appends.
    Restored {
        /// What is told of the revision; for revision 0 nothing is.
        first: Logged,
        /// Where it was forked from, if it was.
        origin: Option<Origin>,
    },
}

/// Where a topology was forked from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The name that the other topology had.
    pub name: TopologyName,
    /// Its revision.
    pub revision: Revision,
}

/// A topology that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologyRecord {
    /// Its incarnation.
    pub id: TopologyId,
    /// Its name.
    pub name: TopologyName,
    /// What it is for.
    pub description: String,
    /// When it was created.
    pub time: Timestamp,
    /// Its newest durable revision.
    pub head: Revision,
    /// The oldest revision that can be read.
    pub oldest: Revision,
    /// Where it was forked from, if it was.
    pub origin: Option<Origin>,
    /// The topology and the revision that it leans on: its own revision 0 is there and nowhere else.
    pub leans_on: Option<(TopologyId, Revision)>,
}

/// A name of a revision. The history from the oldest labelled revision on is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The name, one of its kind in a topology.
    pub name: LabelName,
    /// The revision.
    pub revision: Revision,
    /// When it was set.
    pub time: Timestamp,
}

/// What a request is known by when it is repeated: the caller and the id that the caller chose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey {
    /// Who asks; empty while callers are not told apart.
    pub caller: String,
    /// The id that the caller chose, up to 128 bytes.
    pub id: String,
}

/// A request that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// What it is known by.
    pub key: RequestKey,
    /// A digest of its body: a repetition has the same.
    pub digest: [u8; 32],
    /// When it succeeded.
    pub time: Timestamp,
    /// The revision that held it.
    pub revision: Revision,
    /// Counts of its answer: created, updated, deleted, unchanged.
    pub counts: [u64; 4],
}

/// A request that deleted a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// The name that the topology had.
    pub name: TopologyName,
    /// The request.
    pub request: RequestRecord,
}

/// A change set that is to become the next revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Append {
    /// The topology.
    pub topology: TopologyId,
    /// The head it was checked against: another one refuses it.
    pub head: Revision,
    /// The changes, checked, each id once. Empty: no revision is made, and the request alone is recorded.
    pub changes: ChangeSet,
    /// Who, why and when.
    pub note: RevisionNote,
    /// Resources that were created or replaced, and deleted: what the history tells.
    pub counts: [u64; 2],
    /// The request, recorded in the same commit.
    pub request: Option<RequestRecord>,
}

/// A revision that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its number: the head's successor, or the head if there were no changes.
    pub revision: Revision,
}

/// A revision as the log keeps it, without its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its number.
    pub revision: Revision,
    /// Who, why and when.
    pub note: RevisionNote,
    /// Resources that were created or replaced, and deleted.
    pub counts: [u64; 2],
}

/// Why a store cannot do what it is asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The name is taken.
    #[error("topology `{name}` exists already")]
    NameTaken {
        /// The name.
        name: TopologyName,
    },
    /// There is no such incarnation, or no longer.
    #[error("the topology does not exist, or was deleted meanwhile")]
    NoTopology {
        /// The incarnation.
        id: TopologyId,
    },
    /// The head is elsewhere.
    #[error("the topology is at revision {head}, not at {expected}")]
    HeadMoved {
        /// Where it was expected.
        expected: Revision,
        /// Where it is.
        head: Revision,
    },
    /// A revision that is asked for is not in the log: it is above the head, or below the oldest one that is kept.
    #[error("revision {revision} is not in the log, which has {oldest} to {head}")]
    NoRevision {
        /// Its number.
        revision: Revision,
        /// The oldest revision that is kept.
        oldest: Revision,
        /// The newest revision.
        head: Revision,
    },
    /// A fork has its revision 0 in this topology alone.
    #[error("topology `{fork}` leans on revision {revision} of this topology")]
    LeanedOn {
        /// The fork.
        fork: TopologyName,
        /// What it leans on.
        revision: Revision,
    },
    /// A revision below the one that is to be the oldest has a label.
    #[error("revision {revision} has the label `{label}`")]
    Labelled {
        /// The label.
        label: LabelName,
        /// The revision.
        revision: Revision,
    },
    /// There is no such label.
    #[error("there is no label `{label}`")]
    NoLabel {
        /// The label.
        label: LabelName,
    },
    /// There is no checkpoint at a revision.
    #[error("there is no checkpoint at revision {revision}")]
    NoCheckpoint {
        /// The revision.
        revision: Revision,
    },
    /// What is stored does not match its checksum, or cannot be read.
    #[error("stored {what} is damaged: {detail}")]
    Corrupt {
        /// What is damaged, with its topology and revision.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Another process holds the data directory.
    #[error(
        "data directory `{directory}` is held by {holder}; stop that process or choose another directory"
    )]
    Held {
        /// The directory.
        directory: String,
        /// Who holds it, as far as can be told.
        holder: String,
    },
    /// The directory or the database could not be read or written.
    #[error("cannot {action}")]
    Io {
        /// What was tried.
        action: String,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A write failed, now or before. What is on the disk is not known; opening the store finds out.
    #[error("cannot write to the database, which takes no more writes until it is opened again")]
    WriteFailed {
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The writer has stopped; nothing more is accepted.
    #[error("the store is closed")]
    Closed,
}

/// Keeps topologies: for each an append-only log of change sets, with checkpoints.
///
/// Invariants that every backend holds, by one contract suite: revisions have no gaps and are assigned inside the commit; a call
/// returns when its effect is durable, and nothing is visible before; what was read stays as it is.
#[async_trait]
pub trait Store: Send + Sync + Debug {
    /// Creates a topology at revision 0, or at the revision that its base begins with.
    ///
    /// A fork of a revision that the other topology does not keep is [`StoreError::NoRevision`].
    async fn create(&self, new: NewTopology) -> Result<TopologyRecord, StoreError>;

    /// The topology with this name, if there is one.
    async fn find(&self, name: &TopologyName) -> Result<Option<TopologyRecord>, StoreError>;

    /// All topologies that can be used, by name.
    async fn list(&self) -> Result<Vec<TopologyRecord>, StoreError>;

    /// The names of topologies that are damaged and cannot be used. They are in no list; [`Store::find`] tells what is wrong with one.
    async fn damaged(&self) -> Result<Vec<TopologyName>, StoreError>;

    /// Deletes a topology with its log, checkpoints, labels and requests. The request that deletes it outlives it, under its name.
    ///
    /// While forks lean on it, [`StoreError::LeanedOn`] names one of them.
    async fn delete(
        &self,
        id: TopologyId,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError>;

    /// A request that deleted a topology of this name.
    async fn deletion(
        &self,
        name: &TopologyName,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError>;

    /// Appends a change set, comparing with the head.
    async fn append(&self, append: Append) -> Result<Appended, StoreError>;

    /// The change sets of the revisions after one and up to another, in order. Neither may be below the oldest revision.
    async fn read(
        &self,
        id: TopologyId,
        after: Revision,
        to: Revision,
    ) -> Result<Vec<ChangeSet>, StoreError>;

    /// What the log tells of revisions up to this one, newest first, at most so many. It ends with the oldest one that is kept; of revision 0 nothing is told.
    async fn history(
        &self,
        id: TopologyId,
        newest: Revision,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError>;

    /// Keeps a whole snapshot, to rebuild later ones from. The revision must be one that is kept. A fork that gets one at revision 0 leans on
    /// nothing any more.
    async fn put_checkpoint(
        &self,
        id: TopologyId,
        revision: Revision,
        snapshot: Snapshot,
    ) -> Result<(), StoreError>;

    /// The newest checkpoint at this revision or before it, in this topology's own part of the store.
    async fn checkpoint(
        &self,
        id: TopologyId,
        at: Revision,
    ) -> Result<Option<(Revision, Snapshot)>, StoreError>;

    /// The revisions that have checkpoints, in order.
    async fn checkpoints(&self, id: TopologyId) -> Result<Vec<Revision>, StoreError>;

    /// Drops a checkpoint. What it was needed for is the caller's to know; the one at the oldest revision is never dropped.
    async fn drop_checkpoint(&self, id: TopologyId, revision: Revision) -> Result<(), StoreError>;

    /// Makes a revision with a checkpoint the oldest one: what is below is gone for every reader at once, and removed from the disk bit by bit.
    /// An older one than it is already does nothing.
    ///
    /// [`StoreError::NoCheckpoint`] without a checkpoint there that can be read, [`StoreError::LeanedOn`] and [`StoreError::Labelled`] for what holds
    /// an older one.
    async fn trim(&self, id: TopologyId, oldest: Revision) -> Result<(), StoreError>;

    /// Gives a revision that is kept a label, which is taken from another one if that has it.
    async fn set_label(
        &self,
        id: TopologyId,
        label: Label,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError>;

    /// Takes a label away.
    async fn delete_label(
        &self,
        id: TopologyId,
        name: &LabelName,
        request: Option<RequestRecord>,
    ) -> Result<(), StoreError>;

    /// The labels of a topology, by name.
    async fn labels(&self, id: TopologyId) -> Result<Vec<Label>, StoreError>;

    /// A request of a topology that succeeded before. A request that created a topology is found under the new topology.
    async fn request(
        &self,
        id: TopologyId,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError>;

    /// Requests of a topology after one that was given before, in the backend's own order, at most so many.
    async fn requests(
        &self,
        id: TopologyId,
        after: Option<&RequestKey>,
        limit: usize,
    ) -> Result<Vec<RequestRecord>, StoreError>;

    /// Records requests that succeeded in a store that is restored here, each with its own revision.
    async fn put_requests(
        &self,
        id: TopologyId,
        requests: Vec<RequestRecord>,
    ) -> Result<(), StoreError>;

    /// Requests that deleted topologies, after one that was given before, in the backend's own order, at most so many.
    async fn deletions(
        &self,
        after: Option<&Deletion>,
        limit: usize,
    ) -> Result<Vec<Deletion>, StoreError>;

    /// Records deletions of a store that is restored here. Nothing is deleted.
    async fn put_deletions(&self, deletions: Vec<Deletion>) -> Result<(), StoreError>;

    /// Forgets all requests that succeeded before a time, deletions too; tells how many.
    async fn forget_requests(&self, before: Timestamp) -> Result<u64, StoreError>;
}
