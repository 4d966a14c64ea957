//! Writing a backup from a store.
//!
//! Each topology is written up to the head that it has when its log is begun. Its requests and labels are read before that head is, so that
//! whatever they tell of is in the backup too. Old revisions that are dropped in the meantime end the writing with an error.

mod topology;

use std::io;
use std::pin::Pin;

use causeway_model::revision::TopologyName;

use self::topology::Topology;
use super::Selection;
use super::error::ExportError;
use super::format::Kind;
use super::frames::{FrameWriter, TooLong};
use super::records::DeletionsPart;
use crate::port::{Deletion, Store};
use crate::records::Record;

/// Where a backup goes.
pub trait Sink: Send {
    /// Takes the next bytes. After an error nothing more is given.
    fn take(&mut self, bytes: Vec<u8>) -> Taking<'_>;
}

/// Bytes on their way into a sink.
pub type Taking<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// Bytes that are given to a sink at once, about.
const CHUNK_BYTES: usize = 256 * 1024;

/// Requests, labels or deletions of one frame, at most. Each has 64 KiB at most, by what a store takes, and a few hundred bytes as a rule.
const ITEMS: usize = 256;

/// Bytes that a list of them may have before a frame is made of it.
const LIST_BYTES: usize = 128 * 1024;

/// Writes a backup.
///
/// # Errors
/// [`ExportError`]; what the sink was given by then is no backup, for it has no end.
pub async fn write(
    store: &dyn Store,
    selection: &Selection,
    sink: &mut dyn Sink,
) -> Result<(), ExportError> {
    check(store, selection).await?;
    let mut writing = Writing {
        store,
        sink,
        frames: FrameWriter::new(),
    };
    // Before the topologies are looked at: what is told to be deleted is not in the backup, or was created again.
    let deletions = writing.deletions(selection).await?;
    let names = match selection {
        Selection::All => {
            let listed = store.list().await?;
            listed.into_iter().map(|record| record.name).collect()
        }
        Selection::Named(names) => distinct(names),
    };
    let mut topologies = 0_u64;
    for name in names {
        match store.find(&name).await? {
            Some(record) => Topology::new(record).write(&mut writing).await?,
            // Deleted since it was listed, so that it is none of all topologies.
            None if *selection == Selection::All => continue,
            None => return Err(ExportError::NoTopology { name }),
        }
        topologies = topologies.saturating_add(1);
    }
    writing.end(topologies, deletions).await
}

/// That all that is selected can be written, as far as it can be told before.
async fn check(store: &dyn Store, selection: &Selection) -> Result<(), ExportError> {
    match selection {
        Selection::All => match store.damaged().await?.into_iter().next() {
            Some(name) => Err(ExportError::Damaged { name }),
            None => Ok(()),
        },
        Selection::Named(names) => {
            for name in names {
                if store.find(name).await?.is_none() {
                    return Err(ExportError::NoTopology { name: name.clone() });
                }
            }
            Ok(())
        }
    }
}

fn distinct(names: &[TopologyName]) -> Vec<TopologyName> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    names
}

/// A backup that is written.
struct Writing<'a> {
    store: &'a dyn Store,
    sink: &'a mut dyn Sink,
    frames: FrameWriter,
}

impl Writing<'_> {
    /// Writes a frame.
    async fn frame(&mut self, kind: Kind, payload: &[u8]) -> Result<(), ExportError> {
        let written = self.frames.frame(kind, payload);
        written.map_err(|TooLong| ExportError::TooLarge {
            what: kind.as_str(),
            bytes: payload.len(),
        })?;
        if self.frames.waiting() >= CHUNK_BYTES {
            self.give().await?;
        }
        Ok(())
    }

    /// Gives the sink what was written.
    async fn give(&mut self) -> Result<(), ExportError> {
        let bytes = self.frames.take();
        self.sink.take(bytes).await.map_err(ExportError::Write)
    }

    /// Writes the deletions, and says how many there are.
    async fn deletions(&mut self, selection: &Selection) -> Result<u64, ExportError> {
        let (mut count, mut after) = (0_u64, None::<Deletion>);
        loop {
            let page = self.store.deletions(after.as_ref(), ITEMS).await?;
            let Some(last) = page.last().cloned() else {
                return Ok(count);
            };
            let chosen = page.into_iter().filter(|found| selection.has(&found.name));
            let chosen: Vec<Deletion> = chosen.collect();
            count = count.saturating_add(u64::try_from(chosen.len()).unwrap_or(u64::MAX));
            for part in parts(chosen, |part| DeletionsPart(part).encode()) {
                self.frame(Kind::Deletions, &part).await?;
            }
            after = Some(last);
        }
    }

    async fn end(mut self, topologies: u64, deletions: u64) -> Result<(), ExportError> {
        let end = self.frames.end(topologies, deletions);
        self.frame(Kind::End, &end).await?;
        self.give().await
    }
}

/// Records of lists of so many items each that none of them is large.
fn parts<T: Clone>(items: Vec<T>, encode: impl Fn(Vec<T>) -> Vec<u8>) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut rest = vec![items];
    while let Some(mut items) = rest.pop() {
        if items.is_empty() {
            continue;
        }
        let part = encode(items.clone());
        if part.len() <= LIST_BYTES || items.len() == 1 {
            parts.push(part);
        } else {
            let second = items.split_off(items.len() / 2);
            rest.push(second);
            rest.push(items);
        }
    }
    parts
}
