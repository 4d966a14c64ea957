//! Questions are drawn by their sources, the same ones from the same seed.

use causeway_client::flow;
use fastrand::Rng;

use super::Pool;
use crate::scenario::Flows;

/// Three sources, of which the last has most of the questions.
fn pool(zipf: f64, distinct: bool) -> Pool {
    let of = |source: &str, count: u16| {
        let source = source.to_owned();
        (0..count).map(move |port| flow::tcp(source.clone(), "10.0.0.1", port))
    };
    let flows = of("a", 1).chain(of("b", 2)).chain(of("c", 30));
    Pool::new(flows.collect(), Flows { zipf, distinct })
}

#[test]
fn the_first_sources_ask_the_most_however_many_questions_they_have() {
    let drawn = pool(2.0, false).many(10_000, &mut Rng::with_seed(1));
    let count = |source| drawn.iter().filter(|flow| flow.source == source).count();
    assert!(count("a") > 2 * count("b") && count("b") > count("c"));
    let drawn = pool(0.0, false).many(9_000, &mut Rng::with_seed(1));
    let of_c = drawn.iter().filter(|flow| flow.source == "c").count();
    assert!((2_700..3_300).contains(&of_c), "{of_c}");
}

#[test]
fn the_same_seed_draws_the_same_and_distinct_flows_differ() {
    let draw = |seed| pool(1.0, true).many(100, &mut Rng::with_seed(seed));
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
    let mut ports: Vec<_> = draw(3).iter().map(|flow| flow.source_port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert!(ports.len() > 95 && ports.iter().all(|port| *port >= Some(32_768)));
}
