//! Hedging: a read that takes long is asked a second time, and the first answer counts (decision 0037).
//!
//! It adds no load to a service that refuses: after a refusal a call is hedged no more, and the client hedges none until ten calls were answered; and in the
//! long run it makes at most one attempt more for ten calls.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::timeout;

use crate::ClientError;

/// What another attempt takes from the budget; each call that is answered gives 1.
const PRICE: u32 = 10;
/// The most that is saved up: ten attempts at once.
const MOST_SAVED: u32 = 10 * PRICE;

/// When reads are hedged: the same question is asked again while the answer to the first is out, the first answer is taken, and the other attempts are cancelled. Writes
/// never are, nor is what is streamed. Nothing is hedged unless a client is given one of these ([`ClientBuilder::hedge`](crate::ClientBuilder::hedge)).
///
/// Take a delay that few calls reach, as the 95th percentile of what they take.
///
/// ```
/// use std::time::Duration;
/// use causeway_client::{Client, Hedge};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), causeway_client::ClientError> {
/// let hedge = Hedge::after(Duration::from_millis(50)).at_most(2);
/// let client = Client::builder().hedge(hedge).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hedge {
    delay: Duration,
    most: u32,
}

/// What all calls of a client have in common that are hedged.
#[derive(Debug)]
pub(crate) struct Hedging {
    hedge: Hedge,
    budget: Budget,
}

/// What hedging may add to the load.
#[derive(Debug)]
struct Budget(AtomicU32);

// === impl Hedge ===

impl Hedge {
    /// Another attempt when there is no answer after this delay; one, unless [`Hedge::at_most`] says more.
    #[must_use]
    pub fn after(delay: Duration) -> Self {
        Self { delay, most: 1 }
    }

    /// How many attempts a call may have beside its first one, each a delay after the one before.
    #[must_use]
    pub fn at_most(self, attempts: u32) -> Self {
        Self {
            most: attempts,
            ..self
        }
    }
}

// === impl Hedging ===

impl Hedging {
    pub(crate) fn new(hedge: Hedge) -> Self {
        Self {
            hedge,
            budget: Budget(AtomicU32::new(MOST_SAVED)),
        }
    }

    /// The first answer of several attempts; the others are dropped, and so cancelled. A failure that is final is an answer too; another one is told when no
    /// attempt is left that might do better.
    pub(crate) async fn first<A, W>(
        &self,
        mut begin: impl FnMut() -> W,
        is_final: impl Fn(&ClientError) -> bool,
    ) -> Result<A, ClientError>
    where
        W: Future<Output = Result<A, ClientError>>,
    {
        let mut attempts = FuturesUnordered::from_iter([begin()]);
        let mut left = self.hedge.most;
        loop {
            let next = attempts.select_next_some();
            let ended = if left == 0 {
                next.await
            } else if let Ok(ended) = timeout(self.hedge.delay, next).await {
                ended
            } else if self.budget.take() {
                left -= 1;
                attempts.push(begin());
                continue;
            } else {
                left = 0;
                continue;
            };
            match ended {
                Err(failure) if !is_final(&failure) => {
                    left = 0;
                    self.budget.empty();
                    if attempts.is_empty() {
                        return Err(failure);
                    }
                }
                answer => {
                    self.budget.earn();
                    return answer;
                }
            }
        }
    }
}

// === impl Budget ===

impl Budget {
    /// Pays for an attempt; false if there is not enough.
    fn take(&self) -> bool {
        let pay = |saved: u32| saved.checked_sub(PRICE);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay)
            .is_ok()
    }

    fn earn(&self) {
        let save = |saved: u32| (saved < MOST_SAVED).then_some(saved + 1);
        let _full: Result<u32, u32> =
            self.0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, save);
    }

    fn empty(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
