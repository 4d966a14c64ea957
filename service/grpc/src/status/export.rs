//! How exports end that are not complete: with a status that tells what to do.

use std::time::Duration;

use causeway_engine::EngineError;
use causeway_proto::v1::ErrorReason;
use tonic::{Code, Status};

use super::Told;
use crate::error::CallError;

/// When an export that was cut off may be begun anew.
pub(super) const BEGIN_AFTER: Duration = Duration::from_millis(50);

/// When there may be a place for another export.
pub(super) const PLACE_AFTER: Duration = Duration::from_secs(5);

/// Why an export ended before it was complete.
#[derive(Debug)]
pub(crate) enum ExportEnd {
    /// The server is about to stop.
    Stopping,
    /// The reader took nothing for this long.
    TooSlow(Duration),
    /// The deadline that the caller set.
    Deadline,
    /// It cannot be made.
    Failed(EngineError),
    /// By the policies that are in force now its caller may not make it.
    Refused(CallError),
}

/// The status of an export that ended before it was complete.
pub(crate) fn export_ended(end: ExportEnd) -> Status {
    let (code, reason, message) = match end {
        ExportEnd::Failed(error) => return super::engine(error),
        ExportEnd::Refused(error) => return error.into(),
        ExportEnd::Stopping => (
            Code::Unavailable,
            ErrorReason::ServerStopping,
            "the server is about to stop; export again".to_owned(),
        ),
        ExportEnd::TooSlow(patience) => (
            Code::ResourceExhausted,
            ErrorReason::ExportTooSlow,
            format!(
                "nothing was taken from the export for {} s; export again, and take it as it comes",
                patience.as_secs_f64()
            ),
        ),
        ExportEnd::Deadline => (
            Code::DeadlineExceeded,
            ErrorReason::DeadlineExceeded,
            "the deadline of the export is over; export again with more time, or with none"
                .to_owned(),
        ),
    };
    let told = Told {
        code,
        reason,
        message,
        facts: &[],
    };
    if reason == ErrorReason::DeadlineExceeded {
        told.into_status()
    } else {
        told.into_status_after(BEGIN_AFTER)
    }
}
