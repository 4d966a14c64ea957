//! The settings of which calls are traced.

use serde::Deserialize;

use super::ConfigError;

/// Calls that are traced a second, if nothing else is said.
const TRACED_PER_SECOND: u32 = 100;

/// As it is written in the file.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) sample_ratio: Option<f64>,
    most_per_second: Option<u32>,
}

// === impl File ===

impl File {
    pub(super) fn most_per_second(self) -> u32 {
        self.most_per_second.unwrap_or(TRACED_PER_SECOND)
    }
}

/// A share of all calls; all of them if nothing is said.
pub(super) fn ratio(given: Option<f64>) -> Result<f64, ConfigError> {
    let ratio = given.unwrap_or(1.0);
    if (0.0..=1.0).contains(&ratio) {
        Ok(ratio)
    } else {
        Err(ConfigError::Ratio {
            field: "tracing.sample_ratio",
            ratio,
        })
    }
}
