//! How calls are refused that the process does not take on: nothing of them was done, and they may be made again.

use std::time::Duration;

use causeway_proto::v1::ErrorReason;
use tonic::{Code, Status};

use super::Told;

/// When there may be room again, where nothing is known of how long it takes.
const LATER: Duration = Duration::from_millis(100);

/// The soonest and the latest that a batch is to come again.
const SOONEST: Duration = Duration::from_millis(10);
const LATEST: Duration = Duration::from_secs(10);

/// Why a call is not taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are as many calls as may be.
    Calls {
        /// How many.
        maximum: usize,
    },
    /// There are as many streams as may be.
    Streams {
        /// How many.
        maximum: usize,
    },
    /// There are as many batches as are resolved at once, and more are waiting.
    Batches {
        /// How many.
        maximum: usize,
        /// When there may be a place.
        after: Duration,
    },
    /// There are as many large batches as are resolved at once.
    LargeBatches {
        /// How many.
        maximum: usize,
        /// When there may be a place.
        after: Duration,
    },
    /// Requests under way have as many bytes as they may have.
    Bytes {
        /// How many.
        maximum: u64,
    },
    /// The principal has as many calls under way as it may have.
    Quota {
        /// How many.
        maximum: usize,
    },
}

/// The status of a call that is not taken on.
pub(crate) fn refused(why: Refused) -> Status {
    let (reason, what, maximum, after) = match why {
        Refused::Calls { maximum } => (
            ErrorReason::ServerOverloaded,
            "calls",
            maximum.to_string(),
            LATER,
        ),
        Refused::Streams { maximum } => (
            ErrorReason::ServerOverloaded,
            "streams",
            maximum.to_string(),
            LATER,
        ),
        Refused::Batches { maximum, after } => (
            ErrorReason::ServerOverloaded,
            "batches",
            maximum.to_string(),
            after.clamp(SOONEST, LATEST),
        ),
        Refused::LargeBatches { maximum, after } => (
            ErrorReason::ServerOverloaded,
            "large batches",
            maximum.to_string(),
            after.clamp(SOONEST, LATEST),
        ),
        Refused::Bytes { maximum } => (
            ErrorReason::ServerOverloaded,
            "bytes of requests",
            maximum.to_string(),
            LATER,
        ),
        Refused::Quota { maximum } => (
            ErrorReason::QuotaExceeded,
            "calls of this caller",
            maximum.to_string(),
            LATER,
        ),
    };
    Told {
        code: Code::ResourceExhausted,
        reason,
        message: format!(
            "the service has {maximum} {what} under way, as many as it takes on at once; nothing of this call was done, make it again in {} ms",
            after.as_millis()
        ),
        facts: &[("limit", what.to_owned()), ("maximum", maximum)],
    }
    .into_status_after(after)
}

/// The status of a call whose request does not arrive in time.
pub(crate) fn request_too_slow(allowed: Duration) -> Status {
    Told {
        code: Code::DeadlineExceeded,
        reason: ErrorReason::RequestTooSlow,
        message: format!(
            "a message of the request did not arrive within {} s and a second more for each 64 KiB of it; nothing of this call was done, send it faster or in smaller pieces",
            allowed.as_secs_f64()
        ),
        facts: &[],
    }
    .into_status()
}

/// The status of a call whose answer nobody took.
pub(crate) fn answer_not_taken() -> Status {
    Told {
        code: Code::ResourceExhausted,
        reason: ErrorReason::AnswerNotTaken,
        message: "the answer was given up, for nothing of it was taken for too long; call again, and take the answer as it comes".to_owned(),
        facts: &[],
    }
    .into_status()
}
