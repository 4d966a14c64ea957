//! Checking a whole store: every key is of its form and belongs to something, every value is what its checksum says, logs have no
//! gaps, and checkpoints are what their logs come to.
//!
//! It goes on after a fault, so that one run names them all. It changes nothing.

mod rebuild;
mod topology;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use causeway_model::revision::TopologyName;

use super::keys::{self, Sort};
use super::witness::{Left, Seen, SeenTopologies};
use super::{chunks, sled_error, with_causes};
use crate::port::{StoreError, TopologyId};
use crate::records::{CounterRow, NameRow, RecordError, RequestRow, TopologyRow};
use crate::report::{Fault, Report};

/// Walks the store, of which so much was seen before.
pub(super) fn walk(db: &sled::Db, seen: &SeenTopologies) -> Result<Report, StoreError> {
    let mut check = Check {
        db,
        rows: BTreeMap::new(),
        left: BTreeMap::new(),
        report: Report::default(),
    };
    // sled asserts what it expects of its pages.
    match std::panic::catch_unwind(AssertUnwindSafe(|| check.all(seen))) {
        Ok(outcome) => outcome.map(|()| check.report),
        Err(_) => Err(StoreError::Corrupt {
            what: "database".to_owned(),
            detail: "sled cannot make sense of its pages".to_owned(),
        }),
    }
}

/// A check under way.
struct Check<'a> {
    db: &'a sled::Db,
    /// The records of topologies that can be read.
    rows: BTreeMap<TopologyId, TopologyRow>,
    /// What there is of each topology.
    left: BTreeMap<TopologyId, Left>,
    report: Report,
}

impl Check<'_> {
    fn all(&mut self, seen: &SeenTopologies) -> Result<(), StoreError> {
        let topologies = self.topologies()?;
        let last = topologies.last_key_value().map(|(id, _)| *id);
        self.counter(last)?;
        for (&id, name) in &topologies {
            topology::walk(self, id, name)?;
        }
        seen.iter().for_each(|(&id, seen)| self.compare(id, seen));
        self.leaning();
        self.deletions()?;
        self.report
            .topologies
            .sort_by(|one, other| one.name.cmp(&other.name));
        self.orphans(&topologies.keys().copied().collect())
    }

    /// A topology holds what was seen of it before.
    fn compare(&mut self, id: TopologyId, seen: &Seen) {
        if let Some(detail) = seen.fault(self.left.get(&id).copied()) {
            let title = seen.title(id);
            self.report.faults.push(Fault {
                what: format!("topology `{title}` at revision {}", seen.head),
                topology: Some(title),
                revision: Some(seen.head),
                detail,
            });
        }
    }

    /// What forks lean on is there.
    fn leaning(&mut self) {
        for (id, row) in std::mem::take(&mut self.rows) {
            let (Some((on, revision)), true) = (row.leans_on, self.left.contains_key(&id)) else {
                continue;
            };
            let holds = self
                .left
                .get(&on)
                .is_some_and(|left| (left.oldest..=left.head).contains(&revision));
            if !holds {
                let title = row.origin.map_or_else(
                    || format!("number {}", on.0),
                    |origin| origin.name.to_string(),
                );
                let what = format!("topology `{}`", row.name);
                let detail =
                    format!("it is a fork of `{title}` at revision {revision}, which is not there");
                self.say(Some(row.name.as_str()), what, &detail);
            }
        }
    }

    /// The requests that deleted topologies can be read.
    fn deletions(&mut self) -> Result<(), StoreError> {
        for entry in self.db.scan_prefix(Sort::Deletion.alone()) {
            let (key, value) = entry.map_err(|error| sled_error(error, "requests"))?;
            let row = chunks::unseal_record::<RequestRow>(&key, &value);
            if let (Some((name, request)), Err(error)) = (keys::deletion_in(&key), row) {
                let what = format!("request `{}` that deleted topology `{name}`", request.id);
                self.fault(Some(name.as_str()), what, &error);
            }
        }
        Ok(())
    }

    /// The topologies that names lead to, or that have a record, with their names.
    fn topologies(&mut self) -> Result<BTreeMap<TopologyId, String>, StoreError> {
        let mut rows: BTreeMap<TopologyId, Option<TopologyRow>> = BTreeMap::new();
        for entry in self.db.scan_prefix(Sort::Topology.alone()) {
            let (key, value) = entry.map_err(|error| sled_error(error, "list of topologies"))?;
            let Some(id) = keys::topology_in(&key) else {
                continue;
            };
            let row = chunks::unseal_record::<TopologyRow>(&key, &value);
            if let Err(error) = &row {
                self.fault(None, format!("record of topology number {}", id.0), error);
            }
            rows.insert(id, row.ok());
        }
        let mut found = BTreeMap::new();
        for entry in self.db.scan_prefix(Sort::Name.alone()) {
            let (key, value) = entry.map_err(|error| sled_error(error, "list of topologies"))?;
            if let Some(name) = keys::name_in(&key) {
                let row = chunks::unseal_record::<NameRow>(&key, &value);
                found.extend(
                    self.named(&name, row, &rows)
                        .map(|id| (id, name.to_string())),
                );
            }
        }
        let known = rows.iter();
        self.rows = known
            .filter_map(|(id, row)| Some((*id, row.clone()?)))
            .collect();
        for (id, row) in rows {
            if found.contains_key(&id) {
                continue;
            }
            let name = row.map_or_else(|| format!("number {}", id.0), |row| row.name.to_string());
            self.say(
                Some(&name),
                format!("topology `{name}`"),
                "no name leads to it",
            );
            found.insert(id, name);
        }
        Ok(found)
    }

    /// The topology that a name leads to.
    fn named(
        &mut self,
        name: &TopologyName,
        row: Result<NameRow, RecordError>,
        rows: &BTreeMap<TopologyId, Option<TopologyRow>>,
    ) -> Option<TopologyId> {
        let what = format!("name of topology `{name}`");
        let id = match row {
            Ok(row) => row.id,
            Err(error) => {
                self.fault(Some(name.as_str()), what, &error);
                return None;
            }
        };
        match rows.get(&id) {
            Some(Some(row)) if row.name != *name => {
                let detail = format!("it leads to number {}, which is `{}`", id.0, row.name);
                self.say(Some(name.as_str()), what, &detail);
                return None;
            }
            // A record that cannot be read is told already.
            Some(_) => {}
            None => {
                let detail = format!("it leads to number {}, which has no record", id.0);
                self.say(Some(name.as_str()), what, &detail);
            }
        }
        Some(id)
    }

    /// The counter is beyond every number that is in use.
    fn counter(&mut self, last: Option<TopologyId>) -> Result<(), StoreError> {
        let key = Sort::Counter.alone();
        let what = || "counter of topologies".to_owned();
        let found = self
            .db
            .get(&key)
            .map_err(|error| sled_error(error, "counter of topologies"))?;
        match found.map(|value| chunks::unseal_record::<CounterRow>(&key, &value)) {
            None if last.is_none() => {}
            None => self.say(None, what(), "it is missing"),
            Some(Err(error)) => self.fault(None, what(), &error),
            Some(Ok(row)) if last.is_some_and(|last| row.next <= last.0) => {
                let detail = format!("it is at {}, and that number is in use", row.next);
                self.say(None, what(), &detail);
            }
            Some(Ok(_)) => {}
        }
        Ok(())
    }

    /// Every key is of its form, and what belongs to a topology belongs to one that is there.
    fn orphans(&mut self, known: &BTreeSet<TopologyId>) -> Result<(), StoreError> {
        let deletions = super::sweep::deleted(self.db)?;
        let mut orphans: BTreeMap<TopologyId, u64> = BTreeMap::new();
        for key in self.db.iter().keys() {
            let key = key.map_err(|error| sled_error(error, "database"))?;
            let sort = Sort::ALL
                .into_iter()
                .find(|sort| key.first() == sort.alone().first());
            let owner = match sort {
                Some(Sort::Counter) if key.len() == 1 => continue,
                Some(Sort::Name) if keys::name_in(&key).is_some() => continue,
                Some(Sort::Deletion) if keys::deletion_in(&key).is_some() => continue,
                Some(sort) => keys::owner_in(sort, &key),
                None => None,
            };
            match owner {
                None => self.say(None, format!("key {key:?}"), "it is of no known form"),
                Some(id) if deletions.contains(&id) => self.report.leftovers += 1,
                Some(id) if known.contains(&id) => {}
                Some(id) => *orphans.entry(id).or_default() += 1,
            }
        }
        for (id, count) in orphans {
            let detail = format!("{count} records belong to it, and it is not there");
            self.say(None, format!("topology number {}", id.0), &detail);
        }
        Ok(())
    }

    fn fault(&mut self, topology: Option<&str>, what: String, error: &RecordError) {
        self.say(topology, what, &with_causes(error));
    }

    fn say(&mut self, topology: Option<&str>, what: String, detail: &str) {
        self.report.faults.push(Fault {
            topology: topology.map(str::to_owned),
            revision: None,
            what,
            detail: detail.to_owned(),
        });
    }
}
