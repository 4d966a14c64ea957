//! The door that batches pass: so many at once, and others wait a moment if it is likely that they get in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::status::Refused;

/// How much of what was known the newest one changes: an eighth.
const WEIGHT: u64 = 8;

/// A door with so many places behind it. It stands among the extensions of a request for a batch.
#[derive(Debug)]
pub(crate) struct Door {
    places: Arc<Semaphore>,
    count: usize,
    wait: Duration,
    waiting: AtomicUsize,
    /// How long one stayed, on average, in microseconds.
    stay: AtomicU64,
}

/// A place behind the door, until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    door: Arc<Door>,
    begun: Instant,
    _place: Option<OwnedSemaphorePermit>,
}

/// There is no place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// How many there are.
    maximum: usize,
    /// When there may be one.
    after: Duration,
}

/// Somebody who waits, until it is dropped.
struct Waiting<'a>(&'a Door);

// === impl Door ===

impl Door {
    pub(super) fn new(count: usize, wait: Duration) -> Self {
        let count = count.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(count)),
            count,
            wait,
            waiting: AtomicUsize::new(0),
            stay: AtomicU64::new(0),
        }
    }

    /// Whether it is likely that one gets in who comes now.
    pub(super) fn look(&self) -> Result<(), Full> {
        if self.places.available_permits() > 0 {
            return Ok(());
        }
        self.hope(self.waiting.load(Ordering::Acquire))
    }

    fn hope(&self, before: usize) -> Result<(), Full> {
        let expected = self.expected(before.saturating_add(1));
        if expected > self.wait {
            return Err(self.full(expected));
        }
        Ok(())
    }

    /// Gets in at once, or after a moment. Who is not likely to get in within the time that is allowed is not let wait.
    pub(crate) async fn enter(self: &Arc<Self>) -> Result<Pass, Full> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(self.pass(Some(place)));
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(self);
        self.hope(before)?;
        match timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await {
            // The semaphore is never closed; without a place the work would still be right.
            Ok(place) => Ok(self.pass(place.ok())),
            Err(_elapsed) => Err(self.full(self.wait)),
        }
    }

    fn full(&self, after: Duration) -> Full {
        Full {
            maximum: self.count,
            after,
        }
    }

    /// How long the one at this place of the queue waits, as far as can be told.
    fn expected(&self, place: usize) -> Duration {
        let stay = Duration::from_micros(self.stay.load(Ordering::Relaxed));
        let [place, count] =
            [place, self.count].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        stay.saturating_mul(place) / count.max(1)
    }

    fn pass(self: &Arc<Self>, place: Option<OwnedSemaphorePermit>) -> Pass {
        Pass {
            door: Arc::clone(self),
            begun: Instant::now(),
            _place: place,
        }
    }

    fn note(&self, stay: Duration) {
        let newest = u64::try_from(stay.as_micros()).unwrap_or(u64::MAX);
        let before = self.stay.load(Ordering::Relaxed);
        // Two who leave at once may forget one of them, which does no harm.
        let after = before - before / WEIGHT + newest / WEIGHT;
        self.stay.store(after, Ordering::Relaxed);
    }
}

impl From<Full> for Refused {
    fn from(Full { maximum, after }: Full) -> Self {
        Self::Batches { maximum, after }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.door.note(self.begun.elapsed());
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Door, Full};

    const LONG: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn who_leaves_lets_the_next_one_in() {
        let door = Arc::new(Door::new(2, LONG));
        let (first, _second) = (door.enter().await.unwrap(), door.enter().await.unwrap());
        let third = tokio::spawn({
            let door = Arc::clone(&door);
            async move { door.enter().await }
        });
        while door.waiting.load(std::sync::atomic::Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        drop(first);
        assert!(third.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_leaves_no_trace() {
        let door = Arc::new(Door::new(1, LONG));
        let first = door.enter().await.unwrap();
        let mut second = Box::pin(door.enter());
        assert!(futures::poll!(&mut second).is_pending());
        drop(second);
        assert_eq!(door.waiting.load(std::sync::atomic::Ordering::Relaxed), 0);
        drop(first);
        assert!(door.enter().await.is_ok());
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_refused_at_once() {
        let door = Arc::new(Door::new(2, Duration::from_millis(20)));
        for _ in 0..1_000 {
            door.note(Duration::from_millis(100));
        }
        let _inside = (door.enter().await.unwrap(), door.enter().await.unwrap());
        let Err(Full { maximum, after }) = door.enter().await else {
            panic!("it was let in");
        };
        // Half of what one of two stays.
        assert_eq!(door.look(), Err(Full { maximum, after }));
        assert!(
            after > Duration::from_millis(45) && after <= Duration::from_millis(50),
            "{after:?}"
        );
    }
}
