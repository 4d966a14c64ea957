//! How many calls were refused, by the limit that they met.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::status::Refused;

/// How many calls were refused since the process began.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    calls: AtomicU64,
    streams: AtomicU64,
    batches: AtomicU64,
    large_batches: AtomicU64,
    request_bytes: AtomicU64,
    caller: AtomicU64,
}

// === impl Refusals ===

impl Refusals {
    pub(super) fn count(&self, why: Refused) {
        let counter = match why {
            Refused::Calls { .. } => &self.calls,
            Refused::Streams { .. } => &self.streams,
            Refused::Batches { .. } => &self.batches,
            Refused::LargeBatches { .. } => &self.large_batches,
            Refused::Bytes { .. } => &self.request_bytes,
            Refused::Quota { .. } => &self.caller,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// By the name of the limit.
    pub(super) fn read(&self) -> [(&'static str, u64); 6] {
        [
            ("calls", &self.calls),
            ("streams", &self.streams),
            ("batches", &self.batches),
            ("large_batches", &self.large_batches),
            ("request_bytes", &self.request_bytes),
            ("caller", &self.caller),
        ]
        .map(|(limit, count)| (limit, count.load(Ordering::Relaxed)))
    }
}
