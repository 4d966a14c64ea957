//! The immutable state of a topology at a revision.
//!
//! Snapshots share structure: applying a change copies a path of the trees, not the topology.

mod compare;

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use crate::change::{Change, ChangeSet, Effect, Fault, Problem};
use crate::check;
use crate::ids::{AccountId, Region, ResourceId};
use crate::resource::{Kind, Resource};

pub use self::compare::Difference;

/// The state of a topology. Cloning it is cheap.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    resources: OrdMap<ResourceId, Arc<Resource>>,
    /// What each container holds.
    contained: OrdMap<ResourceId, OrdSet<ById>>,
}

/// A resource by its id, so that a set of resources holds no copies of their ids.
#[derive(Debug, Clone)]
struct ById(Arc<Resource>);

/// All resources of one kind in one account and Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// The account.
    pub owner_id: AccountId,
    /// The Region; none for global resources.
    pub region: Option<Region>,
    /// The kind.
    pub kind: Kind,
}

impl Snapshot {
    /// How many resources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// The resource with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Resource>> {
        self.resources.get(id)
    }

    /// All resources, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.values()
    }

    /// The resources after this id, by id; all for none.
    pub fn iter_after(&self, id: Option<&ResourceId>) -> impl Iterator<Item = &Arc<Resource>> {
        let start = id.map_or(std::ops::Bound::Unbounded, |id| {
            std::ops::Bound::Excluded(id.clone())
        });
        self.resources
            .range((start, std::ops::Bound::Unbounded))
            .map(|(_, resource)| resource)
    }

    /// The snapshot after a change set, and what the set does.
    ///
    /// # Errors
    /// Every fault of the set, at least one; then nothing is changed.
    pub fn apply(&self, set: &ChangeSet) -> Result<(Self, Effect), Vec<Fault>> {
        let (changes, mut faults) = distinct(set);
        let mut effect = Effect::default();
        for &(place, change) in changes.values() {
            faults.extend(problems_alone(self, place, change));
            self.note(change, &mut effect);
        }
        let after = self.replay(&effect.changes);
        for &(place, change) in changes.values() {
            faults.extend(problems_between(&after, &changes, (place, change)));
        }
        if faults.is_empty() {
            return Ok((after, effect));
        }
        faults.sort_by(|one, other| (one.change, &one.field).cmp(&(other.change, &other.field)));
        Err(faults)
    }

    /// The snapshot after changes that were checked before, as a log keeps them: each id once, so that their order does not matter.
    #[must_use]
    pub fn replay(&self, set: &ChangeSet) -> Self {
        let mut after = self.clone();
        for change in spread(&set.changes) {
            match change {
                Change::Put(resource) => after.put(resource),
                Change::Delete(id) => after.delete(id),
            }
        }
        after
    }

    /// The changes that make the scopes hold what is given and nothing else, and put what is given outside of them.
    #[must_use]
    pub fn difference(
        &self,
        scopes: &[Scope],
        given: &BTreeMap<ResourceId, Arc<Resource>>,
    ) -> ChangeSet {
        let puts = given.values().filter(|resource| {
            self.get(resource.id().as_str())
                .is_none_or(|held| held != *resource)
        });
        let in_scope = |resource: &Resource| {
            scopes.iter().any(|scope| {
                scope.kind == resource.kind()
                    && scope.owner_id == resource.owner_id
                    && scope.region == resource.region
            })
        };
        let missing = self
            .iter()
            .filter(|held| !given.contains_key(held.id()) && in_scope(held));
        let deletes = missing.map(|held| Change::Delete(held.id().clone()));
        let puts = puts.map(|resource| Change::Put(Arc::clone(resource)));
        ChangeSet {
            changes: puts.chain(deletes).collect(),
        }
    }

    /// Notes what a change does, if it does something.
    fn note(&self, change: &Change, effect: &mut Effect) {
        match (change, self.get(change.id().as_str())) {
            (Change::Put(resource), Some(held)) if held == resource => return,
            (Change::Delete(_), None) => return,
            (Change::Put(_), Some(_)) => effect.updated += 1,
            (Change::Put(_), None) => effect.created += 1,
            (Change::Delete(_), Some(_)) => effect.deleted += 1,
        }
        effect.changes.changes.push(change.clone());
    }

    /// Where a resource stays in its container it is replaced in its place: taking it out first would look for the place twice, in memory that is mostly cold.
    fn put(&mut self, resource: &Arc<Resource>) {
        let id = resource.id();
        let before = self.resources.insert(id.clone(), Arc::clone(resource));
        let containers = resource.body.containers();
        let left = before.map_or_else(Vec::new, |before| before.body.containers());
        for left in left {
            if !containers.iter().any(|container| container.id == left.id) {
                self.take_out(id, &left.id);
            }
        }
        for container in containers {
            self.contained
                .entry(container.id)
                .or_default()
                .insert(ById(Arc::clone(resource)));
        }
    }

    fn delete(&mut self, id: &ResourceId) {
        let Some(held) = self.resources.remove(id.as_str()) else {
            return;
        };
        for container in held.body.containers() {
            self.take_out(id, &container.id);
        }
    }

    fn take_out(&mut self, id: &ResourceId, container: &ResourceId) {
        if let Some(siblings) = self.contained.get_mut(container) {
            siblings.remove(id.as_str());
            if siblings.is_empty() {
                self.contained.remove(container);
            }
        }
    }

    fn contents(&self, id: &ResourceId) -> impl Iterator<Item = &Arc<Resource>> {
        let set = self.contained.get(id).into_iter();
        set.flat_map(|set| set.iter()).map(|ById(held)| held)
    }
}

// === impl ById ===

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for ById {}

impl PartialOrd for ById {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ById {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.id().cmp(other.0.id())
    }
}

impl Borrow<str> for ById {
    fn borrow(&self) -> &str {
        self.0.id().as_str()
    }
}

/// Every second one, then those between. A tree that is filled in the order of its keys splits each full leaf in halves and never comes
/// back to the first of them; filled so, its leaves end up full.
fn spread<T>(items: &[T]) -> impl Iterator<Item = &T> {
    let between = items.iter().skip(1).step_by(2);
    items.iter().step_by(2).chain(between)
}

/// The changes by id, each once, with their places; and the contradictions between them.
fn distinct(set: &ChangeSet) -> (BTreeMap<&ResourceId, (usize, &Change)>, Vec<Fault>) {
    let mut changes: BTreeMap<&ResourceId, (usize, &Change)> = BTreeMap::new();
    let mut faults = Vec::new();
    for (place, change) in set.changes.iter().enumerate() {
        let &mut (other, first) = changes.entry(change.id()).or_insert((place, change));
        if first != change {
            let problem = Problem::Contradiction { other };
            faults.push(Fault {
                change: place,
                resource: change.id().clone(),
                field: String::new(),
                problem,
            });
        }
    }
    (changes, faults)
}

fn problems_alone(before: &Snapshot, place: usize, change: &Change) -> Vec<Fault> {
    match change {
        Change::Put(resource) => faults(place, resource.id(), check::alone(resource)),
        Change::Delete(id) if before.get(id.as_str()).is_none() => {
            faults(place, id, vec![(String::new(), Problem::NotThere)])
        }
        Change::Delete(_) => Vec::new(),
    }
}

/// What is wrong, after all changes, between a changed resource and its containers, or what it contains and the set leaves as it was.
fn problems_between(
    after: &Snapshot,
    changed: &BTreeMap<&ResourceId, (usize, &Change)>,
    (place, change): (usize, &Change),
) -> Vec<Fault> {
    match change {
        Change::Put(resource) => {
            let mut problems = container_problems(after, resource);
            let left = after.contents(resource.id());
            for contained in left.filter(|held| !changed.contains_key(held.id())) {
                let misfits = check::within(contained, resource).into_iter();
                problems.extend(misfits.map(|(field, problem)| {
                    let reason = format!("`{field}`: {problem}");
                    let contained = contained.id().clone();
                    (String::new(), Problem::NoLongerFits { contained, reason })
                }));
            }
            faults(place, resource.id(), problems)
        }
        Change::Delete(id) => {
            let left = after.contents(id).map(|contained| {
                let contained = contained.id().clone();
                (String::new(), Problem::StillContains { contained })
            });
            faults(place, id, left.collect())
        }
    }
}

fn container_problems(after: &Snapshot, resource: &Resource) -> Vec<check::FieldProblem> {
    let mut problems = Vec::new();
    for container in resource.body.containers() {
        match after.get(container.id.as_str()) {
            None => problems.push((
                container.field.to_owned(),
                Problem::NoContainer {
                    container: container.id,
                },
            )),
            Some(held) if held.kind() != container.kind => {
                let problem = Problem::WrongContainer {
                    container: container.id,
                    found: held.kind(),
                    expected: container.kind,
                };
                problems.push((container.field.to_owned(), problem));
            }
            Some(held) => problems.extend(check::within(resource, held)),
        }
    }
    problems
}

fn faults(change: usize, resource: &ResourceId, problems: Vec<check::FieldProblem>) -> Vec<Fault> {
    problems
        .into_iter()
        .map(|(field, problem)| Fault {
            change,
            resource: resource.clone(),
            field,
            problem,
        })
        .collect()
}

#[cfg(test)]
mod tests;
