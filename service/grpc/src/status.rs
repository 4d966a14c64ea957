//! Errors as the contract tells them: the one place that makes a status.
//!
//! Every status that is made here has an ErrorInfo with a reason of the contract; inner detail goes to the log and no further. What tonic says in
//! place of an answer passes by here too ([`foreign`]). Without an ErrorInfo remain: what tonic says after an answer has begun (a page of a list that
//! is larger than a message may be), a call that its caller cancelled, and what health and reflection say for themselves.

mod access;
mod export;
mod foreign;
mod refused;
mod watch;

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use causeway_engine::{EngineError, ResolveError};
use causeway_model::change::{Fault, Problem};
use causeway_model::revision::{Revision, TopologyName};
use causeway_proto::v1::ErrorReason;
use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, ErrorInfo, StatusExt};

use crate::error::{CallError, FoundFaults};
use crate::faults::FieldFault;
use crate::wire::Wire;

pub(crate) use access::{credentials_required, starting, unproven};
pub(crate) use export::{ExportEnd, export_ended};
pub(crate) use foreign::completed;
pub(crate) use refused::{Refused, answer_not_taken, refused, request_too_slow};
pub(crate) use watch::{WatchEnd, matrix_outlived, paths_ended, paths_outlived, watch_ended};

/// Domain of the reasons.
const DOMAIN: &str = "causeway.v1";

/// Bytes that the faults of one status may have. Statuses travel in trailers, which clients bound at 8 KiB (gRPC C core, Java) or 16 KiB
/// (hyper) and cut the call off beyond; details are written in base64, and the message repeats a part.
const MAX_FAULT_BYTES: usize = 4_500;

/// How soon it may help to delete again what was forked meanwhile.
const FORKED_RETRY: Duration = Duration::from_secs(1);

/// The trailer that says when a call may be made again, in milliseconds
/// ([gRFC A6](https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback)).
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Bytes that a message may have.
const MAX_MESSAGE_BYTES: usize = 600;

/// What is common to all statuses: code, reason, message, and facts for programs.
struct Told<'a> {
    code: Code,
    reason: ErrorReason,
    message: String,
    facts: &'a [(&'static str, String)],
}

impl From<CallError> for Status {
    fn from(error: CallError) -> Self {
        match error {
            CallError::InvalidRequest(faults) => {
                faulty(ErrorReason::InvalidRequest, "the request has", &faults)
            }
            CallError::InvalidChangeSet(faults) => faulty(
                ErrorReason::InvalidChangeSet,
                "nothing was changed, for the change set has",
                &faults,
            ),
            CallError::InvalidPageToken => {
                let token = FieldFault {
                    field: "page_token".to_owned(),
                    description: CallError::InvalidPageToken.to_string(),
                };
                faulty(
                    ErrorReason::InvalidPageToken,
                    "the request has",
                    &FoundFaults {
                        found: vec![token],
                        count: 1,
                    },
                )
            }
            CallError::AnswerTooLarge { size, maximum } => Told {
                code: Code::ResourceExhausted,
                reason: ErrorReason::AnswerTooLarge,
                message: error.to_string(),
                facts: &sizes(size.to_string(), maximum.to_string()),
            }
            .into_status(),
            CallError::Unreadable { ref source } => Told {
                code: Code::InvalidArgument,
                reason: ErrorReason::InvalidRequest,
                message: format!("{error}: {source}"),
                facts: &[],
            }
            .into_status(),
            CallError::Description => Told {
                code: Code::Internal,
                reason: ErrorReason::Internal,
                message: error.to_string(),
                facts: &[],
            }
            .into_status(),
            CallError::Refused {
                principal,
                action,
                topology,
            } => not_allowed(&principal, action, &topology),
            CallError::Engine(error) => engine(error),
            CallError::Stream(status) => foreign::explained(*status),
        }
    }
}

/// The status of a call that its caller no longer waits for.
pub(crate) fn expired(allowed: Duration, writes: bool) -> Status {
    let rest = if writes {
        "; the write may have taken effect all the same, read the topology to see"
    } else {
        "; allow more time, or ask for less at once"
    };
    let milliseconds = allowed.as_millis();
    Told {
        code: Code::DeadlineExceeded,
        reason: ErrorReason::DeadlineExceeded,
        message: format!("there was no answer within the deadline of {milliseconds} ms{rest}"),
        facts: &[],
    }
    .into_status()
}

/// That the caller may not do this, and who can change that.
fn not_allowed(principal: &str, actions: &str, topology: &str) -> Status {
    Told {
        code: Code::PermissionDenied,
        reason: ErrorReason::NotAllowed,
        message: format!(
            "`{principal}` may not {actions} on topology `{topology}`: no policy of the service permits it; ask whoever runs the service for one"
        ),
        facts: &[
            ("action", actions.to_owned()),
            ("resource", topology.to_owned()),
        ],
    }
    .into_status()
}

/// How large something is and how large it may be, in bytes.
fn sizes(size: String, maximum: String) -> [(&'static str, String); 2] {
    [("size", size), ("maximum", maximum)]
}

fn engine(error: EngineError) -> Status {
    if let EngineError::InvalidChangeSet { faults } = error {
        return CallError::InvalidChangeSet(of_changes(faults)).into();
    }
    // What has a cause is ours or the store's, and of no use to the caller.
    if let Some(source) = error.source() {
        tracing::error!(error = source, "{error}");
    }
    let (code, reason) = kind(&error);
    let message = error.to_string();
    let facts = facts(&error);
    let told = Told {
        code,
        reason,
        message,
        facts: &facts,
    };
    match retry_after(&error) {
        Some(delay) => told.into_status_after(delay),
        None => told.into_status(),
    }
}

/// When a call that failed by this may be made again.
fn retry_after(error: &EngineError) -> Option<Duration> {
    match error {
        EngineError::TooManyExports { .. } => Some(export::PLACE_AFTER),
        EngineError::ExportOvertaken { .. } => Some(export::BEGIN_AFTER),
        EngineError::ForkedMeanwhile { .. } => Some(FORKED_RETRY),
        EngineError::TopologyNotFound { .. }
        | EngineError::TopologyExists { .. }
        | EngineError::ResourceNotFound { .. }
        | EngineError::NotAllowed { .. }
        | EngineError::NotShown { .. }
        | EngineError::HidesSome { .. }
        | EngineError::InvalidChangeSet { .. }
        | EngineError::RevisionNotReached { .. }
        | EngineError::RevisionNotKept { .. }
        | EngineError::TimeNotKept { .. }
        | EngineError::BeforeCreation { .. }
        | EngineError::RevisionMismatch { .. }
        | EngineError::RequestReused { .. }
        | EngineError::TooManyItems { .. }
        | EngineError::NothingSelected { .. }
        | EngineError::ExportLacks { .. }
        | EngineError::ForkCorrupt { .. }
        | EngineError::LabelNotFound { .. }
        | EngineError::TooManyLabels { .. }
        | EngineError::StoreCorrupt { .. }
        | EngineError::StoreFailed { .. }
        | EngineError::WritesStopped { .. }
        | EngineError::Interrupted { .. } => None,
    }
}

/// How an error ends its call.
pub(crate) fn code(error: &EngineError) -> Code {
    kind(error).0
}

fn kind(error: &EngineError) -> (Code, ErrorReason) {
    use ErrorReason as Reason;
    match error {
        EngineError::TopologyNotFound { .. } => (Code::NotFound, Reason::TopologyNotFound),
        EngineError::TopologyExists { .. } => (Code::AlreadyExists, Reason::TopologyAlreadyExists),
        EngineError::ResourceNotFound { .. } => (Code::NotFound, Reason::ResourceNotFound),
        EngineError::NotAllowed { .. }
        | EngineError::NotShown { .. }
        | EngineError::HidesSome { .. } => (Code::PermissionDenied, Reason::NotAllowed),
        EngineError::InvalidChangeSet { .. } => (Code::InvalidArgument, Reason::InvalidChangeSet),
        EngineError::RevisionNotReached { .. } => (Code::OutOfRange, Reason::RevisionNotReached),
        EngineError::RevisionNotKept { .. } | EngineError::TimeNotKept { .. } => {
            (Code::OutOfRange, Reason::RevisionNotKept)
        }
        EngineError::BeforeCreation { .. } => (Code::OutOfRange, Reason::BeforeCreation),
        EngineError::RevisionMismatch { .. } => (Code::Aborted, Reason::RevisionMismatch),
        EngineError::RequestReused { .. } => (Code::InvalidArgument, Reason::RequestIdReused),
        EngineError::LabelNotFound { .. } => (Code::NotFound, Reason::LabelNotFound),
        EngineError::TooManyLabels { .. } => (Code::FailedPrecondition, Reason::TooManyLabels),
        EngineError::ForkedMeanwhile { .. } => (Code::Aborted, Reason::ForkedMeanwhile),
        EngineError::TooManyItems { .. } => (Code::InvalidArgument, Reason::TooManyItems),
        EngineError::NothingSelected { .. } => (Code::InvalidArgument, Reason::InvalidRequest),
        EngineError::ExportOvertaken { .. } => (Code::Aborted, Reason::ExportOvertaken),
        EngineError::TooManyExports { .. } => (Code::ResourceExhausted, Reason::TooManyExports),
        EngineError::StoreCorrupt { .. }
        | EngineError::ExportLacks { .. }
        | EngineError::ForkCorrupt { .. } => (Code::DataLoss, Reason::StoreCorrupt),
        EngineError::StoreFailed { .. } | EngineError::WritesStopped { .. } => {
            (Code::Internal, Reason::StoreFailed)
        }
        EngineError::Interrupted { .. } => (Code::Internal, Reason::Internal),
    }
}

/// What a program may want to know of an error without reading its message.
fn facts(error: &EngineError) -> Vec<(&'static str, String)> {
    match error {
        EngineError::TopologyNotFound { name }
        | EngineError::TopologyExists { name }
        | EngineError::ForkedMeanwhile { name }
        | EngineError::ExportOvertaken { name }
        | EngineError::ExportLacks { name } => {
            vec![("topology", name.to_string())]
        }
        EngineError::TooManyExports { maximum } => vec![("maximum", maximum.to_string())],
        EngineError::LabelNotFound { topology, label } => within(topology, "label", label),
        EngineError::TooManyLabels { topology, maximum } => within(topology, "maximum", maximum),
        EngineError::ResourceNotFound {
            topology,
            id,
            revision,
        } => vec![
            ("topology", topology.to_string()),
            ("resource_id", id.to_string()),
            ("revision", revision.to_string()),
        ],
        EngineError::NotAllowed { topology, actions } => vec![
            ("action", actions.join(",")),
            ("resource", topology.to_string()),
        ],
        EngineError::NotShown { topology, id } => vec![
            ("resource", topology.to_string()),
            ("resource_id", id.to_string()),
        ],
        EngineError::HidesSome { topology } => vec![
            ("action", "Describe".to_owned()),
            ("resource", topology.to_string()),
        ],
        EngineError::RevisionNotReached { wanted, head } => {
            vec![("wanted", wanted.to_string()), ("head", head.to_string())]
        }
        EngineError::RevisionNotKept { wanted, oldest } => vec![
            ("wanted", wanted.to_string()),
            ("oldest", oldest.to_string()),
        ],
        EngineError::TimeNotKept { name, oldest } => within(name, "oldest", oldest),
        EngineError::BeforeCreation { name, created } => {
            within(name, "create_time", &created.render())
        }
        EngineError::RevisionMismatch { expected, head } => vec![
            ("expected", expected.to_string()),
            ("head", head.to_string()),
        ],
        EngineError::RequestReused { id } => vec![("request_id", id.clone())],
        EngineError::TooManyItems { count, maximum, .. } => vec![
            ("count", count.to_string()),
            ("maximum", maximum.to_string()),
        ],
        EngineError::ForkCorrupt { topology, fork, .. } => within(topology, "fork", fork),
        EngineError::NothingSelected { .. }
        | EngineError::InvalidChangeSet { .. }
        | EngineError::StoreCorrupt { .. }
        | EngineError::StoreFailed { .. }
        | EngineError::WritesStopped { .. }
        | EngineError::Interrupted { .. } => Vec::new(),
    }
}

/// A fact about something of a topology.
fn within(
    topology: &TopologyName,
    key: &'static str,
    value: &dyn Display,
) -> Vec<(&'static str, String)> {
    vec![("topology", topology.to_string()), (key, value.to_string())]
}

/// The status of a flow of a batch that could not be read.
pub(crate) fn unreadable(error: CallError) -> tonic_types::Status {
    packed(&error.into())
}

/// The status of a flow of a batch that has no answer.
pub(crate) fn unresolved(error: &ResolveError, revision: Revision) -> tonic_types::Status {
    let ResolveError::UnknownResource { id } = error;
    let facts = [
        ("resource_id", id.to_string()),
        ("revision", revision.to_string()),
    ];
    let told = Told {
        code: Code::NotFound,
        reason: ErrorReason::ResourceNotFound,
        message: error.to_string(),
        facts: &facts,
    };
    packed(&told.into_status())
}

/// The status as a message: what the details of a status made here are the encoding of.
fn packed(status: &Status) -> tonic_types::Status {
    tonic_types::Status::decode(status.details()).unwrap_or_else(|_| tonic_types::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

impl Told<'_> {
    fn into_status(self) -> Status {
        let (code, message) = (self.code, cut(&self.message, MAX_MESSAGE_BYTES));
        Status::with_error_details(code, message, self.details())
    }

    /// The same for a call that may succeed when it is made again after a while.
    fn into_status_after(self, delay: Duration) -> Status {
        let (code, message) = (self.code, cut(&self.message, MAX_MESSAGE_BYTES));
        let mut details = self.details();
        details.set_retry_info(Some(delay));
        let mut status = Status::with_error_details(code, message, details);
        // Proxies and clients that know nothing of the details read this one.
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        status.metadata_mut().insert(PUSHBACK, milliseconds.into());
        status
    }

    fn details(&self) -> ErrorDetails {
        let name = self.reason.as_str_name();
        let reason = name
            .strip_prefix("ERROR_REASON_")
            .unwrap_or(name)
            .to_owned();
        let metadata = self
            .facts
            .iter()
            .map(|(key, value)| ((*key).to_owned(), cut(value, 256)))
            .collect();
        let info = ErrorInfo {
            reason,
            domain: DOMAIN.to_owned(),
            metadata,
        };
        let mut details = ErrorDetails::new();
        details.set_error_info(info.reason, info.domain, info.metadata);
        details
    }
}

/// INVALID_ARGUMENT with as many of the faults as a status can carry, and how many more there are.
fn faulty(reason: ErrorReason, lead: &str, faults: &FoundFaults) -> Status {
    let FoundFaults { found, count } = faults;
    let noun = if *count == 1 { "fault" } else { "faults" };
    let first = found.first().map_or_else(String::new, |fault| {
        format!(": {}: {}", fault.field, fault.description)
    });
    let message = cut(&format!("{lead} {count} {noun}{first}"), MAX_MESSAGE_BYTES);
    let told = Told {
        code: Code::InvalidArgument,
        reason,
        message: message.clone(),
        facts: &[("count", count.to_string())],
    };
    let mut details = told.details();
    let mut bytes = 0_usize;
    let fitting = found
        .iter()
        .map(|fault| (cut(&fault.field, 512), cut(&fault.description, 512)))
        .take_while(|(field, description)| {
            bytes = bytes
                .saturating_add(field.len())
                .saturating_add(description.len())
                .saturating_add(8);
            bytes <= MAX_FAULT_BYTES
        });
    let mut told_count = 0_usize;
    for (field, description) in fitting {
        details.add_bad_request_violation(field, description);
        told_count = told_count.saturating_add(1);
    }
    if told_count < *count {
        let rest = count.saturating_sub(told_count);
        details.add_bad_request_violation(
            "",
            format!("and {rest} more, which do not fit into an error; mend these first"),
        );
    }
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// The faults of a change set with the paths of the request's fields.
pub(crate) fn of_changes(faults: Vec<Fault>) -> FoundFaults {
    let count = faults.len();
    let found = faults
        .into_iter()
        .take(crate::faults::KEPT)
        .map(|fault| FieldFault {
            field: change_path(&fault),
            description: described(&fault),
        });
    FoundFaults {
        found: found.collect(),
        count,
    }
}

fn change_path(fault: &Fault) -> String {
    let Fault {
        change,
        resource: _,
        field,
        problem,
    } = fault;
    match problem {
        Problem::NotThere | Problem::StillContains { .. } => {
            format!("changes[{change}].delete_resource_id")
        }
        Problem::Contradiction { .. } | Problem::NoLongerFits { .. } => {
            format!("changes[{change}]")
        }
        Problem::NothingToPatch => format!("changes[{change}].patch.resource_id"),
        Problem::Patched { .. } if field.is_empty() => format!("changes[{change}].patch"),
        Problem::Patched { .. } => format!("changes[{change}].patch.resource.{field}"),
        Problem::NoContainer { .. }
        | Problem::WrongContainer { .. }
        | Problem::OutsideContainer { .. }
        | Problem::VpcDiffers { .. }
        | Problem::EmptyList
        | Problem::Duplicate { .. }
        | Problem::NotAllowed { .. } => format!("changes[{change}].put.{field}"),
    }
}

/// What is wrong, and with which resource.
pub(crate) fn described(fault: &Fault) -> String {
    format!("`{}`: {}", fault.resource, fault.problem)
}

/// The text, cut at a number of bytes.
fn cut(text: &str, bytes: usize) -> String {
    let end = text
        .char_indices()
        .map(|(at, character)| at.saturating_add(character.len_utf8()))
        .take_while(|end| *end <= bytes)
        .last();
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
