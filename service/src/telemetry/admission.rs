//! The metrics of admission: what is taken on, and what was refused by which limit.

use opentelemetry::{KeyValue, global};

use causeway_grpc::AdmissionCounts;

use super::names;

/// Tells how much a server has taken on.
pub(crate) fn of_admission(counts: AdmissionCounts) {
    let meter = global::meter(names::SCOPE);
    let read = counts.clone();
    meter
        .u64_observable_gauge(names::ADMITTED)
        .with_description(
            "What is taken on now: calls with one answer, batches that are resolved, streams",
        )
        .with_callback(move |told| {
            let kind = |kind: &'static str| [KeyValue::new(names::KIND, kind)];
            let taken_on = read.read();
            told.observe(number(taken_on.calls), &kind("calls"));
            told.observe(number(taken_on.batches), &kind("batches"));
            told.observe(number(taken_on.streams), &kind("streams"));
        })
        .build();
    let read = counts.clone();
    meter
        .u64_observable_gauge(names::REQUEST_BYTES)
        .with_unit("By")
        .with_description("Bytes of requests under way")
        .with_callback(move |told| told.observe(read.read().request_bytes, &[]))
        .build();
    meter
        .u64_observable_counter(names::REFUSED)
        .with_description("Calls that were refused for being too many")
        .with_callback(move |told| {
            for (limit, count) in counts.read().refused {
                told.observe(count, &[KeyValue::new(names::LIMIT, limit)]);
            }
        })
        .build();
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
