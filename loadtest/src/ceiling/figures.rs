//! What a row of the report is made of: times of calls, rates of turns, ratios.

use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::LoadError;
use crate::method::Method;

use super::Settings;
use super::calls::Calls;
use super::cpu::Cpu;

/// The longest time of a call that is told apart, in nanoseconds: more than its deadline.
const LONGEST: u64 = 60_000_000_000;

/// A method that the service and its echo can be compared in.
pub(super) trait Compared: Method + Sized {
    /// Measures with so many connections to each of the two, the service and its echo.
    fn row(
        settings: &Settings,
        calls: &Arc<Calls<Self>>,
        endpoints: [&String; 2],
        connections: usize,
    ) -> impl Future<Output = Result<Row, LoadError>> + Send;
}

/// What one of the two did in all its turns.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// Nanoseconds of a call.
    times: Histogram<u64>,
    /// Calls a second of each turn.
    rates: Vec<f64>,
    /// How often a call was refused, and made again.
    pub(super) refused: u64,
}

/// What was measured with one number of connections.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) connections: usize,
    pub(super) service: Side,
    pub(super) echo: Side,
    pub(super) cpu: Cpu,
}

/// How the service compares with its echo, round by round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ratio {
    pub(super) median: f64,
    pub(super) lowest: f64,
    pub(super) highest: f64,
}

// === impl Side ===

impl Side {
    pub(super) fn new() -> Result<Self, LoadError> {
        let times = Histogram::new_with_bounds(1, LONGEST, 3);
        Ok(Self {
            times: times.map_err(|source| LoadError::Histogram { source })?,
            rates: Vec::new(),
            refused: 0,
        })
    }

    /// Notes a turn: how long each call took, and all together.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate for people to read needs no more than 52 bits of a count"
    )]
    pub(super) fn add(&mut self, times: &[u64], wall: Duration) {
        for time in times {
            self.times.saturating_record(*time);
        }
        let seconds = wall.as_secs_f64().max(1e-9);
        self.rates.push(times.len() as f64 / seconds);
    }

    /// Calls a second: the median of the turns.
    pub(super) fn rate(&self) -> f64 {
        Ratio::of(self.rates.clone()).median
    }

    /// Seconds of a call: the time that this share of all calls took at most.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        Duration::from_nanos(self.times.value_at_quantile(share)).as_secs_f64()
    }
}

// === impl Row ===

impl Row {
    pub(super) fn new(connections: usize, service: Side, echo: Side) -> Self {
        let cpu = Cpu::default();
        Self {
            connections,
            service,
            echo,
            cpu,
        }
    }

    pub(super) fn with_cpu(self, cpu: Cpu) -> Self {
        Self { cpu, ..self }
    }

    /// Throughput of the service to that of its echo.
    pub(super) fn throughput(&self) -> Ratio {
        let turns = self.service.rates.iter().zip(&self.echo.rates);
        Ratio::of(turns.map(|(service, echo)| service / echo).collect())
    }

    /// Latency of the service to that of its echo.
    pub(super) fn latency(&self, share: f64) -> f64 {
        self.service.quantile(share) / self.echo.quantile(share).max(1e-9)
    }
}

// === impl Ratio ===

impl Ratio {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(0.0);
        Self {
            median: at(values.len() / 2),
            lowest: at(0),
            highest: at(values.len().saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests;
