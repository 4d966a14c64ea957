//! Statuses that tonic makes before or instead of a handler: what they mean is told by their code and text, as nothing else is there.

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};

use causeway_proto::v1::ErrorReason;

use super::{Told, sizes};

/// The answer with an ErrorInfo, if it is a status of tonic's own that a reason of the contract fits.
pub(crate) fn completed(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    // Every status of ours has details; and of what has none, most are no errors at all.
    if !headers.contains_key(Status::GRPC_STATUS)
        || headers.contains_key(Status::GRPC_STATUS_DETAILS)
    {
        return response;
    }
    let told = Status::from_header_map(headers).and_then(|status| told(&status));
    if let Some(status) = told {
        // If it cannot be written, the caller gets tonic's own.
        let _ = status.add_header(response.headers_mut());
    }
    response
}

/// The status, with an ErrorInfo if it is tonic's own and a reason of the contract fits: what is wrong with a later message of a stream is told after the answer has begun.
pub(super) fn explained(status: Status) -> Status {
    // Every status of ours has details.
    if status.details().is_empty() {
        told(&status).unwrap_or(status)
    } else {
        status
    }
}

fn told(status: &Status) -> Option<Status> {
    let (code, text) = (status.code(), status.message());
    let unreadable = |code| Told {
        code,
        reason: ErrorReason::InvalidRequest,
        message: format!("the request cannot be read: {text}"),
        facts: &[],
    };
    let told = match code {
        Code::OutOfRange => return too_large(text),
        // Ours have details, so that this one is about the bytes of a request.
        Code::Internal => unreadable(Code::InvalidArgument),
        Code::Unimplemented if text.is_empty() => Told {
            code,
            reason: ErrorReason::UnknownMethod,
            message: "the service has no such method".to_owned(),
            facts: &[],
        },
        // A compression that is not taken.
        Code::Unimplemented => unreadable(code),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => return None,
    };
    Some(told.into_status())
}

/// `..., decoded message length too large: found N bytes, the limit is: M bytes`
fn too_large(text: &str) -> Option<Status> {
    let mut numbers = text
        .split(' ')
        .filter(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()));
    let (size, maximum) = (numbers.next()?, numbers.next()?);
    let told = Told {
        code: Code::InvalidArgument,
        reason: ErrorReason::InvalidRequest,
        message: format!(
            "a message of the request is {size} bytes, the maximum is {maximum}; send less at once"
        ),
        facts: &sizes(size.to_owned(), maximum.to_owned()),
    };
    Some(told.into_status())
}
