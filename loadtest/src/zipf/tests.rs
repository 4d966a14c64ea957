//! Tests of Zipf's law.

use super::draw;

fn shares(exponent: f64) -> [usize; 2] {
    let mut rng = fastrand::Rng::with_seed(1);
    let drawn: Vec<u32> = (0..100_000)
        .map(|_| draw(1_000, exponent, &mut rng))
        .collect();
    assert!(drawn.iter().all(|rank| *rank < 1_000));
    [0, 1].map(|rank| drawn.iter().filter(|drawn| **drawn == rank).count())
}

#[test]
fn with_exponent_1_the_first_comes_nearly_twice_as_often_as_the_second() {
    let [first, second] = shares(1.0);
    assert!(
        first > second * 3 / 2 && first < second * 2,
        "{first} and {second}"
    );
}

#[test]
fn with_exponent_0_all_come_alike() {
    let [first, second] = shares(0.0);
    assert!(first.abs_diff(second) < 60, "{first} and {second}");
}

#[test]
fn a_larger_exponent_prefers_the_first_more() {
    assert!(shares(1.5)[0] > shares(1.0)[0] * 2);
    assert!(shares(1.0)[0] > shares(0.5)[0] * 2);
}
