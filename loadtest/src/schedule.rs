//! When an open loop sends: moments that are fixed before the first answer is there, and depend on none.

use std::time::Duration;

use fastrand::Rng;

use crate::scenario::{Arrivals, Stage};

/// A send that is intended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Send {
    /// Its place among all, from 0.
    pub(crate) number: u64,
    /// The stage that it is in, by its place.
    pub(crate) stage: usize,
    /// How long after the begin of the run.
    pub(crate) at: Duration,
}

/// All sends of the stages, in their order.
#[derive(Debug)]
pub(crate) struct Schedule {
    stages: Vec<Stage>,
    arrivals: Arrivals,
    rng: Rng,
    /// The stage that is under way: its place, its begin, and how many sends there should be before it.
    stage: usize,
    begin: Duration,
    before: f64,
    /// The next send: its place, and how many sends there should be before it.
    number: u64,
    due: f64,
}

impl Schedule {
    pub(crate) fn new(stages: Vec<Stage>, arrivals: Arrivals, seed: u64) -> Self {
        let mut schedule = Self {
            stages,
            arrivals,
            rng: Rng::with_seed(seed),
            stage: 0,
            begin: Duration::ZERO,
            before: 0.0,
            number: 0,
            due: 0.0,
        };
        // At random, the first one is not sent at once either.
        if arrivals == Arrivals::Random {
            schedule.due = schedule.gap();
        }
        schedule
    }

    /// From one send to the next, in sends that there should be.
    fn gap(&mut self) -> f64 {
        match self.arrivals {
            Arrivals::Even => 1.0,
            // 1 less a number below 1 is above 0.
            Arrivals::Random => -(1.0 - self.rng.f64()).ln(),
        }
    }
}

impl Iterator for Schedule {
    type Item = Send;

    fn next(&mut self) -> Option<Send> {
        loop {
            let stage = self.stages.get(self.stage)?;
            let within = (self.due - self.before).max(0.0);
            if within < stage.sends() {
                let at = self.begin + after(stage, within);
                let send = Send {
                    number: self.number,
                    stage: self.stage,
                    at,
                };
                self.number += 1;
                self.due += self.gap();
                return Some(send);
            }
            self.before += stage.sends();
            self.begin += stage.lasts;
            self.stage += 1;
        }
    }
}

/// How long after the begin of a stage there should be so many sends: the level grows evenly, so that they grow by its integral.
fn after(stage: &Stage, sends: f64) -> Duration {
    let [from, to] = stage.levels;
    let lasts = stage.lasts.as_secs_f64();
    let grows = 2.0 * (to - from) / lasts;
    let root = (from * from + grows * sends).max(0.0).sqrt();
    let seconds = if sends > 0.0 {
        2.0 * sends / (from + root)
    } else {
        0.0
    };
    Duration::from_secs_f64(seconds.clamp(0.0, lasts))
}

#[cfg(test)]
mod tests;
