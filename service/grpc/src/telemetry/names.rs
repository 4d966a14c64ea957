//! Names of OpenTelemetry's semantic conventions for RPC, version 1.44, all in one place.

use tonic::Code;

/// Name of the tracer.
pub(super) const TRACER: &str = "causeway";

/// What the methods start with that have spans.
pub(super) const PACKAGE: &str = "causeway.v1.";

pub(super) const SYSTEM: &str = "rpc.system.name";
pub(super) const SYSTEM_GRPC: &str = "grpc";
pub(super) const METHOD: &str = "rpc.method";
pub(super) const STATUS: &str = "rpc.response.status_code";
pub(super) const ERROR: &str = "error.type";

/// Name of a status code, as gRPC writes it.
pub(super) fn status(code: Code) -> &'static str {
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
