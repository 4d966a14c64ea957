//! A persistent array: two arrays that differ in one entry share all but the way to that entry.
//!
//! A tree of nodes with 64 entries each, so that an entry of a quarter of a million is three nodes away. Entries keep their places: one that is removed leaves
//! a gap. Each place tells the generation that last changed it, and reading an entry is noted, found or not.

use std::sync::Arc;

use crate::basis::{Part, Versioned, note};

/// Entries of a node, as a power of two.
const BITS: u32 = 6;
const WIDTH: usize = 1 << BITS;

/// Entries by dense places.
#[derive(Debug, Clone)]
pub(crate) struct Array<T> {
    root: Arc<Node<T>>,
    /// How many nodes are above a leaf.
    height: u32,
    /// How many places were given, gaps included.
    len: usize,
    /// What it is a part of.
    part: Part,
    /// The generation that is under way.
    now: u32,
}

#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "each is behind a pointer of its own, and of leaves there are the most"
)]
enum Node<T> {
    Leaf(Leaf<T>),
    Inner([Option<Arc<Node<T>>>; WIDTH]),
}

#[derive(Debug, Clone)]
struct Leaf<T> {
    entries: [Option<T>; WIDTH],
    /// The generation that last changed each of them.
    changed: [u32; WIDTH],
}

/// The place within a node, of one so high above the leaves.
fn slot(index: usize, height: u32) -> usize {
    (index >> (height * BITS)) & (WIDTH - 1)
}

// === impl Node ===

impl<T> Node<T> {
    fn leaf() -> Self {
        Self::Leaf(Leaf {
            entries: [const { None }; WIDTH],
            changed: [0; WIDTH],
        })
    }

    /// The leaf that has this place.
    fn leaf_of(&self, index: usize, height: u32) -> Option<&Leaf<T>> {
        let mut node = self;
        let mut height = height;
        loop {
            match node {
                Self::Leaf(leaf) => return Some(leaf),
                Self::Inner(nodes) => {
                    node = nodes.get(slot(index, height))?.as_deref()?;
                    height -= 1;
                }
            }
        }
    }
}

impl<T: Clone> Node<T> {
    /// The entry at a place, with the nodes on the way to it made if need be, and copied if they are shared.
    fn entry(&mut self, index: usize, height: u32, now: u32) -> Option<&mut Option<T>> {
        match self {
            Self::Leaf(leaf) => {
                let slot = slot(index, 0);
                *leaf.changed.get_mut(slot)? = now;
                leaf.entries.get_mut(slot)
            }
            Self::Inner(nodes) => {
                let below = height - 1;
                let node = nodes.get_mut(slot(index, height))?;
                let node = node.get_or_insert_with(|| {
                    Arc::new(if below == 0 {
                        Self::leaf()
                    } else {
                        Self::Inner([const { None }; WIDTH])
                    })
                });
                Arc::make_mut(node).entry(index, below, now)
            }
        }
    }
}

// === impl Array ===

impl<T> Default for Array<T> {
    fn default() -> Self {
        Self {
            root: Arc::new(Node::leaf()),
            height: 0,
            len: 0,
            part: Part::None,
            now: 0,
        }
    }
}

impl<T> Array<T> {
    /// How many places were given, gaps included.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        note(self.part, index);
        if index >= self.len {
            return None;
        }
        let leaf = self.root.leaf_of(index, self.height)?;
        leaf.entries.get(slot(index, 0))?.as_ref()
    }

    /// All entries, in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        // A further entry would be behind the last one.
        note(self.part, self.len);
        let leaves = (0..self.len).step_by(WIDTH);
        let entries = leaves.filter_map(|start| {
            let leaf = self.root.leaf_of(start, self.height)?;
            let numbered = leaf.entries.iter().zip(start..);
            Some(numbered.inspect(|(_, place)| note(self.part, *place)))
        });
        entries.flatten().filter_map(|(entry, _)| entry.as_ref())
    }
}

impl<T> Versioned for Array<T> {
    fn settle(&mut self, part: Part) {
        self.part = part;
    }

    fn begin(&mut self, generation: u32) {
        self.now = generation;
    }

    /// 0 for a place that was never given.
    fn changed(&self, index: usize) -> u32 {
        if index >= self.len {
            return 0;
        }
        let leaf = self.root.leaf_of(index, self.height);
        let changed = leaf.and_then(|leaf| leaf.changed.get(slot(index, 0)));
        changed.copied().unwrap_or_default()
    }
}

impl<T: Clone> Array<T> {
    /// Adds an entry behind all places that were given, and tells its place.
    pub(crate) fn push(&mut self, entry: T) -> usize {
        let place = self.len;
        if place >= WIDTH << (self.height * BITS) {
            let below = std::mem::replace(&mut self.root, Arc::new(Node::leaf()));
            let mut nodes = [const { None }; WIDTH];
            if let Some(first) = nodes.first_mut() {
                *first = Some(below);
            }
            self.root = Arc::new(Node::Inner(nodes));
            self.height += 1;
        }
        self.len += 1;
        self.set(place, Some(entry));
        place
    }

    /// Puts an entry at a place that was given, or takes it away.
    pub(crate) fn set(&mut self, index: usize, entry: Option<T>) {
        if index < self.len
            && let Some(held) = Arc::make_mut(&mut self.root).entry(index, self.height, self.now)
        {
            *held = entry;
        }
    }

    /// The entry at a place, to be changed.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        let held = Arc::make_mut(&mut self.root).entry(index, self.height, self.now)?;
        held.as_mut()
    }
}

#[cfg(test)]
mod tests;
