//! The records of a topology itself, and of its labels.

use causeway_model::revision::{Revision, Timestamp, TopologyName};

use super::codec::{self, Input};
use super::{Record, RecordError, values};
use crate::port::{Origin, TopologyId, TopologyRecord};

/// A topology; its head is what its log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopologyRow {
    pub(crate) name: TopologyName,
    pub(crate) description: String,
    pub(crate) time: Timestamp,
    /// The oldest revision that can be read.
    pub(crate) oldest: Revision,
    pub(crate) origin: Option<Origin>,
    pub(crate) leans_on: Option<(TopologyId, Revision)>,
    /// How often a label was set or taken away, so that a loss of that shows.
    pub(crate) label_changes: u64,
}

/// A label; its name is in its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelRow {
    pub(crate) revision: Revision,
    pub(crate) time: Timestamp,
}

impl TopologyRow {
    /// What is stored of a topology.
    pub(crate) fn of(record: &TopologyRecord, label_changes: u64) -> Self {
        let TopologyRecord {
            id: _,
            name,
            description,
            time,
            head: _,
            oldest,
            origin,
            leans_on,
        } = record.clone();
        Self {
            name,
            description,
            time,
            oldest,
            origin,
            leans_on,
            label_changes,
        }
    }

    /// Whether the history begins with a checkpoint at its oldest revision, and with nothing else.
    pub(crate) fn begins_with_checkpoint(&self) -> bool {
        self.oldest > Revision::ZERO || (self.origin.is_some() && self.leans_on.is_none())
    }
}

impl Record for TopologyRow {
    const KIND: u8 = 1;
    const WHAT: &'static str = "topology record";
    const VERSION: u8 = 2;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_text(out, self.name.as_str());
        codec::put_text(out, &self.description);
        values::put_time(out, self.time);
        codec::put_number(out, self.oldest.0);
        out.push(self.origin.is_some().into());
        if let Some(Origin { name, revision }) = &self.origin {
            codec::put_text(out, name.as_str());
            codec::put_number(out, revision.0);
        }
        out.push(self.leans_on.is_some().into());
        if let Some((id, revision)) = self.leans_on {
            codec::put_number(out, id.0);
            codec::put_number(out, revision.0);
        }
        codec::put_number(out, self.label_changes);
    }

    fn read(version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        let mut row = Self {
            name: take_name(input)?,
            description: input.text()?.to_owned(),
            time: values::take_time(input)?,
            oldest: Revision::ZERO,
            origin: None,
            leans_on: None,
            label_changes: 0,
        };
        // The first version knew neither forks nor labels, and kept everything.
        if version == 1 {
            return Ok(row);
        }
        row.oldest = Revision(input.number()?);
        if take_presence(input)? {
            let (name, revision) = (take_name(input)?, Revision(input.number()?));
            row.origin = Some(Origin { name, revision });
        }
        if take_presence(input)? {
            row.leans_on = Some((TopologyId(input.number()?), Revision(input.number()?)));
        }
        row.label_changes = input.number()?;
        Ok(row)
    }
}

impl Record for LabelRow {
    const KIND: u8 = 10;
    const WHAT: &'static str = "label";
    const VERSION: u8 = 1;

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_number(out, self.revision.0);
        values::put_time(out, self.time);
    }

    fn read(_version: u8, input: &mut Input<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            revision: Revision(input.number()?),
            time: values::take_time(input)?,
        })
    }
}

fn take_name(input: &mut Input<'_>) -> Result<TopologyName, RecordError> {
    input.text()?.parse().map_err(|error| RecordError::Id {
        reason: format!("{error}"),
    })
}

fn take_presence(input: &mut Input<'_>) -> Result<bool, RecordError> {
    match input.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        tag => Err(RecordError::Tag { tag }),
    }
}
