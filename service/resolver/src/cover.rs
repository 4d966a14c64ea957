//! Sets of addresses, as the blocks that cover them.

use ipnet::IpNet;
use rustc_hash::FxHashSet;

/// A set of addresses, which grows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cover {
    blocks: FxHashSet<IpNet>,
}

impl Cover {
    /// Adds a block; two halves of a block, of which one may be in another set, are that block.
    pub(crate) fn add(&mut self, block: IpNet, beside: Option<&Self>) {
        let mut block = block.trunc();
        while let Some(whole) = block.supernet() {
            let mut halves = halves(whole);
            let is_whole = halves.all(|half| half == block || self.holds(half, beside));
            if !is_whole {
                break;
            }
            block = whole;
        }
        self.blocks.insert(block);
    }

    /// Whether all of a block is in this set, or in another.
    pub(crate) fn holds(&self, block: IpNet, beside: Option<&Self>) -> bool {
        let mut next = Some(block.trunc());
        while let Some(block) = next {
            let mut sets = std::iter::once(self).chain(beside);
            if sets.any(|set| set.blocks.contains(&block)) {
                return true;
            }
            next = block.supernet();
        }
        false
    }

    /// The addresses of the set that are in a block, where the set does not hold all of it.
    pub(crate) fn part_in(&self, block: IpNet) -> Self {
        let blocks = self.blocks.iter().filter(|own| block.contains(*own));
        Self {
            blocks: blocks.copied().collect(),
        }
    }
}

fn halves(block: IpNet) -> impl Iterator<Item = IpNet> {
    let length = block.prefix_len().saturating_add(1);
    block.subnets(length).into_iter().flatten()
}

#[cfg(test)]
mod tests;
