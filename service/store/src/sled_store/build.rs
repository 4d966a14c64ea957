//! Building a data directory that nobody uses before it is complete.
//!
//! It is filled under another name, without a sync for each commit: whoever crashes leaves that name alone, and nothing relies on it. At the end the
//! store is walked, all of it is synced, and then it gets its name.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{SledStore, io, open, sled_error};
use crate::port::{Store, StoreError};

/// A data directory that is built. Dropped before it is finished, it is removed.
#[derive(Debug)]
pub struct Building {
    directory: PathBuf,
    // It is closed before its directory is removed.
    store: SledStore,
    under_way: UnderWay,
}

/// The directory under its other name.
#[derive(Debug)]
struct UnderWay {
    path: PathBuf,
    is_finished: bool,
}

impl Building {
    /// Begins a store in a directory that is new or empty. It blocks.
    ///
    /// # Errors
    /// [`StoreError::Io`] if something is in it, if another building is under way or was left by a process that ended, or if it cannot be made.
    pub fn begin(directory: &Path) -> Result<Self, StoreError> {
        check_empty(directory)?;
        let path = beside(directory)?;
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            open::create_directory(parent)?;
        }
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let detail = "it is there already: another restore is under way, or one that ended in the middle left it; delete it if none is";
                return Err(refused(format!("create `{}`", path.display()), detail));
            }
            Err(source) => return Err(io(format!("create `{}`", path.display()), source)),
        }
        let under_way = UnderWay {
            path,
            is_finished: false,
        };
        let store = SledStore::open_with(&under_way.path, |_| Box::new(|| Ok(())))?;
        Ok(Self {
            directory: directory.to_owned(),
            under_way,
            store,
        })
    }

    /// Removes what a building of this directory left whose process was killed, and tells whether one can begin: nothing is in the directory. It blocks.
    ///
    /// # Errors
    /// [`StoreError::Io`] if something cannot be read or removed.
    pub fn make_way(directory: &Path) -> Result<bool, StoreError> {
        let path = beside(directory)?;
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(io(format!("remove `{}`", path.display()), error));
            }
            Ok(()) | Err(_) => {}
        }
        match fs::read_dir(directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(source) => Err(io(format!("read `{}`", directory.display()), source)),
            Ok(mut entries) => Ok(entries.next().is_none()),
        }
    }

    /// The store to fill.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &self.store
    }

    /// Checks the store, makes it durable, and gives it its name. It blocks.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is not as it should be, [`StoreError::Io`] if it cannot be synced or renamed. Then it is removed.
    pub fn finish(self) -> Result<(), StoreError> {
        let Self {
            directory,
            store,
            mut under_way,
        } = self;
        let flushed = store.shared.db.flush();
        drop(store);
        flushed.map_err(|error| sled_error(error, "database"))?;
        let path = &under_way.path;
        let report = SledStore::check(path)?;
        if let Some(fault) = report.faults.into_iter().next() {
            return Err(StoreError::Corrupt {
                what: fault.what,
                detail: fault.detail,
            });
        }
        sync_all(path)?;
        check_empty(&directory)?;
        fs::rename(path, &directory).map_err(|source| {
            let action = format!(
                "rename `{}` to `{}`, which must be a directory of the same file system and no mount of its own",
                path.display(),
                directory.display()
            );
            io(action, source)
        })?;
        under_way.is_finished = true;
        sync(parent_of(&directory))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.path) {
            let (path, error) = (self.path.display(), &error as &dyn std::error::Error);
            tracing::warn!(%path, error, "what was built cannot be removed; delete it");
        }
    }
}

/// That a directory is not there, or has nothing in it.
fn check_empty(directory: &Path) -> Result<(), StoreError> {
    let action = || format!("build a store in `{}`", directory.display());
    match fs::read_dir(directory).map(|mut entries| entries.next()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(io(action(), source)),
        Ok(None) => Ok(()),
        Ok(Some(_)) => {
            let detail = if open::find_database(directory).is_ok() {
                "there is a store in it already; choose a new or an empty directory"
            } else {
                "it is not empty; choose a new or an empty directory"
            };
            Err(refused(action(), detail))
        }
    }
}

/// The other name of a directory: its own with an ending.
fn beside(directory: &Path) -> Result<PathBuf, StoreError> {
    let name = directory.file_name().ok_or_else(|| {
        let action = format!("build a store in `{}`", directory.display());
        refused(action, "name the directory itself, not a way to it as `..`")
    })?;
    let mut other = OsString::from(name);
    other.push(".restoring");
    Ok(directory.with_file_name(other))
}

/// Makes the files of a directory durable, and the directory.
fn sync_all(directory: &Path) -> Result<(), StoreError> {
    let failed = |source| io(format!("read `{}`", directory.display()), source);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            sync_all(&path)?;
        } else {
            sync(&path)?;
        }
    }
    sync(directory)
}

fn sync(path: &Path) -> Result<(), StoreError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| io(format!("sync `{}`", path.display()), source))
}

fn parent_of(path: &Path) -> &Path {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

fn refused(action: String, detail: &str) -> StoreError {
    StoreError::Io {
        action,
        source: detail.into(),
    }
}
