//! Keys of what was read, and lines of networks.

use super::{Key, Lineage, Part};

#[test]
fn a_key_tells_its_part_and_its_leaf() {
    for part in Part::ALL {
        for leaf in [0, 1, 31_250, (1 << 27) - 1] {
            let key = Key::of(part, leaf);
            assert_eq!((key.part(), key.leaf()), (part, leaf));
        }
    }
}

#[test]
fn only_the_first_child_goes_on_with_a_lineage() {
    let root = Lineage::default();
    let child = root.of_child(0);
    assert!(child.is(&root));
    let second = root.of_child(0);
    assert!(!second.is(&root));
    let grandchild = child.of_child(1);
    assert!(grandchild.is(&root));
    assert!(!child.of_child(1).is(&root));
    // The second child has a line of its own.
    assert!(second.of_child(1).is(&second));
}
