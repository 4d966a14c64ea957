//! What a caller may see and change, where the engine has to know: at the very state that is read or changed.
//!
//! It knows no principals and no policies: a [`Guard`] does, and is asked.
//!
//! # Rules
//! - What is put over something asks to modify both, equal or not; what is new asks to create it; what is deleted asks to delete it as it was.
//! - What a caller may not see is told of like what is not there, to whoever may not see everything: in a read, a flow, a deletion, a patch.
//! - Nothing can be put into a container that its caller may not see, unless it was in it before.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use causeway_model::change::{Change, Fault, Problem};
use causeway_model::ids::ResourceId;
use causeway_model::resource::Resource;
use causeway_model::revision::TopologyName;
use causeway_model::snapshot::{Difference, Snapshot};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::patch::Asked;

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It is put, and was not there.
    Create,
    /// It is put, and was there.
    Modify,
    /// It is deleted.
    Delete,
}

/// What the caller of an engine may see and change.
pub trait Guard: Debug + Send + Sync {
    /// Whether the caller may see everything that the topology of the call holds or could hold.
    fn is_open(&self) -> bool;

    /// Whether the caller may see this resource.
    fn shows(&self, resource: &Resource) -> bool;

    /// Whether the caller may know that there is a topology of this name.
    fn lists(&self, topology: &TopologyName) -> bool;

    /// Whether the caller may do this.
    ///
    /// # Errors
    /// What the caller would have to be allowed.
    fn allows(&self, deed: Deed, resource: &Resource) -> Result<(), &'static str>;
}

/// What a change set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is to be committed.
    Commit,
    /// It is to be laid over a revision for one call. That changes nothing, so that seeing what it changes is enough.
    WhatIf,
}

/// A guard with what it guards.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    guard: Arc<dyn Guard>,
    topology: TopologyName,
    purpose: Purpose,
}

/// One change that is asked for, and what is there.
struct Asking<'a, 'r> {
    place: usize,
    id: &'a ResourceId,
    before: Option<&'r Resource>,
    after: Option<&'r Resource>,
}

/// What is missing for a change set.
#[derive(Default)]
struct Missing<'a> {
    actions: BTreeSet<&'static str>,
    unseen: Option<&'a ResourceId>,
    faults: Vec<Fault>,
}

// === impl Engine ===

impl Engine {
    /// The same engine as one caller has it: it shows and changes nothing but what the guard lets it.
    #[must_use]
    pub fn guarded(&self, guard: Arc<dyn Guard>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            guard: Some(guard),
        }
    }

    /// The guard, if it hides anything.
    pub(crate) fn veil(&self) -> Option<&Arc<dyn Guard>> {
        self.guard.as_ref().filter(|guard| !guard.is_open())
    }

    /// Whether the caller may see the resource.
    pub(crate) fn shows(&self, resource: &Resource) -> bool {
        self.veil().is_none_or(|guard| guard.shows(resource))
    }

    pub(crate) fn gate(&self, topology: &TopologyName, purpose: Purpose) -> Option<Gate> {
        Some(Gate {
            guard: Arc::clone(self.guard.as_ref()?),
            topology: topology.clone(),
            purpose,
        })
    }
}

/// A difference as somebody sees it from whom resources may be hidden; nothing if both sides are.
pub(crate) fn seen(guard: Option<&dyn Guard>, difference: Difference) -> Option<Difference> {
    let Some(guard) = guard else {
        return Some(difference);
    };
    let before = difference.before().filter(|held| guard.shows(held));
    let after = difference.after().filter(|held| guard.shows(held));
    match (before.cloned(), after.cloned()) {
        (Some(before), Some(after)) => Some(Difference::Changed { before, after }),
        (Some(before), None) => Some(Difference::Deleted { before }),
        (None, Some(after)) => Some(Difference::Created { after }),
        (None, None) => None,
    }
}

// === impl Gate ===

impl Gate {
    /// Whether whole changes may be made.
    pub(crate) fn check_changes<'c>(
        &self,
        snapshot: &Snapshot,
        changes: impl IntoIterator<Item = &'c Change>,
    ) -> Result<(), EngineError> {
        let mut missing = Missing::default();
        for (place, change) in changes.into_iter().enumerate() {
            let id = change.id();
            let after = match change {
                Change::Put(resource) => Some(resource.as_ref()),
                Change::Delete(_) => None,
            };
            let before = snapshot.get(id.as_str()).map(Arc::as_ref);
            let asking = Asking {
                place,
                id,
                before,
                after,
            };
            self.ask(snapshot, &asking, &mut missing);
        }
        self.outcome(missing)
    }

    /// Whether an import may be made: what it gives, and what is deleted because a scope is declared complete. The caller named none of the latter, so that
    /// the action is told and no id.
    pub(crate) fn check_import<'c>(
        &self,
        snapshot: &Snapshot,
        given: impl IntoIterator<Item = &'c Arc<Resource>>,
        lacking: impl IntoIterator<Item = &'c ResourceId>,
    ) -> Result<(), EngineError> {
        let mut missing = Missing::default();
        for (place, resource) in given.into_iter().enumerate() {
            let id = resource.id();
            let asking = Asking {
                place,
                id,
                before: snapshot.get(id.as_str()).map(Arc::as_ref),
                after: Some(resource.as_ref()),
            };
            self.ask(snapshot, &asking, &mut missing);
        }
        for id in lacking {
            let before = snapshot.get(id.as_str()).map(Arc::as_ref);
            missing.actions.extend(self.lacks(before, None));
        }
        self.outcome(missing)
    }

    /// Whether changes may be made of which some are patches. What those come to is asked about too, if they come to anything.
    pub(crate) fn check_asked(
        &self,
        snapshot: &Snapshot,
        changes: &[Asked],
    ) -> Result<(), EngineError> {
        let mut missing = Missing::default();
        for (place, asked) in changes.iter().enumerate() {
            let (id, put) = match asked {
                Asked::Whole(Change::Put(resource)) => {
                    (resource.id(), Some(resource.as_ref().clone()))
                }
                Asked::Whole(Change::Delete(id)) => (id, None),
                Asked::Patch(patch) => {
                    let held = snapshot.get(patch.resource().as_str());
                    let patched = held.and_then(|held| patch.apply(held).ok());
                    // One that comes to nothing is asked about as if nothing were changed.
                    let patched = patched.or_else(|| held.map(|held| held.as_ref().clone()));
                    (patch.resource(), patched)
                }
            };
            let asking = Asking {
                place,
                id,
                before: snapshot.get(id.as_str()).map(Arc::as_ref),
                after: put.as_ref(),
            };
            self.ask(snapshot, &asking, &mut missing);
        }
        self.outcome(missing)
    }

    /// Whether what lies between two states may be done.
    pub(crate) fn check_differences(
        &self,
        differences: impl Iterator<Item = Difference>,
    ) -> Result<(), EngineError> {
        let mut actions = BTreeSet::new();
        for difference in differences {
            let before = difference.before().map(Arc::as_ref);
            let after = difference.after().map(Arc::as_ref);
            actions.extend(self.lacks(before, after));
        }
        self.outcome(Missing {
            actions,
            ..Missing::default()
        })
    }

    fn ask<'a>(&self, snapshot: &Snapshot, asking: &Asking<'a, '_>, missing: &mut Missing<'a>) {
        let Asking {
            place,
            id,
            before,
            after,
        } = *asking;
        let is_hidden = before.is_none_or(|before| !self.guard.shows(before));
        let lacks = match self.purpose {
            Purpose::Commit => self.lacks(before, after),
            Purpose::WhatIf => Vec::new(),
        };
        let is_unseen = match (self.purpose, before, after) {
            // Who may not delete it and does not see it is told the same as if it were not there.
            (Purpose::Commit, Some(_), None) => is_hidden && !lacks.is_empty(),
            (Purpose::Commit, Some(_), Some(_)) => false,
            (Purpose::WhatIf, Some(_), _) => is_hidden,
            (_, None, after) => after.is_none() && !self.guard.is_open(),
        };
        if is_unseen {
            missing.unseen.get_or_insert(id);
        } else {
            missing.actions.extend(lacks);
        }
        if let Some(after) = after.filter(|_| !self.guard.is_open()) {
            let hidden = self.hidden_containers(snapshot, before, after);
            missing
                .faults
                .extend(hidden.map(|(field, container)| Fault {
                    change: place,
                    resource: id.clone(),
                    field: field.to_owned(),
                    problem: Problem::NoContainer { container },
                }));
        }
    }

    /// The containers that it would be put into and was not in, and that the caller does not see: as if they were not there.
    fn hidden_containers(
        &self,
        snapshot: &Snapshot,
        before: Option<&Resource>,
        after: &Resource,
    ) -> impl Iterator<Item = (&'static str, ResourceId)> {
        let was_in = before.map_or_else(Vec::new, |before| before.body.containers());
        let found = after.body.containers().into_iter();
        found.filter_map(move |container| {
            let held = snapshot.get(container.id.as_str())?;
            let is_hidden = !was_in.contains(&container) && !self.guard.shows(held);
            is_hidden.then_some((container.field, container.id))
        })
    }

    /// The actions that it would take and that the caller may not do.
    fn lacks(&self, before: Option<&Resource>, after: Option<&Resource>) -> Vec<&'static str> {
        let asked = match (before, after) {
            (None, None) => [None, None],
            (None, Some(after)) => [Some((Deed::Create, after)), None],
            (Some(before), None) => [Some((Deed::Delete, before)), None],
            (Some(before), Some(after)) => {
                [Some((Deed::Modify, before)), Some((Deed::Modify, after))]
            }
        };
        let asked = asked.into_iter().flatten();
        asked
            .filter_map(|(deed, resource)| self.guard.allows(deed, resource).err())
            .collect()
    }

    fn outcome(&self, missing: Missing<'_>) -> Result<(), EngineError> {
        let Missing {
            actions,
            unseen,
            faults,
        } = missing;
        if !actions.is_empty() {
            return Err(EngineError::NotAllowed {
                topology: self.topology.clone(),
                actions: actions.into_iter().collect(),
            });
        }
        if let Some(id) = unseen {
            return Err(EngineError::NotShown {
                topology: self.topology.clone(),
                id: id.clone(),
            });
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(EngineError::InvalidChangeSet { faults })
        }
    }

    /// The faults without what the caller may not see of the state that they were found in.
    pub(crate) fn told(&self, snapshot: &Snapshot, mut faults: Vec<Fault>) -> Vec<Fault> {
        if self.guard.is_open() {
            return faults;
        }
        let is_hidden = |id: &ResourceId| {
            snapshot
                .get(id.as_str())
                .is_some_and(|held| !self.guard.shows(held))
        };
        for fault in &mut faults {
            let contained = match &fault.problem {
                Problem::StillContains { contained } | Problem::NoLongerFits { contained, .. } => {
                    contained
                }
                Problem::Contradiction { .. }
                | Problem::NotThere
                | Problem::NothingToPatch
                | Problem::Patched { .. }
                | Problem::NoContainer { .. }
                | Problem::WrongContainer { .. }
                | Problem::OutsideContainer { .. }
                | Problem::VpcDiffers { .. }
                | Problem::EmptyList
                | Problem::Duplicate { .. }
                | Problem::NotAllowed { .. } => continue,
            };
            if is_hidden(contained) {
                fault.problem = Problem::NotAllowed {
                    value: fault.resource.to_string(),
                    rule: "something is in it that you may not see, and would not be in its place any more",
                };
            }
        }
        faults
    }
}
