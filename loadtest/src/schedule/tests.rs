//! The schedule: as many sends as the levels say, when they say.

use std::time::Duration;

use super::{Schedule, Send};
use crate::scenario::{Arrivals, Stage};

fn stage(from: f64, to: f64, seconds: u64) -> Stage {
    Stage {
        name: String::new(),
        levels: [from, to],
        lasts: Duration::from_secs(seconds),
        measured: true,
    }
}

fn sends(stages: Vec<Stage>, arrivals: Arrivals, seed: u64) -> Vec<Send> {
    Schedule::new(stages, arrivals, seed).collect()
}

#[test]
fn an_even_schedule_has_the_same_time_between_sends() {
    let sends = sends(vec![stage(4.0, 4.0, 2)], Arrivals::Even, 1);
    let at: Vec<u128> = sends.iter().map(|send| send.at.as_millis()).collect();
    assert_eq!(at, [0, 250, 500, 750, 1000, 1250, 1500, 1750]);
    let numbers: Vec<u64> = sends.iter().map(|send| send.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
}

/// From 0 to 10 a second in 4 seconds: 20 in all, a quarter of them in the first half.
#[test]
fn a_ramp_sends_more_and_more() {
    let up = sends(vec![stage(0.0, 10.0, 4)], Arrivals::Even, 1);
    let half = Duration::from_secs(2);
    let early = up.iter().filter(|send| send.at < half).count();
    assert_eq!((up.len(), early), (20, 5));
    let down = sends(vec![stage(10.0, 0.0, 4)], Arrivals::Even, 1);
    let early = down.iter().filter(|send| send.at < half).count();
    assert_eq!((down.len(), early), (20, 15));
}

#[test]
fn a_stage_begins_where_the_one_before_ends() {
    let stages = vec![stage(2.0, 2.0, 1), stage(0.0, 0.0, 3), stage(5.0, 5.0, 1)];
    let sends = sends(stages, Arrivals::Even, 1);
    let places: Vec<(usize, u128)> = sends
        .iter()
        .map(|send| (send.stage, send.at.as_millis()))
        .collect();
    assert_eq!(
        places,
        [
            (0, 0),
            (0, 500),
            (2, 4000),
            (2, 4200),
            (2, 4400),
            (2, 4600),
            (2, 4800)
        ]
    );
}

#[test]
fn random_arrivals_are_those_of_their_seed_and_as_many_on_average() {
    let random = |seed| sends(vec![stage(100.0, 100.0, 100)], Arrivals::Random, seed);
    assert_eq!(random(7), random(7));
    assert_ne!(random(7), random(8));
    // 10,000 are meant; a hundred more or less is one standard deviation.
    let count = random(7).len();
    assert!((9_600..10_400).contains(&count), "{count}");
    let in_order = random(7).is_sorted_by_key(|send| send.at);
    assert!(in_order);
}
