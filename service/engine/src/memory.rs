//! The cache of answers: what was computed at one revision is given again at another, if nothing that it was computed from has changed.
//!
//! It knows questions as bytes and answers as values; what they mean is its user's to know. It is bounded in bytes. Equal questions that are asked
//! at once are computed once: the others wait for that, on a thread of the pool, for as long as one walk takes. What failed, or was cut off, is not kept.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use causeway_resolver::{Basis, Network, Stamp};
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};
use smallvec::SmallVec;

use crate::resolve::Paths;

/// What an entry takes beside a long question, its answer and its basis, in bytes: the entry of the cache with a short question, its counts, and an allocation.
const ENTRY: usize = 240;

/// A question with its topology. What the usual question takes stands in the cache's entry itself: a look at it is a look at one place of memory.
type Question = SmallVec<[u8; 72]>;

/// Bytes that an answer takes with all that belongs to it, by which the number of entries is guessed.
const USUAL: u64 = 1_024;

/// Answers that were computed before, with questions of all topologies.
#[derive(Debug)]
pub struct Memory<V> {
    /// None if nothing is to be kept.
    answers: Option<Answers<V>>,
    counts: Arc<Counts>,
}

type Answers<V> = Cache<Question, Kept<V>, Weigh, DefaultHashBuilder, Evictions>;

/// An answer. It stands in the cache's entry itself, as its question does: a look takes one place of memory, not three that follow each other.
#[derive(Debug)]
struct Kept<V> {
    value: V,
    stamp: Stamp,
    /// What the answer was computed from; none in a copy, which is what a look gives.
    basis: Option<Basis>,
    bytes: u64,
}

/// How often what happened, since the cache was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryCounts {
    /// An answer was there; those of earlier revisions included.
    pub hits: u64,
    /// An answer of an earlier revision was there, and nothing that it was computed from had changed.
    pub carried: u64,
    /// An answer was not there.
    pub misses: u64,
    /// An answer of an earlier revision was there, and something that it was computed from had changed; or it cannot be told.
    pub invalidated: u64,
    /// An answer was dropped to make room.
    pub evictions: u64,
    /// Bytes that are taken now.
    pub bytes: u64,
    /// Answers that are kept now.
    pub entries: u64,
}

#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    carried: AtomicU64,
    misses: AtomicU64,
    invalidated: AtomicU64,
    evictions: AtomicU64,
}

/// Answers that were computed for a state, or are known to hold for it. They are counted when it is dropped: a count that all threads write is slow.
pub struct AtHand<'a, V> {
    paths: &'a Paths,
    answers: &'a Answers<V>,
    counts: &'a Counts,
    hits: u64,
}

#[derive(Debug, Clone, Copy)]
struct Weigh;

impl<V> Weighter<Question, Kept<V>> for Weigh {
    fn weight(&self, _question: &Question, kept: &Kept<V>) -> u64 {
        kept.bytes
    }
}

#[derive(Debug, Clone)]
struct Evictions(Arc<Counts>);

impl<V> Lifecycle<Question, Kept<V>> for Evictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _question: Question, _kept: Kept<V>) {
        add(&self.0.evictions);
    }
}

impl<V: Clone> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            stamp: self.stamp,
            basis: None,
            bytes: self.bytes,
        }
    }
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

// === impl Memory ===

impl<V: Clone> Memory<V> {
    /// A cache of at most so many bytes; 0 for none.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        let counts = Arc::new(Counts::default());
        let items = usize::try_from(max_bytes / USUAL).unwrap_or(usize::MAX);
        let answers = (max_bytes > 0).then(|| {
            Cache::with(
                items.max(1),
                max_bytes,
                Weigh,
                DefaultHashBuilder::default(),
                Evictions(Arc::clone(&counts)),
            )
        });
        Self { answers, counts }
    }

    /// How often what happened.
    #[must_use]
    pub fn counts(&self) -> MemoryCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        MemoryCounts {
            hits: read(&self.counts.hits),
            carried: read(&self.counts.carried),
            misses: read(&self.counts.misses),
            invalidated: read(&self.counts.invalidated),
            evictions: read(&self.counts.evictions),
            bytes: self.answers.as_ref().map_or(0, Cache::weight),
            entries: self.answers.as_ref().map_or(0, entries),
        }
    }
}

fn entries<V: Clone>(answers: &Answers<V>) -> u64 {
    u64::try_from(answers.len()).unwrap_or(u64::MAX)
}

// === impl Kept ===

impl<V> Kept<V> {
    /// Whether it is the answer in this network too; then it is known from now on.
    fn holds_in(&mut self, network: &Network) -> bool {
        let Some(basis) = &mut self.basis else {
            return false;
        };
        if !network.confirms(basis) {
            return false;
        }
        basis.renew(network);
        self.stamp = basis.stamp();
        true
    }
}

// === impl Paths ===

impl Paths {
    /// Counts from now on how many answers were there before.
    #[must_use]
    pub fn counting_hits(self) -> Self {
        self.with_hits(Arc::default())
    }

    /// How many answers were there before, if that is counted.
    #[must_use]
    pub fn hits(&self) -> Option<u64> {
        Some(self.counted_hits()?.load(Ordering::Relaxed))
    }

    fn count_hits(&self, counts: &Counts, count: u64) {
        counts.hits.fetch_add(count, Ordering::Relaxed);
        if let Some(hits) = self.counted_hits() {
            hits.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// The answers that are at hand for this very state; none if there never are any.
    pub fn at_hand<'a, V>(&'a self, memory: &'a Memory<V>) -> Option<AtHand<'a, V>> {
        Some(AtHand {
            paths: self,
            answers: self.answers_of(memory)?,
            counts: &memory.counts,
            hits: 0,
        })
    }

    /// The answers that it takes and gives: none in a what-if.
    fn answers_of<'m, V>(&self, memory: &'m Memory<V>) -> Option<&'m Answers<V>> {
        memory.answers.as_ref().filter(|_| !self.is_what_if())
    }

    /// A question of this topology, apart from those of others.
    fn full(&self, question: &[&[u8]]) -> Question {
        let mut full = Question::from_slice(&self.topology().0.to_le_bytes());
        question
            .iter()
            .for_each(|part| full.extend_from_slice(part));
        full
    }

    /// The answer to a question in this state: the one that was computed before, if it holds here, or what is computed now. Everything that is read of the
    /// state for it must be read within `compute`, which tells the bytes of the answer too. A question is all its parts, one after the other.
    ///
    /// # Errors
    /// Those of the computation. They are not kept.
    pub fn recall<V: Clone, E>(
        &self,
        memory: &Memory<V>,
        question: &[&[u8]],
        compute: impl FnOnce() -> Result<(V, usize), E>,
    ) -> Result<V, E> {
        let Some(answers) = self.answers_of(memory) else {
            return compute().map(|(value, _)| value);
        };
        let question = self.full(question);
        let counts = &memory.counts;
        if let Some(kept) = answers.get(&question)
            && kept.stamp.is_of(self.network())
        {
            self.count_hits(counts, 1);
            return Ok(kept.value);
        }
        let entry = answers.entry(&question, None, |_, kept| {
            if kept.holds_in(self.network()) {
                EntryAction::Retain(Some(kept.value.clone()))
            } else if kept.stamp.is_ahead_of(self.network()) {
                EntryAction::Retain(None)
            } else {
                EntryAction::ReplaceWithGuard
            }
        });
        let place = match entry {
            EntryResult::Retained(Some(value)) => {
                self.count_hits(counts, 1);
                add(&counts.carried);
                return Ok(value);
            }
            // Who asks for the past does not take the present from the others.
            EntryResult::Retained(None) => None,
            EntryResult::Replaced(place, _old) => {
                add(&counts.invalidated);
                Some(place)
            }
            EntryResult::Vacant(place) => Some(place),
            EntryResult::Removed(..) | EntryResult::Timeout => None,
        };
        add(&counts.misses);
        let (computed, basis) = self.network().noting(compute);
        let (value, bytes) = computed?;
        if let Some(place) = place {
            let long = if question.spilled() {
                question.len()
            } else {
                0
            };
            let bytes = [ENTRY, long, basis.bytes(), bytes];
            let bytes = bytes.into_iter().fold(0, usize::saturating_add);
            let kept = Kept {
                value: value.clone(),
                stamp: basis.stamp(),
                basis: Some(basis),
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            };
            // If it was taken away meanwhile, somebody else has put another one.
            drop(place.insert(kept));
        }
        Ok(value)
    }
}

// === impl AtHand ===

impl<V: Clone> AtHand<'_, V> {
    /// What is read of the answer to a question, if it is at hand. A question is all its parts, one after the other.
    pub fn look<T>(&mut self, question: &[&[u8]], read: impl FnOnce(V) -> T) -> Option<T> {
        let kept = self.answers.get(&self.paths.full(question))?;
        if !kept.stamp.is_of(self.paths.network()) {
            return None;
        }
        self.hits = self.hits.saturating_add(1);
        Some(read(kept.value))
    }
}

impl<V> fmt::Debug for AtHand<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtHand")
            .field("paths", self.paths)
            .field("hits", &self.hits)
            .finish_non_exhaustive()
    }
}

impl<V> Drop for AtHand<'_, V> {
    fn drop(&mut self) {
        self.paths.count_hits(self.counts, self.hits);
    }
}
