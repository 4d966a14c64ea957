//! Deadlines: a call that its caller no longer waits for is stopped, and ends as DEADLINE_EXCEEDED.
//!
//! Left to tonic it would end as CANCELLED, which meshes take for a fault of the connection and retry.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::{Code, Status};
use tower_layer::Layer;
use tower_service::Service;

/// How much sooner than the caller we give up, so that our answer is there before its own clock runs out, and before tonic's.
const AHEAD: Duration = Duration::from_millis(5);

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
        let answer = self.inner.call(request);
        let Some(allowed) = allowed else {
            return Box::pin(answer);
        };
        let ours = allowed.saturating_sub(AHEAD).max(allowed / 2);
        // The handler is dropped at the deadline, and what it waits for with it; a commit that has begun runs to its end.
        Box::pin(async move {
            timeout(ours, answer)
                .await
                .unwrap_or_else(|_| Ok(expired(allowed).into_http()))
        })
    }
}

fn expired(allowed: Duration) -> Status {
    let message = format!(
        "there was no answer within the deadline of {} ms; a write may have taken effect, its request_id tells",
        allowed.as_millis()
    );
    Status::new(Code::DeadlineExceeded, message)
}

/// How long the call may take: the header `grpc-timeout`, at most eight digits and a unit. One that cannot be read is none.
fn allowed(headers: &HeaderMap) -> Option<Duration> {
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

    use super::allowed;

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
