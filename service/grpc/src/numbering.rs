//! Things numbered in the order in which they come, equal ones alike.

#![expect(
    clippy::disallowed_types,
    reason = "keys are what callers send: their hash must not be foreseen, and nothing is listed by it"
)]

use std::collections::HashMap;
use std::hash::Hash;

/// The numbers of things that were met before, from 0.
#[derive(Debug)]
pub(crate) struct Numbering<K> {
    known: HashMap<K, u32>,
}

/// The number of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// It is the first of its kind: it gets the next number.
    New(u32),
    /// It has one already.
    Known(u32),
}

impl<K> Default for Numbering<K> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash> Numbering<K> {
    /// Room for so many things.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self {
            known: HashMap::with_capacity(count),
        }
    }

    /// The number of a thing.
    pub(crate) fn of(&mut self, key: K) -> Number {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let number = *self.known.entry(key).or_insert(next);
        if number == next {
            Number::New(number)
        } else {
            Number::Known(number)
        }
    }
}

impl Number {
    /// The number itself.
    pub(crate) fn get(self) -> u32 {
        match self {
            Self::New(number) | Self::Known(number) => number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, Numbering};

    #[test]
    fn equal_things_have_one_number_in_the_order_of_their_coming() {
        let mut numbering = Numbering::default();
        let told = ["b", "a", "b", "c"].map(|key| numbering.of(key));
        let expected = [
            Number::New(0),
            Number::New(1),
            Number::Known(0),
            Number::New(2),
        ];
        assert_eq!(told, expected);
        assert_eq!(told.map(Number::get), [0, 1, 0, 2]);
    }
}
