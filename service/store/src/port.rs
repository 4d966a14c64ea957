//! The port that every backend implements, and that the engine uses.

use std::fmt::Debug;

use async_trait::async_trait;
use causeway_model::change::ChangeSet;
use causeway_model::revision::{Revision, RevisionNote, Timestamp, TopologyName};
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
    /// A revision that is asked for is not in the log.
    #[error("revision {revision} is not in the log")]
    NoRevision {
        /// Its number.
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
    /// Creates a topology at revision 0.
    async fn create(&self, new: NewTopology) -> Result<TopologyRecord, StoreError>;

    /// The topology with this name, if there is one.
    async fn find(&self, name: &TopologyName) -> Result<Option<TopologyRecord>, StoreError>;

    /// All topologies, by name.
    async fn list(&self) -> Result<Vec<TopologyRecord>, StoreError>;

    /// Deletes a topology with its log, checkpoints and requests.
    async fn delete(&self, id: TopologyId) -> Result<(), StoreError>;

    /// Appends a change set, comparing with the head.
    async fn append(&self, append: Append) -> Result<Appended, StoreError>;

    /// The change sets of the revisions after one and up to another, in order.
    async fn read(
        &self,
        id: TopologyId,
        after: Revision,
        to: Revision,
    ) -> Result<Vec<ChangeSet>, StoreError>;

    /// What the log tells of revisions up to this one, newest first, at most so many.
    async fn history(
        &self,
        id: TopologyId,
        newest: Revision,
        limit: usize,
    ) -> Result<Vec<Logged>, StoreError>;

    /// Keeps a whole snapshot, to rebuild later ones from. The revision must be in the log.
    async fn put_checkpoint(
        &self,
        id: TopologyId,
        revision: Revision,
        snapshot: Snapshot,
    ) -> Result<(), StoreError>;

    /// The newest checkpoint at this revision or before it.
    async fn checkpoint(
        &self,
        id: TopologyId,
        at: Revision,
    ) -> Result<Option<(Revision, Snapshot)>, StoreError>;

    /// A request of a topology that succeeded before. A request that created a topology is found under the new topology.
    async fn request(
        &self,
        id: TopologyId,
        key: &RequestKey,
    ) -> Result<Option<RequestRecord>, StoreError>;
}
