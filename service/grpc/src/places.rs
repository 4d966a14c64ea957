//! Things, each once, by their places in the order in which they came.

#![expect(
    clippy::disallowed_types,
    reason = "keys are what callers send: their hash must not be foreseen, and nothing is listed by it"
)]

use std::collections::HashMap;
use std::hash::Hash;

/// The places of things that were met before.
#[derive(Debug)]
pub(crate) struct Places<K> {
    known: HashMap<K, u32>,
}

/// Where a thing has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the first of its kind: it gets the next place.
    New(u32),
    /// It has one already.
    Known(u32),
}

impl<K> Default for Places<K> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash> Places<K> {
    /// Room for so many things.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self {
            known: HashMap::with_capacity(count),
        }
    }

    /// The place of a thing.
    pub(crate) fn of(&mut self, key: K) -> Place {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let place = *self.known.entry(key).or_insert(next);
        if place == next {
            Place::New(place)
        } else {
            Place::Known(place)
        }
    }
}

impl Place {
    /// The place, from 0.
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::New(place) | Self::Known(place) => place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Places};

    #[test]
    fn equal_things_have_one_place_in_the_order_of_their_coming() {
        let mut places = Places::default();
        let told = ["b", "a", "b", "c"].map(|key| places.of(key));
        let expected = [Place::New(0), Place::New(1), Place::Known(0), Place::New(2)];
        assert_eq!(told, expected);
        assert_eq!(told.map(Place::number), [0, 1, 0, 2]);
    }
}
