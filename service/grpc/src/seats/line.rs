//! One connection, as those see it who are not within it: whether it has calls in hand, and that it is to be closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use futures::task::AtomicWaker;

use super::unread::Unread;

/// A connection.
#[derive(Debug)]
pub(crate) struct Line {
    /// What times are counted from.
    begun: Instant,
    calls: AtomicUsize,
    has_called: AtomicBool,
    /// Since when there is no call, in milliseconds.
    idle_since: AtomicU64,
    is_closing: AtomicBool,
    waker: AtomicWaker,
    unread: Arc<Unread>,
}

/// A call that its connection has in hand, until it is dropped.
#[derive(Debug)]
pub(crate) struct Busy {
    line: Arc<Line>,
}

// === impl Line ===

impl Line {
    pub(super) fn new(begun: Instant) -> Self {
        let line = Self {
            begun,
            calls: AtomicUsize::new(0),
            has_called: AtomicBool::new(false),
            idle_since: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            unread: Arc::default(),
        };
        line.idle_since.store(line.now(), Ordering::Relaxed);
        line
    }

    /// A call begins.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.calls.fetch_add(1, Ordering::AcqRel);
        self.has_called.store(true, Ordering::Relaxed);
        Busy {
            line: Arc::clone(self),
        }
    }

    /// What it is ordered by among those that have no call in hand: the first are missed least. None if it has one.
    pub(super) fn idle(&self) -> Option<(bool, u64)> {
        let is_idle = self.calls.load(Ordering::Acquire) == 0;
        is_idle.then(|| {
            (
                self.has_called.load(Ordering::Relaxed),
                self.idle_since.load(Ordering::Relaxed),
            )
        })
    }

    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Waits until the connection is to be closed. One task can wait.
    pub(crate) fn poll_closing(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        if self.is_closing.load(Ordering::Acquire) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// The answers that it has to send.
    pub(crate) fn unread(&self) -> &Arc<Unread> {
        &self.unread
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.line
            .idle_since
            .store(self.line.now(), Ordering::Relaxed);
        self.line.calls.fetch_sub(1, Ordering::AcqRel);
    }
}
