//! The metrics of the store, which tells what it does and knows nothing of metrics.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry::metrics::{Counter, Histogram};

use causeway_store::{Observer, Written};

use super::names;

/// From 50 microseconds, a sync that costs nothing, to 10 seconds, a disk that hangs.
const SECONDS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
    2.0, 5.0, 10.0,
];

/// Up to as many writes as a group may have.
const WRITES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Measures what a store does.
#[derive(Debug)]
pub(crate) struct StoreMetrics {
    appends: Histogram<f64>,
    syncs: Histogram<f64>,
    groups: Histogram<u64>,
    failed: Counter<u64>,
}

// === impl StoreMetrics ===

impl StoreMetrics {
    /// Measurements go to the provider that is the process's own by now.
    pub(crate) fn new() -> Self {
        let meter = global::meter(names::SCOPE);
        let seconds = |name, description| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(description)
                .with_boundaries(SECONDS.to_vec())
                .build()
        };
        let failed = meter
            .u64_counter(names::WRITES_FAILED)
            .with_description(
                "Writes that failed; the store takes no more until it is opened again",
            )
            .build();
        // So that it is there before anything fails.
        failed.add(0, &[]);
        Self {
            appends: seconds(
                names::APPEND_DURATION,
                "From when a change set was to be stored until it was durable",
            ),
            syncs: seconds(names::SYNC_DURATION, "How long syncs to the disk took"),
            groups: meter
                .u64_histogram(names::GROUP_SIZE)
                .with_description("Writes that were made durable together")
                .with_boundaries(WRITES.to_vec())
                .build(),
            failed,
        }
    }
}

impl Observer for StoreMetrics {
    fn appended(&self, took: Duration) {
        self.appends.record(took.as_secs_f64(), &[]);
    }

    fn written(&self, writes: usize, outcome: Written) {
        let writes = u64::try_from(writes).unwrap_or(u64::MAX);
        match outcome {
            Written::Durably => self.groups.record(writes, &[]),
            Written::Failed => self.failed.add(writes, &[]),
        }
    }

    fn synced(&self, took: Duration) {
        self.syncs.record(took.as_secs_f64(), &[]);
    }
}
