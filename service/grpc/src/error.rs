//! Why a call fails, before it is written as a status.

use std::convert::Infallible;

use causeway_engine::EngineError;
use thiserror::Error;

use crate::faults::{Faults, FieldFault, KEPT};

/// Why a call fails.
#[derive(Debug, Error)]
pub(crate) enum CallError {
    /// Fields of the request are missing or not of their form.
    #[error("the request has {} fault(s)", .0.count)]
    InvalidRequest(FoundFaults),
    /// The change set is not well-formed in its topology.
    #[error("the change set has {} fault(s), nothing was changed", .0.count)]
    InvalidChangeSet(FoundFaults),
    /// The page token is not one of this list, or the request differs from the one that gave it.
    #[error(
        "the page token is not of this list, or the request differs from the one that gave it; start again without a token"
    )]
    InvalidPageToken,
    /// The answer would be larger than a message may be.
    #[error(
        "the answer is larger than a message may be: {size} bytes so far, the maximum is {maximum}; ask for fewer flows, or for less detail"
    )]
    AnswerTooLarge {
        /// Bytes that it had when it was given up.
        size: usize,
        /// Bytes that it may have.
        maximum: usize,
    },
    /// A part of the request is no message of its type.
    #[error("the request cannot be read")]
    Unreadable {
        /// What is wrong with its bytes.
        source: prost::DecodeError,
    },
    /// The description of the contract does not fit its messages: a fault of the build.
    #[error("the description of the contract does not fit its messages")]
    Description,
    /// The caller may not make the call.
    #[error("`{principal}` may not {action} topology `{topology}`")]
    Refused {
        /// Who it is.
        principal: String,
        /// What would have to be permitted.
        action: &'static str,
        /// The topology, as it was named; `*` for any.
        topology: String,
    },
    /// The engine could not.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The stream of requests broke off.
    #[error("the stream of requests broke off")]
    Stream(#[source] Box<tonic::Status>),
}

/// Faults of a request, and how many there are with those that were not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundFaults {
    pub(crate) found: Vec<FieldFault>,
    pub(crate) count: usize,
}

impl FoundFaults {
    /// Adds further faults, and keeps as many as an answer could tell.
    pub(crate) fn extend(&mut self, further: Self) {
        self.count = self.count.saturating_add(further.count);
        self.found.extend(further.found);
        self.found.truncate(KEPT);
    }
}

impl From<Faults> for FoundFaults {
    fn from(faults: Faults) -> Self {
        Self {
            count: faults.count(),
            found: faults.into_found(),
        }
    }
}

impl From<Infallible> for CallError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

// === impl CallError ===

impl CallError {
    /// The same faults, of a part of the request that was read for itself and stands in this field.
    pub(crate) fn within(mut self, field: &str) -> Self {
        if let Self::InvalidRequest(faults) | Self::InvalidChangeSet(faults) = &mut self {
            for fault in &mut faults.found {
                let dot = if fault.field.is_empty() { "" } else { "." };
                fault.field = format!("{field}{dot}{}", fault.field);
            }
        }
        self
    }
}

/// Reads a request, or tells everything that is wrong with it.
pub(crate) fn read<T>(parse: impl FnOnce(&mut Faults) -> Option<T>) -> Result<T, CallError> {
    let mut faults = Faults::default();
    let value = parse(&mut faults);
    match value {
        Some(value) if faults.count() == 0 => Ok(value),
        Some(_) | None => Err(CallError::InvalidRequest(faults.into())),
    }
}
