//! Answers of proxies that are none of gRPC: an error page becomes the status that gRPC gives to its HTTP code
//! ([gRPC](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md)).
//!
//! Left to tonic, the page would be read as a message: a proxy whose server restarts says 503, and that would be INTERNAL, which nobody repeats.

use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use tonic::body::Body;
use tonic::{Code, Status};

/// What the content type of every answer of gRPC begins with.
const GRPC: &[u8] = b"application/grpc";

/// The answer, or what gRPC has for it.
pub(crate) fn understood(answer: Response<Body>) -> Response<Body> {
    let kind = answer.headers().get(CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(GRPC))
        || answer.headers().contains_key(Status::GRPC_STATUS)
    {
        return answer;
    }
    let http = answer.status();
    let message = format!("a proxy answered in place of the service: HTTP {http}");
    Status::new(code(http), message).into_http()
}

fn code(http: StatusCode) -> Code {
    match http {
        StatusCode::BAD_REQUEST => Code::Internal,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::Unimplemented,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests;
