//! The settings of what is kept of the past.

use std::time::Duration;

use causeway_engine::Retention;
use serde::Deserialize;

use super::{ConfigError, positive_seconds};

const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// The fewest days: a minute, about.
const FEWEST_DAYS: f64 = 0.001;

/// A request is known for a day at least: it may be repeated that much later.
const FEWEST_REQUEST_DAYS: f64 = 1.0;

const MOST_DAYS: f64 = 36_500.0;

/// As it is written in the file.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    keep_revisions: Option<u64>,
    keep_days: Option<f64>,
    request_days: Option<f64>,
    period_seconds: Option<f64>,
}

// === impl File ===

impl File {
    pub(super) fn checked(self) -> Result<Retention, ConfigError> {
        if self.keep_revisions == Some(0) {
            return Err(ConfigError::Zero {
                field: "retention.keep_revisions",
            });
        }
        let age = self
            .keep_days
            .map(|given| days("retention.keep_days", given, FEWEST_DAYS));
        let requests = self
            .request_days
            .map(|given| days("retention.request_days", given, FEWEST_REQUEST_DAYS));
        Ok(Retention {
            revisions: self.keep_revisions,
            age: age.transpose()?,
            requests: requests
                .transpose()?
                .unwrap_or_else(|| Retention::default().requests),
        })
    }

    /// How often it is looked for what is not to be kept any more.
    pub(super) fn period(self) -> Result<Duration, ConfigError> {
        positive_seconds(
            "retention.period_seconds",
            self.period_seconds,
            Duration::from_secs(600),
        )
    }
}

fn days(field: &'static str, days: f64, least: f64) -> Result<Duration, ConfigError> {
    if (least..=MOST_DAYS).contains(&days) {
        Ok(Duration::from_secs_f64(days * SECONDS_OF_A_DAY))
    } else {
        Err(ConfigError::Days { field, days, least })
    }
}
