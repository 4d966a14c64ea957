//! What came of the calls of a run: counts, and times in HDR histograms, by stage, kind and outcome.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use super::timeline::Timeline;
use super::{Ending, Fault, Kind, Outcome};
use crate::LoadError;
use crate::scenario::{Mode, Stage};

/// What is told apart, in nanoseconds: from a tenth of a microsecond to an hour.
const SHORTEST: u64 = 100;
const LONGEST: u64 = 3_600_000_000_000;

/// A call that is sent so much later than intended is late.
pub(crate) const LATE: Duration = Duration::from_millis(5);

/// How many different faults are kept.
const MOST_FAULTS: usize = 20;

/// Where a call belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) stage: usize,
    pub(crate) kind: Kind,
    /// When it was to be sent.
    pub(crate) intended: Instant,
}

/// Times of calls, in nanoseconds.
#[derive(Debug, Clone)]
pub(crate) struct Times(Histogram<u64>);

/// What was counted of one kind in one stage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Calls that were to be sent.
    pub(crate) intended: u64,
    /// Of them those that were sent.
    pub(crate) sent: u64,
    /// Of those that were sent, those that were late.
    pub(crate) late: u64,
    /// Calls that were not sent.
    pub(crate) skipped: u64,
    /// Calls that were answered within the stage, whenever they were sent, and flows of theirs.
    pub(crate) answered_within: u64,
    pub(crate) flows_within: u64,
    /// Flows that were answered with an error of their own.
    pub(crate) flow_errors: u64,
    /// From the moment at which a call was to be sent to its end.
    pub(crate) times: BTreeMap<Outcome, Times>,
}

/// All of a run.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// By stage and kind.
    pub(crate) counts: BTreeMap<(usize, Kind), Counts>,
    /// When each stage ends, after the begin.
    pub(crate) ends: Vec<Duration>,
    pub(crate) timeline: Timeline,
    /// How much later than intended calls were sent.
    pub(crate) lag: Times,
    pub(crate) under_way: u64,
    pub(crate) most_under_way: u64,
    /// The first of those faults that differ in their numbers alone, and how often there was one.
    pub(crate) faults: BTreeMap<String, (Fault, u64)>,
}

/// A record that many tasks write.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    begin: Instant,
    record: Arc<Mutex<Record>>,
}

// === impl Times ===

impl Times {
    pub(crate) fn new() -> Result<Self, LoadError> {
        let times = Histogram::new_with_bounds(SHORTEST, LONGEST, 3);
        times
            .map(Self)
            .map_err(|source| LoadError::Histogram { source })
    }

    pub(crate) fn of(histogram: Histogram<u64>) -> Self {
        Self(histogram)
    }

    pub(crate) fn note(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanoseconds);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Both have the same bounds, so that nothing is outside them.
        let _ = self.0.add(&other.0);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that this share of all took at most.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(share))
    }

    pub(crate) fn longest(&self) -> Duration {
        Duration::from_nanos(self.0.max())
    }

    /// How many took no longer than this.
    pub(crate) fn count_within(&self, time: Duration) -> u64 {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.count_between(0, nanoseconds)
    }

    pub(crate) fn histogram(&self) -> &Histogram<u64> {
        &self.0
    }
}

// === impl Counts ===

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self {
            intended,
            sent,
            late,
            skipped,
            answered_within,
            flows_within,
            flow_errors,
            times,
        } = other;
        self.intended += intended;
        self.sent += sent;
        self.late += late;
        self.skipped += skipped;
        self.answered_within += answered_within;
        self.flows_within += flows_within;
        self.flow_errors += flow_errors;
        for (outcome, times) in times {
            match self.times.get_mut(outcome) {
                Some(own) => own.add(times),
                None => {
                    self.times.insert(*outcome, times.clone());
                }
            }
        }
    }

    pub(crate) fn ended(&self, outcome: Outcome) -> u64 {
        self.times.get(&outcome).map_or(0, Times::count)
    }
}

// === impl Record ===

impl Record {
    pub(crate) fn new(stages: &[Stage], mode: Mode) -> Result<Self, LoadError> {
        let lasts: Duration = stages.iter().map(|stage| stage.lasts).sum();
        let ends = stages.iter().scan(Duration::ZERO, |end, stage| {
            *end += stage.lasts;
            // A closed loop knows the end of a stage when it is there.
            Some(match mode {
                Mode::Open => *end,
                Mode::Closed => Duration::MAX,
            })
        });
        Ok(Self {
            counts: BTreeMap::new(),
            ends: ends.collect(),
            timeline: Timeline::new(lasts),
            lag: Times::new()?,
            under_way: 0,
            most_under_way: 0,
            faults: BTreeMap::new(),
        })
    }

    fn counts(&mut self, stage: usize, kind: Kind) -> &mut Counts {
        self.counts.entry((stage, kind)).or_default()
    }

    fn skipped(&mut self, place: Place, at: Duration) {
        let counts = self.counts(place.stage, place.kind);
        counts.intended += 1;
        counts.skipped += 1;
        self.timeline.slot(at).skipped += 1;
    }

    pub(crate) fn sent(&mut self, place: Place, at: Duration, lag: Duration) {
        let late = u64::from(lag > LATE);
        let counts = self.counts(place.stage, place.kind);
        counts.intended += 1;
        counts.sent += 1;
        counts.late += late;
        let slot = self.timeline.slot(at);
        slot.sent += 1;
        slot.late += late;
        self.lag.note(lag);
        self.under_way += 1;
        self.most_under_way = self.most_under_way.max(self.under_way);
    }

    pub(crate) fn ended(&mut self, place: Place, ending: Ending, [at, end]: [Duration; 2]) {
        let took = end.saturating_sub(at);
        self.under_way = self.under_way.saturating_sub(1);
        let Ending {
            outcome,
            flows,
            flow_errors,
            fault,
        } = ending;
        let counts = self.counts(place.stage, place.kind);
        counts.flow_errors += flow_errors;
        let times = match counts.times.get_mut(&outcome) {
            Some(times) => Some(times),
            None => Times::new()
                .ok()
                .map(|new| counts.times.entry(outcome).or_insert(new)),
        };
        if let Some(times) = times {
            times.note(took);
        }
        let within = self.ends.partition_point(|stage| *stage <= end);
        if outcome == Outcome::Ok {
            if within < self.ends.len() {
                let counts = self.counts(within, place.kind);
                counts.answered_within += 1;
                counts.flows_within += flows;
            }
            self.timeline.slot(at).note(took);
            self.timeline.slot(end).flows += flows;
        }
        self.timeline.slot(end).ended(outcome);
        if let Some(fault) = fault {
            self.note_fault(fault);
        }
    }

    fn note_fault(&mut self, fault: Fault) {
        let key =
            format!("{}{}", fault.code, fault.message).replace(|of: char| of.is_ascii_digit(), "");
        if self.faults.len() < MOST_FAULTS || self.faults.contains_key(&key) {
            let (_, count) = self.faults.entry(key).or_insert((fault, 0));
            *count += 1;
        }
    }
}

// === impl Recorder ===

impl Recorder {
    /// Begins now.
    pub(crate) fn start(record: Record) -> Self {
        Self {
            begin: Instant::now(),
            record: Arc::new(Mutex::new(record)),
        }
    }

    pub(crate) fn begin(&self) -> Instant {
        self.begin
    }

    /// Nothing panics while it holds the record; if something did, what was noted is still told.
    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn after(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.begin)
    }

    pub(crate) fn skipped(&self, place: Place) {
        let at = self.after(place.intended);
        self.lock().skipped(place, at);
    }

    pub(crate) fn sent(&self, place: Place, sent: Instant) {
        let lag = sent.saturating_duration_since(place.intended);
        let at = self.after(place.intended);
        self.lock().sent(place, at, lag);
    }

    pub(crate) fn ended(&self, place: Place, ending: Ending, end: Instant) {
        let moments = [self.after(place.intended), self.after(end)];
        self.lock().ended(place, ending, moments);
    }

    /// Notes that a stage of a closed loop is over.
    pub(crate) fn end_stage(&self, stage: usize, end: Instant) {
        let end = self.after(end);
        if let Some(of_stage) = self.lock().ends.get_mut(stage) {
            *of_stage = end;
        }
    }

    /// Reads of it what is wanted.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&Record) -> R) -> R {
        read(&self.lock())
    }
}
