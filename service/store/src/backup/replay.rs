//! Going through a backup frame by frame: what stands where it has to, what follows from what, and whether the states come out as they were.
//!
//! It fills no store: it says what there is to be done to one.

mod topology;

use std::collections::BTreeSet;

use causeway_model::change::ChangeSet;
use causeway_model::revision::{Revision, TopologyName};
use causeway_model::snapshot::Snapshot;

use self::topology::Reading;
use super::error::BackupError;
use super::format::Kind;
use super::frames::{Frame, Place};
use super::records::{DeletionsPart, EndRow, TopologyPart};
use crate::causes::with_causes;
use crate::port::{Deletion, Label, Logged, NewTopology, RequestRecord};
use crate::records::{Record, RecordError};

/// What a backup held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its topologies, in its order.
    pub topologies: Vec<RestoredTopology>,
    /// Requests that deleted topologies.
    pub deletions: u64,
}

/// What a backup held of one topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredTopology {
    /// Its name.
    pub name: TopologyName,
    /// Its oldest revision.
    pub oldest: Revision,
    /// Its newest revision.
    pub head: Revision,
    /// Its requests.
    pub requests: u64,
    /// Its labels.
    pub labels: u64,
    /// How many resources it has at its newest revision.
    pub resources: u64,
}

/// What is to be done to a store, in this order.
#[derive(Debug)]
pub(super) enum Step {
    Deletions(Vec<Deletion>),
    /// A topology begins, with the state at its oldest revision; nothing if that is the empty revision 0.
    Begin(Box<NewTopology>, Option<Snapshot>),
    Requests(Vec<RequestRecord>),
    /// The next revision, and the state that it makes.
    Append(Box<Appending>),
    Labels(Vec<Label>),
    /// The topology is complete, with this state at its head.
    End(Snapshot),
}

/// A revision to append.
#[derive(Debug)]
pub(super) struct Appending {
    pub(super) logged: Logged,
    pub(super) changes: ChangeSet,
    pub(super) state: Snapshot,
}

/// A backup that is gone through.
#[derive(Debug, Default)]
pub(super) struct Replay {
    names: BTreeSet<TopologyName>,
    open: Option<Box<Reading>>,
    contents: Contents,
}

impl Replay {
    /// Goes through the next frame.
    pub(super) fn frame(&mut self, frame: &Frame) -> Result<Option<Step>, BackupError> {
        let place = frame.place;
        match (frame.kind, &mut self.open) {
            (Kind::Deletions, None) if self.names.is_empty() => self.deletions(frame).map(Some),
            (Kind::Topology, None) => self.begin(frame),
            (Kind::TopologyEnd, Some(reading)) => {
                let (held, state) = reading.end(frame)?;
                self.open = None;
                self.contents.topologies.push(held);
                Ok(Some(Step::End(state)))
            }
            (
                Kind::Resources | Kind::Requests | Kind::Revision | Kind::Changes | Kind::Labels,
                Some(reading),
            ) => reading.frame(frame),
            (kind, Some(reading)) => Err(out_of_order(place, kind, reading.after())),
            (kind, None) => Err(out_of_order(place, kind, "outside of a topology")),
        }
    }

    /// Ends the reading, with the end that was read.
    pub(super) fn finish(self, end: &EndRow) -> Result<Contents, BackupError> {
        let place = Place {
            frame: end.frames.saturating_add(1),
            byte: end.bytes,
        };
        if let Some(reading) = self.open {
            return Err(out_of_order(place, Kind::End, reading.after()));
        }
        let counted = u64::try_from(self.contents.topologies.len()).unwrap_or(u64::MAX);
        if (end.topologies, end.deletions) != (counted, self.contents.deletions) {
            return Err(place.fault(format!(
                "it ends {} topologies and {} deletions, and there are {counted} and {}",
                end.topologies, end.deletions, self.contents.deletions
            )));
        }
        Ok(self.contents)
    }

    fn deletions(&mut self, frame: &Frame) -> Result<Step, BackupError> {
        let DeletionsPart(deletions) = decode(frame)?;
        self.contents.deletions = add(self.contents.deletions, deletions.len());
        Ok(Step::Deletions(deletions))
    }

    fn begin(&mut self, frame: &Frame) -> Result<Option<Step>, BackupError> {
        let part: TopologyPart = decode(frame)?;
        if !self.names.insert(part.name.clone()) {
            let name = &part.name;
            return Err(frame
                .place
                .fault(format!("topology `{name}` is in it twice")));
        }
        let mut reading = Box::new(Reading::begin(part, frame.place)?);
        let step = reading.begun();
        self.open = Some(reading);
        Ok(step)
    }
}

fn out_of_order(place: Place, kind: Kind, after: &str) -> BackupError {
    place.fault(format!("{} stands {after}", kind.as_str()))
}

/// The record that a frame holds.
fn decode<R: Record>(frame: &Frame) -> Result<R, BackupError> {
    R::decode(&frame.payload).map_err(|error| fault(frame.place, &error))
}

/// That a record is wrong, with its causes.
fn fault(place: Place, error: &RecordError) -> BackupError {
    place.fault(with_causes(error))
}

fn add(sum: u64, count: usize) -> u64 {
    sum.saturating_add(u64::try_from(count).unwrap_or(u64::MAX))
}
