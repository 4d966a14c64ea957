//! Names of spans, attributes and metrics, all in one place: those of OpenTelemetry's semantic conventions for RPC, version 1.44, and our own.

use tonic::Code;

/// Name of the tracer and of the meter.
pub(super) const SCOPE: &str = "causeway";

pub(super) const SYSTEM: &str = "rpc.system.name";
pub(super) const SYSTEM_GRPC: &str = "grpc";
pub(super) const METHOD: &str = "rpc.method";
/// What a method is called that the contract does not have, and where its own name is told.
pub(super) const OTHER_METHOD: &str = "_OTHER";
pub(super) const ORIGINAL_METHOD: &str = "rpc.method_original";
pub(super) const STATUS: &str = "rpc.response.status_code";
pub(super) const ERROR: &str = "error.type";

/// How long calls take, in seconds.
pub(super) const DURATION: &str = "rpc.server.call.duration";

/// Attributes of a call's span that tell what it was about.
pub(super) const TOPOLOGY: &str = "causeway.topology";
pub(super) const REVISION: &str = "causeway.revision";
pub(super) const FLOWS: &str = "causeway.flows";
pub(super) const DISTINCT_FLOWS: &str = "causeway.flows.distinct";
pub(super) const CACHE_HITS: &str = "causeway.cache.hits";

/// Name of a status code, as gRPC writes it.
pub(crate) fn status(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Whether the conventions count the code as an error of the server.
pub(super) fn is_our_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
