//! Which topologies there are, by name and by number, and where their heads are.
//!
//! It is the order of things inside a commit: names are taken, numbers given and revisions assigned here, for every backend alike.
//! It knows nothing of what a revision holds or where it is kept.

use std::collections::BTreeMap;

use causeway_model::revision::{Revision, TopologyName};

use crate::port::{NewTopology, StoreError, TopologyId, TopologyRecord};

/// The topologies of a store.
#[derive(Debug, Default, Clone)]
pub(crate) struct Catalogue {
    topologies: BTreeMap<TopologyId, TopologyRecord>,
    names: BTreeMap<TopologyName, Named>,
    /// The number of the next topology. It only grows, also when a creation fails.
    next: u64,
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

    /// Takes a topology out of use, and keeps its name and its number from being given again.
    pub(crate) fn damage(&mut self, id: TopologyId, name: Option<TopologyName>, damage: Damage) {
        self.next = self.next.max(id.0.saturating_add(1));
        let record = self.topologies.remove(&id);
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
        let record = TopologyRecord {
            id: TopologyId(self.next),
            name,
            description,
            time: new.time,
            head: Revision::ZERO,
        };
        self.enter(record.clone());
        Ok(record)
    }

    /// Takes a topology out.
    pub(crate) fn remove(&mut self, id: TopologyId) -> Result<TopologyRecord, StoreError> {
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

/// That a revision must be one of a topology.
pub(crate) fn check_in_log(record: &TopologyRecord, revision: Revision) -> Result<(), StoreError> {
    if revision > record.head {
        Err(StoreError::NoRevision { revision })
    } else {
        Ok(())
    }
}
