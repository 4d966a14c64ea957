//! The settings of what is taken on at once.

use causeway_grpc::AdmissionLimits;
use serde::Deserialize;

use super::{ConfigError, at_least_one, positive_seconds, seconds};

/// Batches that are resolved at once for each thread that computes: one that is computed, and one that is read or written meanwhile.
const BATCHES: usize = 2;

/// As it is written in the file.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    calls: Option<usize>,
    streams: Option<usize>,
    batches: Option<usize>,
    wait_seconds: Option<f64>,
    request_mebibytes: Option<u32>,
    request_seconds: Option<f64>,
    principal_calls: Option<usize>,
}

// === impl File ===

impl File {
    pub(super) fn checked(self, compute_threads: usize) -> Result<AdmissionLimits, ConfigError> {
        let standard = AdmissionLimits::default();
        let batches = compute_threads.saturating_mul(BATCHES);
        let request_mebibytes = self.request_mebibytes.unwrap_or(512);
        if request_mebibytes == 0 {
            return Err(ConfigError::Zero {
                field: "admission.request_mebibytes",
            });
        }
        Ok(AdmissionLimits {
            calls: at_least_one("admission.calls", self.calls, standard.calls)?,
            streams: at_least_one("admission.streams", self.streams, standard.streams)?,
            batches: at_least_one("admission.batches", self.batches, batches)?,
            wait: seconds(
                "admission.wait_seconds",
                self.wait_seconds,
                standard.wait.as_secs_f64(),
            )?,
            request_bytes: u64::from(request_mebibytes) << 20,
            request_time: positive_seconds(
                "admission.request_seconds",
                self.request_seconds,
                standard.request_time,
            )?,
            principal_calls: self.principal_calls.filter(|calls| *calls > 0),
        })
    }
}
