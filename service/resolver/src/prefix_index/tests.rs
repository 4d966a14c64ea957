//! The longest prefix, found by index.
use super::*;

fn index(networks: &[&str]) -> PrefixIndex {
    let networks = networks.iter().zip(0..);
    let networks = networks.map(|(text, place)| (text.parse().unwrap(), place));
    PrefixIndex::new(networks, false)
}

fn longest(index: &PrefixIndex, address: &str) -> Vec<u32> {
    index
        .longest(address.parse().unwrap())
        .iter()
        .map(|(_, place)| *place)
        .collect()
}

#[test]
fn the_longest_prefix_wins_whatever_the_order() {
    let index = index(&["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32"]);
    assert_eq!(longest(&index, "10.1.2.3"), [3]);
    assert_eq!(longest(&index, "10.1.2.4"), [2]);
    assert_eq!(longest(&index, "10.2.0.0"), [1]);
    assert_eq!(longest(&index, "11.0.0.0"), [0]);
}

#[test]
fn families_are_apart() {
    let index = index(&["0.0.0.0/0", "2001:db8::/32"]);
    assert_eq!(longest(&index, "2001:db8::1"), [1]);
    assert!(longest(&index, "2001:db9::1").is_empty());
}

#[test]
fn rules_of_one_prefix_come_in_order_of_precedence() {
    let index = index(&["10.0.0.0/8", "10.0.0.0/8"]);
    assert_eq!(longest(&index, "10.9.9.9"), [0, 1]);
}
