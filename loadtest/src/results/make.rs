//! Figures out of what was recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{FaultFigures, Figures, Point, Run, StageFigures, Summary, TimelineFigures, Usage};
use crate::drive::{Counts, Kind, Record, Slot, Timeline};
use crate::metrics::Cache;
use crate::scenario::Stage;

/// What was measured beside the calls.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) interrupted: bool,
    pub(crate) client: Usage,
    pub(crate) service: Option<Usage>,
    pub(crate) cache: Option<Cache>,
    pub(crate) watch_events: u64,
}

impl Run {
    /// A run that is over.
    pub(crate) fn of(stages: &[Stage], record: &Record, measured: Measured) -> Self {
        let mut begin = Duration::ZERO;
        let mut lengths = Vec::new();
        for (place, stage) in stages.iter().enumerate() {
            let end = record.ends.get(place).copied();
            // A stage of a closed loop that was never ended lasts as long as it was meant to.
            let end = end.filter(|end| *end != Duration::MAX);
            let end = end.unwrap_or(begin + stage.lasts);
            lengths.push((begin, end.saturating_sub(begin)));
            begin = end;
        }
        let of = |wanted: &dyn Fn(usize, Kind) -> bool| {
            let mut all = Counts::default();
            for ((stage, kind), counts) in &record.counts {
                if wanted(*stage, *kind) {
                    all.add(counts);
                }
            }
            all
        };
        let is_measured = |place: usize| stages.get(place).is_some_and(|stage| stage.measured);
        let counting = lengths
            .iter()
            .enumerate()
            .filter(|(at, _)| is_measured(*at));
        let seconds: f64 = counting.map(|(_, (_, length))| length.as_secs_f64()).sum();
        let kinds = Kind::ALL.map(|kind| (kind, of(&|at, own| is_measured(at) && own == kind)));
        let stages = stages.iter().zip(lengths).enumerate();
        let stages = stages.map(|(place, (stage, (begin, length)))| StageFigures {
            name: stage.name.clone(),
            levels: stage.levels,
            measured: stage.measured,
            begin_seconds: begin.as_secs_f64(),
            figures: Figures::of(&of(&|at, _| at == place), length.as_secs_f64()),
        });
        Self {
            interrupted: measured.interrupted,
            total: Figures::of(&of(&|at, _| is_measured(at)), seconds),
            kinds: kinds
                .iter()
                .filter(|(_, counts)| counts.intended > 0)
                .map(|(kind, counts)| (*kind, Figures::of(counts, seconds)))
                .collect(),
            stages: stages.collect(),
            send_lag: Summary::of(&record.lag),
            most_under_way: record.most_under_way,
            timeline: TimelineFigures::of(&record.timeline),
            client: measured.client,
            service: measured.service,
            cache: measured.cache,
            watch_events: measured.watch_events,
            faults: faults(record),
        }
    }
}

fn faults(record: &Record) -> Vec<FaultFigures> {
    let faults = record.faults.values();
    let faults = faults.map(|(fault, count)| FaultFigures {
        code: fault.code.clone(),
        message: fault.message.clone(),
        count: *count,
    });
    faults.collect()
}

impl Figures {
    pub(crate) fn of(counts: &Counts, seconds: f64) -> Self {
        let outcomes = counts.times.iter();
        let outcomes: BTreeMap<_, _> = outcomes
            .map(|(outcome, times)| (*outcome, Summary::of(times)))
            .collect();
        Self {
            seconds,
            intended: counts.intended,
            sent: counts.sent,
            late: counts.late,
            skipped: counts.skipped,
            offered_per_second: a_second(counts.intended, seconds),
            answered_per_second: a_second(counts.answered_within, seconds),
            flows_per_second: a_second(counts.flows_within, seconds),
            flow_errors: counts.flow_errors,
            outcomes,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate for people to read needs no more than 52 bits of a count"
)]
fn a_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds.max(1e-9)
}

impl TimelineFigures {
    fn of(timeline: &Timeline) -> Self {
        Self {
            interval_seconds: timeline.length.as_secs_f64(),
            points: timeline.slots.iter().map(Point::of).collect(),
        }
    }
}

impl Point {
    fn of(slot: &Slot) -> Self {
        Self {
            sent: slot.sent,
            late: slot.late,
            skipped: slot.skipped,
            ok: slot.ok,
            refused: slot.refused,
            error: slot.error,
            deadline: slot.deadline,
            flows: slot.flows,
            p50_seconds: slot.quantile(0.5),
            p99_seconds: slot.quantile(0.99),
            max_seconds: slot.quantile(1.0),
        }
    }
}

/// The share of a machine that a process had.
pub(crate) fn cpu_share(computed: Duration, lasted: Duration, cores: usize) -> f64 {
    let cores = u32::try_from(cores).unwrap_or(u32::MAX).max(1);
    computed.as_secs_f64() / (lasted.as_secs_f64().max(1e-9) * f64::from(cores))
}
