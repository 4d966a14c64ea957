//! Changes of some fields: what they make of a resource is known inside the commit alone, where the resource is.

use std::fmt::Debug;
use std::sync::Arc;

use causeway_model::change::{Change, ChangeSet, Fault, Problem};
use causeway_model::ids::ResourceId;
use causeway_model::resource::Resource;
use causeway_model::snapshot::Snapshot;

/// A change of some fields of a resource.
pub trait Patch: Debug + Send + Sync {
    /// The resource.
    fn resource(&self) -> &ResourceId;

    /// The resource with the patch.
    ///
    /// # Errors
    /// Each field that is at fault then, as a path in the contract's names, and what is wrong with it.
    fn apply(&self, resource: &Resource) -> Result<Resource, Vec<(String, String)>>;
}

/// One change that is asked for.
#[derive(Debug, Clone)]
pub enum Asked {
    /// A change that says all.
    Whole(Change),
    /// A change of some fields.
    Patch(Arc<dyn Patch>),
}

/// Changes that are asked for together.
#[derive(Debug, Clone)]
pub enum Changes {
    /// None of them is a patch.
    Whole(ChangeSet),
    /// Some may be.
    Mixed(Vec<Asked>),
}

// === impl Changes ===

impl From<ChangeSet> for Changes {
    fn from(set: ChangeSet) -> Self {
        Self::Whole(set)
    }
}

impl From<Vec<Asked>> for Changes {
    fn from(asked: Vec<Asked>) -> Self {
        if asked.iter().any(|asked| matches!(asked, Asked::Patch(_))) {
            return Self::Mixed(asked);
        }
        let changes = asked.into_iter().filter_map(|asked| match asked {
            Asked::Whole(change) => Some(change),
            Asked::Patch(_) => None,
        });
        Self::Whole(ChangeSet {
            changes: changes.collect(),
        })
    }
}

impl Changes {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(set) => set.changes.len(),
            Self::Mixed(asked) => asked.len(),
        }
    }
}

/// The changes with patches taken for what they make of the resources of a state; or the faults of those that cannot be.
pub(crate) fn resolve(snapshot: &Snapshot, asked: &[Asked]) -> Result<ChangeSet, Vec<Fault>> {
    let (mut changes, mut faults) = (Vec::with_capacity(asked.len()), Vec::new());
    for (place, asked) in asked.iter().enumerate() {
        match asked {
            Asked::Whole(change) => changes.push(change.clone()),
            Asked::Patch(patch) => match put(snapshot, place, patch.as_ref()) {
                Ok(resource) => changes.push(Change::put(resource)),
                Err(found) => faults.extend(found),
            },
        }
    }
    if faults.is_empty() {
        Ok(ChangeSet { changes })
    } else {
        Err(faults)
    }
}

fn put(snapshot: &Snapshot, place: usize, patch: &dyn Patch) -> Result<Resource, Vec<Fault>> {
    let id = patch.resource();
    let fault = |field: String, problem: Problem| Fault {
        change: place,
        resource: id.clone(),
        field,
        problem,
    };
    let Some(resource) = snapshot.get(id.as_str()) else {
        return Err(vec![fault(String::new(), Problem::NothingToPatch)]);
    };
    let faults = |found: Vec<(String, String)>| {
        let found = found.into_iter();
        let found = found.map(|(field, reason)| fault(field, Problem::Patched { reason }));
        found.collect()
    };
    patch.apply(resource).map_err(faults)
}
