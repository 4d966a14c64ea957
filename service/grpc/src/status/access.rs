//! Statuses of calls that are not let in: by who makes them, or by when.

use std::error::Error;
use std::time::Duration;

use causeway_proto::v1::ErrorReason;
use tonic::{Code, Status};

use super::Told;
use crate::identity::Unproven;

/// When it may help to call again while the store is being opened.
const STARTED_AFTER: Duration = Duration::from_secs(1);

/// The status of a call that shows something of its caller which is not valid.
pub(crate) fn unproven(fault: &Unproven) -> Status {
    let cause = fault.source().map(|cause| format!(": {cause}"));
    let told = Told {
        code: Code::Unauthenticated,
        reason: ErrorReason::InvalidCredentials,
        message: format!("{fault}{}", cause.unwrap_or_default()),
        facts: &[],
    };
    told.into_status()
}

/// The status of a call that shows nothing of its caller, where that is not enough.
pub(crate) fn credentials_required() -> Status {
    let told = Told {
        code: Code::Unauthenticated,
        reason: ErrorReason::CredentialsRequired,
        message: "the service answers only callers that it knows; show a client certificate with a SPIFFE id, or a bearer token".to_owned(),
        facts: &[],
    };
    told.into_status()
}

/// The status of a call that comes before the store is open.
pub(crate) fn starting() -> Status {
    let told = Told {
        code: Code::Unavailable,
        reason: ErrorReason::ServerStarting,
        message: "the server is starting, and its store is not open yet; try again".to_owned(),
        facts: &[],
    };
    told.into_status_after(STARTED_AFTER)
}
