//! When a stream must have ended: the layer of deadlines sees to the beginning of a call alone.

use std::future::pending;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use http::HeaderMap;
use tokio::time::{Instant, sleep_until};
use tonic::Status;

use crate::{deadline, status};

/// The end of the time that a caller allows a stream, if it allows any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expiry {
    /// How long it may take, and until when that is.
    set: Option<(Duration, Instant)>,
}

impl Expiry {
    /// That of a call that begins now.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let allowed = deadline::allowed(headers);
        Self {
            set: allowed.map(|allowed| (allowed, Instant::now() + allowed)),
        }
    }

    /// Waits until it is there, and tells how long was allowed; for ever if there is none.
    pub(crate) async fn passed(self) -> Duration {
        match self.set {
            Some((allowed, at)) => {
                sleep_until(at).await;
                allowed
            }
            None => pending().await,
        }
    }

    /// The answers of a stream that reads: they end with the first error among them, or with DEADLINE_EXCEEDED once it is there.
    pub(crate) fn end<T: Send + 'static>(
        self,
        answers: BoxStream<'static, Result<T, Status>>,
    ) -> BoxStream<'static, Result<T, Status>> {
        let ended = stream::unfold(Some(answers), move |answers| async move {
            let mut answers = answers?;
            let answer = tokio::select! {
                biased;
                allowed = self.passed() => Err(status::expired(allowed, false)),
                answer = answers.next() => answer?,
            };
            let rest = answer.is_ok().then_some(answers);
            Some((answer, rest))
        });
        ended.boxed()
    }
}
