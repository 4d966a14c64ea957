//! The door that batches pass: so many at once, and others wait a moment if it is likely that they get in.
//!
//! Large batches have half of the places at most, so that small ones are not refused behind them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::refusals::Refusals;
use crate::status::Refused;

/// How much of what was known the newest one changes: an eighth.
const WEIGHT: u64 = 8;

/// Flows past which a batch is large: to compute them takes longer than others may wait.
pub(crate) const LARGE: usize = 10_000;

/// A door with so many places behind it. It stands among the extensions of a request for a batch.
#[derive(Debug)]
pub(crate) struct Door {
    all: Arc<Lane>,
    /// Those of all places that large batches may have.
    large: Arc<Lane>,
    wait: Duration,
    refusals: Arc<Refusals>,
}

/// Places, and how long those stay who have one.
#[derive(Debug)]
struct Lane {
    places: Arc<Semaphore>,
    count: usize,
    waiting: AtomicUsize,
    /// How long one stayed, on average, in microseconds. Large batches count among themselves alone.
    stay: AtomicU64,
}

/// A place behind the door, until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    lane: Arc<Lane>,
    begun: Instant,
    _places: [Option<OwnedSemaphorePermit>; 2],
}

/// There is no place.
#[derive(Debug, PartialEq, Eq)]
struct Full {
    /// How many there are.
    maximum: usize,
    /// When there may be one.
    after: Duration,
}

/// Somebody who waits, until it is dropped.
struct Waiting<'a>(&'a Lane);

// === impl Door ===

impl Door {
    pub(super) fn new(count: usize, wait: Duration, refusals: Arc<Refusals>) -> Self {
        let count = count.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Lane::new(count)),
            large: Arc::new(Lane::new(count.div_ceil(2))),
            wait,
            refusals,
        }
    }

    /// Batches that are inside.
    pub(super) fn inside(&self) -> usize {
        let free = self.all.places.available_permits();
        self.all.count.saturating_sub(free)
    }

    /// Whether it is likely that one gets in who comes now, and of which nothing is known yet.
    pub(super) fn look(&self) -> Result<(), Refused> {
        if self.all.places.available_permits() > 0 {
            return Ok(());
        }
        let before = self.all.waiting.load(Ordering::Acquire);
        self.all.hope(before, self.wait).map_err(small)
    }

    /// Gets a batch of so many flows in, at once or after a moment. Who is not likely to get in within the time that is allowed is not let wait.
    pub(crate) async fn enter(&self, flows: usize) -> Result<Pass, Refused> {
        let entered = self.pass(flows > LARGE).await;
        entered.inspect_err(|why| self.refusals.count(*why))
    }

    async fn pass(&self, is_large: bool) -> Result<Pass, Refused> {
        let until = Instant::now() + self.wait;
        if !is_large {
            let place = self.all.place(self.wait, until).await.map_err(small)?;
            return Ok(self.all.pass([None, place]));
        }
        let one_of_large = self.large.place(self.wait, until).await.map_err(large)?;
        let place = self.all.place(self.wait, until).await.map_err(small)?;
        // They are given back in this order: whoever gets the one of the large ones finds that the other is free too.
        Ok(self.large.pass([place, one_of_large]))
    }
}

fn small(Full { maximum, after }: Full) -> Refused {
    Refused::Batches { maximum, after }
}

fn large(Full { maximum, after }: Full) -> Refused {
    Refused::LargeBatches { maximum, after }
}

// === impl Lane ===

impl Lane {
    fn new(count: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(count)),
            count,
            waiting: AtomicUsize::new(0),
            stay: AtomicU64::new(0),
        }
    }

    /// Whether one gets in who waits for no longer than this, behind so many others.
    fn hope(&self, before: usize, wait: Duration) -> Result<(), Full> {
        let expected = self.expected(before.saturating_add(1));
        if expected > wait {
            return Err(self.full(expected));
        }
        Ok(())
    }

    async fn place(
        &self,
        wait: Duration,
        until: Instant,
    ) -> Result<Option<OwnedSemaphorePermit>, Full> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Some(place));
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(self);
        self.hope(before, wait)?;
        match timeout_at(until, Arc::clone(&self.places).acquire_owned()).await {
            // The semaphore is never closed; without a place the work would still be right.
            Ok(place) => Ok(place.ok()),
            Err(_elapsed) => Err(self.full(wait)),
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

    fn pass(self: &Arc<Self>, places: [Option<OwnedSemaphorePermit>; 2]) -> Pass {
        Pass {
            lane: Arc::clone(self),
            begun: Instant::now(),
            _places: places,
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

impl Drop for Pass {
    fn drop(&mut self) {
        self.lane.note(self.begun.elapsed());
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
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::{Door, LARGE};
    use crate::status::Refused;

    const LONG: Duration = Duration::from_secs(3_600);

    fn door(count: usize, wait: Duration) -> Arc<Door> {
        Arc::new(Door::new(count, wait, Arc::default()))
    }

    #[tokio::test]
    async fn who_leaves_lets_the_next_one_in() {
        let door = door(2, LONG);
        let (first, _second) = (door.enter(1).await.unwrap(), door.enter(1).await.unwrap());
        let third = tokio::spawn({
            let door = Arc::clone(&door);
            async move { door.enter(1).await }
        });
        while door.all.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        drop(first);
        assert!(third.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_leaves_no_trace() {
        let door = door(1, LONG);
        for flows in [1, LARGE + 1] {
            let first = door.enter(1).await.unwrap();
            let mut second = Box::pin(door.enter(flows));
            assert!(futures::poll!(&mut second).is_pending());
            drop(second);
            assert_eq!(door.all.waiting.load(Ordering::Relaxed), 0);
            drop(first);
            assert!(door.enter(flows).await.is_ok());
            assert_eq!(door.inside(), 0);
            assert_eq!(door.large.places.available_permits(), 1);
        }
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_refused_at_once() {
        let door = door(2, Duration::from_millis(20));
        for _ in 0..1_000 {
            door.all.note(Duration::from_millis(100));
        }
        let _inside = (door.enter(1).await.unwrap(), door.enter(1).await.unwrap());
        let refused = door.enter(1).await.unwrap_err();
        let Refused::Batches { maximum: 2, after } = refused else {
            panic!("{refused:?}");
        };
        // Half of what one of two stays.
        assert_eq!(door.look(), Err(refused));
        assert!(
            after > Duration::from_millis(45) && after <= Duration::from_millis(50),
            "{after:?}"
        );
    }

    #[tokio::test]
    async fn large_ones_have_half_of_the_places_and_count_among_themselves() {
        let door = door(4, Duration::ZERO);
        let large = [door.enter(LARGE + 1).await, door.enter(LARGE + 1).await];
        let refused = door.enter(LARGE + 1).await.unwrap_err();
        assert!(matches!(refused, Refused::LargeBatches { maximum: 2, .. }));
        let small = [door.enter(LARGE).await, door.enter(1).await];
        assert!(small.iter().all(Result::is_ok));
        drop(large);
        assert_eq!(door.all.stay.load(Ordering::Relaxed), 0);
    }
}
