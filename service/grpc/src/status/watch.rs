//! How streams end that never end by themselves: with a status that tells where to go on.

use std::time::Duration;

use causeway_engine::EngineError;
use causeway_model::revision::Revision;
use causeway_proto::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::Told;

/// How soon a watch may be resumed: at once where somebody else takes it, or where the reader is ready for more.
const RESUME_AFTER: Duration = Duration::from_millis(50);

/// Why a watch ended.
#[derive(Debug)]
pub(crate) enum WatchEnd {
    /// The server is about to stop.
    Stopping,
    /// Other policies are in force than at its beginning.
    PoliciesChanged,
    /// The reader took nothing for this long.
    TooSlow(Duration),
    /// The deadline that the caller set.
    Deadline,
    /// The topology is gone, or cannot be read.
    Failed(EngineError),
}

/// The status of a stream of paths when the server stops: what it was sent before is answered.
pub(crate) fn paths_ended() -> Status {
    again(
        ErrorReason::ServerStopping,
        "the server is about to stop; send the chunks that have no answer again",
    )
}

/// The status of a stream of paths that began by other policies than are in force.
pub(crate) fn paths_outlived() -> Status {
    again(
        ErrorReason::PoliciesChanged,
        "the policies of the service have changed; send the chunks that have no answer again",
    )
}

/// The status of a matrix that began by other policies than are in force.
pub(crate) fn matrix_outlived() -> Status {
    again(
        ErrorReason::PoliciesChanged,
        "the policies of the service have changed; ask for the matrix again",
    )
}

fn again(reason: ErrorReason, message: &str) -> Status {
    let told = Told {
        code: Code::Unavailable,
        reason,
        message: message.to_owned(),
        facts: &[],
    };
    told.into_status_after(RESUME_AFTER)
}

/// The status of a watch that ended after this revision, with the token to resume it.
pub(crate) fn watch_ended(end: WatchEnd, sent: Revision, token: String) -> Status {
    let (code, reason, message) = match end {
        // What is wrong with the topology tells nothing of a place to go on from.
        WatchEnd::Failed(error) => return super::engine(error),
        WatchEnd::Stopping => (
            Code::Unavailable,
            ErrorReason::ServerStopping,
            format!("the server is about to stop; resume the watch after revision {sent}"),
        ),
        WatchEnd::PoliciesChanged => (
            Code::Unavailable,
            ErrorReason::PoliciesChanged,
            format!(
                "the policies of the service have changed; resume the watch after revision {sent}"
            ),
        ),
        WatchEnd::TooSlow(patience) => (
            Code::ResourceExhausted,
            ErrorReason::WatcherTooSlow,
            format!(
                "nothing was taken from the watch for {} s; resume it after revision {sent}",
                patience.as_secs_f64()
            ),
        ),
        WatchEnd::Deadline => (
            Code::DeadlineExceeded,
            ErrorReason::DeadlineExceeded,
            format!("the deadline of the watch is over; resume it after revision {sent}"),
        ),
    };
    let facts = [("revision", sent.to_string()), ("resume_token", token)];
    let told = Told {
        code,
        reason,
        message,
        facts: &facts,
    };
    let mut details = told.details();
    if reason != ErrorReason::DeadlineExceeded {
        details.set_retry_info(Some(RESUME_AFTER));
    }
    Status::with_error_details(code, told.message, details)
}
