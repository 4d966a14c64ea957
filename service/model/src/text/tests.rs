//! What texts hold to, whether they stand in place or not.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::Text;

#[test]
fn a_text_takes_no_more_room_than_the_string_it_stands_for() {
    assert!(size_of::<Text>() <= size_of::<String>());
    assert_eq!(size_of::<Option<Text>>(), size_of::<Text>());
}

#[test]
fn the_ids_that_there_are_most_of_stand_where_they_are_held() {
    let ids = [
        "subnet-0123456789abcdef0",
        "eni-0123456789abcdef0",
        "i-0123456789abcdef0",
        "vpc-0123456789abcdef0",
        "sg-0123456789abcdef0",
        "rtb-0123456789abcdef0",
        "123456789012",
        "ap-southeast-2",
        "us-west-2-lax-1a",
    ];
    for id in ids {
        assert!(!Text::from(id).0.is_heap_allocated(), "{id}");
    }
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(1), ..Config::default() })]

    #[test]
    fn texts_are_ordered_equal_and_found_as_strings_are(one in ".{0,40}", other in ".{0,40}") {
        let (first, second) = (Text::from(one.as_str()), Text::from(other.clone()));
        prop_assert_eq!(first.as_str(), one.as_str());
        let (shown, debugged) = (first.to_string(), format!("{first:?}"));
        prop_assert_eq!(&shown, &one);
        prop_assert_eq!(debugged, format!("{one:?}"));
        prop_assert_eq!(first.cmp(&second), one.cmp(&other));
        prop_assert_eq!(first == second, one == other);
        let held = BTreeMap::from([(first.clone(), 1), (second, 2)]);
        prop_assert_eq!(held.get(one.as_str()), held.get(&first));
    }
}
