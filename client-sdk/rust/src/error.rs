//! Errors of calls, read from what gRPC and google.rpc error details say.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, RpcStatusExt, StatusExt};

use causeway_proto::v1::ErrorReason;

use crate::client::Settings;

/// Domain of the reasons that this client knows.
pub(crate) const DOMAIN: &str = "causeway.v1";
/// The trailer by which a server or a proxy says when a call may be made again, in milliseconds; what is no such number says never
/// ([gRFC A6](https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback)).
const PUSHBACK: &str = "grpc-retry-pushback-ms";
/// How many violations a one-line message shows.
const SHOWN_VIOLATIONS: usize = 3;

/// Why a call failed. `Display` is one line for people; [`ClientError::violations`] may say more.
///
/// ```
/// use causeway_client::{ClientError, v1::ErrorReason};
///
/// fn advice(error: &ClientError) -> String {
///     match error.reason() {
///         Some(ErrorReason::TopologyNotFound) => "import it first".to_owned(),
///         Some(ErrorReason::InvalidChangeSet) => {
///             let faults = error.violations().iter();
///             faults.map(|fault| format!("{}: {}\n", fault.field, fault.description)).collect()
///         }
///         _ => error.to_string(),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// What was given is not an endpoint. Nothing was sent.
    #[error("`{endpoint}` is not an endpoint: {fault}")]
    InvalidEndpoint {
        /// As it was given.
        endpoint: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The certificates that the client was given cannot be used. Nothing was sent.
    #[error("the certificates of this client, or its key, cannot be used")]
    InvalidCertificates {
        /// What is wrong with them.
        source: Cause,
    },
    /// No connection could be made. Nothing was sent.
    #[error("cannot reach {endpoint}; check the address, and that `causeway serve` runs there")]
    Unreachable {
        /// The endpoint that was tried.
        endpoint: String,
        /// What the network said.
        source: Cause,
    },
    /// The connection was lost during the call: whether a write took effect is not known.
    #[error("the connection to {endpoint} broke before the answer was complete; try again")]
    Disconnected {
        /// The endpoint.
        endpoint: String,
        /// The code that gRPC gives it.
        code: Code,
        /// What the network said.
        source: Cause,
    },
    /// The time of the call is over: whether a write took effect is not known.
    #[error("no answer from {endpoint} within {} s; allow more time, or ask for less at once", allowed.as_secs_f64())]
    DeadlineExceeded {
        /// The endpoint.
        endpoint: String,
        /// How long the call was allowed to take.
        allowed: Duration,
    },
    /// The service refused the call, or failed in it.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The service's answer lacks something that every answer has.
    #[error(
        "the answer to {call} lacks {what}: client and service are of versions that do not fit"
    )]
    Incomplete {
        /// The call.
        call: &'static str,
        /// What is missing.
        what: &'static str,
    },
}

/// What the service said when it refused a call, or an item of a batch.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Refusal {
    /// The gRPC status code.
    pub code: Code,
    /// What was wrong, where, and what to do.
    pub message: String,
    /// The reason; `None` if the service gave none or one that this client does not know.
    pub reason: Option<ErrorReason>,
    /// Facts that belong to the reason, as `head` with REVISION_MISMATCH.
    pub metadata: BTreeMap<String, String>,
    /// Each field of the request that was wrong.
    pub violations: Vec<FieldViolation>,
    /// How long to wait before another attempt, if one may help.
    pub retry_after: Option<Duration>,
    /// Whether it was said that no other attempt is to be made.
    forbids_retries: bool,
}

/// What the network said: the messages of a chain of errors, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(String);

// === impl ClientError ===

impl ClientError {
    /// The gRPC status code, or the one that gRPC has for what this client found itself.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::InvalidEndpoint { .. } | Self::InvalidCertificates { .. } => {
                Code::InvalidArgument
            }
            Self::Unreachable { .. } => Code::Unavailable,
            Self::Disconnected { code, .. } => *code,
            Self::DeadlineExceeded { .. } => Code::DeadlineExceeded,
            Self::Refused(refusal) => refusal.code,
            Self::Incomplete { .. } => Code::Internal,
        }
    }

    /// What the service said, if it said anything.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::InvalidEndpoint { .. }
            | Self::InvalidCertificates { .. }
            | Self::Unreachable { .. }
            | Self::Disconnected { .. }
            | Self::DeadlineExceeded { .. }
            | Self::Incomplete { .. } => None,
        }
    }

    /// The service's reason, if it gave one that this client knows.
    #[must_use]
    pub fn reason(&self) -> Option<ErrorReason> {
        self.refusal().and_then(|refusal| refusal.reason)
    }

    /// Each field of the request that was wrong; empty if the call did not fail for that.
    #[must_use]
    pub fn violations(&self) -> &[FieldViolation] {
        self.refusal()
            .map_or(&[], |refusal| refusal.violations.as_slice())
    }

    /// How long the service asks to wait before another attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }

    pub(crate) fn deadline(settings: &Settings) -> Self {
        Self::DeadlineExceeded {
            endpoint: settings.endpoint.clone(),
            allowed: settings.deadline.allowed,
        }
    }

    /// A status comes from the service, unless it has a source: then this side of the connection made it up.
    pub(crate) fn from_status(status: &Status, settings: &Settings) -> Self {
        let endpoint = settings.endpoint.clone();
        if status.code() == Code::DeadlineExceeded || has_cause::<tonic::TimeoutExpired>(status) {
            return Self::deadline(settings);
        }
        let Some(source) = status.source().map(Cause::of) else {
            return Self::Refused(Box::new(Refusal::from(status)));
        };
        if has_cause::<tonic::ConnectError>(status) {
            return Self::Unreachable { endpoint, source };
        }
        Self::Disconnected {
            endpoint,
            code: status.code(),
            source,
        }
    }
}

// === impl Refusal ===

impl Refusal {
    fn new(code: Code, message: &str, details: &ErrorDetails) -> Self {
        let retry_after = details.retry_info().and_then(|info| info.retry_delay);
        let violations = details
            .bad_request()
            .map(|bad| bad.field_violations.clone())
            .unwrap_or_default();
        let (reason, metadata) = details
            .error_info()
            .filter(|info| info.domain == DOMAIN)
            .map(|info| {
                let name = format!("ERROR_REASON_{}", info.reason);
                let pairs = info.metadata.clone().into_iter();
                (ErrorReason::from_str_name(&name), pairs.collect())
            })
            .unwrap_or_default();
        Self {
            code,
            message: message.to_owned(),
            reason,
            metadata,
            violations,
            retry_after,
            forbids_retries: false,
        }
    }

    /// Whether the service, or a proxy before it, said that no other attempt is to be made (`grpc-retry-pushback-ms`). The client makes none then.
    #[must_use]
    pub fn forbids_retries(&self) -> bool {
        self.forbids_retries
    }
}

/// Of RetryInfo and the trailer `grpc-retry-pushback-ms` the longer pause is taken.
impl From<&Status> for Refusal {
    fn from(status: &Status) -> Self {
        let mut refusal = Self::new(status.code(), status.message(), &status.get_error_details());
        if let Some(asked) = status.metadata().get(PUSHBACK) {
            let asked = asked.to_str().ok().and_then(|text| text.parse().ok());
            let asked = asked.map(Duration::from_millis);
            refusal.forbids_retries = asked.is_none();
            refusal.retry_after = refusal.retry_after.max(asked);
        }
        refusal
    }
}

/// The error of an item of a batch.
impl From<&tonic_types::Status> for Refusal {
    fn from(status: &tonic_types::Status) -> Self {
        let code = Code::from_i32(status.code);
        Self::new(code, &status.message, &status.get_error_details())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            write!(
                f,
                "the service refused the call: {}",
                self.code.description()
            )?;
        } else {
            f.write_str(&one_line(&self.message))?;
        }
        // A message that already tells a fault is not made longer by telling it again.
        let untold = |violation: &&FieldViolation| !self.message.contains(&violation.description);
        let mut separator = " (";
        for violation in self.violations.iter().filter(untold).take(SHOWN_VIOLATIONS) {
            let field = one_line(&violation.field);
            write!(
                f,
                "{separator}`{field}`: {}",
                one_line(&violation.description)
            )?;
            separator = "; ";
        }
        let more = self
            .violations
            .iter()
            .filter(untold)
            .count()
            .saturating_sub(SHOWN_VIOLATIONS);
        if more > 0 {
            write!(f, "; and {more} more")?;
        }
        f.write_str(if separator == "; " { ")" } else { "" })
    }
}

impl Error for Refusal {}

// === impl Cause ===

impl Cause {
    /// Gathers the messages of a chain, each once.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut text = String::new();
        for link in chain(error) {
            let message = one_line(&link.to_string());
            if text.contains(&message) {
                continue;
            }
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&message);
        }
        Self(text)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Cause {}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&link| link.source())
}

fn has_cause<E: Error + 'static>(status: &Status) -> bool {
    chain(status).any(|link| link.is::<E>())
}

/// What a remote says may hold anything; in a message it is one line of printable text.
fn one_line(text: &str) -> String {
    let mut line = text.replace(char::is_control, " ");
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests;
