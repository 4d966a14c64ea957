//! The records of a backup, in the manner of those of the store and made of the same parts. Kinds from 64 on are theirs.

use causeway_model::revision::{LabelName, Revision, RevisionNote, Timestamp, TopologyName};

use crate::port::{Deletion, Label, Logged, Origin, RequestKey, RequestRecord};
use crate::records::codec::{self, Input, RecordError};
use crate::records::{Record, RequestRow, values};

/// The beginning of a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopologyPart {
    pub(super) name: TopologyName,
    pub(super) description: String,
    pub(super) time: Timestamp,
    pub(super) origin: Option<Origin>,
    /// The oldest revision that is kept. Of revision 0 the note is empty.
    pub(super) first: Logged,
    /// How many resources there are at the oldest revision.
    pub(super) resources: u64,
}

/// Requests of a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestsPart(pub(super) Vec<RequestRecord>);

/// A revision, without its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RevisionPart(pub(super) Logged);

/// Labels of a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LabelsPart(pub(super) Vec<Label>);

/// The end of a topology: what has to come out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopologyEndPart {
    pub(super) head: Revision,
    pub(super) requests: u64,
    pub(super) labels: u64,
    /// How many resources there are at the head.
    pub(super) resources: u64,
    /// The digest of the state at the head.
    pub(super) digest: [u8; 32],
}

/// Requests that deleted topologies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeletionsPart(pub(super) Vec<Deletion>);

/// The end: all that came before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EndRow {
    pub(super) topologies: u64,
    pub(super) deletions: u64,
    pub(super) frames: u64,
    pub(super) bytes: u64,
    pub(super) digest: [u8; 32],
}

impl Record for TopologyPart {
    const KIND: u8 = 64;
    const WHAT: &'static str = "beginning of a topology";
    const VERSION: u8 = 2;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_text(out, self.name.as_str());
        codec::put_text(out, &self.description);
        values::put_time(out, self.time);
        match &self.origin {
            None => out.push(0),
            Some(origin) => {
                out.push(1);
                codec::put_text(out, origin.name.as_str());
                codec::put_number(out, origin.revision.0);
            }
        }
        put_logged(out, &self.first);
        codec::put_number(out, self.resources);
    }

    fn read(version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            name: take_name(input)?,
            description: input.text()?.to_owned(),
            time: values::take_time(input)?,
            origin: match input.byte()? {
                0 => None,
                1 => Some(Origin {
                    name: take_name(input)?,
                    revision: Revision(input.number()?),
                }),
                tag => return Err(RecordError::Tag { tag }),
            },
            first: take_logged(version, input)?,
            resources: input.number()?,
        })
    }
}

impl Record for RequestsPart {
    const KIND: u8 = 65;
    const WHAT: &'static str = "list of requests";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_length(out, self.0.len());
        self.0.iter().for_each(|request| put_request(out, request));
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        take_list(input, take_request).map(Self)
    }
}

impl Record for RevisionPart {
    const KIND: u8 = 66;
    const WHAT: &'static str = "revision";
    const VERSION: u8 = 2;

    fn write(&self, out: &mut Vec<u8>) {
        put_logged(out, &self.0);
    }

    fn read(version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        take_logged(version, input).map(Self)
    }
}

impl Record for LabelsPart {
    const KIND: u8 = 67;
    const WHAT: &'static str = "list of labels";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_length(out, self.0.len());
        for Label {
            name,
            revision,
            time,
        } in &self.0
        {
            codec::put_text(out, name.as_str());
            codec::put_number(out, revision.0);
            values::put_time(out, *time);
        }
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        let label = |input: &mut Input<'_>| {
            let name: LabelName = input.text()?.parse().map_err(|error| bad_name(&error))?;
            Ok(Label {
                name,
                revision: Revision(input.number()?),
                time: values::take_time(input)?,
            })
        };
        take_list(input, label).map(Self)
    }
}

impl Record for TopologyEndPart {
    const KIND: u8 = 68;
    const WHAT: &'static str = "end of a topology";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_number(out, self.head.0);
        codec::put_number(out, self.requests);
        codec::put_number(out, self.labels);
        codec::put_number(out, self.resources);
        out.extend_from_slice(&self.digest);
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            head: Revision(input.number()?),
            requests: input.number()?,
            labels: input.number()?,
            resources: input.number()?,
            digest: input.array()?,
        })
    }
}

impl Record for DeletionsPart {
    const KIND: u8 = 69;
    const WHAT: &'static str = "list of deletions";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_length(out, self.0.len());
        for Deletion { name, request } in &self.0 {
            codec::put_text(out, name.as_str());
            put_request(out, request);
        }
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        let deletion = |input: &mut Input<'_>| {
            Ok(Deletion {
                name: take_name(input)?,
                request: take_request(input)?,
            })
        };
        take_list(input, deletion).map(Self)
    }
}

impl Record for EndRow {
    const KIND: u8 = 70;
    const WHAT: &'static str = "end of a backup";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_number(out, self.topologies);
        codec::put_number(out, self.deletions);
        codec::put_number(out, self.frames);
        codec::put_number(out, self.bytes);
        out.extend_from_slice(&self.digest);
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            topologies: input.number()?,
            deletions: input.number()?,
            frames: input.number()?,
            bytes: input.number()?,
            digest: input.array()?,
        })
    }
}

fn put_logged(out: &mut Vec<u8>, logged: &Logged) {
    let Logged {
        revision,
        note,
        counts,
    } = logged;
    codec::put_number(out, revision.0);
    codec::put_text(out, &note.author);
    codec::put_text(out, &note.message);
    values::put_time(out, note.time);
    counts
        .iter()
        .for_each(|&count| codec::put_number(out, count));
    values::put_trace(out, note.trace);
}

/// Both kinds of record that hold one know of traces since their second version.
fn take_logged(version: u8, input: &mut Input<'_>) -> Result<Logged, RecordError> {
    let revision = Revision(input.number()?);
    let (author, message) = (input.text()?.to_owned(), input.text()?.to_owned());
    let note = RevisionNote {
        author,
        message,
        time: values::take_time(input)?,
        trace: None,
    };
    let mut logged = Logged {
        revision,
        note,
        counts: [input.number()?, input.number()?],
    };
    if version >= 2 {
        logged.note.trace = values::take_trace(input)?;
    }
    Ok(logged)
}

/// A request: what it is known by, and the store's own record of it after its length.
fn put_request(out: &mut Vec<u8>, request: &RequestRecord) {
    let RequestRecord {
        key,
        digest,
        time,
        revision,
        counts,
    } = request;
    codec::put_text(out, &key.caller);
    codec::put_text(out, &key.id);
    let row = RequestRow {
        digest: *digest,
        time: *time,
        revision: *revision,
        counts: *counts,
    };
    let row = row.encode();
    codec::put_length(out, row.len());
    out.extend_from_slice(&row);
}

fn take_request(input: &mut Input<'_>) -> Result<RequestRecord, RecordError> {
    let key = RequestKey {
        caller: input.text()?.to_owned(),
        id: input.text()?.to_owned(),
    };
    let RequestRow {
        digest,
        time,
        revision,
        counts,
    } = RequestRow::decode(input.counted()?)?;
    Ok(RequestRecord {
        key,
        digest,
        time,
        revision,
        counts,
    })
}

fn take_list<T>(
    input: &mut Input<'_>,
    mut take: impl FnMut(&mut Input<'_>) -> Result<T, RecordError>,
) -> Result<Vec<T>, RecordError> {
    // What an item takes at least is more than this; the list grows with what is really there.
    let count = input.count(3)?;
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(take(input)?);
    }
    Ok(items)
}

fn take_name(input: &mut Input<'_>) -> Result<TopologyName, RecordError> {
    input.text()?.parse().map_err(|error| bad_name(&error))
}

fn bad_name(error: &dyn std::fmt::Display) -> RecordError {
    RecordError::Id {
        reason: error.to_string(),
    }
}
