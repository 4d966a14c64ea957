//! What a fake refuses a call with, told as the service tells it.

use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use causeway_proto::v1::ErrorReason;

/// A refusal: of a call, or of one flow of many.
#[derive(Debug, Clone)]
pub struct Fault {
    code: Code,
    message: String,
    details: Box<ErrorDetails>,
}

// === impl Fault ===

impl Fault {
    /// A refusal with this code and message.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Box::default(),
        }
    }

    /// UNAVAILABLE: the client makes such a call again.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(Code::Unavailable, "the fake is told to be unavailable")
    }

    /// RESOURCE_EXHAUSTED with SERVER_OVERLOADED: the client makes such a call again when this time is over.
    #[must_use]
    pub fn overloaded(retry_after: Duration) -> Self {
        Self::new(Code::ResourceExhausted, "the fake is told to be overloaded")
            .reason(ErrorReason::ServerOverloaded)
            .retry_after(retry_after)
    }

    /// With one of the service's reasons.
    #[must_use]
    pub fn reason(mut self, reason: ErrorReason) -> Self {
        let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
        self.details.set_error_info(name, crate::error::DOMAIN, []);
        self
    }

    /// With the time after which another attempt may help.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.details.set_retry_info(Some(time));
        self
    }

    /// With a field of the request that is wrong.
    #[must_use]
    pub fn violation(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.details.add_bad_request_violation(field, description);
        self
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let Fault {
            code,
            message,
            details,
        } = fault;
        Self::with_error_details(code, message, *details)
    }
}

/// As the error of one flow of many.
impl From<Fault> for tonic_types::Status {
    fn from(fault: Fault) -> Self {
        let status = Status::from(fault);
        // The details of a status are one of these, encoded.
        Self::decode(status.details()).unwrap_or_default()
    }
}
