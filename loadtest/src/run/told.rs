//! What a run tells on standard output.

use crate::drive::Outcome;
use crate::results::{Figures, Run, Summary, Usage};

/// A share of sends that came late from which on the load generator's own figures are in doubt.
const TOO_LATE: f64 = 0.01;

/// A share of the machine from which on the load generator is likely to be what is slow.
const TOO_BUSY: f64 = 0.7;

/// The run in some lines.
pub(super) fn lines(run: &Run) -> Vec<String> {
    let mut lines = vec![line("total", &run.total)];
    if run.kinds.len() > 1 {
        let kinds = run.kinds.iter();
        lines.extend(kinds.map(|(kind, figures)| line(kind.name(), figures)));
    }
    if run.stages.len() > 1 {
        lines.extend(run.stages.iter().map(|stage| {
            let [from, to] = stage.levels;
            let level = if from.to_bits() == to.to_bits() {
                format!("{} at {from}", stage.name)
            } else {
                format!("{} {from} to {to}", stage.name)
            };
            line(&level, &stage.figures)
        }));
    }
    lines.push(outcomes(&run.total));
    let lag = &run.send_lag;
    lines.push(format!(
        "generator: {}; sends later than intended p50 {} p99 {} max {} ms; at most {} calls under way",
        usage(&run.client),
        milliseconds(lag.p50_seconds),
        milliseconds(lag.p99_seconds),
        milliseconds(lag.max_seconds),
        run.most_under_way
    ));
    if let Some(service) = &run.service {
        lines.push(format!("service:   {}", usage(service)));
    }
    if let Some(cache) = &run.cache {
        lines.push(format!(
            "cache:     {:.1}% of {:.0} answers were there",
            cache.hit_ratio * 100.0,
            cache.hits + cache.carried + cache.misses
        ));
    }
    lines.extend(run.faults.iter().map(|fault| {
        format!(
            "fault:     {} times {}: {}",
            fault.count, fault.code, fault.message
        )
    }));
    lines.extend(
        doubts(run)
            .into_iter()
            .map(|doubt| format!("doubt:     {doubt}")),
    );
    lines
}

/// Why the figures may be those of the load generator.
pub(crate) fn doubts(run: &Run) -> Vec<String> {
    let mut doubts = Vec::new();
    let share = share(run.total.late, run.total.sent);
    if share > TOO_LATE {
        doubts.push(format!(
            "{:.1}% of the calls were sent more than 5 ms late: the load generator or its machine was too slow, and the latency has that in it",
            share * 100.0
        ));
    }
    if let Some(busy) = run.client.cpu_share
        && busy > TOO_BUSY
    {
        doubts.push(format!(
            "the load generator had {:.0}% of its machine: it may be what is slow",
            busy * 100.0
        ));
    }
    if run.interrupted {
        doubts.push("the run was ended before its time".to_owned());
    }
    doubts
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share for people to read needs no more than 52 bits of a count"
)]
fn share(part: u64, all: u64) -> f64 {
    part as f64 / (all.max(1)) as f64
}

fn line(name: &str, figures: &Figures) -> String {
    let times = figures.outcomes.get(&Outcome::Ok);
    let times = times.map_or_else(|| "nothing answered".to_owned(), quantiles);
    format!(
        "{name:<16} {:>9.1} offered/s {:>9.1} answered/s {:>11.0} flows/s  {times}",
        figures.offered_per_second, figures.answered_per_second, figures.flows_per_second
    )
}

fn quantiles(times: &Summary) -> String {
    format!(
        "p50 {} p99 {} p99.9 {} max {} ms",
        milliseconds(times.p50_seconds),
        milliseconds(times.p99_seconds),
        milliseconds(times.p999_seconds),
        milliseconds(times.max_seconds)
    )
}

fn outcomes(total: &Figures) -> String {
    let count = |outcome| total.outcomes.get(&outcome).map_or(0, |times| times.count);
    let ended = Outcome::ALL.map(|outcome| format!("{} {}", count(outcome), outcome.name()));
    format!(
        "of {} intended: {}, {} skipped; {} sent late; {} flows with an error",
        total.intended,
        ended.join(", "),
        total.skipped,
        total.late,
        total.flow_errors
    )
}

fn usage(usage: &Usage) -> String {
    let mut parts = Vec::new();
    if let (Some(seconds), Some(share)) = (usage.cpu_seconds, usage.cpu_share) {
        parts.push(format!(
            "computed {seconds:.2} s, {:.0}% of the machine",
            share * 100.0
        ));
    }
    if let Some([before, most, after]) = usage.memory_bytes {
        parts.push(format!(
            "memory {} MiB before, {} at most, {} after",
            before >> 20,
            most >> 20,
            after >> 20
        ));
    }
    if parts.is_empty() {
        "what it used is not told on this system".to_owned()
    } else {
        parts.join("; ")
    }
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.2}", seconds * 1e3)
}
