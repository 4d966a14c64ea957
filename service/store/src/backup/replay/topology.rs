//! Going through one topology of a backup: its oldest state, its requests, its revisions and their changes, its labels, in this order.

use std::collections::BTreeSet;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::{LabelName, Revision};
use causeway_model::snapshot::Snapshot;

use super::{Appending, RestoredTopology, Step, add, decode, fault, out_of_order};
use crate::backup::digest;
use crate::backup::error::BackupError;
use crate::backup::format::Kind;
use crate::backup::frames::{Frame, Place};
use crate::backup::pieces::Pieces;
use crate::backup::records::{
    LabelsPart, RequestsPart, RevisionPart, TopologyEndPart, TopologyPart,
};
use crate::port::{Base, Logged, NewTopology};

/// Revisions beyond this are not from here: there would be no numbers left.
const MAX_REVISION: Revision = Revision(u64::MAX / 2);

/// A topology that is gone through.
#[derive(Debug)]
pub(super) struct Reading {
    part: TopologyPart,
    at: At,
    state: Snapshot,
    head: Revision,
    requests: u64,
    /// The newest revision that a request names.
    newest_request: Revision,
    labels: BTreeSet<LabelName>,
}

/// Where in the topology.
#[derive(Debug)]
enum At {
    State(Pieces),
    Requests,
    Log,
    Changes(Box<Changing>),
    Labels,
}

/// A revision whose changes are coming.
#[derive(Debug)]
struct Changing {
    logged: Logged,
    pieces: Pieces,
    changes: Vec<Change>,
}

impl Reading {
    pub(super) fn begin(part: TopologyPart, place: Place) -> Result<Self, BackupError> {
        let oldest = part.first.revision;
        if oldest > MAX_REVISION {
            return Err(place.fault(format!("revision {oldest} is out of range")));
        }
        Ok(Self {
            at: At::State(Pieces::resources(part.resources)),
            part,
            state: Snapshot::default(),
            head: oldest,
            requests: 0,
            newest_request: Revision::ZERO,
            labels: BTreeSet::new(),
        })
    }

    /// The step that begins it, once its oldest state has come.
    pub(super) fn begun(&mut self) -> Option<Step> {
        let At::State(pieces) = &self.at else {
            return None;
        };
        if !pieces.is_complete() {
            return None;
        }
        self.at = At::Requests;
        let TopologyPart {
            name,
            description,
            time,
            origin,
            first,
            resources: _,
        } = self.part.clone();
        let is_nothing = first.revision == Revision::ZERO && self.state.is_empty();
        let new = NewTopology {
            name,
            description,
            time,
            request: None,
            base: Base::Restored { first, origin },
        };
        let state = (!is_nothing).then(|| self.state.clone());
        Some(Step::Begin(Box::new(new), state))
    }

    /// What it is in the middle of, for who is surprised.
    pub(super) fn after(&self) -> &'static str {
        match &self.at {
            At::State(_) => "within a state that is not complete",
            At::Requests => "after a state",
            At::Log => "after a revision",
            At::Changes(_) => "within changes that are not complete",
            At::Labels => "after labels",
        }
    }

    /// Goes through a frame between its beginning and its end.
    pub(super) fn frame(&mut self, frame: &Frame) -> Result<Option<Step>, BackupError> {
        match (frame.kind, &mut self.at) {
            (Kind::Resources, At::State(_)) => self.resources(frame),
            (Kind::Requests, At::Requests) => self.requests(frame).map(Some),
            (Kind::Revision, At::Requests | At::Log) => self.revision(frame),
            (Kind::Changes, At::Changes(changing)) => {
                let taken = changing.pieces.take_changes(&frame.payload);
                let taken = taken.map_err(|error| fault(frame.place, &error))?;
                changing.changes.extend(taken);
                self.changed(frame.place)
            }
            (Kind::Labels, At::Requests | At::Log | At::Labels) => self.labels(frame).map(Some),
            (kind, At::State(pieces)) => Err(frame.place.fault(format!(
                "{} stands within a state that is not complete: {}",
                kind.as_str(),
                pieces.missing()
            ))),
            (kind, At::Changes(changing)) => Err(frame.place.fault(format!(
                "{} stands within the changes of revision {}, which are not complete: {}",
                kind.as_str(),
                changing.logged.revision,
                changing.pieces.missing()
            ))),
            (kind, At::Requests | At::Log | At::Labels) => {
                Err(out_of_order(frame.place, kind, self.after()))
            }
        }
    }

    fn resources(&mut self, frame: &Frame) -> Result<Option<Step>, BackupError> {
        let At::State(pieces) = &mut self.at else {
            return Ok(None);
        };
        let taken = pieces.take_resources(&frame.payload, self.part.resources);
        let taken = taken.map_err(|error| fault(frame.place, &error))?;
        let puts = taken.into_iter().map(Change::put);
        let set = ChangeSet {
            changes: puts.collect(),
        };
        self.state = self.state.replay(&set);
        if pieces.is_complete() && add(0, self.state.len()) != self.part.resources {
            return Err(frame.place.fault("a resource is in the state twice"));
        }
        Ok(self.begun())
    }

    fn requests(&mut self, frame: &Frame) -> Result<Step, BackupError> {
        let RequestsPart(requests) = decode(frame)?;
        self.requests = add(self.requests, requests.len());
        let newest = requests.iter().map(|request| request.revision).max();
        self.newest_request = self.newest_request.max(newest.unwrap_or_default());
        Ok(Step::Requests(requests))
    }

    fn revision(&mut self, frame: &Frame) -> Result<Option<Step>, BackupError> {
        let RevisionPart(logged) = decode(frame)?;
        let (found, expected) = (logged.revision, self.head.next());
        if found != expected || found > MAX_REVISION {
            return Err(frame.place.fault(format!(
                "it is revision {found}, and revision {expected} has to follow"
            )));
        }
        self.at = At::Changes(Box::new(Changing {
            logged,
            pieces: Pieces::default(),
            changes: Vec::new(),
        }));
        Ok(None)
    }

    /// The step of a revision, once all of its changes have come.
    fn changed(&mut self, place: Place) -> Result<Option<Step>, BackupError> {
        let At::Changes(changing) = &mut self.at else {
            return Ok(None);
        };
        if !changing.pieces.is_complete() {
            return Ok(None);
        }
        let revision = changing.logged.revision;
        if changing.changes.is_empty() {
            return Err(place.fault(format!("revision {revision} has no changes")));
        }
        let changes = ChangeSet {
            changes: std::mem::take(&mut changing.changes),
        };
        self.state = self.state.replay(&changes);
        self.head = revision;
        let logged = changing.logged.clone();
        let state = self.state.clone();
        self.at = At::Log;
        Ok(Some(Step::Append(Box::new(Appending {
            logged,
            changes,
            state,
        }))))
    }

    fn labels(&mut self, frame: &Frame) -> Result<Step, BackupError> {
        let LabelsPart(labels) = decode(frame)?;
        for label in &labels {
            let (name, revision) = (&label.name, label.revision);
            if !(self.part.first.revision..=self.head).contains(&revision) {
                let fault = format!("label `{name}` is at revision {revision}, which is not there");
                return Err(frame.place.fault(fault));
            }
            if !self.labels.insert(name.clone()) {
                return Err(frame.place.fault(format!("label `{name}` is in it twice")));
            }
        }
        self.at = At::Labels;
        Ok(Step::Labels(labels))
    }

    /// Ends it: everything has to be there, and the state at its head has to be what it was.
    pub(super) fn end(&self, frame: &Frame) -> Result<(RestoredTopology, Snapshot), BackupError> {
        let end: TopologyEndPart = decode(frame)?;
        match &self.at {
            At::Requests | At::Log | At::Labels => {}
            At::State(_) | At::Changes(_) => {
                return Err(out_of_order(frame.place, frame.kind, self.after()));
            }
        }
        let (resources, labels) = (add(0, self.state.len()), add(0, self.labels.len()));
        let counts = [
            ("revision", end.head.0, self.head.0),
            ("requests", end.requests, self.requests),
            ("labels", end.labels, labels),
            ("resources", end.resources, resources),
        ];
        let name = &self.part.name;
        for (what, expected, found) in counts {
            if expected != found {
                return Err(frame.place.fault(format!(
                    "topology `{name}` comes to {what} {found}, expected {expected}"
                )));
            }
        }
        if self.newest_request > self.head {
            let newest = self.newest_request;
            return Err(frame.place.fault(format!(
                "a request of topology `{name}` made revision {newest}, which is not there"
            )));
        }
        if end.digest != digest::of(&self.state) {
            return Err(frame.place.fault(format!(
                "the state of topology `{name}` at revision {} is not what it was",
                self.head
            )));
        }
        let held = RestoredTopology {
            name: name.clone(),
            oldest: self.part.first.revision,
            head: self.head,
            requests: self.requests,
            labels,
            resources,
        };
        Ok((held, self.state.clone()))
    }
}
