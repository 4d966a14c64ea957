//! A small map that forgets what was not used for longest.

use std::sync::{Mutex, PoisonError};

/// At most so many values, the most recently used ones. Meant for tens of entries: a look-up reads them all.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    capacity: usize,
    /// The last one was used last.
    entries: Mutex<Vec<(K, V)>>,
}

impl<K: PartialEq + Clone, V: Clone> Recent<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            entries: Mutex::new(Vec::new()),
        }
    }

    /// The value of the key, made by `make` if there is none.
    pub(crate) fn get_or_insert_with(&self, key: K, make: impl FnOnce() -> V) -> V {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let held = entries.iter().position(|(held, _)| *held == key);
        let entry = held.map_or_else(|| (key, make()), |place| entries.remove(place));
        let value = entry.1.clone();
        if entries.len() >= self.capacity {
            entries.remove(0);
        }
        entries.push(entry);
        value
    }

    /// The value that ranks highest, of those that have a rank, with its key.
    pub(crate) fn best<R: Ord>(&self, rank: impl Fn(&K, &V) -> Option<R>) -> Option<(K, V)> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let ranked = entries
            .iter()
            .filter_map(|(key, value)| Some((rank(key, value)?, (key, value))));
        let best = ranked.max_by(|(one, _), (other, _)| one.cmp(other));
        best.map(|(_, (key, value))| (key.clone(), value.clone()))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Forgets what does not meet the condition.
    pub(crate) fn retain(&self, mut condition: impl FnMut(&K) -> bool) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(key, _)| condition(key));
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn the_value_that_ranks_highest_is_found() {
        let recent = Recent::new(3);
        for key in [2, 9, 4] {
            recent.get_or_insert_with(key, || key);
        }
        assert_eq!(
            recent.best(|key, _| (*key < 9).then_some(*key)),
            Some((4, 4))
        );
        assert_eq!(recent.best(|key, _| (*key > 9).then_some(*key)), None);
    }

    #[test]
    fn what_was_not_used_for_longest_is_forgotten() {
        let recent = Recent::new(2);
        for key in ["one", "two", "one", "three"] {
            recent.get_or_insert_with(key, || key.to_owned());
        }
        assert_eq!(
            recent.get_or_insert_with("one", || "made again".to_owned()),
            "one"
        );
        assert_eq!(
            recent.get_or_insert_with("two", || "made again".to_owned()),
            "made again"
        );
    }
}
