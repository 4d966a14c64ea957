//! Answers until they are sent: each keeps its ticket, goes out in parts, and is given up if nobody takes it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use prost::bytes::Bytes;
use tonic::Status;
use tonic::body::Body;

use super::Ticket;
use crate::connection::Link;
use crate::seats::{Entry, MOST_LOOKS, Outgoing};
use crate::status;

/// Most bytes of a part. What was handed over is kept by HTTP/2 until somebody takes it, whatever becomes of the answer here.
const PART: usize = 64 * 1024;

/// An answer.
pub(super) struct Held {
    sending: Arc<Mutex<Sending>>,
    /// None where there is no connection.
    _entry: Option<Entry>,
}

struct Sending {
    stage: Stage,
    /// What is left of a piece that is more than a part.
    rest: Bytes,
    /// Whether something was handed over, or is to be, that was not taken yet.
    is_owed: bool,
    looks: u8,
    tells_itself: bool,
}

enum Stage {
    Open {
        inner: Body,
        ticket: Ticket,
    },
    /// It has no ticket any more, and its last words.
    Kept {
        inner: Body,
    },
    GivenUp,
    Ended,
}

// === impl Held ===

impl Held {
    /// An answer that waits for whoever takes it on this connection; one that tells itself that nobody does only gives its ticket back.
    pub(super) fn new(
        inner: Body,
        ticket: Ticket,
        tells_itself: bool,
        link: Option<&Link>,
    ) -> Self {
        let sending = Sending {
            stage: Stage::Open { inner, ticket },
            rest: Bytes::new(),
            is_owed: true,
            looks: 0,
            tells_itself,
        };
        let sending = Arc::new(Mutex::new(sending));
        let entry = link.map(|link| {
            let weak: Weak<Mutex<Sending>> = Arc::downgrade(&sending);
            link.line.unread().add(weak)
        });
        Self {
            sending,
            _entry: entry,
        }
    }
}

// === impl Sending ===

impl Sending {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(self.part()))));
        }
        let inner = match &mut self.stage {
            Stage::Open { inner, .. } | Stage::Kept { inner } => inner,
            Stage::GivenUp => {
                self.stage = Stage::Ended;
                return Poll::Ready(Some(Ok(Frame::trailers(last_words()))));
            }
            Stage::Ended => return Poll::Ready(None),
        };
        let polled = Pin::new(inner).poll_frame(cx);
        polled.map(|frame| match frame?.map(Frame::into_data) {
            Ok(Ok(data)) => {
                self.rest = data;
                Some(Ok(Frame::data(self.part())))
            }
            Ok(Err(frame)) => Some(Ok(frame)),
            Err(status) => Some(Err(status)),
        })
    }

    /// Goes on without its ticket, or without anything, and tells what is to be dropped.
    fn give_up(&mut self) -> (Option<Ticket>, Option<Body>) {
        match std::mem::replace(&mut self.stage, Stage::GivenUp) {
            Stage::Open { inner, ticket } if self.tells_itself => {
                self.stage = Stage::Kept { inner };
                (Some(ticket), None)
            }
            Stage::Open { inner, ticket } => {
                self.rest = Bytes::new();
                (Some(ticket), Some(inner))
            }
            other @ (Stage::Kept { .. } | Stage::GivenUp | Stage::Ended) => {
                self.stage = other;
                (None, None)
            }
        }
    }

    /// The next part of a piece. It is copied if there is more, since it would keep all of the piece.
    fn part(&mut self) -> Bytes {
        if self.rest.len() <= PART {
            return std::mem::take(&mut self.rest);
        }
        let part = self.rest.split_to(PART);
        Bytes::copy_from_slice(&part)
    }
}

impl Outgoing for Mutex<Sending> {
    fn look(&self) -> bool {
        // Who holds it is about to take something.
        let Ok(mut sending) = self.try_lock() else {
            return false;
        };
        match sending.stage {
            Stage::Open { .. } if sending.is_owed && sending.looks >= MOST_LOOKS => {
                let given_up = sending.give_up();
                drop(sending);
                drop(given_up);
                tracing::warn!("an answer was given up, for nothing of it was taken");
                true
            }
            Stage::Open { .. } => {
                sending.looks = sending.looks.saturating_add(1);
                false
            }
            Stage::Kept { .. } | Stage::GivenUp => true,
            Stage::Ended => false,
        }
    }
}

/// What an answer that was given up ends with, if somebody takes it after all.
fn last_words() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // A status that cannot be written is none, and the client sees that something is wrong.
    let _ = status::answer_not_taken().add_header(&mut trailers);
    trailers
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = sending.poll(cx);
        (sending.is_owed, sending.looks) = (polled.is_ready(), 0);
        polled
    }

    fn is_end_stream(&self) -> bool {
        let sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        match &sending.stage {
            Stage::Open { inner, .. } | Stage::Kept { inner } => {
                sending.rest.is_empty() && inner.is_end_stream()
            }
            Stage::GivenUp => false,
            Stage::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        let sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        match &sending.stage {
            // It is asked for before anything is taken.
            Stage::Open { inner, .. } if sending.rest.is_empty() => inner.size_hint(),
            Stage::Open { .. } | Stage::Kept { .. } | Stage::GivenUp | Stage::Ended => {
                SizeHint::default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::sync::Arc;

    use http_body::{Body as _, Frame, SizeHint};
    use prost::bytes::Bytes;
    use tonic::Status;
    use tonic::body::Body;

    use super::{Held, PART};
    use crate::admission::{Admission, AdmissionLimits, Weight};
    use crate::seats::{MOST_LOOKS, Outgoing as _};

    /// A body of one large piece, which tells that it is there.
    struct Large {
        piece: Option<Bytes>,
        _alive: Arc<()>,
    }

    impl http_body::Body for Large {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<Bytes>, Status>>> {
            std::task::Poll::Ready(self.piece.take().map(|piece| Ok(Frame::data(piece))))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::default()
        }
    }

    fn held(alive: &Arc<()>) -> (Held, Arc<Admission>) {
        let admission = Arc::new(Admission::new(AdmissionLimits::default()));
        let request = http::Request::new(Body::empty());
        let ticket = admission.take_on(Weight::Call, &request).ok().unwrap();
        let body = Body::new(Large {
            piece: Some(Bytes::from(vec![7; 3 * PART + 5])),
            _alive: Arc::clone(alive),
        });
        (Held::new(body, ticket, false, None), admission)
    }

    async fn next(held: &mut Held) -> Option<Frame<Bytes>> {
        let frame = poll_fn(|cx| Pin::new(&mut *held).poll_frame(cx)).await;
        frame.map(|frame| frame.unwrap())
    }

    #[tokio::test]
    async fn a_large_piece_goes_out_in_parts() {
        let alive = Arc::new(());
        let (mut held, _) = held(&alive);
        let mut sizes = Vec::new();
        while let Some(frame) = next(&mut held).await {
            sizes.push(frame.into_data().unwrap().len());
            assert!(!held.sending.look(), "it is taken");
        }
        assert_eq!(sizes, [PART, PART, PART, 5]);
    }

    #[tokio::test]
    async fn what_nobody_takes_is_given_up_with_itsticket() {
        let alive = Arc::new(());
        let (mut held, admission) = held(&alive);
        next(&mut held).await.unwrap();
        for _ in 0..MOST_LOOKS {
            assert!(!held.sending.look());
        }
        let under_way = || admission.calls.load(std::sync::atomic::Ordering::Acquire);
        assert_eq!((Arc::strong_count(&alive), under_way()), (2, 1));
        assert!(held.sending.look() && held.sending.look());
        assert_eq!((Arc::strong_count(&alive), under_way()), (1, 0));
        let trailers = next(&mut held).await.unwrap().into_trailers().unwrap();
        let status = Status::from_header_map(&trailers).unwrap();
        assert_eq!(status.code(), tonic::Code::ResourceExhausted);
        assert!(next(&mut held).await.is_none());
    }
}
