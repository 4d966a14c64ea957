//! States that were the newest one a short while ago: what is asked for most beside the newest one.

use std::collections::VecDeque;

use causeway_model::revision::Revision;

use crate::topology::View;

/// Most states of one topology.
const MOST: usize = 64;

/// Most changes that lie between the oldest of them and the head. A state holds in memory what changed since, and shares the rest.
const MOST_CHANGES: u64 = 10_000;

/// States of one topology, newest last.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// Each with the number of changes that replaced it.
    views: VecDeque<(View, u64)>,
    changes: u64,
}

impl Earlier {
    /// Keeps a state that was replaced by this many changes, and gives back the oldest ones if they are to be forgotten: who calls drops them where nobody
    /// waits, for each frees what it alone held.
    #[must_use]
    pub(crate) fn keep(&mut self, view: View, changes: u64) -> Vec<View> {
        let mut forgotten = Vec::new();
        self.views.push_back((view, changes));
        self.changes = self.changes.saturating_add(changes);
        while self.views.len() > MOST || self.changes > MOST_CHANGES {
            let Some((view, changes)) = self.views.pop_front() else {
                break;
            };
            self.changes = self.changes.saturating_sub(changes);
            forgotten.push(view);
        }
        forgotten
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The state at this revision, if it is kept.
    pub(crate) fn get(&self, revision: Revision) -> Option<&View> {
        let found = self
            .views
            .iter()
            .find(|(view, _)| view.revision == revision);
        found.map(|(view, _)| view)
    }
}

#[cfg(test)]
mod tests {
    use causeway_model::revision::Revision;
    use causeway_model::snapshot::Snapshot;

    use super::{Earlier, MOST, MOST_CHANGES};
    use crate::topology::View;

    fn kept(changes: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut earlier = Earlier::default();
        let mut numbers = 0..;
        for (changes, number) in changes.into_iter().zip(numbers.by_ref()) {
            let view = View {
                revision: Revision(number),
                snapshot: Snapshot::default(),
            };
            drop(earlier.keep(view, changes));
        }
        let last = numbers.start;
        (0..last)
            .filter(|number| earlier.get(Revision(*number)).is_some())
            .collect()
    }

    #[test]
    fn the_oldest_are_forgotten_when_there_are_many_or_much_has_changed() {
        assert_eq!(kept([1, 1, 1]), [0, 1, 2]);
        assert_eq!(kept([MOST_CHANGES - 1, 1, 1]), [1, 2]);
        assert_eq!(kept([1, MOST_CHANGES + 1, 1]), [2]);
        assert_eq!(kept(vec![1; MOST + 2]).first(), Some(&2));
    }
}
