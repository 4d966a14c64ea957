//! Keys of what was read, and lines of networks.

use super::{Key, Lineage, Part};

#[test]
fn a_key_tells_its_part_and_its_place() {
    for part in Part::ALL {
        for place in [0, 1, 1_000_000, (1 << 28) - 2] {
            let key = Key::of(part, place);
            assert_eq!((key.part(), key.place()), (part, place));
        }
    }
}

#[test]
fn only_the_first_child_goes_on_with_a_lineage() {
    let root = Lineage::default();
    let child = root.of_child(0);
    assert_eq!(child.id, root.id);
    let second = root.of_child(0);
    assert_ne!(second.id, root.id);
    let grandchild = child.of_child(1);
    assert_eq!(grandchild.id, root.id);
    assert_ne!(child.of_child(1).id, root.id);
    // The second child has a line of its own.
    assert_eq!(second.of_child(1).id, second.id);
}
