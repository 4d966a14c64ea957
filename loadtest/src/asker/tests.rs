//! Which call a number is.

use std::collections::BTreeMap;

use super::kind;
use crate::drive::Kind;
use crate::scenario::Mix;

#[test]
fn kinds_come_as_often_as_their_weights_say() {
    let mix = Mix {
        single: 2.0,
        batch: 1.0,
        mutate: 1.0,
        ..Mix::default()
    };
    let mut counts = BTreeMap::new();
    for drawn in 0..1000 {
        let kind = kind(mix, f64::from(drawn) / 1000.0);
        *counts.entry(kind).or_insert(0) += 1;
    }
    let expected = [(Kind::Single, 500), (Kind::Batch, 250), (Kind::Mutate, 250)];
    assert_eq!(counts, BTreeMap::from(expected));
    assert_eq!(kind(mix, 1.0), Kind::Mutate);
}
