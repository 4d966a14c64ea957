//! A persistent array: two arrays that differ in one entry share all but the way to that entry.
//!
//! A tree of nodes with 32 entries each, so that an entry of a million is four nodes away. Entries keep their places: one that is removed leaves
//! a gap.

use std::sync::Arc;

/// Entries of a node, as a power of two.
const BITS: u32 = 5;
const WIDTH: usize = 1 << BITS;

/// Entries by dense places.
#[derive(Debug, Clone)]
pub(crate) struct Array<T> {
    root: Arc<Node<T>>,
    /// How many nodes are above a leaf.
    height: u32,
    /// How many places were given, gaps included.
    len: usize,
}

#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "both are 32 entries, which are read where they stand"
)]
enum Node<T> {
    Leaf([Option<T>; WIDTH]),
    Inner([Option<Arc<Node<T>>>; WIDTH]),
}

/// The place within a node, of one so high above the leaves.
fn slot(index: usize, height: u32) -> usize {
    (index >> (height * BITS)) & (WIDTH - 1)
}

// === impl Node ===

impl<T> Node<T> {
    fn leaf() -> Self {
        Self::Leaf([const { None }; WIDTH])
    }

    fn get(&self, index: usize, height: u32) -> Option<&T> {
        let mut node = self;
        let mut height = height;
        loop {
            match node {
                Self::Leaf(entries) => return entries.get(slot(index, 0))?.as_ref(),
                Self::Inner(nodes) => {
                    node = nodes.get(slot(index, height))?.as_deref()?;
                    height -= 1;
                }
            }
        }
    }

    /// The entries of the leaf that has this place.
    fn leaf_of(&self, index: usize, height: u32) -> &[Option<T>] {
        match self {
            Self::Leaf(entries) => entries,
            Self::Inner(nodes) => {
                let node = nodes.get(slot(index, height)).and_then(Option::as_ref);
                node.map_or(&[], |node| node.leaf_of(index, height - 1))
            }
        }
    }
}

impl<T: Clone> Node<T> {
    /// The entry at a place, with the nodes on the way to it made if need be, and copied if they are shared.
    fn entry(&mut self, index: usize, height: u32) -> Option<&mut Option<T>> {
        match self {
            Self::Leaf(entries) => entries.get_mut(slot(index, 0)),
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
                Arc::make_mut(node).entry(index, below)
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
        }
    }
}

impl<T> Array<T> {
    /// How many places were given, gaps included.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        if index >= self.len {
            return None;
        }
        self.root.get(index, self.height)
    }

    /// All entries, in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let leaves = (0..self.len).step_by(WIDTH);
        leaves.flat_map(|start| self.root.leaf_of(start, self.height).iter().flatten())
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
            && let Some(held) = Arc::make_mut(&mut self.root).entry(index, self.height)
        {
            *held = entry;
        }
    }

    /// The entry at a place, to be changed.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        let held = Arc::make_mut(&mut self.root).entry(index, self.height)?;
        held.as_mut()
    }
}

#[cfg(test)]
mod tests;
