//! Axes: where values are, and which are named.

use super::{Axis, Scale, Unit};

#[track_caller]
fn names(scale: Scale, unit: Unit, values: &[f64], expected: &[&str]) {
    let axis = Axis::new("", scale, unit);
    let ranged = axis.over(values.iter().copied());
    let ticks = ranged.ticks();
    let found: Vec<&str> = ticks.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(found, expected);
}

#[test]
fn round_values_are_named_with_their_units() {
    let even = ["0", "200", "400", "600", "800", "1,000"];
    names(Scale::Linear, Unit::Number, &[3.0, 950.0], &even);
    let decades = ["100 µs", "200 µs", "500 µs", "1 ms", "2 ms", "5 ms"];
    names(Scale::Log, Unit::Time, &[0.000_1, 0.005], &decades);
    let shares = ["0%", "50%", "90%", "99%", "99.9%"];
    names(Scale::Percentile, Unit::Share, &[0.0, 0.9995], &shares);
    names(
        Scale::Linear,
        Unit::Number,
        &[],
        &["0", "0.2", "0.4", "0.6", "0.8", "1"],
    );
}

/// 99% is as far behind 90% as 99.9% behind 99%.
#[test]
fn percentiles_are_apart_by_what_is_left() {
    let axis = Axis::new("", Scale::Percentile, Unit::Share);
    let ranged = axis.over([0.9999].into_iter());
    let at = |share| ranged.at(share).unwrap();
    assert!((at(0.99) - at(0.9) - (at(0.999) - at(0.99))).abs() < 1e-9);
    assert_eq!(ranged.at(1.0), None);
    let axis = Axis::new("", Scale::Log, Unit::Time);
    assert_eq!(axis.over([0.1, 1.0].into_iter()).at(0.0), None);
}
