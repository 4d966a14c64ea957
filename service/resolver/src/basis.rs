//! What an answer was computed from: the parts of a network that were read for it, found or not.
//!
//! All that a derivation changes is kept in persistent arrays, and in maps made of them. Each place of an array tells the generation that last
//! changed it. What is read is noted where it is read, in [`Array`](crate::array::Array), and no reader can forget it. The rest of a
//! network, its frame, is the same in all of one lineage.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::network::Network;

/// What an answer was computed from. An answer holds for every network that [confirms](Network::confirms) its basis.
#[derive(Debug)]
pub struct Basis {
    stamp: Stamp,
    /// The places that were read, each once.
    read: Box<[Key]>,
}

/// The youngest network that an answer is known to hold for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    line: u64,
    generation: u32,
}

/// A line of networks, each derived from the one before it: a compiled one, its first child, that one's first child, and so on.
#[derive(Debug, Clone)]
pub(crate) struct Lineage {
    /// No other line of this process has it.
    id: u64,
    /// The generation of the youngest.
    youngest: Arc<AtomicU32>,
}

/// The parts of a network that may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u32)]
pub(crate) enum Part {
    /// Not known, while a network is compiled.
    #[default]
    None,
    Resources,
    Ids,
    Interfaces,
    Groups,
    Places,
    Tables,
    ByAddress,
    ByPublic,
    PublicOf,
    /// These are one place each.
    Boundaries,
    Idle,
}

impl Part {
    const ALL: [Self; 12] = [
        Self::None,
        Self::Resources,
        Self::Ids,
        Self::Interfaces,
        Self::Groups,
        Self::Places,
        Self::Tables,
        Self::ByAddress,
        Self::ByPublic,
        Self::PublicOf,
        Self::Boundaries,
        Self::Idle,
    ];
}

/// A part of a network that may change, place by place.
pub(crate) trait Versioned {
    /// Ends the compile that made it: what is read of it is noted as read of this part.
    fn settle(&mut self, part: Part);

    /// From now on changes are of this generation.
    fn begin(&mut self, generation: u32);

    /// The generation that last changed a place.
    fn changed(&self, place: usize) -> u32;
}

/// A place of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u32);

/// Bits of a place: enough for some hundred million entries. What is beyond counts as changed.
const PLACE_BITS: u32 = 28;

impl Key {
    fn of(part: Part, place: usize) -> Self {
        let place = u32::try_from(place)
            .unwrap_or(u32::MAX)
            .min((1 << PLACE_BITS) - 1);
        Self(((part as u32) << PLACE_BITS) | place)
    }

    fn part(self) -> Part {
        let number = usize::try_from(self.0 >> PLACE_BITS).unwrap_or_default();
        Part::ALL.get(number).copied().unwrap_or_default()
    }

    fn place(self) -> usize {
        usize::try_from(self.0 & ((1 << PLACE_BITS) - 1)).unwrap_or_default()
    }
}

thread_local! {
    /// Whether this thread notes what it reads.
    static IS_NOTING: Cell<bool> = const { Cell::new(false) };
    static NOTED: RefCell<Vec<Key>> = const { RefCell::new(Vec::new()) };
}

/// Notes that a place is read, if somebody wants to know.
pub(crate) fn note(part: Part, place: usize) {
    if IS_NOTING.get() {
        let key = Key::of(part, place);
        NOTED.with_borrow_mut(|noted| {
            if noted.last() != Some(&key) {
                noted.push(key);
            }
        });
    }
}

/// Ends the noting, also of work that panics.
struct Noting;

impl Noting {
    fn begin() -> Self {
        NOTED.with_borrow_mut(Vec::clear);
        IS_NOTING.set(true);
        Self
    }

    fn noted(self) -> Box<[Key]> {
        drop(self);
        NOTED.with_borrow_mut(|noted| {
            noted.sort_unstable();
            noted.dedup();
            noted.as_slice().into()
        })
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        IS_NOTING.set(false);
    }
}

// === impl Stamp ===

impl Stamp {
    /// Whether it is this network's: what has it holds for the network without another look.
    #[must_use]
    pub fn is_of(self, network: &Network) -> bool {
        self == network.stamp()
    }

    /// Whether it is of a younger network than this one, of the same line: of that one more is asked than of this one.
    #[must_use]
    pub fn is_ahead_of(self, network: &Network) -> bool {
        let Self { line, generation } = network.stamp();
        self.line == line && self.generation > generation
    }
}

// === impl Basis ===

impl Basis {
    /// The youngest network that it is known to hold for.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Takes note that the network confirmed it, so that none has to look again what has changed up to there.
    pub fn renew(&mut self, network: &Network) {
        let stamp = network.stamp();
        if stamp.line == self.stamp.line {
            self.stamp.generation = self.stamp.generation.max(stamp.generation);
        }
    }

    /// Bytes that it takes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        std::mem::size_of_val::<[Key]>(&self.read)
    }
}

// === impl Lineage ===

impl Lineage {
    /// The lineage of a child of this generation's network: this one if it is the first child, else a new one.
    pub(crate) fn of_child(&self, generation: u32) -> Self {
        let next = generation.saturating_add(1);
        let first =
            self.youngest
                .compare_exchange(generation, next, Ordering::Relaxed, Ordering::Relaxed);
        if first.is_ok() && next > generation {
            return self.clone();
        }
        Self::from(next)
    }

    /// A new line that begins with this generation.
    fn from(generation: u32) -> Self {
        static LINES: AtomicU64 = AtomicU64::new(0);
        Self {
            id: LINES.fetch_add(1, Ordering::Relaxed),
            youngest: Arc::new(AtomicU32::new(generation)),
        }
    }
}

impl Default for Lineage {
    fn default() -> Self {
        Self::from(0)
    }
}

// === impl Network ===

impl Network {
    /// The same network at the beginning of a line of its own: what is derived from it takes nobody's place in the line of this one, and no answer
    /// of either line is known to hold in the other.
    #[must_use]
    pub fn aside(&self) -> Self {
        Self {
            lineage: Lineage::from(self.generation),
            ..self.clone()
        }
    }

    /// Does work that reads this network and no other one, and tells what it read. Work within such work is part of it.
    pub fn noting<T>(&self, work: impl FnOnce() -> T) -> (T, Basis) {
        let noting = Noting::begin();
        let done = work();
        let basis = Basis {
            stamp: self.stamp(),
            read: noting.noted(),
        };
        (done, basis)
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            line: self.lineage.id,
            generation: self.generation,
        }
    }

    /// Whether all that an answer was computed from is the same here: then it is the answer here, too. What cannot be told is told as no.
    #[must_use]
    pub fn confirms(&self, basis: &Basis) -> bool {
        let Stamp { line, generation } = basis.stamp;
        line == self.lineage.id
            && generation <= self.generation
            && (generation == self.generation
                || basis
                    .read
                    .iter()
                    .all(|key| self.changed(*key) <= generation))
    }

    /// The generation that last changed a place.
    fn changed(&self, key: Key) -> u32 {
        let place = key.place();
        if place == (1 << PLACE_BITS) - 1 {
            // It stands for all that are beyond.
            return u32::MAX;
        }
        self.part(key.part())
            .map_or(u32::MAX, |part| part.changed(place))
    }
}

#[cfg(test)]
mod tests;
