//! The plots of a page of results.

use crate::drive::Outcome;
use crate::results::{Point, Run, StageFigures, Summary};

use super::axis::{Axis, Scale, Unit};
use super::number;
use super::plot::{Plot, Series};

/// Points of a line over percentiles, for each decade.
const POINTS_OF_DECADE: u32 = 40;

/// A count of an interval.
type Count = fn(&Point) -> u64;

/// All of a run.
pub(super) fn of_run(run: &Run) -> String {
    let mut plots = vec![by_percentile(run), by_outcome(run)];
    plots.extend([latency_over_time(run), throughput_over_time(run)]);
    plots.extend([sweep(&run.stages), memory_over_time(run)]);
    plots.iter().map(Plot::html).collect()
}

fn latency(label: &str) -> Axis {
    Axis::new(label, Scale::Log, Unit::Time)
}

fn by_percentile(run: &Run) -> Plot {
    let mut series = vec![("all", run.total.outcomes.get(&Outcome::Ok))];
    if run.kinds.len() > 1 {
        let kinds = run.kinds.iter();
        series
            .extend(kinds.map(|(kind, figures)| (kind.name(), figures.outcomes.get(&Outcome::Ok))));
    }
    Plot {
        title: "Latency by percentile".to_owned(),
        note: "of calls that were answered, by their kind, from when they were to be sent"
            .to_owned(),
        x: Axis::new("share of calls", Scale::Percentile, Unit::Share),
        y: latency("took at most"),
        series: lines(series),
        marks: Vec::new(),
    }
}

/// Nothing, if all calls ended alike.
fn by_outcome(run: &Run) -> Plot {
    let outcomes = &run.total.outcomes;
    let all = Outcome::ALL.map(|outcome| (outcome.name(), outcomes.get(&outcome)));
    let series = if outcomes.len() > 1 {
        lines(all.to_vec())
    } else {
        Vec::new()
    };
    Plot {
        title: "Latency by outcome".to_owned(),
        note: "how long calls took that ended so".to_owned(),
        x: Axis::new("share of calls", Scale::Percentile, Unit::Share),
        y: latency("took at most"),
        series,
        marks: Vec::new(),
    }
}

fn lines(named: Vec<(&str, Option<&Summary>)>) -> Vec<Series> {
    let named = named.into_iter();
    let there = named.filter_map(|(name, summary)| Some((name, summary?)));
    there
        .map(|(name, summary)| percentiles(name, summary))
        .collect()
}

/// As far as there are calls: the last point is that of the slowest one.
fn percentiles(name: &str, summary: &Summary) -> Series {
    let Some(times) = summary.times() else {
        return Series::line(name, Vec::new());
    };
    let last = decimal_logarithm(summary.count);
    let mut points = Vec::new();
    for step in 0..POINTS_OF_DECADE * 7 {
        let left = f64::from(step) / f64::from(POINTS_OF_DECADE);
        let share = 1.0 - 10_f64.powf(-left.min(last));
        points.push((share, Some(times.quantile(share).as_secs_f64())));
        if left >= last {
            break;
        }
    }
    Series::line(name, points)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place in a plot needs no more than 52 bits of a count"
)]
fn decimal_logarithm(count: u64) -> f64 {
    (count.max(1) as f64).log10()
}

/// One value of each interval, at its middle.
fn over_time(run: &Run, name: &str, value: impl Fn(&Point, f64) -> Option<f64>) -> Series {
    let length = run.timeline.interval_seconds;
    let points = run.timeline.points.iter().zip(0_u32..);
    let points = points.map(|(point, number)| {
        let middle = (f64::from(number) + 0.5) * length;
        (middle, value(point, length))
    });
    Series::line(name, points.collect())
}

fn latency_over_time(run: &Run) -> Plot {
    Plot {
        title: "Latency over time".to_owned(),
        note: "of calls that were answered, at the time when they were to be sent".to_owned(),
        x: Axis::new("seconds after the begin", Scale::Linear, Unit::Number),
        y: latency("latency"),
        series: vec![
            over_time(run, "p50", |point, _| point.p50_seconds),
            over_time(run, "p99", |point, _| point.p99_seconds),
            over_time(run, "max", |point, _| point.max_seconds).dashed(),
        ],
        marks: marks(run),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place in a plot needs no more than 52 bits of a count"
)]
fn throughput_over_time(run: &Run) -> Plot {
    let rates: [(&str, Count); 6] = [
        ("offered", |point| point.sent.saturating_add(point.skipped)),
        ("answered", |point| point.ok),
        ("refused", |point| point.refused),
        ("failed or over the deadline", |point| {
            point.error.saturating_add(point.deadline)
        }),
        ("skipped", |point| point.skipped),
        ("sent late", |point| point.late),
    ];
    let mut series = Vec::new();
    for (place, (name, count)) in rates.into_iter().enumerate() {
        // What never happened is not drawn.
        if place < 2 || run.timeline.points.iter().any(|point| count(point) > 0) {
            series.push(over_time(run, name, |point, length| {
                Some(count(point) as f64 / length)
            }));
        }
    }
    Plot {
        title: "Throughput over time".to_owned(),
        note: "what was to be sent, and what ended, in each interval".to_owned(),
        x: Axis::new("seconds after the begin", Scale::Linear, Unit::Number),
        y: Axis::new("calls a second", Scale::Linear, Unit::Number),
        series,
        marks: marks(run),
    }
}

/// Nothing, if there are not several stages to compare.
fn sweep(stages: &[StageFigures]) -> Plot {
    let measured: Vec<_> = stages.iter().filter(|stage| stage.measured).collect();
    let line = |name: &str, of: fn(&Summary) -> f64| {
        let points = measured.iter().map(|stage| {
            let times = stage.figures.outcomes.get(&Outcome::Ok);
            (stage.figures.answered_per_second, times.map(of))
        });
        let names = measured.iter().map(|stage| at_level(stage));
        Series::line(name, points.collect()).marked(names.collect())
    };
    let series = if measured.len() > 1 {
        vec![
            line("p50", |times| times.p50_seconds).named(),
            line("p99", |times| times.p99_seconds),
            line("p99.9", |times| times.p999_seconds),
        ]
    } else {
        Vec::new()
    };
    Plot {
        title: "Throughput against latency".to_owned(),
        note: "one point for each step, joined in their order: a line that turns back is a service that does less when more is asked".to_owned(),
        x: Axis::new("calls answered a second", Scale::Linear, Unit::Number),
        y: latency("latency"),
        series,
        marks: Vec::new(),
    }
}

fn at_level(stage: &StageFigures) -> String {
    let [_, level] = stage.levels;
    format!("at {}", number(level))
}

/// Where stages begin, if there are several.
fn marks(run: &Run) -> Vec<(f64, String)> {
    if run.stages.len() < 2 {
        return Vec::new();
    }
    let stages = run.stages.iter();
    let marks = stages.map(|stage| (stage.begin_seconds, stage.name.clone()));
    marks.collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place in a plot needs no more than 52 bits of a count"
)]
fn memory_over_time(run: &Run) -> Plot {
    let sides = [
        ("load generator", Some(&run.client)),
        ("service", run.service.as_ref()),
    ];
    let sides = sides
        .into_iter()
        .filter_map(|(name, usage)| Some((name, usage?)));
    let series = sides.map(|(name, usage)| {
        let memory = usage.memory_over_time.iter();
        let points = memory.map(|(at, bytes)| (*at, Some(*bytes as f64 / 1_048_576.0)));
        Series::line(name, points.collect())
    });
    Plot {
        title: "Memory over time".to_owned(),
        note: "of the processes on this machine".to_owned(),
        x: Axis::new("seconds after the begin", Scale::Linear, Unit::Number),
        y: Axis::new("memory in RAM, MiB", Scale::Linear, Unit::Number),
        series: series.collect(),
        marks: marks(run),
    }
}
