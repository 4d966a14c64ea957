//! How much is asked when: phases as people write them, and the stages that they come to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A part of a run. Its level is calls a second with an open loop, and callers with a closed one.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Phase {
    /// The level goes evenly from one to another: to warm up, unless it is measured.
    Ramp(Ramp),
    /// One level after the other: what comes of each is told apart.
    Steps(Steps),
    /// One level.
    Soak(Soak),
}

/// The level goes evenly from one to another.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Where the level begins.
    #[serde(default)]
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How long it takes.
    pub seconds: f64,
    /// Whether it counts.
    #[serde(default)]
    pub measured: bool,
}

/// One level after the other.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// The levels.
    pub levels: Vec<f64>,
    /// How long each lasts.
    pub seconds: f64,
}

/// One level.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Soak {
    /// The level.
    pub level: f64,
    /// How long it lasts.
    pub seconds: f64,
}

/// A part of a run with a level of its own, that figures are told of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stage {
    pub(crate) name: String,
    /// The level at its begin and at its end.
    pub(crate) levels: [f64; 2],
    pub(crate) lasts: Duration,
    pub(crate) measured: bool,
}

// === impl Phase ===

impl Phase {
    pub(super) fn levels(&self) -> Vec<f64> {
        match self {
            Self::Ramp(ramp) => vec![ramp.from, ramp.to],
            Self::Steps(steps) => steps.levels.clone(),
            Self::Soak(soak) => vec![soak.level],
        }
    }

    /// How long it lasts, each step of it.
    pub(super) fn seconds(&self) -> f64 {
        match self {
            Self::Ramp(ramp) => ramp.seconds,
            Self::Steps(steps) => steps.seconds,
            Self::Soak(soak) => soak.seconds,
        }
    }

    /// The same for so much longer.
    pub(crate) fn for_seconds(&mut self, seconds: f64) {
        match self {
            Self::Ramp(_) => {}
            Self::Steps(steps) => steps.seconds = seconds,
            Self::Soak(soak) => soak.seconds = seconds,
        }
    }

    fn stages(&self) -> Vec<Stage> {
        let lasts = Duration::from_secs_f64(self.seconds().max(0.0));
        let stage = |name: &str, levels, measured| Stage {
            name: name.to_owned(),
            levels,
            lasts,
            measured,
        };
        match self {
            Self::Ramp(ramp) => vec![stage("ramp", [ramp.from, ramp.to], ramp.measured)],
            Self::Soak(soak) => vec![stage("soak", [soak.level; 2], true)],
            Self::Steps(steps) => {
                let levels = steps.levels.iter().enumerate();
                let steps =
                    levels.map(|(at, level)| stage(&format!("step {}", at + 1), [*level; 2], true));
                steps.collect()
            }
        }
    }
}

/// The stages of all phases, in their order.
pub(crate) fn stages(phases: &[Phase]) -> Vec<Stage> {
    phases.iter().flat_map(Phase::stages).collect()
}

// === impl Stage ===

impl Stage {
    /// How much of the stage is over, of 1, when the level passes this one, and how much when it falls below it again: between the two it is higher. None
    /// if it never is.
    pub(crate) fn above(&self, level: f64) -> Option<[f64; 2]> {
        let [from, to] = self.levels;
        let crossing = (level - from) / (to - from);
        match (from > level, to > level) {
            (true, true) => Some([0.0, 1.0]),
            (false, true) => Some([crossing, 1.0]),
            (true, false) => Some([0.0, crossing]),
            (false, false) => None,
        }
    }

    /// How many sends an open loop has in it.
    pub(crate) fn sends(&self) -> f64 {
        let [from, to] = self.levels;
        self.lasts.as_secs_f64() * f64::midpoint(from, to)
    }
}
