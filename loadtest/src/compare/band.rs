//! Figures of two files, and the band that noise has.

use serde::Serialize;

use crate::drive::Outcome;
use crate::results::{Figures, Run, Summary};

/// What is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Better {
    More,
    Less,
}

/// What became of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Verdict {
    /// By more than noise.
    Better,
    /// Within the band of noise.
    Same,
    /// By more than noise.
    Worse,
}

/// A figure of both files.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Compared {
    pub(super) name: String,
    /// The median of the repetitions before, and now.
    pub(super) before: f64,
    pub(super) now: f64,
    /// How much more it is now: 0.1 is a tenth more.
    pub(super) change: f64,
    /// How much of a change is noise.
    pub(super) band: f64,
    pub(super) verdict: Verdict,
}

/// The repetitions of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    median: f64,
    /// From the lowest to the highest.
    width: f64,
}

/// What a figure is of a run; none, if it was not measured.
type Read = fn(&Run) -> Option<f64>;

/// All figures, and what is better. A share counts as it is and not by how many times it grew: from nothing, all is infinitely more.
const FIGURES: [(&str, Better, Read, bool); 9] = [
    (
        "answered per second",
        Better::More,
        |run| Some(run.total.answered_per_second),
        false,
    ),
    (
        "flows per second",
        Better::More,
        |run| Some(run.total.flows_per_second),
        false,
    ),
    ("p50", Better::Less, |run| Some(ok(run)?.p50_seconds), false),
    ("p90", Better::Less, |run| Some(ok(run)?.p90_seconds), false),
    ("p99", Better::Less, |run| Some(ok(run)?.p99_seconds), false),
    ("p99.9", Better::Less, |run| tail(run), false),
    (
        "share not answered",
        Better::Less,
        |run| Some(not_answered(&run.total)),
        true,
    ),
    (
        "processor seconds of the service a call",
        Better::Less,
        cost,
        false,
    ),
    ("most memory of the service", Better::Less, memory, false),
];

/// Compares all figures that both files have.
pub(super) fn compare(before: &[Run], now: &[Run], tolerance: f64) -> Vec<Compared> {
    let figures = FIGURES.iter();
    let compared = figures.filter_map(|(name, better, read, is_share)| {
        let before = Spread::of(before.iter().filter_map(read).collect())?;
        let now = Spread::of(now.iter().filter_map(read).collect())?;
        let base = if *is_share {
            1.0
        } else {
            before.median.abs().max(1e-12)
        };
        let change = (now.median - before.median) / base;
        // Both sides have their own noise; the wider one is what has to be passed.
        let band = (before.width.max(now.width) / base).max(tolerance);
        let worse_by = match better {
            Better::More => -change,
            Better::Less => change,
        };
        let verdict = if worse_by > band {
            Verdict::Worse
        } else if worse_by < -band {
            Verdict::Better
        } else {
            Verdict::Same
        };
        Some(Compared {
            name: (*name).to_owned(),
            before: before.median,
            now: now.median,
            change,
            band,
            verdict,
        })
    });
    compared.collect()
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied();
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(at(middle.checked_sub(1)?)?, at(middle)?)
        } else {
            at(middle)?
        };
        let width = at(values.len().checked_sub(1)?)? - at(0)?;
        Some(Self { median, width })
    }
}

fn ok(run: &Run) -> Option<&Summary> {
    run.total.outcomes.get(&Outcome::Ok)
}

/// Of few calls, the slowest of a thousand is one of them and says nothing.
fn tail(run: &Run) -> Option<f64> {
    let ok = ok(run).filter(|times| times.count >= 10_000)?;
    Some(ok.p999_seconds)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share for people to read needs no more than 52 bits of a count"
)]
fn not_answered(figures: &Figures) -> f64 {
    let ok = figures.outcomes.get(&Outcome::Ok);
    let ok = ok.map_or(0, |times| times.count);
    1.0 - ok as f64 / figures.intended.max(1) as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share for people to read needs no more than 52 bits of a count"
)]
fn cost(run: &Run) -> Option<f64> {
    let seconds = run.service.as_ref()?.cpu_seconds?;
    // What is not measured cost too: all calls count.
    let calls: u64 = run.stages.iter().map(|stage| stage.figures.sent).sum();
    Some(seconds / calls.max(1) as f64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share for people to read needs no more than 52 bits of a count"
)]
fn memory(run: &Run) -> Option<f64> {
    let [_, most, _] = run.service.as_ref()?.memory_bytes?;
    Some(most as f64)
}
