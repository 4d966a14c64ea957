//! What blocks cover together.

use super::*;

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

#[test]
fn halves_are_a_whole_in_any_order_and_from_two_sets() {
    let mut beside = Cover::default();
    beside.add(net("10.0.0.0/10"), None);
    let mut own = Cover::default();
    own.add(net("10.128.0.0/9"), Some(&beside));
    assert!(!own.holds(net("10.0.0.0/8"), Some(&beside)));
    assert!(own.holds(net("10.0.7.0/24"), Some(&beside)));
    own.add(net("10.64.0.0/10"), Some(&beside));
    assert!(own.holds(net("10.0.0.0/8"), Some(&beside)));
    assert!(!own.holds(net("0.0.0.0/0"), Some(&beside)));
}

#[test]
fn families_are_apart() {
    let mut own = Cover::default();
    own.add(net("0.0.0.0/1"), None);
    own.add(net("128.0.0.0/1"), None);
    assert!(own.holds(net("0.0.0.0/0"), None));
    assert!(!own.holds(net("::/0"), None));
}

#[test]
fn a_part_has_what_is_in_its_block_and_nothing_else() {
    let mut own = Cover::default();
    own.add(net("10.0.0.0/9"), None);
    own.add(net("10.200.0.0/16"), None);
    own.add(net("11.0.0.0/16"), None);
    let part = own.part_in(net("10.0.0.0/8"));
    assert!(part.holds(net("10.7.0.0/16"), None));
    assert!(part.holds(net("10.200.0.0/16"), None));
    assert!(!part.holds(net("11.0.0.0/16"), None));
}
