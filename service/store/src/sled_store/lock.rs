//! The lock on a data directory: one process holds it, and the file says which.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::port::StoreError;

const LOCK_FILE: &str = "causeway.lock";

/// The most bytes to read of what another process wrote.
const MAX_NOTE: u64 = 64;

/// A held lock. The system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock, without waiting for it.
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Io {
            action: format!("lock `{}`", directory.join(LOCK_FILE).display()),
            source: Box::new(source),
        };
        let path = directory.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Held {
                    directory: directory.display().to_string(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        sign(&mut file).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Writes who holds the lock, and since when by the clock of the file system, in seconds since 1970.
fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "process {}", std::process::id())?;
    let written = file
        .metadata()?
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    writeln!(file, "started {}", written.as_secs())
}

fn holder(file: &mut File) -> String {
    let mut note = String::new();
    let unknown = || "another process".to_owned();
    if file.take(MAX_NOTE).read_to_string(&mut note).is_err() {
        return unknown();
    }
    let process = note
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("process "))
        .and_then(|id| id.parse::<u32>().ok());
    process.map_or_else(unknown, |id| format!("process {id}"))
}
