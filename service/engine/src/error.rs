//! Why the engine cannot do what it is asked.

use causeway_model::change::Fault;
use causeway_model::ids::ResourceId;
use causeway_model::revision::{LabelName, Revision, Timestamp, TopologyName};
use causeway_store::StoreError;
use thiserror::Error;

/// Why a use case failed. Nothing was changed, unless the variant says otherwise.
#[derive(Debug, Error)]
pub enum EngineError {
    /// There is no topology of this name.
    #[error("there is no topology `{name}`")]
    TopologyNotFound {
        /// The name.
        name: TopologyName,
    },
    /// The name is taken.
    #[error("there is a topology `{name}` already")]
    TopologyExists {
        /// The name.
        name: TopologyName,
    },
    /// The topology does not hold the resource at this revision.
    #[error("topology `{topology}` does not hold `{id}` at revision {revision}")]
    ResourceNotFound {
        /// The topology.
        topology: TopologyName,
        /// Id of the resource.
        id: ResourceId,
        /// The revision that was read.
        revision: Revision,
    },
    /// The caller lacks what it takes.
    #[error("the caller may not {} in topology `{topology}`: no policy of the service permits it; ask whoever runs the service for one", .actions.join(", "))]
    NotAllowed {
        /// The topology.
        topology: TopologyName,
        /// What the caller would have to be allowed, each once.
        actions: Vec<&'static str>,
    },
    /// The topology does not hold the resource, or the caller may not see it.
    #[error("topology `{topology}` does not hold `{id}`, or the caller may not see it")]
    NotShown {
        /// The topology.
        topology: TopologyName,
        /// Id of the resource.
        id: ResourceId,
    },
    /// A topology cannot be copied by who may not see all of it.
    #[error("topology `{topology}` cannot be forked by who may not see all of it")]
    HidesSome {
        /// The topology.
        topology: TopologyName,
    },
    /// The change set is not well-formed in this topology.
    #[error("the change set has {} fault(s); nothing was changed", .faults.len())]
    InvalidChangeSet {
        /// All of its faults, at least one.
        faults: Vec<Fault>,
    },
    /// A revision that is newer than the head.
    #[error("revision {wanted} does not exist yet, the newest is {head}")]
    RevisionNotReached {
        /// What was asked for.
        wanted: Revision,
        /// The newest revision.
        head: Revision,
    },
    /// A revision that is older than what is kept.
    #[error("revision {wanted} is no longer kept, the oldest is {oldest}")]
    RevisionNotKept {
        /// What was asked for.
        wanted: Revision,
        /// The oldest revision that is kept.
        oldest: Revision,
    },
    /// A time of which nothing is kept any more.
    #[error(
        "what topology `{name}` was at that time is no longer kept, the oldest revision is {oldest}"
    )]
    TimeNotKept {
        /// The topology.
        name: TopologyName,
        /// The oldest revision that is kept.
        oldest: Revision,
    },
    /// A time at which the topology was not there yet.
    #[error("topology `{name}` was not there yet at that time; name a time after its creation")]
    BeforeCreation {
        /// The topology.
        name: TopologyName,
        /// When it was created.
        created: Timestamp,
    },
    /// The head is not where the caller expected it.
    #[error(
        "the topology is at revision {head}, not at {expected}; read it again and try with the new revision"
    )]
    RevisionMismatch {
        /// Where the caller expected it.
        expected: Revision,
        /// Where it is.
        head: Revision,
    },
    /// A request id that came before, with another body.
    #[error("request id `{id}` came before with another body; give each request an id of its own")]
    RequestReused {
        /// The request id.
        id: String,
    },
    /// The topology has no label of this name.
    #[error("topology `{topology}` has no label `{label}`")]
    LabelNotFound {
        /// The topology.
        topology: TopologyName,
        /// The label.
        label: LabelName,
    },
    /// The topology has as many labels as it may have.
    #[error(
        "topology `{topology}` has {maximum} labels, the maximum; delete one that is not needed"
    )]
    TooManyLabels {
        /// The topology.
        topology: TopologyName,
        /// How many it may have.
        maximum: usize,
    },
    /// Forks were made as fast as they could be detached.
    #[error("topology `{name}` was forked again and again while it was to be deleted; try again")]
    ForkedMeanwhile {
        /// The topology.
        name: TopologyName,
    },
    /// More items than one call may have.
    #[error("{count} {what} are too many for one call, the maximum is {maximum}")]
    TooManyItems {
        /// What there are too many of, in the plural.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        maximum: usize,
    },
    /// An axis of a matrix has no end.
    #[error(
        "the selectors of the {what} choose nothing at this revision; a matrix has at least one"
    )]
    NothingSelected {
        /// The axis, in the plural.
        what: &'static str,
    },
    /// Old revisions of a topology were dropped while it was exported.
    #[error("old revisions of topology `{name}` were dropped while it was exported; export again")]
    ExportOvertaken {
        /// The topology.
        name: TopologyName,
    },
    /// A backup of all topologies would lack one.
    #[error(
        "topology `{name}` is damaged, and a backup of all topologies would lack it; name the others to export them without it"
    )]
    ExportLacks {
        /// The topology.
        name: TopologyName,
    },
    /// As many exports are under way as may be.
    #[error(
        "{maximum} exports are under way, which is as many as the service makes at once; try again later"
    )]
    TooManyExports {
        /// How many there may be.
        maximum: usize,
    },
    /// What is stored cannot be trusted.
    #[error("what is stored for this topology is damaged, it is not served")]
    StoreCorrupt {
        /// What is damaged.
        #[source]
        source: StoreError,
    },
    /// A fork has its beginning in the topology alone, and is damaged otherwise.
    #[error(
        "topology `{topology}` is not deleted, for its fork `{fork}` needs it and is damaged; mend or restore the fork first"
    )]
    ForkCorrupt {
        /// The topology.
        topology: TopologyName,
        /// The fork.
        fork: TopologyName,
        /// What is damaged.
        #[source]
        source: StoreError,
    },
    /// The store could not be read or written.
    #[error("the store could not be read or written")]
    StoreFailed {
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A write failed, now or before, and what is on the disk is not known.
    #[error(
        "a write to the disk failed; the service takes no more writes until it is started again, and goes on answering"
    )]
    WritesStopped {
        /// Why it failed.
        #[source]
        source: StoreError,
    },
    /// Work ended before it was done: it panicked, or the process is going down.
    #[error("the work ended before it was done")]
    Interrupted {
        /// How it ended.
        #[source]
        source: tokio::task::JoinError,
    },
}

impl EngineError {
    /// What a failure of the store means to who asked about the topology `name`.
    pub(crate) fn from_store(source: StoreError, name: &TopologyName) -> Self {
        match source {
            StoreError::NameTaken { name } => Self::TopologyExists { name },
            StoreError::NoTopology { id: _ } => Self::TopologyNotFound { name: name.clone() },
            StoreError::HeadMoved { expected, head } => Self::RevisionMismatch { expected, head },
            StoreError::NoRevision {
                revision,
                oldest: _,
                head,
            } if revision > head => Self::RevisionNotReached {
                wanted: revision,
                head,
            },
            StoreError::NoRevision {
                revision,
                oldest,
                head: _,
            } => Self::RevisionNotKept {
                wanted: revision,
                oldest,
            },
            StoreError::NoLabel { label } => Self::LabelNotFound {
                topology: name.clone(),
                label,
            },
            StoreError::Corrupt { .. } => Self::StoreCorrupt { source },
            StoreError::WriteFailed { .. } => Self::WritesStopped { source },
            // What the engine alone asks for, and answers by itself: no caller can do anything about it.
            StoreError::LeanedOn { .. }
            | StoreError::Labelled { .. }
            | StoreError::NoCheckpoint { .. }
            | StoreError::Held { .. }
            | StoreError::Io { .. }
            | StoreError::Closed => Self::StoreFailed { source },
        }
    }
}
