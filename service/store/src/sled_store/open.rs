//! Opening a data directory: what must be put right before sled sees it.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use super::chunks::SEGMENT;
use super::{io, sled_error};
use crate::port::StoreError;

/// What sled may keep in memory, in bytes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// The file that sled keeps its log in.
pub(super) const DATABASE_FILE: &str = "db";

/// The file that sled keeps its settings in.
const SETTINGS_FILE: &str = "conf";

/// How often to try again while sled's threads of a store that was just closed still hold its file, and how long to wait.
const LOCK_TRIES: usize = 100;
const LOCK_WAIT: Duration = Duration::from_millis(20);

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
