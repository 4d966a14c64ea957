//! Requests that count as they are read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use super::Admission;
use crate::status::{Refused, refused};

type Data = <Body as http_body::Body>::Data;

/// A request that is read as long as there is room for it.
pub(super) struct Counted {
    pub(super) inner: Body,
    pub(super) admission: Arc<Admission>,
    /// What of all bytes is this request's.
    pub(super) counted: Arc<AtomicU64>,
}

impl http_body::Body for Counted {
    type Data = Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Data>, Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.counted.fetch_add(bytes, Ordering::AcqRel);
            let before = self
                .admission
                .request_bytes
                .fetch_add(bytes, Ordering::AcqRel);
            let maximum = self.admission.limits.request_bytes;
            if before.saturating_add(bytes) > maximum {
                let why = Refused::Bytes { maximum };
                self.admission.refusals.count(why);
                return Poll::Ready(Some(Err(refused(why))));
            }
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
