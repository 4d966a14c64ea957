//! Which topologies there are, by name and by number, and where their heads are.
//!
//! It is the order of things inside a commit: names are taken, numbers given and revisions assigned here, for every backend alike.
//! It knows nothing of what a revision holds or where it is kept.

use std::collections::BTreeMap;

use causeway_model::revision::{LabelName, Revision, TopologyName};

use crate::port::{Base, Label, NewTopology, Origin, StoreError, TopologyId, TopologyRecord};

/// The topologies of a store.
#[derive(Debug, Default, Clone)]
pub(crate) struct Catalogue {
    topologies: BTreeMap<TopologyId, TopologyRecord>,
    names: BTreeMap<TopologyName, Named>,
    /// The labels of each topology that has some, or had.
    labels: BTreeMap<TopologyId, Labels>,
    /// What damaged topologies lean on, so that it is still there when they are whole again.
    held: Vec<Leaning>,
    /// The number of the next topology. It only grows, also when a creation fails.
    next: u64,
}

/// The labels of a topology.
#[derive(Debug, Default, Clone)]
struct Labels {
    by_name: BTreeMap<LabelName, Label>,
    /// How often one was set or taken away.
    changes: u64,
}

/// That a fork leans on a revision of another topology.
#[derive(Debug, Clone)]
struct Leaning {
    fork: TopologyName,
    on: TopologyId,
    revision: Revision,
}

/// What a name stands for.
#[derive(Debug, Clone)]
enum Named {
    Topology(TopologyId),
    Damaged(Damage),
}

/// Why a topology cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    /// What is damaged.
    pub(crate) what: String,
    /// What is wrong with it.
    pub(crate) detail: String,
}

/// What a commit does to the catalogue.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    Created(TopologyRecord),
    Deleted(TopologyId),
    Advanced(TopologyId, Revision),
    /// The topology leans on nothing any more.
    Detached(TopologyId),
    /// This is the oldest revision now.
    Trimmed(TopologyId, Revision),
    Labelled(TopologyId, Label),
    Unlabelled(TopologyId, LabelName),
}

impl Catalogue {
    /// An empty catalogue that gives this number next.
    pub(crate) fn starting_at(next: u64) -> Self {
        Self {
            next,
            ..Self::default()
        }
    }

    /// The number of the next topology.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Enters a topology that was found in the store.
    pub(crate) fn enter(&mut self, record: TopologyRecord) {
        self.next = self.next.max(record.id.0.saturating_add(1));
        self.names
            .insert(record.name.clone(), Named::Topology(record.id));
        self.topologies.insert(record.id, record);
    }

    /// Enters the name of a topology that cannot be used.
    pub(crate) fn enter_damaged(&mut self, name: TopologyName, damage: Damage) {
        self.names.insert(name, Named::Damaged(damage));
    }

    /// Keeps what a topology leans on that cannot be used.
    pub(crate) fn hold(&mut self, fork: TopologyName, (on, revision): (TopologyId, Revision)) {
        self.held.push(Leaning { fork, on, revision });
    }

    /// Enters the labels that were found in the store of a topology, and how often they were changed.
    pub(crate) fn enter_labels(
        &mut self,
        id: TopologyId,
        labels: impl IntoIterator<Item = Label>,
        changes: u64,
    ) {
        let by_name = labels.into_iter().map(|label| (label.name.clone(), label));
        let by_name = by_name.collect();
        self.labels.insert(id, Labels { by_name, changes });
    }

    /// Takes a topology out of use, and keeps its name and its number from being given again, and what it leans on.
    pub(crate) fn damage(&mut self, id: TopologyId, name: Option<TopologyName>, damage: Damage) {
        self.next = self.next.max(id.0.saturating_add(1));
        let record = self.topologies.remove(&id);
        if let Some(record) = &record
            && let Some(on) = record.leans_on
        {
            self.hold(record.name.clone(), on);
        }
        let Some(name) = record.map(|record| record.name).or(name) else {
            return;
        };
        // A name that is in use was given again, or is known to be damaged already.
        let is_free = match self.names.get(&name) {
            None => true,
            Some(Named::Topology(other)) => *other == id,
            Some(Named::Damaged(_)) => false,
        };
        if is_free {
            self.enter_damaged(name, damage);
        }
    }

    /// Gives a new topology its number, at revision 0.
    pub(crate) fn create(&mut self, new: &NewTopology) -> Result<TopologyRecord, StoreError> {
        if self.names.contains_key(&new.name) {
            return Err(StoreError::NameTaken {
                name: new.name.clone(),
            });
        }
        let (name, description) = (new.name.clone(), new.description.clone());
        let mut record = TopologyRecord {
            id: TopologyId(self.next),
            name,
            description,
            time: new.time,
            head: Revision::ZERO,
            oldest: Revision::ZERO,
            origin: None,
            leans_on: None,
        };
        match &new.base {
            Base::Empty => {}
            Base::Fork { of, at } => {
                let source = self.get(*of)?;
                check_in_log(source, *at)?;
                record.origin = Some(Origin {
                    name: source.name.clone(),
                    revision: *at,
                });
                record.leans_on = Some((*of, *at));
            }
            Base::Restored { first, origin } => {
                (record.head, record.oldest) = (first.revision, first.revision);
                record.origin.clone_from(origin);
            }
        }
        self.enter(record.clone());
        Ok(record)
    }

    /// Takes a topology out that no fork leans on.
    pub(crate) fn remove(&mut self, id: TopologyId) -> Result<TopologyRecord, StoreError> {
        self.get(id)?;
        self.check_leaning(id, Revision(u64::MAX))?;
        self.labels.remove(&id);
        let record = self
            .topologies
            .remove(&id)
            .ok_or(StoreError::NoTopology { id })?;
        self.names.remove(&record.name);
        Ok(record)
    }

    /// Assigns the revision after the head, if the head is where it is expected; the head itself if there is nothing to append.
    pub(crate) fn advance(
        &mut self,
        id: TopologyId,
        expected: Revision,
        nothing: bool,
    ) -> Result<Revision, StoreError> {
        let record = self
            .topologies
            .get_mut(&id)
            .ok_or(StoreError::NoTopology { id })?;
        if record.head != expected {
            return Err(StoreError::HeadMoved {
                expected,
                head: record.head,
            });
        }
        if !nothing {
            record.head = record.head.next();
        }
        Ok(record.head)
    }

    /// That no fork leans on a revision of a topology that is below this one.
    fn check_leaning(&self, id: TopologyId, below: Revision) -> Result<(), StoreError> {
        let forks = self.topologies.values().filter_map(|record| {
            let (on, revision) = record.leans_on?;
            Some((&record.name, on, revision))
        });
        let held = self.held.iter();
        let held = held.map(|leaning| (&leaning.fork, leaning.on, leaning.revision));
        let mut leaning = forks.chain(held);
        match leaning.find(|(_, on, revision)| *on == id && *revision < below) {
            None => Ok(()),
            Some((fork, _, revision)) => Err(StoreError::LeanedOn {
                fork: fork.clone(),
                revision,
            }),
        }
    }

    /// Notes that a topology leans on nothing any more; says whether it did.
    pub(crate) fn detach(&mut self, id: TopologyId) -> bool {
        let record = self.topologies.get_mut(&id);
        record.is_some_and(|record| record.leans_on.take().is_some())
    }

    /// Makes a revision the oldest one of a topology; says whether it was not so already.
    pub(crate) fn trim(&mut self, id: TopologyId, oldest: Revision) -> Result<bool, StoreError> {
        let record = self.get(id)?;
        if oldest <= record.oldest {
            return Ok(false);
        }
        check_in_log(record, oldest)?;
        self.check_leaning(id, oldest)?;
        let label = self.labels_of(id).find(|label| label.revision < oldest);
        if let Some(label) = label {
            return Err(StoreError::Labelled {
                label: label.name.clone(),
                revision: label.revision,
            });
        }
        if let Some(record) = self.topologies.get_mut(&id) {
            record.oldest = oldest;
            // Its revision 0 is gone, and with it what it was needed for.
            record.leans_on = None;
        }
        Ok(true)
    }

    /// Gives a revision that is kept a label.
    pub(crate) fn label(&mut self, id: TopologyId, label: Label) -> Result<(), StoreError> {
        check_in_log(self.get(id)?, label.revision)?;
        let labels = self.labels.entry(id).or_default();
        labels.by_name.insert(label.name.clone(), label);
        labels.changes = labels.changes.saturating_add(1);
        Ok(())
    }

    /// Takes a label away.
    pub(crate) fn unlabel(&mut self, id: TopologyId, name: &LabelName) -> Result<(), StoreError> {
        self.get(id)?;
        let labels = self.labels.entry(id).or_default();
        if labels.by_name.remove(name).is_none() {
            return Err(StoreError::NoLabel {
                label: name.clone(),
            });
        }
        labels.changes = labels.changes.saturating_add(1);
        Ok(())
    }

    /// The labels of a topology, by name.
    pub(crate) fn labels(&self, id: TopologyId) -> Result<Vec<Label>, StoreError> {
        self.get(id)?;
        Ok(self.labels_of(id).cloned().collect())
    }

    fn labels_of(&self, id: TopologyId) -> impl Iterator<Item = &Label> {
        let labels = self.labels.get(&id).into_iter();
        labels.flat_map(|labels| labels.by_name.values())
    }

    /// How often a label of a topology was set or taken away.
    pub(crate) fn label_changes(&self, id: TopologyId) -> u64 {
        self.labels.get(&id).map_or(0, |labels| labels.changes)
    }

    /// The topology with this number.
    pub(crate) fn get(&self, id: TopologyId) -> Result<&TopologyRecord, StoreError> {
        self.topologies
            .get(&id)
            .ok_or(StoreError::NoTopology { id })
    }

    /// The topology with this name, if there is one.
    pub(crate) fn find(&self, name: &TopologyName) -> Result<Option<TopologyRecord>, StoreError> {
        match self.names.get(name) {
            None => Ok(None),
            Some(Named::Topology(id)) => self.get(*id).cloned().map(Some),
            Some(Named::Damaged(damage)) => Err(damage.clone().into()),
        }
    }

    /// All topologies that can be used, by name.
    pub(crate) fn list(&self) -> Vec<TopologyRecord> {
        let by_name = self.names.values().filter_map(|named| match named {
            Named::Topology(id) => self.topologies.get(id),
            Named::Damaged(_) => None,
        });
        by_name.cloned().collect()
    }

    /// All topologies that can be used, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &TopologyRecord> {
        self.topologies.values()
    }

    /// Takes over what another catalogue has done.
    pub(crate) fn take_over(&mut self, effect: Effect) {
        match effect {
            Effect::Created(record) => self.enter(record),
            Effect::Deleted(id) => drop(self.remove(id)),
            Effect::Advanced(id, head) => {
                if let Some(record) = self.topologies.get_mut(&id) {
                    record.head = head;
                }
            }
            Effect::Detached(id) => drop(self.detach(id)),
            Effect::Trimmed(id, oldest) => drop(self.trim(id, oldest)),
            Effect::Labelled(id, label) => drop(self.label(id, label)),
            Effect::Unlabelled(id, name) => drop(self.unlabel(id, &name)),
        }
    }
}

impl From<Damage> for StoreError {
    fn from(damage: Damage) -> Self {
        Self::Corrupt {
            what: damage.what,
            detail: damage.detail,
        }
    }
}

/// That a revision must be one that a topology keeps.
pub(crate) fn check_in_log(record: &TopologyRecord, revision: Revision) -> Result<(), StoreError> {
    let (oldest, head) = (record.oldest, record.head);
    if (oldest..=head).contains(&revision) {
        Ok(())
    } else {
        Err(StoreError::NoRevision {
            revision,
            oldest,
            head,
        })
    }
}
