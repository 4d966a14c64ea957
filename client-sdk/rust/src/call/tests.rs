//! Pauses between attempts.

use super::*;

#[test]
fn pauses_grow_but_stay_bounded() {
    for _ in 0..100 {
        let first = pause(0, None);
        assert!(
            first >= FIRST_PAUSE / 2 && first <= FIRST_PAUSE,
            "{first:?}"
        );
        let third = pause(2, None);
        assert!(
            third >= FIRST_PAUSE * 2 && third <= FIRST_PAUSE * 4,
            "{third:?}"
        );
        assert!(pause(u32::MAX, None) <= LONGEST_PAUSE);
    }
}

#[test]
fn the_service_may_ask_for_a_longer_pause() {
    let asked = Duration::from_secs(1);
    assert_eq!(pause(0, Some(asked)), asked);
}
