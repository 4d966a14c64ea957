//! The body of an answer, watched for the status at its end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::{Code, Status};

use super::Call;

/// A body that ends its call's span.
struct Observed {
    inner: Body,
    call: Call,
}

/// Watches the answer of a call. An answer without a body has its status in the headers.
pub(super) fn observe(response: Response<Body>, mut call: Call) -> Response<Body> {
    if let Some(code) = code_of(response.headers()) {
        call.end(code);
        return response;
    }
    response.map(|inner| Body::new(Observed { inner, call }))
}

impl http_body::Body for Observed {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let this = &mut *self;
        let inner = Pin::new(&mut this.inner);
        // What a stream answers is worked out while it is asked for it.
        let frame = ready!(this.call.within(|| inner.poll_frame(cx)));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_ref().and_then(code_of) {
                    this.call.end(code);
                }
            }
            Some(Err(status)) => this.call.end(status.code()),
            None => this.call.end(Code::Unknown),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn code_of(headers: &HeaderMap) -> Option<Code> {
    Some(Code::from_bytes(headers.get("grpc-status")?.as_bytes()))
}
