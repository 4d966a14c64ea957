//! Results: what is written is what is read, and what was counted.

use std::time::Duration;

use super::Summary;
use crate::drive::Times;

#[test]
fn a_histogram_is_read_again_as_it_was() {
    let mut times = Times::new().unwrap();
    for microseconds in 1..=10_000 {
        times.note(Duration::from_micros(microseconds));
    }
    let summary = Summary::of(&times);
    assert_eq!(summary.count, 10_000);
    let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.002;
    assert!(near(summary.p50_seconds, 0.005) && near(summary.p9999_seconds, 0.009_999));
    let again = summary.times().unwrap();
    assert_eq!(Summary::of(&again), summary);
    // The first four bytes that every tool of HdrHistogram looks for: V2, deflated.
    assert!(
        summary.histogram.starts_with("HISTFAA"),
        "{}",
        summary.histogram
    );
}
