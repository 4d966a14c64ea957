//! Changing a topology: one commit after the other, each durable before it is seen.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_model::change::{Change, Effect, Fault};
use causeway_model::ids::ResourceId;
use causeway_model::resource::Resource;
use causeway_model::revision::{Revision, RevisionNote, Timestamp, TopologyName, TraceParent};
use causeway_model::snapshot::{Scope, Snapshot};
use causeway_store::{Append, RequestKey, RequestRecord, StoreError};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::guard::{Gate, Purpose};
use crate::patch::{self, Changes};
use crate::read::Consistency;
use crate::topology::{Topology, View};

/// How often a commit is tried when another process moves the head meanwhile.
const ATTEMPTS: usize = 4;

/// Sets up to this size are applied at once; a larger one goes to the compute pool.
const SMALL: usize = 64;

/// What a write is known by when it is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The caller, and the id that the caller chose.
    pub key: RequestKey,
    /// A digest of everything that the write says.
    pub digest: [u8; 32],
}

// === impl Request ===

impl Request {
    /// The record of it, once it succeeded.
    pub(crate) fn recorded(
        self,
        time: Timestamp,
        revision: Revision,
        counts: [u64; 4],
    ) -> RequestRecord {
        RequestRecord {
            key: self.key,
            digest: self.digest,
            time,
            revision,
            counts,
        }
    }

    /// The record of one that counts nothing, and whose revision the store notes.
    pub(crate) fn recorded_at(&self, time: Timestamp) -> RequestRecord {
        self.clone().recorded(time, Revision::ZERO, [0; 4])
    }

    /// That it came before with another body.
    pub(crate) fn reused(&self) -> EngineError {
        EngineError::RequestReused {
            id: self.key.id.clone(),
        }
    }
}

/// What every write says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The topology.
    pub topology: TopologyName,
    /// Where the head must be; anywhere for none.
    pub expected: Option<Revision>,
    /// What it is known by when it is repeated.
    pub request: Option<Request>,
    /// Who writes.
    pub author: String,
    /// Why.
    pub message: String,
    /// In which trace, if it is known. It is told with the revision, and is no part of what a repetition must say again.
    pub trace: Option<TraceParent>,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The revision that holds it: a new one, or the head if nothing changed.
    pub revision: Revision,
    /// Resources that are new.
    pub created: u64,
    /// Resources that were replaced by something else.
    pub updated: u64,
    /// Resources that were deleted.
    pub deleted: u64,
    /// Resources of an import that were there already, and equal.
    pub unchanged: u64,
}

/// What a commit is to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Something with the newest state.
    Edit(Arc<Edit>),
    /// Go back to the state of a revision.
    Rollback(Consistency),
}

/// What is to be done to a state.
#[derive(Debug)]
pub(crate) enum Edit {
    Changes(Changes),
    Import {
        scopes: Vec<Scope>,
        resources: BTreeMap<ResourceId, Arc<Resource>>,
    },
}

// === impl Engine ===

impl Engine {
    /// Applies a change set as one revision, or none of it; a set that changes nothing makes no revision.
    ///
    /// # Errors
    /// [`EngineError::InvalidChangeSet`] with every fault of the set; [`EngineError::RevisionMismatch`]; [`EngineError::RequestReused`].
    pub async fn apply(
        &self,
        write: Write,
        changes: impl Into<Changes>,
    ) -> Result<Applied, EngineError> {
        let changes = changes.into();
        self.check_changes(changes.len())?;
        let edit = Arc::new(Edit::Changes(changes));
        self.commit(write, Work::Edit(edit)).await
    }

    /// Checks a change set as [`Engine::apply`] would, and tells what it would do. Nothing is stored.
    ///
    /// # Errors
    /// As [`Engine::apply`].
    pub async fn validate(
        &self,
        write: Write,
        changes: impl Into<Changes>,
    ) -> Result<Applied, EngineError> {
        let changes = changes.into();
        self.check_changes(changes.len())?;
        let head = self.topology(&write.topology).await?.head();
        check_expected(write.expected, head.revision)?;
        let gate = self.gate(&write.topology, Purpose::Commit);
        let edit = Arc::new(Edit::Changes(changes));
        let (_, effect, unchanged) = self.edit(&head, &edit, gate).await?;
        Ok(Applied::from_effect(head.revision, &effect, unchanged))
    }

    /// Makes the scopes hold what is given and nothing else, and puts what is given outside of them, as one revision.
    ///
    /// # Errors
    /// As [`Engine::apply`]. The faults' places are those of the difference, so only their resources tell what they are about.
    pub async fn import(
        &self,
        write: Write,
        scopes: Vec<Scope>,
        resources: BTreeMap<ResourceId, Arc<Resource>>,
    ) -> Result<Applied, EngineError> {
        let edit = Arc::new(Edit::Import { scopes, resources });
        self.commit(write, Work::Edit(edit)).await
    }

    /// Refuses a set of more changes than the limit, before any of them is looked at.
    ///
    /// # Errors
    /// [`EngineError::TooManyItems`].
    pub fn check_changes(&self, count: usize) -> Result<(), EngineError> {
        check_count("changes", count, self.limits.max_changes)
    }

    /// Commits in a task of its own: between the append and the publication there must be no place to stop.
    pub(crate) async fn commit(&self, write: Write, work: Work) -> Result<Applied, EngineError> {
        let engine = self.clone();
        self.uncancelled(async move { engine.commit_in_turn(&write, &work).await })
            .await
    }

    async fn commit_in_turn(&self, write: &Write, work: &Work) -> Result<Applied, EngineError> {
        let topology = self.topology(&write.topology).await?;
        let _turn = topology.turn().await?;
        let mut attempt = 1;
        loop {
            if let Some(first) = self.first(&topology, write.request.as_ref()).await? {
                return Ok(Applied::from_record(&first));
            }
            match self.commit_once(&topology, write, work).await {
                Err(CommitError::Moved) if attempt < ATTEMPTS => self.reload(&topology).await?,
                Err(CommitError::Moved) => {
                    let expected = topology.head().revision;
                    return Err(EngineError::RevisionMismatch {
                        expected,
                        head: expected.next(),
                    });
                }
                Err(CommitError::Failed(error)) => return Err(error),
                Ok(applied) => return Ok(applied),
            }
            attempt += 1;
        }
    }

    /// The record of the request, if it came before.
    pub(crate) async fn first(
        &self,
        topology: &Topology,
        request: Option<&Request>,
    ) -> Result<Option<RequestRecord>, EngineError> {
        let Some(request) = request else {
            return Ok(None);
        };
        let found = self.store.request(topology.record.id, &request.key).await;
        match found.map_err(|error| EngineError::from_store(error, &topology.record.name))? {
            Some(first) if first.digest != request.digest => Err(request.reused()),
            first => Ok(first),
        }
    }

    async fn commit_once(
        &self,
        topology: &Arc<Topology>,
        write: &Write,
        work: &Work,
    ) -> Result<Applied, CommitError> {
        let head = topology.head();
        check_expected(write.expected, head.revision)?;
        let mut write = Cow::Borrowed(write);
        let (snapshot, effect, unchanged) = match work {
            Work::Edit(edit) => {
                let gate = self.gate(&topology.record.name, Purpose::Commit);
                self.edit(&head, edit, gate).await?
            }
            Work::Rollback(to) => {
                let back = self.roll_back(topology, &head, to.clone()).await?;
                if write.message.is_empty() {
                    write.to_mut().message = format!("rolled back to revision {}", back.to);
                }
                (back.snapshot, back.effect, 0)
            }
        };
        let applied = Applied::from_effect(head.revision, &effect, unchanged);
        if effect.is_nothing() && write.request.is_none() {
            return Ok(applied);
        }
        let changes = u64::try_from(effect.changes.changes.len()).unwrap_or(u64::MAX);
        let append = self.append_of(topology, &write, &applied, effect);
        let time = append.note.time;
        let appended = self
            .store
            .append(append)
            .await
            .map_err(|error| CommitError::from_store(error, topology))?;
        if appended.revision > head.revision {
            let head = View {
                revision: appended.revision,
                snapshot,
            };
            topology.publish(head, time, changes);
            self.checkpoint_if_due(topology, changes);
        }
        Ok(Applied {
            revision: appended.revision,
            ..applied
        })
    }

    /// The state after the edit, what it does, and how many given resources were there already.
    pub(crate) async fn edit(
        &self,
        head: &View,
        edit: &Arc<Edit>,
        gate: Option<Gate>,
    ) -> Result<(Snapshot, Effect, u64), EngineError> {
        match edit.as_ref() {
            Edit::Changes(changes) if changes.len() <= SMALL => {
                run_guarded(&head.snapshot, edit, gate.as_ref())
            }
            Edit::Changes(_) | Edit::Import { .. } => {
                let (snapshot, edit) = (head.snapshot.clone(), Arc::clone(edit));
                let run = move || run_guarded(&snapshot, &edit, gate.as_ref());
                self.compute.run(run).await?
            }
        }
    }

    fn append_of(
        &self,
        topology: &Topology,
        write: &Write,
        applied: &Applied,
        effect: Effect,
    ) -> Append {
        let (head, newest) = topology.newest();
        // A clock may be set back. The times of revisions are not, so that a time leads to one revision.
        let time = self.clock.now().max(newest);
        let counts = [
            applied.created,
            applied.updated,
            applied.deleted,
            applied.unchanged,
        ];
        let request = write.request.clone();
        let request = request.map(|request| request.recorded(time, applied.revision, counts));
        Append {
            topology: topology.record.id,
            head,
            changes: effect.changes,
            note: RevisionNote {
                author: write.author.clone(),
                message: write.message.clone(),
                time,
                trace: write.trace,
            },
            counts: [
                applied.created.saturating_add(applied.updated),
                applied.deleted,
            ],
            request,
        }
    }
}

/// How a commit can fail.
enum CommitError {
    /// Another process moved the head.
    Moved,
    Failed(EngineError),
}

// === impl CommitError ===

impl CommitError {
    fn from_store(error: StoreError, topology: &Topology) -> Self {
        if matches!(error, StoreError::HeadMoved { .. }) {
            Self::Moved
        } else {
            Self::Failed(EngineError::from_store(error, &topology.record.name))
        }
    }
}

impl From<EngineError> for CommitError {
    fn from(error: EngineError) -> Self {
        Self::Failed(error)
    }
}

// === impl Applied ===

impl Applied {
    /// Whether there is a new revision.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.created > 0 || self.updated > 0 || self.deleted > 0
    }

    pub(crate) fn from_effect(head: Revision, effect: &Effect, unchanged: u64) -> Self {
        let revision = if effect.is_nothing() {
            head
        } else {
            head.next()
        };
        Self {
            revision,
            created: effect.created,
            updated: effect.updated,
            deleted: effect.deleted,
            unchanged,
        }
    }

    fn from_record(record: &RequestRecord) -> Self {
        let [created, updated, deleted, unchanged] = record.counts;
        Self {
            revision: record.revision,
            created,
            updated,
            deleted,
            unchanged,
        }
    }
}

/// Refuses more items than the limit.
pub(crate) fn check_count(
    what: &'static str,
    count: usize,
    maximum: usize,
) -> Result<(), EngineError> {
    if count > maximum {
        Err(EngineError::TooManyItems {
            what,
            count,
            maximum,
        })
    } else {
        Ok(())
    }
}

pub(crate) fn check_expected(
    expected: Option<Revision>,
    head: Revision,
) -> Result<(), EngineError> {
    match expected {
        Some(expected) if expected != head => Err(EngineError::RevisionMismatch { expected, head }),
        Some(_) | None => Ok(()),
    }
}

/// Asks whether the edit may be made of this very state, before anything that is wrong with it is told, and makes it.
fn run_guarded(
    snapshot: &Snapshot,
    edit: &Edit,
    gate: Option<&Gate>,
) -> Result<(Snapshot, Effect, u64), EngineError> {
    if let Some(gate) = gate {
        match edit {
            Edit::Changes(Changes::Whole(set)) => gate.check_changes(snapshot, &set.changes)?,
            Edit::Changes(Changes::Mixed(asked)) => gate.check_asked(snapshot, asked)?,
            Edit::Import { scopes, resources } => {
                let changes = snapshot.difference(scopes, resources).changes;
                let lacking = changes.iter().filter_map(|change| match change {
                    Change::Delete(id) => Some(id),
                    Change::Put(_) => None,
                });
                gate.check_import(snapshot, resources.values(), lacking)?;
            }
        }
    }
    run_edit(snapshot, edit).map_err(|faults| EngineError::InvalidChangeSet {
        faults: match gate {
            Some(gate) => gate.told(snapshot, faults),
            None => faults,
        },
    })
}

fn run_edit(snapshot: &Snapshot, edit: &Edit) -> Result<(Snapshot, Effect, u64), Vec<Fault>> {
    match edit {
        Edit::Changes(Changes::Whole(set)) => {
            let (after, effect) = snapshot.apply(set)?;
            Ok((after, effect, 0))
        }
        Edit::Changes(Changes::Mixed(asked)) => {
            let (after, effect) = snapshot.apply(&patch::resolve(snapshot, asked)?)?;
            Ok((after, effect, 0))
        }
        Edit::Import { scopes, resources } => {
            let (after, effect) = snapshot.apply(&snapshot.difference(scopes, resources))?;
            let given = u64::try_from(resources.len()).unwrap_or(u64::MAX);
            let unchanged = given
                .saturating_sub(effect.created)
                .saturating_sub(effect.updated);
            Ok((after, effect, unchanged))
        }
    }
}
