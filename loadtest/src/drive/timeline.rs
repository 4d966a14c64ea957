//! What happened when: a run in slots of equal length. What was sent and how long it took counts in the slot in which it was to be sent, what ended in
//! the slot of its end.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::Outcome;

/// How many slots a run has at most, about.
const MOST_SLOTS: f64 = 100.0;

/// No run is so long: what would be behind it is in the last slot.
const MOST_KEPT: usize = 100_000;

/// The lengths that a slot may have, in milliseconds, shortest first.
const LENGTHS: [u64; 11] = [
    100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 600_000, 3_600_000,
];

/// What is told apart in a slot: a hundredth of the time.
const BOUNDS: (u64, u64, u8) = (1_000, 3_600_000_000_000, 2);

/// A part of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    pub(crate) sent: u64,
    pub(crate) late: u64,
    pub(crate) skipped: u64,
    pub(crate) ok: u64,
    pub(crate) refused: u64,
    pub(crate) error: u64,
    pub(crate) deadline: u64,
    pub(crate) flows: u64,
    /// Of those that were answered, in nanoseconds. A slot without one takes no memory for it.
    pub(crate) times: Option<Histogram<u64>>,
}

/// All parts of a run.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    pub(crate) length: Duration,
    pub(crate) slots: Vec<Slot>,
    /// What there is no slot for; nothing, since slots are made when they are asked for.
    beyond: Slot,
}

impl Timeline {
    /// For a run of about this length.
    pub(crate) fn new(lasts: Duration) -> Self {
        let lengths = LENGTHS.map(Duration::from_millis);
        let fits = |length: &&Duration| lasts.as_secs_f64() / length.as_secs_f64() <= MOST_SLOTS;
        let length = lengths.iter().find(fits);
        Self {
            length: length.copied().unwrap_or(Duration::from_secs(3_600)),
            slots: Vec::new(),
            beyond: Slot::default(),
        }
    }

    /// The slot of a moment after the begin.
    pub(crate) fn slot(&mut self, at: Duration) -> &mut Slot {
        let number = at.as_nanos() / self.length.as_nanos().max(1);
        let number = usize::try_from(number).unwrap_or(0).min(MOST_KEPT);
        if self.slots.len() <= number {
            self.slots.resize_with(number + 1, Slot::default);
        }
        match self.slots.get_mut(number) {
            Some(slot) => slot,
            None => &mut self.beyond,
        }
    }
}

impl Slot {
    pub(super) fn note(&mut self, took: Duration) {
        let (low, high, digits) = BOUNDS;
        if self.times.is_none() {
            self.times = Histogram::new_with_bounds(low, high, digits).ok();
        }
        if let Some(times) = &mut self.times {
            times.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
    }

    pub(super) fn ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Error => self.error += 1,
            Outcome::Deadline => self.deadline += 1,
        }
    }

    /// Seconds that this share of those answered took at most.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let times = self.times.as_ref()?;
        Some(Duration::from_nanos(times.value_at_quantile(share)).as_secs_f64())
    }
}
