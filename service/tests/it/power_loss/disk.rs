//! A disk with a cache: what was synced is on it; of what was not, any part of the bytes may be, in any order, and of the names the first so many.
//!
//! What a sync of a file covers is what was written to that file before the sync began; names are covered by syncs of their
//! directory alone. They come to the disk in their order, as file systems with a journal have it (ext4, XFS).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fastrand::Rng;

use super::record::{Operation, Record};

/// How much of what was not synced the disk keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Synced,
    /// Any part, also parts of single writes.
    Some,
    All,
}

/// What is on the disk, and what is on its way.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    /// Files by their names, as processes see them.
    seen: BTreeMap<String, usize>,
    /// Names that a sync of their directory made durable.
    named: BTreeMap<String, usize>,
    naming: Pending<Naming>,
    /// For each sync that has begun and not ended: what it covers, up to how many.
    syncs: BTreeMap<u64, (Covered, u64)>,
}

#[derive(Debug, Default)]
struct File {
    is_directory: bool,
    durable: Vec<u8>,
    pending: Pending<Change>,
}

/// What is on its way, in order; the first so many are durable and gone from here.
#[derive(Debug)]
struct Pending<T> {
    durable: u64,
    waiting: Vec<T>,
}

#[derive(Debug, Clone, Copy)]
enum Covered {
    File(usize),
    Names,
}

#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

#[derive(Debug, Clone)]
enum Naming {
    Link(String, usize),
    Rename(String, String),
    Unlink(String),
}

// === impl Disk ===

impl Disk {
    /// Does what was recorded.
    pub(crate) fn apply(&mut self, record: &Record) {
        let path = &record.path;
        match &record.operation {
            Operation::Create => self.create(path, false),
            Operation::MakeDirectory => self.create(path, true),
            Operation::Write { at, bytes } => self.change(
                path,
                Change::Write {
                    at: usize::try_from(*at).unwrap(),
                    bytes: bytes.clone(),
                },
            ),
            Operation::Truncate { length } => {
                let length = usize::try_from(*length).unwrap();
                self.change(path, Change::Truncate { length });
            }
            Operation::SyncBegins { number } => {
                let covered = match self.seen.get(path) {
                    None => (Covered::Names, self.naming.all()),
                    Some(&file) => (Covered::File(file), self.files[file].pending.all()),
                };
                self.syncs.insert(*number, covered);
            }
            Operation::SyncEnds { number } => match self.syncs.remove(number).unwrap() {
                (Covered::Names, count) => {
                    let durable = self.naming.settle(count);
                    durable.for_each(|naming| naming.apply(&mut self.named));
                }
                (Covered::File(file), count) => {
                    let file = &mut self.files[file];
                    let durable = file.pending.settle(count);
                    durable.for_each(|change| change.apply(&mut file.durable));
                }
            },
            Operation::Rename { to } => self.name(Naming::Rename(path.clone(), to.clone())),
            Operation::Unlink => self.name(Naming::Unlink(path.clone())),
        }
    }

    fn create(&mut self, path: &str, is_directory: bool) {
        self.files.push(File {
            is_directory,
            ..File::default()
        });
        self.name(Naming::Link(path.to_owned(), self.files.len() - 1));
    }

    fn name(&mut self, naming: Naming) {
        naming.clone().apply(&mut self.seen);
        self.naming.waiting.push(naming);
    }

    fn change(&mut self, path: &str, change: Change) {
        let file = self.seen[path];
        self.files[file].pending.waiting.push(change);
    }

    /// Writes a directory as the disk might hold it if the power was lost now.
    pub(crate) fn write(&self, kept: Kept, rng: &mut Rng, to: &Path) {
        let mut named = self.named.clone();
        let waiting = &self.naming.waiting;
        let count = match kept {
            Kept::Synced => 0,
            Kept::Some => rng.usize(..=waiting.len()),
            Kept::All => waiting.len(),
        };
        for naming in waiting.iter().take(count) {
            naming.clone().apply(&mut named);
        }
        fs::create_dir(to).unwrap();
        for (name, &file) in &named {
            let (file, path) = (&self.files[file], to.join(name));
            if file.is_directory {
                fs::create_dir_all(path).unwrap();
                continue;
            }
            let mut bytes = file.durable.clone();
            for change in &file.pending.waiting {
                match change {
                    Change::Truncate { .. } if !kept.is(rng) => {}
                    Change::Write { at, bytes: written } if kept == Kept::Some => {
                        tear(*at, written, rng).for_each(|part| part.apply(&mut bytes));
                    }
                    Change::Write { .. } if kept == Kept::Synced => {}
                    Change::Truncate { .. } | Change::Write { .. } => {
                        change.clone().apply(&mut bytes);
                    }
                }
            }
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

/// Parts of a write: none, all, a beginning, or any of its sectors of 512 bytes or pages of 4 KiB.
fn tear(at: usize, bytes: &[u8], rng: &mut Rng) -> impl Iterator<Item = Change> {
    let unit = [512, 4096][rng.usize(..2)];
    let way = rng.usize(..4);
    let mut parts = Vec::new();
    let mut begin = 0;
    let beginning = rng.usize(..=bytes.len() / unit);
    while begin < bytes.len() {
        // Sectors lie where they lie on the disk, whereever the write begins.
        let end = bytes.len().min((at + begin) / unit * unit + unit - at);
        let is_kept = match way {
            0 => false,
            1 => true,
            2 => begin < beginning * unit,
            _ => rng.bool(),
        };
        if is_kept {
            parts.push(Change::Write {
                at: at + begin,
                bytes: bytes[begin..end].to_vec(),
            });
        }
        begin = end;
    }
    parts.into_iter()
}

// === impl Kept ===

impl Kept {
    fn is(self, rng: &mut Rng) -> bool {
        match self {
            Self::Synced => false,
            Self::Some => rng.bool(),
            Self::All => true,
        }
    }
}

// === impl Pending ===

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self {
            durable: 0,
            waiting: Vec::new(),
        }
    }
}

impl<T> Pending<T> {
    /// How many there have been.
    fn all(&self) -> u64 {
        self.durable + u64::try_from(self.waiting.len()).unwrap()
    }

    /// Takes out what is durable once the first so many are.
    fn settle(&mut self, count: u64) -> impl Iterator<Item = T> {
        let more = count.saturating_sub(self.durable);
        self.durable += more;
        self.waiting.drain(..usize::try_from(more).unwrap())
    }
}

// === impl Change ===

impl Change {
    fn apply(self, file: &mut Vec<u8>) {
        match self {
            Self::Truncate { length } => file.resize(length, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[at..end].copy_from_slice(&bytes);
            }
        }
    }
}

// === impl Naming ===

impl Naming {
    fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Link(name, file) => {
                names.insert(name, file);
            }
            Self::Rename(from, to) => {
                if let Some(file) = names.remove(&from) {
                    names.insert(to, file);
                }
            }
            Self::Unlink(name) => {
                names.remove(&name);
            }
        }
    }
}
