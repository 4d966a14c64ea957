//! The persistent maps: what is found, and what a copy does not see.

use super::*;

#[test]
fn what_is_put_is_found_until_it_is_taken_away() {
    let mut map = Map::default();
    for number in 0..5_000_u32 {
        assert_eq!(map.insert_first(number, number + 1), None);
    }
    assert!((0..5_000).all(|number| map.get(&number) == Some(&(number + 1))));
    assert_eq!(map.get(&5_000), None);
    map.remove(&17);
    map.remove(&17);
    assert!(!map.contains_key(&17));
    assert!(map.contains_key(&18));
}

#[test]
fn the_first_value_of_a_key_stays() {
    let mut map = Map::default();
    assert_eq!(map.insert_first("a", 1), None);
    assert_eq!(map.insert_first("a", 2), Some(1));
    assert_eq!(map.get(&"a"), Some(&1));
}

#[test]
fn a_copy_does_not_see_what_is_changed_later() {
    let mut before = Map::default();
    for number in 0..1_000_u32 {
        before.insert_first(number, number);
    }
    before.entries.settle(Part::ByAddress);
    let mut after = before.clone();
    for number in 1_000..4_000 {
        after.insert_first(number, number);
    }
    after.remove(&3);
    assert!((0..1_000).all(|number| before.get(&number) == Some(&number)));
    assert_eq!(before.get(&1_000), None);
    assert!((4..4_000).all(|number| after.get(&number) == Some(&number)));
    assert_eq!(after.get(&3), None);
}

#[test]
fn ids_of_one_hash_are_told_apart() {
    let mut ids = Ids::default();
    let [one, two] = [0, 1].map(ResourceIx::of);
    ids.insert("i-1", one);
    ids.insert("i-1", two);
    assert_eq!(ids.find("i-1", |at| at == two), Some(two));
    ids.remove("i-1", one);
    assert_eq!(ids.find("i-1", |at| at == one), None);
    assert_eq!(ids.find("i-1", |at| at == two), Some(two));
    assert_eq!(ids.find("i-2", |_| true), None);
}
