//! Tests of rates, quantiles and ratios.

use std::time::Duration;

use super::{Ratio, Row, Side};

/// Turns of ten calls each, by their seconds.
fn side(turns: &[f64], nanoseconds: u64) -> Side {
    let mut side = Side::new().unwrap();
    for seconds in turns {
        let times: Vec<u64> = (1..=10).map(|time| time * nanoseconds).collect();
        side.add(&times, Duration::from_secs_f64(*seconds));
    }
    side
}

#[test]
fn throughput_is_compared_round_by_round_and_latency_over_all_calls() {
    let service = side(&[2.0, 4.0, 1.0], 2_000_000);
    let echo = side(&[1.0, 1.0, 0.8], 1_000_000);
    let row = Row::new(1, service, echo);
    assert_eq!(
        row.throughput(),
        Ratio {
            median: 0.5,
            lowest: 0.25,
            highest: 0.8
        }
    );
    assert!((row.service.rate() - 5.0).abs() < 1e-9);
    assert!((row.service.quantile(0.5) - 0.010).abs() < 1e-4);
    assert!((row.service.quantile(0.99) - 0.020).abs() < 1e-4);
    assert!((row.latency(0.5) - 2.0).abs() < 0.01);
}
