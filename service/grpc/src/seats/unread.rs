//! Answers that nobody takes: the connection that they are for gives them up.
//!
//! HTTP/2 lets a client take nothing of one answer and go on with others. What it does not take stays in memory, and counts as a call in hand, so that it
//! has to end. The stream itself cannot be ended from here; if there are many such, the connection is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Answers of one connection that were given up, and are still there: with more it is closed.
const MOST_GIVEN_UP: usize = 16;

/// Looks in a row that find nothing taken, after which an answer is given up.
pub(crate) const MOST_LOOKS: u8 = 4;

/// An answer that is on its way.
pub(crate) trait Outgoing: Send + Sync {
    /// Looks whether something was taken since it was looked last; tells whether the answer is given up.
    fn look(&self) -> bool;
}

/// The answers that a connection has to send.
#[derive(Default)]
pub(crate) struct Unread {
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    by_number: BTreeMap<u64, Weak<dyn Outgoing>>,
    next: u64,
}

/// One of them, until it is dropped.
pub(crate) struct Entry {
    unread: Arc<Unread>,
    number: u64,
}

// === impl Unread ===

impl Unread {
    pub(crate) fn add(self: &Arc<Self>, answer: Weak<dyn Outgoing>) -> Entry {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let number = answers.next;
        answers.next += 1;
        answers.by_number.insert(number, answer);
        Entry {
            unread: Arc::clone(self),
            number,
        }
    }

    /// Looks at each of them, and tells whether the connection may go on.
    pub(crate) fn look(&self) -> bool {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let there: Vec<Weak<dyn Outgoing>> = answers.by_number.values().cloned().collect();
        // What is given up is dropped, and who is dropped may come by here.
        drop(answers);
        let there = there.iter().filter_map(Weak::upgrade);
        there.filter(|answer| answer.look()).count() <= MOST_GIVEN_UP
    }
}

impl std::fmt::Debug for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unread").finish_non_exhaustive()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut answers = self
            .unread
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        answers.by_number.remove(&self.number);
    }
}
