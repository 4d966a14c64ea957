//! The state that a call asks about: a revision of a topology, or what changes make of it that are laid over it for this call alone.

use causeway_access::Service;
use causeway_engine::{Asked, Consistency, EngineError, Part, Paths};
use causeway_model::revision::TopologyName;
use causeway_proto::v1;

use crate::access::Asker;
use crate::apply;
use crate::error::CallError;
use crate::faults::Faults;
use crate::offload::off_thread;
use crate::requests::{self, Unread};
use crate::status;
use crate::telemetry::{Part as CallPart, Stage, is_traced, note};
use crate::wire::Wire;

/// The fields of a request that tell it.
pub(super) struct Fields {
    pub(super) topology: String,
    pub(super) consistency: Option<v1::Consistency>,
    pub(super) changes: Vec<v1::Change>,
}

/// The state that is asked about.
pub(super) struct State {
    topology: TopologyName,
    consistency: Consistency,
    /// None for the revision as it is.
    changes: Vec<Asked>,
}

// === impl State ===

impl State {
    pub(super) fn topology(&self) -> &TopologyName {
        &self.topology
    }

    /// The state itself.
    pub(super) async fn paths(self, asker: &Asker) -> Result<Paths, CallError> {
        let Self {
            topology,
            consistency,
            changes,
        } = self;
        let engine = asker.admit(Service::ResolvePath, &topology)?;
        let _stage = Stage::begin(CallPart::Snapshot);
        let found = if changes.is_empty() {
            engine.paths(&topology, consistency).await
        } else {
            engine.paths_with(&topology, consistency, changes).await
        };
        found
            .map_err(|error| {
                // Told here, so that their places can be told within the request.
                if let EngineError::InvalidChangeSet { faults } = error {
                    return CallError::InvalidChangeSet(status::of_changes(faults));
                }
                CallError::Engine(error)
            })
            .map(told)
    }
}

/// The state is known; if the call is traced, what comes of its memory is counted.
fn told(paths: Paths) -> Paths {
    note(|facts| facts.revision = Some(paths.revision().0));
    if is_traced() {
        paths.counting_hits()
    } else {
        paths
    }
}

/// Reads the state and the rest of a request. If some of it cannot be read, the changes that can be are checked all the same, so that all faults are told at
/// once.
pub(super) async fn read<T: Send + 'static>(
    asker: &Asker,
    fields: Fields,
    rest: impl FnOnce(&mut Faults) -> Option<T> + Send + 'static,
) -> Result<(State, T), CallError> {
    let count = fields.changes.len();
    asker.work().check_laid_over(count)?;
    match off_thread(asker.work(), count, || parse(fields, rest)).await? {
        Ok(read) => Ok(read),
        Err(unread) => Err(apply::faults(asker, Service::ResolvePath, *unread).await),
    }
}

fn parse<T>(
    fields: Fields,
    rest: impl FnOnce(&mut Faults) -> Option<T>,
) -> Result<(State, T), Box<Unread>> {
    let Fields {
        topology,
        consistency,
        changes,
    } = fields;
    let faults = &mut Faults::default();
    let topology: Option<TopologyName> =
        faults.field("topology", |faults| Wire::parse(topology, faults));
    let consistency: Option<Consistency> =
        faults.field("consistency", |faults| Wire::parse(consistency, faults));
    let rest = rest(faults);
    let (changes, unread) = if changes.is_empty() {
        Default::default()
    } else {
        faults.field("changes", |faults| requests::read_changes(changes, faults))
    };
    match (topology, consistency, rest) {
        (Some(topology), Some(consistency), Some(rest)) if faults.count() == 0 => {
            let changes = changes.into_iter().map(|(_, change)| change).collect();
            note(|facts| facts.topology = Some(topology.to_string()));
            let state = State {
                topology,
                consistency,
                changes,
            };
            Ok((state, rest))
        }
        (topology, consistency, _) => {
            let part = topology.zip(consistency).map(|(topology, at)| Part {
                topology,
                at,
                expected: None,
                changes,
                unread,
                is_what_if: true,
            });
            Err(Box::new(Unread {
                faults: std::mem::take(faults),
                part: part.filter(|part| !part.changes.is_empty()),
            }))
        }
    }
}
