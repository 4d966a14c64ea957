//! Persistent maps without an order: what stayed the same is shared, as in the array that they are made of.
//!
//! Entries are kept in short runs, found by their hash. While a map grows its runs are split, all at once; a map that is settled has its runs grow
//! instead, so that no single entry ever costs more than a run.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use crate::array::Array;
use crate::basis::{Part, Versioned};
use crate::table::ResourceIx;

/// Entries of a run, on average, when runs are split.
const FULL: usize = 8;

/// Entries by their hash.
#[derive(Debug, Clone)]
pub(crate) struct Runs<E> {
    runs: Array<Arc<[E]>>,
    len: usize,
    is_settled: bool,
}

/// What tells its hash.
pub(crate) trait Hashed: Clone {
    fn hashed(&self) -> u64;
}

/// Values by their keys.
#[derive(Debug, Clone)]
pub(crate) struct Map<K, V> {
    pub(crate) entries: Runs<(K, V)>,
}

/// Resources by their ids. The ids are the resources' to tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids {
    pub(crate) entries: Runs<Short>,
}

/// A resource, by the hash of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    hash: u32,
    at: ResourceIx,
}

fn hash_of<K: Hash + ?Sized>(key: &K) -> u64 {
    FxBuildHasher.hash_one(key)
}

impl<K: Hash + Clone, V: Clone> Hashed for (K, V) {
    fn hashed(&self) -> u64 {
        hash_of(&self.0)
    }
}

// === impl Runs ===

impl<E> Default for Runs<E> {
    fn default() -> Self {
        Self {
            runs: Array::default(),
            len: 0,
            is_settled: false,
        }
    }
}

/// The run of a hash among so many, which are a power of two.
fn place(hash: u64, runs: usize) -> usize {
    let low = usize::try_from(hash & u64::from(u32::MAX)).unwrap_or_default();
    low & runs.saturating_sub(1)
}

impl<E: Hashed> Runs<E> {
    fn run(&self, hash: u64) -> &[E] {
        let run = self.runs.get(place(hash, self.runs.len()));
        run.map_or(&[], |run| run)
    }

    fn iter(&self) -> impl Iterator<Item = &E> {
        self.runs.iter().flat_map(|run| run.iter())
    }

    fn insert(&mut self, entry: E) {
        let is_full = self.len >= self.runs.len().saturating_mul(FULL);
        if is_full && !self.is_settled || self.runs.len() == 0 {
            self.split();
        }
        self.edit(entry.hashed(), |run| run.push(entry));
        self.len += 1;
    }

    fn remove(&mut self, hash: u64, is_meant: impl Fn(&E) -> bool) {
        if self.run(hash).iter().any(&is_meant) {
            self.edit(hash, |run| run.retain(|held| !is_meant(held)));
            self.len -= 1;
        }
    }

    fn edit(&mut self, hash: u64, change: impl FnOnce(&mut Vec<E>)) {
        let place = place(hash, self.runs.len());
        let mut run = self.run(hash).to_vec();
        change(&mut run);
        self.runs.set(place, Some(run.into()));
    }

    /// Twice as many runs.
    fn split(&mut self) {
        let count = self.runs.len().saturating_mul(2).max(1);
        let mut runs: Vec<Vec<E>> = vec![Vec::new(); count];
        for entry in self.iter() {
            if let Some(run) = runs.get_mut(place(entry.hashed(), count)) {
                run.push(entry.clone());
            }
        }
        self.runs = Array::default();
        for run in runs {
            self.runs.push(run.into());
        }
    }
}

/// Each run is a place. Once it is settled, no entry waits for all others.
impl<E> Versioned for Runs<E> {
    fn settle(&mut self, part: Part) {
        self.is_settled = true;
        self.runs.settle(part);
    }

    fn begin(&mut self, generation: u32) {
        self.runs.begin(generation);
    }

    fn changed(&self, run: usize) -> u32 {
        self.runs.changed(run)
    }
}

// === impl Map ===

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self {
            entries: Runs::default(),
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Map<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let mut run = self.entries.run(hash_of(key)).iter();
        run.find(|(held, _)| held == key).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// All entries, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Puts a value, unless there is one for the key: then tells that one.
    pub(crate) fn insert_first(&mut self, key: K, value: V) -> Option<V> {
        let held = self.get(&key).cloned();
        if held.is_none() {
            self.entries.insert((key, value));
        }
        held
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.entries.remove(hash_of(key), |(held, _)| held == key);
    }
}

// === impl Ids ===

/// The hash of an id, as it is kept.
fn short(id: &str) -> u32 {
    u32::try_from(hash_of(id) & u64::from(u32::MAX)).unwrap_or_default()
}

impl Hashed for Short {
    fn hashed(&self) -> u64 {
        u64::from(self.hash)
    }
}

impl Ids {
    /// The resource with an id, among those whose ids have its hash.
    pub(crate) fn find(&self, id: &str, is_it: impl Fn(ResourceIx) -> bool) -> Option<ResourceIx> {
        let hash = short(id);
        let run = self.entries.run(u64::from(hash)).iter();
        let mut alike = run.filter(|held| held.hash == hash).map(|held| held.at);
        alike.find(|at| is_it(*at))
    }

    pub(crate) fn insert(&mut self, id: &str, at: ResourceIx) {
        let hash = short(id);
        self.entries.insert(Short { hash, at });
    }

    pub(crate) fn remove(&mut self, id: &str, at: ResourceIx) {
        let hash = u64::from(short(id));
        self.entries.remove(hash, |held| held.at == at);
    }
}

#[cfg(test)]
mod tests;
