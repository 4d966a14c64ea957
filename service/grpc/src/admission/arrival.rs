//! Requests that arrive: each message has so much time, and more for what has come of it.
//!
//! Without that, a call is held for ever by one who sends a byte now and then. Between the messages of a stream there may be any time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Frame, SizeHint};
use prost::bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;

use crate::status;

/// Bytes that make time for themselves: a second more for as many.
const BYTES_A_SECOND: u32 = 64 * 1024;

/// Bytes before each message: a flag, and its length (gRPC over HTTP/2, "Length-Prefixed-Message").
const HEAD: u8 = 5;

/// A request whose messages have to arrive in time.
pub(super) struct Arriving {
    inner: Body,
    /// Whether there is one message, with which the request has to end.
    is_single: bool,
    message: Message,
    /// What a message may take, besides what its bytes make.
    allowed: Duration,
    /// What was waited for this message, up to the last time that something came.
    spent: Duration,
    /// Bytes of this message that have come.
    arrived: u32,
    waiting: Option<Waiting>,
}

/// Nothing is there, and something is to come.
struct Waiting {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

/// How much of a message is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    /// The first message is awaited from the beginning of the call, a later one from its first byte.
    Awaited { is_first: bool },
    /// So many bytes before it, and what they say of its length.
    Head { bytes: u8, length: u32 },
    /// So many bytes are missing.
    Body { missing: u32 },
}

// === impl Arriving ===

impl Arriving {
    pub(super) fn new(inner: Body, is_single: bool, allowed: Duration) -> Self {
        Self {
            inner,
            is_single,
            message: Message::Awaited { is_first: true },
            allowed,
            spent: Duration::ZERO,
            arrived: 0,
            waiting: None,
        }
    }

    /// Something has come, or the request has ended.
    fn note(&mut self, data: &[u8]) {
        if let Some(waiting) = self.waiting.take() {
            // Nobody may have looked for a while, after it had come: that is not the sender's time.
            let waited = waiting.since.elapsed().min(self.allowed / 2);
            self.spent = self.spent.saturating_add(waited);
        }
        let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
        self.arrived = self.arrived.saturating_add(bytes);
        if !self.is_single {
            self.read(data);
        }
    }

    fn read(&mut self, mut data: &[u8]) {
        while let Some((first, rest)) = data.split_first() {
            self.message = match self.message {
                Message::Awaited { .. } => Message::Head {
                    bytes: 1,
                    length: 0,
                },
                Message::Head { bytes, length } => {
                    let length = length << 8 | u32::from(*first);
                    Message::after(bytes.saturating_add(1), length)
                }
                Message::Body { missing } => {
                    let count = u32::try_from(data.len()).unwrap_or(u32::MAX).min(missing);
                    let taken = usize::try_from(count).unwrap_or(usize::MAX);
                    data = data.get(taken..).unwrap_or_default();
                    self.message = Message::missing(missing - count);
                    self.begin_anew(data);
                    continue;
                }
            };
            data = rest;
            self.begin_anew(data);
        }
    }

    /// A message that is whole has used its time, and the next one has its own.
    fn begin_anew(&mut self, rest: &[u8]) {
        if let Message::Awaited { .. } = self.message {
            self.spent = Duration::ZERO;
            self.arrived = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        }
    }

    /// Whether nothing comes, and should have.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        if self.message == (Message::Awaited { is_first: false }) {
            return false;
        }
        let made = Duration::from_secs(u64::from(self.arrived / BYTES_A_SECOND));
        let left = self.allowed.saturating_add(made).saturating_sub(self.spent);
        let waiting = self.waiting.get_or_insert_with(|| {
            let since = Instant::now();
            Waiting {
                since,
                timer: Box::pin(sleep_until(since + left)),
            }
        });
        waiting.timer.as_mut().poll(cx).is_ready()
    }
}

// === impl Message ===

impl Message {
    fn after(bytes: u8, length: u32) -> Self {
        if bytes < HEAD {
            Self::Head { bytes, length }
        } else {
            Self::missing(length)
        }
    }

    fn missing(missing: u32) -> Self {
        if missing == 0 {
            Self::Awaited { is_first: false }
        } else {
            Self::Body { missing }
        }
    }
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            if self.is_late(cx) {
                return Poll::Ready(Some(Err(status::request_too_slow(self.allowed))));
            }
            return Poll::Pending;
        };
        if let Some(Ok(frame)) = &frame {
            self.note(frame.data_ref().map_or(&[], |data| data));
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::body::Body;

    use super::{Arriving, Message};

    fn stream() -> Arriving {
        Arriving::new(Body::empty(), false, Duration::from_secs(1))
    }

    #[test]
    fn messages_are_told_apart_however_they_are_cut() {
        let awaited = Message::Awaited { is_first: false };
        let bytes = [
            &[0, 0, 0, 0, 3, 1, 2, 3][..],
            &[0, 0, 0, 0, 0],
            &[0, 0, 0, 1, 0, 7],
        ]
        .concat();
        for size in 1..=bytes.len() {
            let mut arriving = stream();
            for piece in bytes.chunks(size) {
                arriving.note(piece);
            }
            assert_eq!(arriving.message, Message::Body { missing: 255 }, "{size}");
            assert_eq!(arriving.arrived, 6, "{size}");
            arriving.note(&[0; 255]);
            assert_eq!(arriving.message, awaited, "{size}");
        }
    }
}
