//! Opening a data directory: what must be put right before sled sees it, and what is found in it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use causeway_model::revision::{Revision, TopologyName};

use super::batch;
use super::chunks::{self, SEGMENT};
use super::keys::{self, Key, Sort};
use super::witness::SeenTopologies;
use super::{Shared, io, sled_error, with_causes};
use crate::catalogue::{Catalogue, Damage};
use crate::port::{StoreError, TopologyId, TopologyRecord};
use crate::records::{CounterRow, NameRow, Record, RecordError, TopologyRow};

/// What sled may keep in memory, in bytes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// The file that sled keeps its log in.
pub(super) const DATABASE_FILE: &str = "db";

/// The file that sled keeps its settings in.
const SETTINGS_FILE: &str = "conf";

/// The most keys that one batch removes.
pub(super) const KEYS_AT_ONCE: usize = 256;

/// How often to try again while sled's threads of a store that was just closed still hold its file, and how long to wait.
const LOCK_TRIES: usize = 100;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// How far a lost counter is set beyond every number that is in use, so that no number is given twice.
const LOST_COUNTER_GAP: u64 = 1 << 32;

/// Creates the directory if need be; says whether it did.
pub(super) fn create_directory(directory: &Path) -> Result<bool, StoreError> {
    let is_new = !directory.exists();
    fs::create_dir_all(directory).map_err(|source| {
        io(
            format!("create data directory `{}`", directory.display()),
            source,
        )
    })?;
    Ok(is_new)
}

/// That there is a database in the directory.
pub(super) fn find_database(directory: &Path) -> Result<(), StoreError> {
    let path = directory.join(DATABASE_FILE);
    fs::metadata(&path)
        .map(drop)
        .map_err(|source| io(format!("find a store in `{}`", directory.display()), source))
}

/// Deletes what a process left that was killed while opening: sled takes it for damage and then never opens again. The log is
/// the truth, and sled makes the snapshot anew.
pub(super) fn delete_unfinished_snapshots(directory: &Path) -> Result<(), StoreError> {
    let failed = |source| {
        io(
            format!("read data directory `{}`", directory.display()),
            source,
        )
    };
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            tracing::warn!(file = %path.display(), "deleting a snapshot that an earlier process did not finish");
            fs::remove_file(&path)
                .map_err(|source| io(format!("delete `{}`", path.display()), source))?;
        }
    }
    Ok(())
}

/// Deletes the file of sled's settings if it is not whole. sled never syncs it, so that a loss of power soon after the first opening
/// may leave a part of it, and with that part sled never opens again. We always give the same settings, and sled writes them anew.
pub(super) fn delete_torn_settings(directory: &Path) -> Result<(), StoreError> {
    let path = directory.join(SETTINGS_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(io(format!("read `{}`", path.display()), source)),
    };
    let is_whole = bytes
        .split_last_chunk()
        .is_some_and(|(text, sum)| crc32fast::hash(text) == u32::from_le_bytes(*sum));
    if is_whole {
        return Ok(());
    }
    tracing::warn!(file = %path.display(), "deleting settings of the database that are not whole; they are written anew");
    fs::remove_file(&path).map_err(|source| io(format!("delete `{}`", path.display()), source))
}

/// Opens the database.
pub(super) fn database(directory: &Path) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new()
        .path(directory)
        .cache_capacity(CACHE_BYTES)
        .segment_size(SEGMENT);
    for _ in 1..LOCK_TRIES {
        match open_once(directory, &config) {
            Err(StoreError::Io { source, .. }) if is_locked(source.as_ref()) => {
                std::thread::park_timeout(LOCK_WAIT)
            }
            outcome => return outcome,
        }
    }
    open_once(directory, &config)
}

fn open_once(directory: &Path, config: &sled::Config) -> Result<sled::Db, StoreError> {
    let what = || format!("database in `{}`", directory.display());
    // sled asserts what it expects of its files. A damaged file must not take the process down without a word.
    match std::panic::catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(outcome) => outcome.map_err(|error| sled_error(error, &what())),
        Err(_) => Err(StoreError::Corrupt {
            what: what(),
            detail: "sled cannot make sense of its files".to_owned(),
        }),
    }
}

fn is_locked(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock"))
}

/// Makes durable what an earlier process wrote and did not live to sync. sled makes a snapshot of it, which is synced itself: were the
/// power lost after that, the snapshot would be of something that is not there, and sled would not open.
pub(super) fn sync_before_opening(directory: &Path) -> Result<(), StoreError> {
    let path = directory.join(DATABASE_FILE);
    match File::open(&path).and_then(|file| file.sync_data()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome.map_err(|source| io(format!("sync `{}`", path.display()), source)),
    }
}

/// A handle of the database's file, to sync it by.
pub(super) fn database_file(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join(DATABASE_FILE);
    OpenOptions::new()
        .write(true)
        .open(&path)
        .map_err(|source| io(format!("open `{}`", path.display()), source))
}

/// Makes durable what sled writes once and never syncs: its settings, and the entries of the directory; and the directory's own
/// entry if it is new.
pub(super) fn sync_directory(directory: &Path, is_new: bool) -> Result<(), StoreError> {
    let sync = |path: &Path| {
        File::open(path)
            .and_then(|handle| handle.sync_all())
            .map_err(|source| io(format!("sync `{}`", path.display()), source))
    };
    sync(&directory.join(SETTINGS_FILE))?;
    sync(directory)?;
    match directory
        .canonicalize()
        .ok()
        .as_deref()
        .and_then(Path::parent)
    {
        Some(parent) if is_new => sync(parent),
        Some(_) | None => Ok(()),
    }
}

/// What the log of one topology looks like by its keys.
#[derive(Debug, Clone, Copy, Default)]
struct Log {
    head: Revision,
    /// The first revision that is missing below the head.
    gap: Option<Revision>,
}

/// The topologies that are in the database. One that has less than was seen of it before is damaged.
pub(super) fn catalogue(db: &sled::Db, seen: &SeenTopologies) -> Result<Catalogue, StoreError> {
    let logs = logs(db)?;
    let rows = topology_rows(db)?;
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
                tracing::error!(topology = %name, what = damage.what, detail = damage.detail, "a topology is damaged and cannot be used");
                catalogue.enter_damaged(name, damage);
            }
        }
    }
    for (&id, seen) in seen {
        let left = catalogue.get(id).map(|record| record.head).ok();
        if let Some(detail) = seen.fault(left) {
            let what = format!("topology `{}`", seen.title(id));
            tracing::error!(
                what,
                detail,
                "a topology has lost what was durable, and cannot be used"
            );
            catalogue.damage(id, seen.name.parse().ok(), Damage { what, detail });
        }
    }
    Ok(catalogue)
}

fn named_topology(
    name: &TopologyName,
    row: Result<NameRow, RecordError>,
    rows: &BTreeMap<TopologyId, Result<TopologyRow, RecordError>>,
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
    let log = logs.get(&id).copied().unwrap_or_default();
    if let Some(gap) = log.gap {
        return Err(damage(format!(
            "revision {gap} is missing from its log, which goes up to {}",
            log.head
        )));
    }
    Ok(TopologyRecord {
        id,
        name: name.clone(),
        description: row.description.clone(),
        time: row.time,
        head: log.head,
        oldest: Revision::ZERO,
        origin: None,
        leans_on: None,
    })
}

/// Heads and gaps, by the keys of the logs alone.
fn logs(db: &sled::Db) -> Result<BTreeMap<TopologyId, Log>, StoreError> {
    let mut logs: BTreeMap<TopologyId, Log> = BTreeMap::new();
    for key in db.scan_prefix(Sort::Log.alone()).keys() {
        let key = key.map_err(|error| sled_error(error, "log"))?;
        let Some((id, revision)) = keys::revision_in(&key) else {
            tracing::error!(key = ?key, "ignoring a key of the log that holds no revision");
            continue;
        };
        let log = logs.entry(id).or_default();
        let expected = log.head.next();
        if revision != expected {
            log.gap = log.gap.or(Some(expected));
        }
        log.head = revision;
    }
    Ok(logs)
}

fn topology_rows(
    db: &sled::Db,
) -> Result<BTreeMap<TopologyId, Result<TopologyRow, RecordError>>, StoreError> {
    let mut rows = BTreeMap::new();
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

/// Removes what a process left that was killed in the middle: chunks that no record names.
pub(super) fn clean(shared: &Shared) -> Result<(), StoreError> {
    let db = &shared.db;
    let heads: Vec<_> = shared
        .catalogue()
        .iter()
        .map(|record| (record.id, record.head))
        .collect();
    for (id, head) in heads {
        let beyond = Sort::LogChunk.at(id, head.next())..Sort::LogChunk.at(id, Revision(u64::MAX));
        while remove_some(db, db.range(beyond.clone()))? {}
    }
    for mark in db.scan_prefix(Sort::Unfinished.alone()).keys() {
        let mark = mark.map_err(|error| sled_error(error, "marks of checkpoints"))?;
        if let Some((id, revision)) = keys::revision_in(&mark) {
            while remove_some(db, db.scan_prefix(Sort::CheckpointChunk.at(id, revision)))? {}
        }
        db.remove(&mark)
            .map_err(|error| sled_error(error, "marks of checkpoints"))?;
    }
    Ok(())
}

/// The topologies whose deletion has not ended.
pub(super) fn deleted(db: &sled::Db) -> Result<Vec<TopologyId>, StoreError> {
    let keys: Result<Vec<_>, _> = db.scan_prefix(Sort::Deleted.alone()).keys().collect();
    let keys = keys.map_err(|error| sled_error(error, "list of deletions"))?;
    Ok(keys
        .iter()
        .filter_map(|key| keys::topology_in(key))
        .collect())
}

/// Removes some of the keys, and says whether there were any.
pub(super) fn remove_some(db: &sled::Db, entries: sled::Iter) -> Result<bool, StoreError> {
    let failed = |error| sled_error(error, "leftovers");
    let keys: Result<Vec<Key>, _> = entries
        .keys()
        .take(KEYS_AT_ONCE)
        .map(|key| key.map(|key| key.to_vec()))
        .collect();
    let keys = keys.map_err(failed)?;
    let is_any = !keys.is_empty();
    batch::apply(db, keys.into_iter().map(|key| (key, None))).map_err(failed)?;
    Ok(is_any)
}
