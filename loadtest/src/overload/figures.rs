//! What came of the batches of a phase.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::LoadError;

/// The longest time that is told, in microseconds: ten minutes. What takes longer is told as that.
const LONGEST: u64 = 600_000_000;

/// A batch that is sent so much later than intended is told to be late.
const LATE: Duration = Duration::from_millis(5);

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    /// The service did not take it on.
    Refused,
    Failed,
}

/// When a phase is measured. What was to be sent before or after counts nowhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phase {
    pub(super) begin: Instant,
    pub(super) lasts: Duration,
}

/// What came of a phase. Times are in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    phase: Phase,
    /// From when it was to be sent to its answer.
    answered: Histogram<u64>,
    /// From when it was sent to its refusal.
    refused: Histogram<u64>,
    failed: u64,
    late: u64,
}

/// All phases, and the service's memory in bytes before and after the last one.
#[derive(Debug)]
pub(super) struct Overload {
    pub(super) unloaded: Figures,
    pub(super) peak: Figures,
    pub(super) loaded: Figures,
    pub(super) memory: [Option<u64>; 2],
}

// === impl Phase ===

impl Phase {
    pub(super) fn end(self) -> Instant {
        self.begin + self.lasts
    }
}

// === impl Figures ===

impl Figures {
    pub(super) fn of(phase: Phase) -> Result<Self, LoadError> {
        let empty = || {
            let times = Histogram::new_with_bounds(1, LONGEST, 3);
            times.map_err(|source| LoadError::Histogram { source })
        };
        Ok(Self {
            phase,
            answered: empty()?,
            refused: empty()?,
            failed: 0,
            late: 0,
        })
    }

    /// Notes what ends now.
    pub(super) fn note(&mut self, intended: Instant, sent: Instant, outcome: Outcome) {
        self.note_ended(intended, sent, outcome, Instant::now());
    }

    pub(super) fn note_ended(
        &mut self,
        intended: Instant,
        sent: Instant,
        outcome: Outcome,
        ended: Instant,
    ) {
        if intended < self.phase.begin || intended >= self.phase.end() {
            return;
        }
        self.late += u64::from(sent.saturating_duration_since(intended) > LATE);
        let since = |from: Instant| {
            let passed = ended.saturating_duration_since(from).as_micros();
            u64::try_from(passed).unwrap_or(u64::MAX)
        };
        match outcome {
            Outcome::Answered => self.answered.saturating_record(since(intended)),
            Outcome::Refused => self.refused.saturating_record(since(sent)),
            Outcome::Failed => self.failed += 1,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.answered, &other.answered),
            (&mut self.refused, &other.refused),
        ] {
            for value in theirs.iter_recorded() {
                mine.saturating_record_n(value.value_iterated_to(), value.count_at_value());
            }
        }
        self.failed += other.failed;
        self.late += other.late;
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered.len()
    }

    pub(super) fn answered_a_second(&self) -> f64 {
        self.a_second(self.answered.len())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate for people to read needs no more than 52 bits of a count"
    )]
    fn a_second(&self, count: u64) -> f64 {
        count as f64 / self.phase.lasts.as_secs_f64()
    }

    fn offered(&self) -> u64 {
        self.answered.len() + self.refused.len() + self.failed
    }

    fn line(&self, name: &str) -> String {
        let milliseconds = |histogram: &Histogram<u64>, quantile| {
            Duration::from_micros(histogram.value_at_quantile(quantile)).as_secs_f64() * 1e3
        };
        format!(
            "{name:<9} {:>7.1} offered, {:>7.1} answered, {:>7.1} refused a second, {} failed, {} late; answered p50 {:.1} p99 {:.1} ms; refused p50 {:.1} p99 {:.1} ms",
            self.a_second(self.offered()),
            self.answered_a_second(),
            self.a_second(self.refused.len()),
            self.failed,
            self.late,
            milliseconds(&self.answered, 0.5),
            milliseconds(&self.answered, 0.99),
            milliseconds(&self.refused, 0.5),
            milliseconds(&self.refused, 0.99),
        )
    }

    fn json(&self) -> Value {
        let quantiles = |histogram: &Histogram<u64>| {
            json!({
                "count": histogram.len(),
                "p50": histogram.value_at_quantile(0.5),
                "p90": histogram.value_at_quantile(0.9),
                "p99": histogram.value_at_quantile(0.99),
                "max": histogram.max(),
            })
        };
        json!({
            "seconds": self.phase.lasts.as_secs_f64(),
            "offered": self.offered(),
            "answeredMicroseconds": quantiles(&self.answered),
            "refusedMicroseconds": quantiles(&self.refused),
            "failed": self.failed,
            "late": self.late,
        })
    }
}

// === impl Overload ===

impl Overload {
    /// Goodput of the peak's, and the time of those that are answered of the unloaded one's, at the 99th of a hundred.
    fn ratios(&self) -> [f64; 2] {
        let p99 = |figures: &Figures| {
            Duration::from_micros(figures.answered.value_at_quantile(0.99)).as_secs_f64()
        };
        [
            self.loaded.answered_a_second() / self.peak.answered_a_second(),
            p99(&self.loaded) / p99(&self.unloaded),
        ]
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let [goodput, slower] = self.ratios();
        let mut lines = vec![
            self.unloaded.line("unloaded"),
            self.peak.line("peak"),
            self.loaded.line("loaded"),
            format!(
                "goodput {goodput:.2} of the peak; p99 of what is answered {slower:.1} times unloaded"
            ),
        ];
        if let [Some(before), Some(after)] = self.memory {
            lines.push(format!(
                "memory of the service: {} MiB before, {} MiB after",
                before >> 20,
                after >> 20
            ));
        }
        lines
    }

    pub(super) fn json(&self) -> String {
        let [goodput, slower] = self.ratios();
        let report = json!({
            "unloaded": self.unloaded.json(),
            "peak": self.peak.json(),
            "loaded": self.loaded.json(),
            "goodputOfPeak": goodput,
            "p99OfUnloaded": slower,
            "memoryBytes": self.memory,
        });
        format!("{report:#}\n")
    }
}
