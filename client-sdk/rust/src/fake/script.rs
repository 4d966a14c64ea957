//! What a fake holds: topologies, answers, and what is to become of the next calls.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use causeway_proto::v1;
use tokio::sync::watch;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use v1::ErrorReason;
use v1::consistency::Requirement;

use super::hold::Held;
use super::{Asked, Call, Fault, Hold};

type Answer = dyn Fn(&v1::Flow) -> Result<v1::PathAnswer, Fault> + Send + Sync;

/// What a fake holds, shared by its services.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    state: Arc<Mutex<State>>,
    /// Tells watches that something has changed.
    changed: watch::Sender<()>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) topologies: BTreeMap<String, Kept>,
    /// How often watches were interrupted.
    pub(super) interruptions: u64,
    answer: Option<Arc<Answer>>,
    faults: VecDeque<Fault>,
    holds: VecDeque<Held>,
    calls: Vec<Call>,
}

/// A topology.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) topology: v1::Topology,
    /// All revisions but the first, which is 0.
    pub(super) revisions: Vec<v1::RevisionEvent>,
    /// What was answered to requests, by their ids.
    requests: BTreeMap<String, u64>,
}

/// A change that is to be a revision.
pub(super) struct NewRevision {
    pub(super) topology: String,
    pub(super) request_id: String,
    pub(super) expected: Option<u64>,
    pub(super) changes: Vec<v1::Change>,
    pub(super) revision: v1::Revision,
}

// === impl Script ===

impl Script {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn make(&self, name: &str) {
        let topology = v1::Topology {
            name: name.to_owned(),
            ..v1::Topology::default()
        };
        let kept = Kept {
            topology,
            ..Kept::default()
        };
        self.state().topologies.insert(name.to_owned(), kept);
    }

    pub(super) fn answer_by(
        &self,
        answer: impl Fn(&v1::Flow) -> Result<v1::PathAnswer, Fault> + Send + Sync + 'static,
    ) {
        self.state().answer = Some(Arc::new(answer));
    }

    pub(super) fn refuse(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    pub(super) fn hold(&self) -> Hold {
        let (hold, held) = Hold::new();
        self.state().holds.push_back(held);
        hold
    }

    pub(super) fn interrupt(&self) {
        self.state().interruptions += 1;
        self.changed.send_replace(());
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Notes a call, holds it if it is to be held, and refuses it if it is to be refused.
    pub(super) async fn note(&self, metadata: &MetadataMap, asked: Asked) -> Result<(), Status> {
        let headers = metadata.clone().into_headers();
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let (held, fault) = {
            let mut state = self.state();
            state.calls.push(Call { headers, asked });
            (state.holds.pop_front(), state.faults.pop_front())
        };
        if let Some(held) = held {
            held.wait().await;
        }
        fault.map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// The answer to a flow at a revision.
    pub(super) fn resolve(&self, flow: &v1::Flow, revision: u64) -> Result<v1::PathAnswer, Fault> {
        // The test's own code runs with nothing locked.
        let answer = self.state().answer.clone();
        let answer = answer.ok_or_else(|| {
            Fault::new(
                Code::FailedPrecondition,
                "the fake has no answer to flows; give it one with `Fake::answer`",
            )
        })?;
        let answer = answer(flow)?;
        Ok(v1::PathAnswer { revision, ..answer })
    }

    /// Makes a revision, once for a request.
    pub(super) fn commit(&self, new: NewRevision) -> Result<u64, Fault> {
        let mut state = self.state();
        let kept = state.kept(&new.topology)?;
        if let Some(revision) = kept.requests.get(&new.request_id) {
            return Ok(*revision);
        }
        let head = kept.topology.revision;
        if new.expected.is_some_and(|expected| expected != head) {
            let message = format!("the topology is at revision {head}");
            return Err(Fault::new(Code::Aborted, message).reason(ErrorReason::RevisionMismatch));
        }
        let number = head + 1;
        let revision = v1::Revision {
            revision: number,
            ..new.revision
        };
        kept.topology.revision = number;
        kept.revisions.push(v1::RevisionEvent {
            revision: Some(revision),
            changes: new.changes,
            ..v1::RevisionEvent::default()
        });
        if !new.request_id.is_empty() {
            kept.requests.insert(new.request_id, number);
        }
        drop(state);
        self.changed.send_replace(());
        Ok(number)
    }
}

// === impl State ===

impl State {
    pub(super) fn kept(&mut self, name: &str) -> Result<&mut Kept, Fault> {
        let kept = self.topologies.get_mut(name);
        kept.ok_or_else(|| {
            let message =
                format!("the fake has no topology `{name}`; make it with `Fake::topology`");
            Fault::new(Code::NotFound, message).reason(ErrorReason::TopologyNotFound)
        })
    }

    /// The revision that a question is answered at.
    pub(super) fn revision(
        &mut self,
        topology: &str,
        consistency: Option<&v1::Consistency>,
    ) -> Result<u64, Fault> {
        let head = self.kept(topology)?.topology.revision;
        let asked = consistency.and_then(|consistency| consistency.requirement.as_ref());
        let (revision, least) = match asked {
            None | Some(Requirement::Newest(_)) => (head, head),
            Some(Requirement::AtLeastRevision(least)) => (head, *least),
            Some(Requirement::ExactRevision(exact)) => (*exact, *exact),
            Some(Requirement::AsOf(_) | Requirement::Label(_)) => {
                let message = "the fake knows revisions by their numbers alone";
                return Err(Fault::new(Code::Unimplemented, message));
            }
        };
        if least > head {
            let message = format!("`{topology}` is at revision {head}");
            let fault = Fault::new(Code::OutOfRange, message);
            return Err(fault.reason(ErrorReason::RevisionNotReached));
        }
        Ok(revision)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("topologies", &self.topologies)
            .field("calls", &self.calls.len())
            .finish_non_exhaustive()
    }
}
