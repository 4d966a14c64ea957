//! The search against services whose capacity is known.

use super::Search;

/// What is found for a service that keeps its latency up to a rate, and how many rates are tried for it.
fn found(capacity: f64, first: f64) -> (Option<f64>, u32) {
    let mut search = Search::new(first, 0.05);
    let mut tried = 0;
    while let Some(rate) = search.next() {
        search.found(rate, rate <= capacity);
        tried += 1;
        assert!(tried < 50);
    }
    (search.kept, tried)
}

#[test]
fn a_capacity_is_found_to_its_precision_from_above_and_below() {
    for capacity in [40.0, 100.0, 777.0, 5_000.0, 123_456.0] {
        for first in [10.0, 100.0, 1_000.0] {
            let (rate, tried) = found(capacity, first);
            let share = rate.unwrap() / capacity;
            assert!(
                (0.95..=1.0).contains(&share),
                "{capacity} from {first}: {share}"
            );
            assert!(tried <= 22, "{capacity} from {first}: {tried}");
        }
    }
}

#[test]
fn a_service_that_keeps_nothing_ends_the_search() {
    let (rate, tried) = found(0.0, 100.0);
    assert_eq!(rate, None);
    assert!(tried <= 5, "{tried}");
}

#[test]
fn what_is_never_too_much_ends_it_too() {
    let (rate, _) = found(f64::INFINITY, 100.0);
    assert!(rate.unwrap() > 500_000.0);
}
