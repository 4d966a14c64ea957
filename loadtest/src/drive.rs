//! What drives calls and notes what comes of them, whatever the calls are: an open loop on a schedule, and a closed one.
//!
//! It knows numbers, moments and outcomes. It must not know what is asked.

mod closed;
mod open;
mod pace;
mod record;
mod timeline;

use serde::{Deserialize, Serialize};

pub(crate) use closed::closed;
pub(crate) use open::open;
pub(crate) use pace::Pace;
#[cfg(test)]
pub(crate) use record::Place;
pub(crate) use record::{Counts, Record, Recorder, Times};
pub(crate) use timeline::{Slot, Timeline};

/// What is asked.
pub(crate) trait Target: Send + Sync + 'static {
    /// A call that is ready to be sent.
    type Question: Send + 'static;

    /// Makes the call of a number ready: the same one each time.
    fn prepare(&self, number: u64) -> Self::Question;

    /// What kind of call it is.
    fn kind(question: &Self::Question) -> Kind;

    /// Asks it.
    fn ask(&self, question: Self::Question) -> impl Future<Output = Ending> + Send;
}

/// What kinds of calls there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// One flow, in full.
    Single,
    /// Many flows at once.
    Batch,
    /// A stream of chunks of flows.
    Stream,
    /// A matrix of verdicts.
    Matrix,
    /// A change set.
    Mutate,
    /// A watch, from its beginning to its first event.
    Watch,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Answered.
    Ok,
    /// The service did not take it on.
    Refused,
    /// It failed.
    Error,
    /// Its time was over before its answer was there.
    Deadline,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    /// Flows that were answered, or cells.
    pub(crate) flows: u64,
    /// Flows of it that have an error of their own.
    pub(crate) flow_errors: u64,
    /// Why it was not answered, if it was not.
    pub(crate) fault: Option<Fault>,
}

/// Why a call was not answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// The name of gRPC for it.
    pub(crate) code: String,
    pub(crate) message: String,
}

// === impl Kind ===

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Single,
        Self::Batch,
        Self::Stream,
        Self::Matrix,
        Self::Mutate,
        Self::Watch,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
            Self::Stream => "stream",
            Self::Matrix => "matrix",
            Self::Mutate => "mutate",
            Self::Watch => "watch",
        }
    }
}

// === impl Outcome ===

impl Outcome {
    pub(crate) const ALL: [Self; 4] = [Self::Ok, Self::Refused, Self::Error, Self::Deadline];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Error => "error",
            Self::Deadline => "deadline",
        }
    }
}

// === impl Ending ===

impl Ending {
    /// An answer to so many flows, of which some have an error of their own.
    pub(crate) fn ok(flows: usize, flow_errors: usize) -> Self {
        let count = |count| u64::try_from(count).unwrap_or(u64::MAX);
        Self {
            outcome: Outcome::Ok,
            flows: count(flows),
            flow_errors: count(flow_errors),
            fault: None,
        }
    }
}

#[cfg(test)]
mod tests;
