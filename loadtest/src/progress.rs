//! What is shown on a terminal while a run goes on. Elsewhere nothing is.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::drive::{Counts, Outcome, Recorder};
use crate::scenario::Stage;

/// A line that is written again and again.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new(1_000);
        // The template is right, or the bar keeps its own.
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Says what is done before the calls begin.
    pub(crate) fn say(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Shows how far the stages are, and what came of their calls up to now.
    pub(crate) fn show(&self, stages: &[Stage], recorder: &Recorder) {
        if self.bar.is_hidden() {
            return;
        }
        let passed = recorder.begin().elapsed();
        let lasts: Duration = stages.iter().map(|stage| stage.lasts).sum();
        let share = passed.as_secs_f64() / lasts.as_secs_f64().max(1e-9);
        self.bar.set_position(per_mille(share));
        let message = recorder.read(|record| {
            let mut all = Counts::default();
            record.counts.values().for_each(|counts| all.add(counts));
            let p99 = all.times.get(&Outcome::Ok).map(|times| times.quantile(0.99));
            let now = record.timeline.slots.iter().rev().nth(1);
            format!(
                "{:.0} of {:.0} s{}; {} sent, {} ok, {} refused, {} failed, {} late, {} skipped; {} under way; {} ok/s now; p99 {:.2} ms",
                passed.as_secs_f64(),
                lasts.as_secs_f64(),
                name(stages, passed),
                all.sent,
                all.ended(Outcome::Ok),
                all.ended(Outcome::Refused),
                all.ended(Outcome::Error) + all.ended(Outcome::Deadline),
                all.late,
                all.skipped,
                record.under_way,
                rate(now.map_or(0, |slot| slot.ok), record.timeline.length),
                p99.unwrap_or_default().as_secs_f64() * 1e3,
            )
        });
        self.bar.set_message(message);
    }

    /// Takes the line away, so that the report stands where it was.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
        self.bar.reset();
    }
}

/// The name of the stage that is under way.
fn name(stages: &[Stage], passed: Duration) -> String {
    let mut end = Duration::ZERO;
    for stage in stages {
        end += stage.lasts;
        if passed < end {
            return format!(", {}", stage.name);
        }
    }
    ", the last answers".to_owned()
}

fn per_mille(share: f64) -> u64 {
    Duration::from_secs_f64(share.clamp(0.0, 1.0))
        .as_millis()
        .try_into()
        .unwrap_or(1_000)
}

fn rate(count: u64, length: Duration) -> u64 {
    let count = u128::from(count).saturating_mul(1_000_000_000);
    u64::try_from(count / length.as_nanos().max(1)).unwrap_or(u64::MAX)
}
