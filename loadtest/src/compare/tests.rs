//! What is worse, and what is noise.

use std::time::Duration;

use serde_json::json;

use super::alike;
use super::band::{Verdict, compare};
use crate::drive::{Ending, Kind, Place, Record};
use crate::results::{Measured, Run, Usage};
use crate::scenario::{Mode, Phase, stages};

/// A run of 1,000 calls that took so many microseconds, all of them.
fn run(microseconds: u64) -> Run {
    let phase: Phase =
        serde_json::from_value(json!({"soak": {"level": 100.0, "seconds": 10.0}})).unwrap();
    let stages = stages(&[phase]);
    let mut record = Record::new(&stages, Mode::Open).unwrap();
    let place = Place {
        stage: 0,
        kind: Kind::Single,
        intended: tokio::time::Instant::now(),
    };
    for number in 0..1000 {
        let at = Duration::from_millis(number * 9);
        let end = at + Duration::from_micros(microseconds);
        record.sent(place, at, Duration::ZERO);
        record.ended(place, Ending::ok(1, 0), [at, end]);
    }
    let nothing = Usage {
        cpu_seconds: None,
        cpu_share: None,
        memory_bytes: None,
        memory_over_time: Vec::new(),
    };
    let measured = Measured {
        interrupted: false,
        client: nothing,
        service: None,
        cache: None,
        watch_events: 0,
    };
    Run::of(&stages, &record, measured)
}

#[track_caller]
fn check(before: &[u64], now: &[u64], expected: Verdict) {
    let runs = |times: &[u64]| times.iter().map(|time| run(*time)).collect::<Vec<_>>();
    let compared = compare(&runs(before), &runs(now), 0.05);
    let p99 = compared.iter().find(|figure| figure.name == "p99").unwrap();
    assert_eq!(p99.verdict, expected, "{p99:?}");
    // As many are answered, however long it takes.
    let rate = compared
        .iter()
        .find(|figure| figure.name == "answered per second");
    assert_eq!(rate.unwrap().verdict, Verdict::Same);
}

#[test]
fn a_change_beyond_the_spread_of_repetitions_is_told() {
    check(&[1000, 1010, 1020], &[1200, 1210, 1220], Verdict::Worse);
    check(&[1200, 1210, 1220], &[1000, 1010, 1020], Verdict::Better);
    check(&[1000, 1010, 1020], &[1010, 1020, 1030], Verdict::Same);
}

/// The same medians as above, but the runs before were as far apart as they are now from those.
#[test]
fn what_repetitions_differ_by_is_noise() {
    check(&[900, 1010, 1120], &[1200, 1210, 1220], Verdict::Same);
    check(&[1000, 1010, 1020], &[1000, 1210, 1420], Verdict::Same);
}

#[test]
fn the_tolerance_holds_where_repetitions_are_alike() {
    check(&[1000], &[1040], Verdict::Same);
    check(&[1000], &[1070], Verdict::Worse);
}

#[test]
fn runs_of_different_scenarios_are_not_compared() {
    let scenario = json!({"description": "a", "seed": 1, "mix": {"single": 1.0}});
    let other = json!({"description": "b", "seed": 1, "mix": {"single": 1.0}});
    assert!(alike(&scenario, &other).is_ok());
    let other = json!({"description": "a", "seed": 2, "mix": {"single": 1.0}});
    let refused = alike(&scenario, &other).unwrap_err().to_string();
    assert!(refused.contains("`seed` differs"), "{refused}");
}
