//! Deadlines: a call that its caller no longer waits for is stopped, and ends as DEADLINE_EXCEEDED.
//!
//! Left to tonic it would end as CANCELLED, which meshes take for a fault of the connection and retry.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use tokio::time::timeout;
use tonic::body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::status;

/// How much sooner than the caller we give up, so that our answer is there before its own clock runs out, and before tonic's.
const AHEAD: Duration = Duration::from_millis(5);

/// The methods of the topology service that change something.
const WRITES: [&str; 7] = [
    "CreateTopology",
    "DeleteTopology",
    "ApplyChanges",
    "RollbackTopology",
    "ImportResources",
    "SetRevisionLabel",
    "DeleteRevisionLabel",
];

/// Ends calls at their deadlines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeadlineLayer;

/// A service whose calls end at their deadlines.
#[derive(Debug, Clone)]
pub(crate) struct Deadline<S> {
    inner: S,
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline { inner }
    }
}

impl<S, B> Service<Request<B>> for Deadline<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let allowed = allowed(request.headers());
        let writes = writes(request.uri().path());
        let answer = self.inner.call(request);
        let Some(allowed) = allowed else {
            return Box::pin(answer);
        };
        let ours = allowed.saturating_sub(AHEAD).max(allowed / 2);
        // The handler is dropped at the deadline, and what it waits for with it; a commit that has begun runs to its end.
        Box::pin(async move {
            timeout(ours, answer)
                .await
                .unwrap_or_else(|_| Ok(status::expired(allowed, writes).into_http()))
        })
    }
}

/// Whether the method changes anything.
fn writes(path: &str) -> bool {
    let method = path.strip_prefix("/causeway.v1.TopologyService/");
    method.is_some_and(|method| WRITES.contains(&method))
}

/// How long the call may take: the header `grpc-timeout`, at most eight digits and a unit. One that cannot be read is none.
pub(crate) fn allowed(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};

    use super::{allowed, writes};
    use crate::status::expired;

    #[test]
    fn only_a_write_is_told_that_it_may_have_taken_effect() {
        let told = |method: &str| {
            let writes = writes(&format!("/causeway.v1.{method}"));
            expired(Duration::from_secs(1), writes).message().to_owned()
        };
        assert_eq!(
            told("TopologyService/ApplyChanges"),
            "there was no answer within the deadline of 1000 ms; the write may have taken effect all the same, read the topology to see"
        );
        for read in ["TopologyService/ListResources", "PathService/ResolvePath"] {
            assert_eq!(
                told(read),
                "there was no answer within the deadline of 1000 ms; allow more time, or ask for less at once"
            );
        }
    }

    #[test]
    fn a_timeout_is_up_to_eight_digits_and_a_unit() {
        let read = |text: &'static str| {
            let header = (
                http::HeaderName::from_static("grpc-timeout"),
                HeaderValue::from_static(text),
            );
            allowed(&HeaderMap::from_iter([header]))
        };
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        assert_eq!(
            read("99999999H"),
            Some(Duration::from_secs(99_999_999 * 3_600))
        );
        for text in ["", "S", "5", "123456789S", "-1S", "5s"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
