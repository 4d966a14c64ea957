//! The records that the store keeps, and their bytes. Nothing outside of this room sees them.
//!
//! # What is on disk
//!
//! A data directory holds one sled database and `causeway.lock`. The database has one tree of keys and values, so that one
//! batch is atomic across everything. A key is a letter, the topology's number (8 bytes), the revision (8 bytes) and the place
//! of a chunk (4 bytes), as far as it needs them, all with the highest byte first, so that a scan is in order:
//!
//! | key | value |
//! |---|---|
//! | `#` | [`CounterRow`]: the number of the next topology; numbers are never given twice |
//! | `n` name | [`NameRow`]: the number of the topology with this name |
//! | `t` topology | [`TopologyRow`]: also its oldest revision; what lies below that in the sorts that follow is nothing any more |
//! | `h` topology revision | [`LogRow`]: who, why, when, and the extent of the changes |
//! | `l` topology revision chunk | a chunk of a [`ChangesRow`]; none for an oldest revision above 0 |
//! | `c` topology revision | [`CheckpointRow`]: the extent of the checkpoint; without it the chunks are nothing |
//! | `k` topology revision chunk | a chunk of a checkpoint: [`checkpoint_opening`], then each resource after its length |
//! | `p` topology revision | [`MarkRow`]: a checkpoint that is being written or dropped, to be cleaned up if that never ends |
//! | `b` topology label | [`LabelRow`] |
//! | `r` topology caller id | [`RequestRow`]; the caller after its length |
//! | `e` name caller id | [`RequestRow`] of a request that deleted a topology of this name, which outlives it; name and caller after their lengths |
//! | `d` topology | [`MarkRow`]: a topology that is being deleted; its name and its `t` are gone already |
//!
//! A value starts with a checksum, CRC-32 of the key and of the rest of the value, lowest byte first. A value that is no chunk then
//! holds one record: a byte for its kind, a byte for its version, its fields. A chunk holds up to 64 KiB of a longer record, which
//! has a checksum of its own in the row that tells its extent.
//!
//! # Fields
//!
//! Numbers are LEB128, texts and lists come after their length, times are seconds and nanoseconds, digests are 32 bytes.
//! A resource is the model's generic value: a tag, then what the tag asks for. Names of fields and frequent texts are
//! places in the dictionaries of `names`, which only ever grow.
//!
//! # Versions
//!
//! Each kind has its own version, raised when its fields change; the older ones stay readable. A version that is not known
//! yet is refused by name, and so is a tag or a place beyond the dictionaries. Golden files in `tests/golden` hold the bytes of each
//! version. Kinds and tags are never given a second meaning; kinds from 64 on are those of backups (`backup::records`).

pub(crate) mod codec;
pub(crate) mod names;
mod topology;
pub(crate) mod values;

use causeway_model::change::ChangeSet;
use causeway_model::resource::Resource;
use causeway_model::revision::{Revision, RevisionNote, Timestamp};
use codec::Input;
pub(crate) use codec::RecordError;
pub(crate) use topology::{LabelRow, TopologyRow};

use crate::port::TopologyId;

/// A record: fields with a kind and a version.
pub(crate) trait Record: Sized {
    /// The byte that tells it apart.
    const KIND: u8;
    /// What it is, in words.
    const WHAT: &'static str;
    /// The version that is written.
    const VERSION: u8;

    /// Writes the fields.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads the fields of a version that exists.
    fn read(version: u8, input: &mut Input<'_>) -> Result<Self, RecordError>;

    /// Its bytes.
    fn encode(&self) -> Vec<u8> {
        let mut out = vec![Self::KIND, Self::VERSION];
        self.write(&mut out);
        out
    }

    /// The record with these bytes, all of them.
    fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut input = Input::new(bytes);
        let version = take_opening::<Self>(&mut input)?;
        let record = Self::read(version, &mut input)?;
        input.finish()?;
        Ok(record)
    }
}

/// Reads kind and version, and gives the version if it is one that can be read.
pub(crate) fn take_opening<R: Record>(input: &mut Input<'_>) -> Result<u8, RecordError> {
    let kind = input.byte()?;
    if kind != R::KIND {
        return Err(RecordError::WrongKind {
            expected: R::WHAT,
            found: kind,
        });
    }
    match input.byte()? {
        0 => Err(RecordError::NoVersion {
            what: R::WHAT,
            found: 0,
        }),
        found if found > R::VERSION => Err(RecordError::Newer {
            what: R::WHAT,
            found,
            known: R::VERSION,
        }),
        version => Ok(version),
    }
}

/// Where the chunks of a longer record are, and how they add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) bytes: u64,
    pub(crate) chunks: u32,
    /// CRC-32 of all bytes.
    pub(crate) checksum: u32,
}

/// A revision in the log, without its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogRow {
    pub(crate) note: RevisionNote,
    pub(crate) counts: [u64; 2],
    pub(crate) body: Extent,
}

/// The changes of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangesRow(pub(crate) ChangeSet);

/// A checkpoint, without its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckpointRow {
    pub(crate) resources: u64,
    pub(crate) body: Extent,
}

/// A request that succeeded; what it is known by is in its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestRow {
    pub(crate) digest: [u8; 32],
    pub(crate) time: Timestamp,
    pub(crate) revision: Revision,
    pub(crate) counts: [u64; 4],
}

/// The number of the next topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CounterRow {
    pub(crate) next: u64,
}

/// The topology that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameRow {
    pub(crate) id: TopologyId,
}

/// Something that is under way; its key says what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MarkRow;

/// The resources of a checkpoint, of which only the opening is ever a whole.
#[derive(Debug)]
struct ResourcesRow;

impl Extent {
    /// Of nothing.
    pub(crate) const EMPTY: Self = Self {
        bytes: 0,
        chunks: 0,
        checksum: 0,
    };

    fn put(self, out: &mut Vec<u8>) {
        codec::put_number(out, self.bytes);
        codec::put_number(out, self.chunks.into());
        out.extend_from_slice(&self.checksum.to_le_bytes());
    }

    fn take(input: &mut Input<'_>) -> Result<Self, RecordError> {
        let bytes = input.number()?;
        let number = input.number()?;
        let chunks = u32::try_from(number).map_err(|_| RecordError::Range {
            what: "chunks",
            number,
        })?;
        Ok(Self {
            bytes,
            chunks,
            checksum: u32::from_le_bytes(input.array()?),
        })
    }
}

impl Record for LogRow {
    const KIND: u8 = 2;
    const WHAT: &'static str = "log record";
    const VERSION: u8 = 2;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_text(out, &self.note.author);
        codec::put_text(out, &self.note.message);
        values::put_time(out, self.note.time);
        self.counts
            .iter()
            .for_each(|&count| codec::put_number(out, count));
        self.body.put(out);
        values::put_trace(out, self.note.trace);
    }

    fn read(version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        let (author, message) = (input.text()?.to_owned(), input.text()?.to_owned());
        let note = RevisionNote {
            author,
            message,
            time: values::take_time(input)?,
            trace: None,
        };
        let mut row = Self {
            note,
            counts: [input.number()?, input.number()?],
            body: Extent::take(input)?,
        };
        // The first version knew nothing of traces.
        if version >= 2 {
            row.note.trace = values::take_trace(input)?;
        }
        Ok(row)
    }
}

impl Record for ChangesRow {
    const KIND: u8 = 3;
    const WHAT: &'static str = "change set";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_length(out, self.0.changes.len());
        self.0
            .changes
            .iter()
            .for_each(|change| values::put_change(out, change));
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        let count = input.count(2)?;
        let mut changes = Vec::new();
        for _ in 0..count {
            changes.push(values::take_change(input)?);
        }
        Ok(Self(ChangeSet { changes }))
    }
}

impl Record for CheckpointRow {
    const KIND: u8 = 4;
    const WHAT: &'static str = "checkpoint record";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_number(out, self.resources);
        self.body.put(out);
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            resources: input.number()?,
            body: Extent::take(input)?,
        })
    }
}

impl Record for ResourcesRow {
    const KIND: u8 = 5;
    const WHAT: &'static str = "list of resources";
    const VERSION: u8 = 1;

    fn write(&self, _out: &mut Vec<u8>) {}

    fn read(_version: u8, _input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self)
    }
}

impl Record for RequestRow {
    const KIND: u8 = 6;
    const WHAT: &'static str = "request record";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.digest);
        values::put_time(out, self.time);
        codec::put_number(out, self.revision.0);
        self.counts
            .iter()
            .for_each(|&count| codec::put_number(out, count));
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        let (digest, time, revision) = (
            input.array()?,
            values::take_time(input)?,
            Revision(input.number()?),
        );
        Ok(Self {
            digest,
            time,
            revision,
            counts: [
                input.number()?,
                input.number()?,
                input.number()?,
                input.number()?,
            ],
        })
    }
}

impl Record for CounterRow {
    const KIND: u8 = 7;
    const WHAT: &'static str = "counter";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_number(out, self.next);
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            next: input.number()?,
        })
    }
}

impl Record for NameRow {
    const KIND: u8 = 8;
    const WHAT: &'static str = "name record";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_number(out, self.id.0);
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            id: TopologyId(input.number()?),
        })
    }
}

impl Record for MarkRow {
    const KIND: u8 = 9;
    const WHAT: &'static str = "mark";
    const VERSION: u8 = 1;

    fn write(&self, _out: &mut Vec<u8>) {}

    fn read(_version: u8, _input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self)
    }
}

/// The first bytes of a checkpoint, before its resources.
pub(crate) fn checkpoint_opening() -> Vec<u8> {
    ResourcesRow.encode()
}

/// Reads the first bytes of a checkpoint.
pub(crate) fn take_checkpoint_opening(input: &mut Input<'_>) -> Result<(), RecordError> {
    take_opening::<ResourcesRow>(input).map(|_| ())
}

/// Writes a resource as a checkpoint holds it.
pub(crate) fn put_checkpoint_resource(out: &mut Vec<u8>, resource: &Resource) {
    let mut bytes = Vec::with_capacity(256);
    values::put_resource(&mut bytes, resource);
    codec::put_length(out, bytes.len());
    out.append(&mut bytes);
}

/// Reads a resource as a checkpoint holds it, if all of it is there already; else leaves the input as it is.
pub(crate) fn take_checkpoint_resource(
    input: &mut Input<'_>,
) -> Result<Option<Resource>, RecordError> {
    let mut ahead = input.clone();
    let bytes = match ahead.counted() {
        Ok(bytes) => bytes,
        Err(RecordError::Short) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut whole = Input::new(bytes);
    let resource = values::take_resource(&mut whole)?;
    whole.finish()?;
    *input = ahead;
    Ok(Some(resource))
}

#[cfg(test)]
mod tests;
