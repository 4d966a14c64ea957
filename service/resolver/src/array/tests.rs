//! The persistent array: what is found, what is shared, and what a copy does not see.

use super::*;

fn filled(len: usize) -> Array<usize> {
    let mut array = Array::default();
    for number in 0..len {
        assert_eq!(array.push(number), number);
    }
    array
}

#[test]
fn entries_are_found_at_every_height() {
    for len in [0, 1, 63, 64, 65, 4_095, 4_096, 4_097, 40_000, 300_000] {
        let array = filled(len);
        assert!((0..len).all(|place| array.get(place) == Some(&place)));
        assert_eq!(array.get(len), None);
        assert!(array.iter().copied().eq(0..len));
    }
}

#[test]
fn a_copy_does_not_see_what_is_changed_later() {
    let before = filled(2_000);
    let mut after = before.clone();
    after.set(7, Some(70));
    *after.get_mut(1_500).unwrap() = 0;
    after.set(1_999, None);
    after.push(5);
    assert!(before.iter().copied().eq(0..2_000));
    assert_eq!(after.get(7), Some(&70));
    assert_eq!(after.get(1_500), Some(&0));
    assert_eq!(after.get(1_999), None);
    assert_eq!(after.get(2_000), Some(&5));
    assert_eq!(after.iter().count(), 2_000);
    assert_eq!(after.len(), 2_001);
}

#[test]
fn what_was_not_changed_is_shared() {
    let mut before: Array<Arc<usize>> = Array::default();
    for number in 0..40_000 {
        before.push(Arc::new(number));
    }
    let mut after = before.clone();
    after.set(3, Some(Arc::new(0)));
    // The leaf of the change holds its entries a second time; no other entry is held twice.
    let holders = |place: usize| Arc::strong_count(before.get(place).unwrap());
    assert_eq!(
        [holders(3), holders(63), holders(64), holders(39_999)],
        [1, 2, 1, 1]
    );
}
