//! Which topologies a database has, and which of them are whole.

use std::collections::BTreeMap;

use causeway_model::revision::{LabelName, Revision, TopologyName};

use super::keys::{self, Sort};
use super::witness::{Left, SeenTopologies};
use super::{chunks, sled_error, with_causes};
use crate::catalogue::{self, Catalogue, Damage};
use crate::port::{Label, StoreError, TopologyId, TopologyRecord};
use crate::records::{CounterRow, LabelRow, NameRow, Record, RecordError, TopologyRow};

/// How far a lost counter is set beyond every number that is in use, so that no number is given twice.
const LOST_COUNTER_GAP: u64 = 1 << 32;

/// What the log of one topology looks like by its keys, from the oldest revision on.
#[derive(Debug, Clone, Copy, Default)]
struct Log {
    head: Revision,
    /// The first revision that is missing below the head.
    gap: Option<Revision>,
}

/// The records of topologies, by number.
type Rows = BTreeMap<TopologyId, Result<TopologyRow, RecordError>>;

/// The topologies that are in the database. One that has less than was seen of it before is damaged, and so is one that leans on what
/// is not there.
pub(super) fn catalogue(db: &sled::Db, seen: &SeenTopologies) -> Result<Catalogue, StoreError> {
    let rows = topology_rows(db)?;
    let logs = logs(db, &rows)?;
    let mut catalogue =
        Catalogue::starting_at(next_number(db, rows.last_key_value().map(|(id, _)| *id))?);
    for entry in db.scan_prefix(Sort::Name.alone()) {
        let (key, value) = entry.map_err(|error| sled_error(error, "list of topologies"))?;
        let Some(name) = keys::name_in(&key) else {
            tracing::error!(key = ?key, "ignoring a key that holds no name of a topology");
            continue;
        };
        match named_topology(&name, chunks::unseal_record(&key, &value), &rows, &logs) {
            Ok(record) => catalogue.enter(record),
            Err(damage) => {
                tell(&damage);
                catalogue.enter_damaged(name, damage);
            }
        }
    }
    enter_labels(db, &rows, &mut catalogue)?;
    for (&id, seen) in seen {
        let left = catalogue.get(id).ok().map(|record| Left {
            oldest: record.oldest,
            head: record.head,
            label_changes: catalogue.label_changes(id),
        });
        if let Some(detail) = seen.fault(left) {
            let what = format!("topology `{}`", seen.title(id));
            damage(&mut catalogue, id, seen.name.parse().ok(), (what, detail));
        }
    }
    damage_leaning(&mut catalogue);
    hold_what_is_leaned_on(&rows, &mut catalogue);
    Ok(catalogue)
}

fn tell(damage: &Damage) {
    tracing::error!(
        what = damage.what,
        detail = damage.detail,
        "a topology is damaged or has lost what was durable, and cannot be used"
    );
}

fn damage(
    catalogue: &mut Catalogue,
    id: TopologyId,
    name: Option<TopologyName>,
    (what, detail): (String, String),
) {
    let damage = Damage { what, detail };
    tell(&damage);
    catalogue.damage(id, name, damage);
}

/// Enters the labels. One that cannot be read, or is of a revision that is not there, makes its topology a damaged one: else a trim
/// could take what it held.
fn enter_labels(db: &sled::Db, rows: &Rows, catalogue: &mut Catalogue) -> Result<(), StoreError> {
    let mut found: BTreeMap<TopologyId, Vec<Label>> = BTreeMap::new();
    for entry in db.scan_prefix(Sort::Label.alone()) {
        let (key, value) = entry.map_err(|error| sled_error(error, "labels"))?;
        let Some((id, name)) = keys::label_in(&key) else {
            tracing::error!(key = ?key, "ignoring a key that holds no label");
            continue;
        };
        // It is being deleted, or damaged already.
        let Ok(record) = catalogue.get(id) else {
            continue;
        };
        match label(record, name, chunks::unseal_record(&key, &value)) {
            Ok(label) => found.entry(id).or_default().push(label),
            Err(detail) => {
                let what = format!("topology `{}`", record.name);
                damage(catalogue, id, None, (what, detail));
            }
        }
    }
    for (&id, row) in rows {
        let changes = row.as_ref().map_or(0, |row| row.label_changes);
        if catalogue.get(id).is_ok() && changes > 0 {
            catalogue.enter_labels(id, found.remove(&id).unwrap_or_default(), changes);
        }
    }
    Ok(())
}

fn label(
    record: &TopologyRecord,
    name: LabelName,
    row: Result<LabelRow, RecordError>,
) -> Result<Label, String> {
    let LabelRow { revision, time } =
        row.map_err(|error| format!("its label `{name}` cannot be read: {}", with_causes(&error)))?;
    let label = Label {
        name,
        revision,
        time,
    };
    match catalogue::check_in_log(record, revision) {
        Ok(()) => Ok(label),
        Err(error) => Err(format!("its label `{}`: {error}", label.name)),
    }
}

/// Takes out of use what leans on a topology that is not there, or has not got the revision.
fn damage_leaning(catalogue: &mut Catalogue) {
    while let Some((id, what, detail)) = first_without_source(catalogue) {
        damage(catalogue, id, None, (what, detail));
    }
}

fn first_without_source(catalogue: &Catalogue) -> Option<(TopologyId, String, String)> {
    catalogue.iter().find_map(|record| {
        let (on, revision) = record.leans_on?;
        let source = catalogue.get(on);
        let outcome = source.and_then(|source| catalogue::check_in_log(source, revision));
        let error = outcome.err()?;
        let source = record.origin.as_ref().map_or_else(
            || format!("number {}", on.0),
            |origin| origin.name.to_string(),
        );
        let detail = format!(
            "it is a fork of `{source}` at revision {revision}, which cannot be used: {error}"
        );
        Some((record.id, format!("topology `{}`", record.name), detail))
    })
}

/// Keeps from being deleted or trimmed what damaged topologies lean on: they may be put right.
fn hold_what_is_leaned_on(rows: &Rows, catalogue: &mut Catalogue) {
    for (&id, row) in rows {
        if let Ok(row) = row
            && let Some(on) = row.leans_on
            && catalogue.get(id).is_err()
        {
            catalogue.hold(row.name.clone(), on);
        }
    }
}

fn named_topology(
    name: &TopologyName,
    row: Result<NameRow, RecordError>,
    rows: &Rows,
    logs: &BTreeMap<TopologyId, Log>,
) -> Result<TopologyRecord, Damage> {
    let damage = |detail: String| Damage {
        what: format!("topology `{name}`"),
        detail,
    };
    let id = row.map_err(|error| damage(with_causes(&error)))?.id;
    let row = rows
        .get(&id)
        .ok_or_else(|| damage(format!("its record, number {}, is missing", id.0)))?;
    let row = row.as_ref().map_err(|error| damage(with_causes(error)))?;
    if row.name != *name {
        return Err(damage(format!(
            "its record, number {}, is that of `{}`",
            id.0, row.name
        )));
    }
    let mut log = logs.get(&id).copied().unwrap_or_default();
    if log.head < row.oldest {
        log.gap = Some(row.oldest);
    }
    if let Some(gap) = log.gap {
        return Err(damage(format!(
            "revision {gap} is missing from its log, which goes up to {}",
            log.head
        )));
    }
    let TopologyRow {
        name,
        description,
        time,
        oldest,
        origin,
        leans_on,
        label_changes: _,
    } = row.clone();
    Ok(TopologyRecord {
        id,
        name,
        description,
        time,
        head: log.head,
        oldest,
        origin,
        leans_on,
    })
}

/// Heads and gaps, by the keys of the logs alone. What is below the oldest revision is not looked at.
fn logs(db: &sled::Db, rows: &Rows) -> Result<BTreeMap<TopologyId, Log>, StoreError> {
    let mut logs: BTreeMap<TopologyId, Log> = BTreeMap::new();
    for key in db.scan_prefix(Sort::Log.alone()).keys() {
        let key = key.map_err(|error| sled_error(error, "log"))?;
        let Some((id, revision)) = keys::revision_in(&key) else {
            tracing::error!(key = ?key, "ignoring a key of the log that holds no revision");
            continue;
        };
        let row = rows.get(&id).and_then(|row| row.as_ref().ok());
        let oldest = row.map_or(Revision::ZERO, |row| row.oldest);
        if revision < oldest {
            continue;
        }
        let log = logs.entry(id).or_default();
        let expected = log.head.next().max(oldest);
        if revision != expected {
            log.gap = log.gap.or(Some(expected));
        }
        log.head = revision;
    }
    Ok(logs)
}

fn topology_rows(db: &sled::Db) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    for entry in db.scan_prefix(Sort::Topology.alone()) {
        let (key, value) = entry.map_err(|error| sled_error(error, "list of topologies"))?;
        if let Some(id) = keys::topology_in(&key) {
            rows.insert(id, chunks::unseal_record(&key, &value));
        }
    }
    Ok(rows)
}

/// The number of the next topology.
fn next_number(db: &sled::Db, last: Option<TopologyId>) -> Result<u64, StoreError> {
    let key = Sort::Counter.alone();
    let found = db
        .get(&key)
        .map_err(|error| sled_error(error, "counter of topologies"))?;
    let row = found.map(|value| chunks::unseal_record::<CounterRow>(&key, &value));
    match (row, last) {
        (Some(Ok(row)), _) => Ok(row.next),
        (None, None) => Ok(1),
        (Some(Err(error @ RecordError::Newer { .. })), _) => Err(StoreError::Corrupt {
            what: CounterRow::WHAT.to_owned(),
            detail: with_causes(&error),
        }),
        (Some(Err(_)) | None, last) => {
            let next = last.map_or(0, |id| id.0).saturating_add(LOST_COUNTER_GAP);
            tracing::error!(
                next,
                "the counter of topologies cannot be read; it goes on far beyond the numbers in use"
            );
            Ok(next)
        }
    }
}
