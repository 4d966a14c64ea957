//! The closed loop: so many callers, each of which asks when it has the answer to its call before. A service that is slow is asked less, and the latency
//! says nothing of the calls that were not made meanwhile: it tells what a service can do at most, not what callers would see.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::Target;
use super::record::{Place, Recorder};
use crate::LoadError;
use crate::scenario::Stage;

/// What the callers of a stage share.
struct Callers<T> {
    target: Arc<T>,
    /// The number of the next call.
    next: Arc<AtomicU64>,
    recorder: Recorder,
    stop: Arc<AtomicBool>,
}

/// Runs one stage after the other. A stage ends when the last of its calls has ended.
///
/// # Errors
/// [`LoadError::Interrupted`] if the task of a caller broke off.
pub(crate) async fn closed<T: Target>(
    target: &Arc<T>,
    stages: &[Stage],
    recorder: &Recorder,
    stop: &Arc<AtomicBool>,
) -> Result<(), LoadError> {
    let next = Arc::new(AtomicU64::new(0));
    for (place, stage) in stages.iter().enumerate() {
        let begin = Instant::now();
        let mut callers = JoinSet::new();
        for number in 0_u32.. {
            let Some(shares) = stage.above(number.into()) else {
                break;
            };
            let [first, last] = shares.map(|share| begin + stage.lasts.mul_f64(share));
            let callers_of_stage = Callers {
                target: Arc::clone(target),
                next: Arc::clone(&next),
                recorder: recorder.clone(),
                stop: Arc::clone(stop),
            };
            callers.spawn(callers_of_stage.call(place, first, last));
        }
        // A pause is a stage without callers.
        sleep_until(begin + stage.lasts).await;
        while let Some(ended) = callers.join_next().await {
            ended.map_err(|source| LoadError::Interrupted { source })?;
        }
        recorder.end_stage(place, Instant::now());
    }
    Ok(())
}

impl<T: Target> Callers<T> {
    /// One caller, from one moment to another.
    async fn call(self, stage: usize, first: Instant, last: Instant) {
        sleep_until(first).await;
        while Instant::now() < last && !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let question = self.target.prepare(number);
            let kind = T::kind(&question);
            let intended = Instant::now();
            let place = Place {
                stage,
                kind,
                intended,
            };
            self.recorder.sent(place, intended);
            let ending = self.target.ask(question).await;
            self.recorder.ended(place, ending, Instant::now());
        }
    }
}
