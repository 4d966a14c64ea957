//! The witness: a file beside the database that tells which revisions were durable.
//!
//! sled cannot tell a log whose end was never written from one that was damaged in the middle: it takes what comes before, and drops
//! the rest without a word. So what was durable is written down a second time, after it was synced.
//! The file itself is not synced with every commit: it may lag behind after a loss of power, and never runs ahead. Only that a topology
//! is going to be deleted is synced, and before it is, since a topology that is gone would else look lost. A record that is not
//! whole ends the file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use causeway_model::revision::Revision;

use crate::catalogue::{Catalogue, Effect};
use crate::port::TopologyId;
use crate::records::codec::Input;

const FILE: &str = "heads";
const NEW_FILE: &str = "heads.new";

/// So many bytes after it was written anew, it is written anew again.
const MAX_APPENDED: usize = 1 << 20;

/// What was durable of one topology.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its name; empty if that is not known.
    pub(super) name: String,
    pub(super) head: Revision,
    /// How often its labels were changed.
    label_changes: u64,
    /// Whether it was going to be deleted: it may be there, or not.
    is_going: bool,
    is_deleted: bool,
}

/// What is left of a topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) oldest: Revision,
    pub(super) head: Revision,
    pub(super) label_changes: u64,
}

/// Topologies by their numbers, as the witness saw them.
pub(super) type SeenTopologies = BTreeMap<TopologyId, Seen>;

/// The file while it is written.
#[derive(Debug)]
pub(super) struct Witness {
    directory: PathBuf,
    /// None once it could not be written: it then tells of less, and nothing wrong.
    file: Option<File>,
    seen: SeenTopologies,
    appended: usize,
}

/// What the file of a directory tells. One that cannot be read tells nothing.
pub(super) fn read(directory: &Path) -> SeenTopologies {
    let mut seen = SeenTopologies::new();
    let bytes = fs::read(directory.join(FILE)).unwrap_or_default();
    let mut input = Input::new(&bytes);
    while let Some((id, record)) = take(&mut input) {
        let known = seen.entry(id).or_default();
        if !record.name.is_empty() {
            known.name = record.name;
        }
        known.head = known.head.max(record.head);
        known.label_changes = known.label_changes.max(record.label_changes);
        known.is_going |= record.is_going;
        known.is_deleted |= record.is_deleted;
    }
    seen
}

impl Seen {
    /// What is wrong with a topology of which this is left; nothing for one that is whole.
    pub(super) fn fault(&self, left: Option<Left>) -> Option<String> {
        match left {
            Some(_) if self.is_deleted => {
                Some("it was deleted, and its deletion is lost".to_owned())
            }
            None if self.is_going || self.is_deleted => None,
            None => Some(format!(
                "it is lost, and its revision {} was durable",
                self.head
            )),
            Some(left) if left.head < self.head => Some(format!(
                "its log ends at revision {}, and revision {} was durable",
                left.head, self.head
            )),
            Some(left) if left.label_changes < self.label_changes => Some(format!(
                "{} changes of its labels are there, and {} were durable",
                left.label_changes, self.label_changes
            )),
            Some(_) => None,
        }
    }

    /// The name, or what stands for it.
    pub(super) fn title(&self, id: TopologyId) -> String {
        if self.name.is_empty() {
            format!("number {}", id.0)
        } else {
            self.name.clone()
        }
    }
}

impl Witness {
    /// Goes on from what was seen before and what is there now, in a file that is written anew.
    pub(super) fn start(directory: &Path, seen: SeenTopologies, catalogue: &Catalogue) -> Self {
        let mut witness = Self {
            directory: directory.to_owned(),
            file: None,
            seen,
            appended: 0,
        };
        for record in catalogue.iter() {
            let known = witness.seen.entry(record.id).or_default();
            known.name = record.name.to_string();
            known.head = known.head.max(record.head);
            let label_changes = catalogue.label_changes(record.id);
            known.label_changes = known.label_changes.max(label_changes);
            known.is_going = false;
        }
        // What is deleted and gone comes back as nothing: numbers are not given twice. What came back is damage for as long as it is there.
        witness.seen.retain(|_, seen| {
            let name = seen.name.parse();
            !(seen.is_going || seen.is_deleted)
                || name.is_ok_and(|name| catalogue.find(&name).is_err())
        });
        witness.write_anew();
        witness
    }

    /// Notes that topologies are going to be deleted, and makes that durable.
    pub(super) fn announce(&mut self, effects: &[Effect]) -> io::Result<()> {
        let mut records = Vec::new();
        for effect in effects {
            let Effect::Deleted(id) = effect else {
                continue;
            };
            let known = self.seen.entry(*id).or_default();
            known.is_going = true;
            put(&mut records, *id, known);
        }
        match &mut self.file {
            _ if records.is_empty() => Ok(()),
            Some(file) => file.write_all(&records).and_then(|()| file.sync_data()),
            None => {
                self.file = Some(self.replace()?);
                Ok(())
            }
        }
    }

    /// Notes what has become durable.
    pub(super) fn note(&mut self, effects: &[Effect]) {
        let mut records = Vec::new();
        for effect in effects {
            let Some((id, seen)) = self.seen_of(effect) else {
                continue;
            };
            put(&mut records, id, &seen);
            self.take_over(id, seen);
        }
        let Some(file) = &mut self.file else { return };
        if let Err(error) = file.write_all(&records) {
            self.give_up(&error);
            return;
        }
        self.appended = self.appended.saturating_add(records.len());
        if self.appended > MAX_APPENDED {
            self.write_anew();
        }
    }

    /// What an effect adds to what was seen. A trim or a checkpoint that is lost does no harm: what it allowed is lost with it.
    fn seen_of(&self, effect: &Effect) -> Option<(TopologyId, Seen)> {
        let nothing = Seen::default();
        match effect {
            Effect::Created(record) => {
                let (name, head) = (record.name.to_string(), record.head);
                Some((
                    record.id,
                    Seen {
                        name,
                        head,
                        ..nothing
                    },
                ))
            }
            &Effect::Advanced(id, head) => Some((id, Seen { head, ..nothing })),
            &Effect::Deleted(id) => {
                let is_deleted = true;
                Some((
                    id,
                    Seen {
                        is_deleted,
                        ..nothing
                    },
                ))
            }
            &(Effect::Labelled(id, _) | Effect::Unlabelled(id, _)) => {
                let known = self.seen.get(&id).map_or(0, |seen| seen.label_changes);
                let label_changes = known.saturating_add(1);
                Some((
                    id,
                    Seen {
                        label_changes,
                        ..nothing
                    },
                ))
            }
            Effect::Detached(_) | Effect::Trimmed(..) => None,
        }
    }

    fn take_over(&mut self, id: TopologyId, seen: Seen) {
        if seen.is_deleted {
            self.seen.remove(&id);
            return;
        }
        let known = self.seen.entry(id).or_default();
        known.head = known.head.max(seen.head);
        known.label_changes = known.label_changes.max(seen.label_changes);
        if !seen.name.is_empty() {
            known.name = seen.name;
        }
    }

    fn write_anew(&mut self) {
        self.appended = 0;
        match self.replace() {
            Ok(file) => self.file = Some(file),
            Err(error) => self.give_up(&error),
        }
    }

    /// Puts a file with all that was seen in the place of the old one, whole or not at all.
    fn replace(&self) -> io::Result<File> {
        let mut records = Vec::new();
        for (id, seen) in &self.seen {
            put(&mut records, *id, seen);
        }
        let path = self.directory.join(NEW_FILE);
        let mut file = File::create(&path)?;
        file.write_all(&records)?;
        file.sync_data()?;
        fs::rename(path, self.directory.join(FILE))?;
        File::open(&self.directory)?.sync_all()?;
        Ok(file)
    }

    fn give_up(&mut self, error: &io::Error) {
        tracing::warn!(
            failure = error.to_string(),
            "which revisions are durable cannot be noted beside the database; damage to it may go unseen until the store is opened again"
        );
        self.file = None;
    }
}

/// Writes a record: number, head, whether it is deleted (1), going to be (2) or had changes of labels (4), how many changes if it
/// had some, name, and the checksum of all that.
fn put(out: &mut Vec<u8>, id: TopologyId, seen: &Seen) {
    let begin = out.len();
    out.extend_from_slice(&id.0.to_le_bytes());
    out.extend_from_slice(&seen.head.0.to_le_bytes());
    let has_labels = seen.label_changes > 0;
    out.push(
        u8::from(seen.is_deleted) | (u8::from(seen.is_going) << 1) | (u8::from(has_labels) << 2),
    );
    if has_labels {
        out.extend_from_slice(&seen.label_changes.to_le_bytes());
    }
    crate::records::codec::put_text(out, &seen.name);
    let sum = crc32fast::hash(out.get(begin..).unwrap_or_default());
    out.extend_from_slice(&sum.to_le_bytes());
}

/// Reads a record, if it is whole.
fn take(input: &mut Input<'_>) -> Option<(TopologyId, Seen)> {
    let mut ahead = input.clone();
    let id = TopologyId(u64::from_le_bytes(ahead.array().ok()?));
    let head = Revision(u64::from_le_bytes(ahead.array().ok()?));
    let flags = ahead.byte().ok()?;
    let label_changes = if flags & 4 == 0 {
        0
    } else {
        u64::from_le_bytes(ahead.array().ok()?)
    };
    let name = ahead.text().ok()?.to_owned();
    let length = input.left().saturating_sub(ahead.left());
    let expected = u32::from_le_bytes(ahead.array().ok()?);
    let record = input.bytes(length).ok()?;
    *input = ahead;
    (crc32fast::hash(record) == expected).then_some((
        id,
        Seen {
            name,
            head,
            label_changes,
            is_going: flags & 2 != 0,
            is_deleted: flags & 1 != 0,
        },
    ))
}
