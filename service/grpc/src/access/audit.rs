//! The audit log: a line for every write and every refusal, under the target `causeway::audit`. It has no values of tags and no bodies; its trace is that of
//! every line within a call.

use causeway_engine::{EngineError, Request};
use causeway_model::revision::{Revision, TopologyName};

use super::Asker;
use crate::error::CallError;
use crate::telemetry::code_name;

/// A write that is under way.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    asker: &'a Asker,
    method: &'static str,
    topology: TopologyName,
    request_id: String,
}

// === impl Asker ===

impl Asker {
    /// A write of this caller, which is to be told.
    pub(crate) fn writing(
        &self,
        method: &'static str,
        topology: &TopologyName,
        request: Option<&Request>,
    ) -> Writing<'_> {
        Writing {
            asker: self,
            method,
            topology: topology.clone(),
            request_id: request.map_or_else(String::new, |request| request.key.id.clone()),
        }
    }

    /// Tells of a read that was refused within a topology.
    pub(crate) fn read<T>(
        &self,
        topology: &TopologyName,
        outcome: Result<T, CallError>,
    ) -> Result<T, CallError> {
        if let Err(CallError::Engine(error)) = &outcome
            && let Some(actions) = refused(error)
        {
            self.audit_refusal(&actions, topology.as_str());
        }
        outcome
    }

    /// Tells of a refusal.
    pub(super) fn audit_refusal(&self, actions: &str, topology: &str) {
        tracing::warn!(
            target: "causeway::audit",
            principal = %self.principal,
            actions,
            topology,
            outcome = "refused",
            "refused"
        );
    }
}

// === impl Writing ===

impl Writing<'_> {
    /// Tells how it ended, and at which revision if it has one.
    pub(crate) fn told<T>(
        self,
        outcome: Result<T, CallError>,
        revision: impl FnOnce(&T) -> Option<Revision>,
    ) -> Result<T, CallError> {
        let Self {
            asker,
            method,
            topology,
            request_id,
        } = self;
        let used = asker.used.told();
        let (actions, told, revision) = match &outcome {
            Ok(done) => (used, "done", revision(done)),
            // It has a line already.
            Err(CallError::Refused { .. }) => return outcome,
            Err(CallError::Engine(error)) => match refused(error) {
                Some(actions) => (actions, "refused", None),
                None => (used, code_of(error), None),
            },
            Err(_) => (used, "failed", None),
        };
        tracing::info!(
            target: "causeway::audit",
            principal = %asker.principal,
            method,
            actions,
            topology = topology.as_str(),
            revision = revision.map(|revision| revision.0),
            // It is the caller's own text, which may hold anything.
            request_id = ?request_id,
            outcome = told,
            "write"
        );
        outcome
    }
}

/// What was refused, if that is why.
fn refused(error: &EngineError) -> Option<String> {
    if let EngineError::NotAllowed { actions, .. } = error {
        return Some(actions.join(","));
    }
    matches!(
        error,
        EngineError::NotShown { .. } | EngineError::HidesSome { .. }
    )
    .then(|| "Describe".to_owned())
}

/// How an error ends the call, as the protocol calls it.
fn code_of(error: &EngineError) -> &'static str {
    code_name(crate::status::code(error))
}
