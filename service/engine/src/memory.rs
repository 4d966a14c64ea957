//! The cache of answers: what was computed at one revision is given again at another, if nothing that it was computed from has changed.
//!
//! It knows questions as bytes and answers as values; what they mean is its user's to know. It is bounded in bytes. Equal questions that are asked
//! at once are computed once: the others wait for that, on a thread of the pool, for as long as one walk takes. What failed, or was cut off, is not kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use causeway_resolver::Basis;
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};

use crate::resolve::Paths;

/// What an entry takes beside its question, its answer and its basis, in bytes: the entry of the cache, its counts, and two allocations.
const ENTRY: usize = 160;

/// Bytes that an answer takes with all that belongs to it, by which the number of entries is guessed.
const USUAL: u64 = 1_024;

/// Answers that were computed before, with questions of all topologies.
#[derive(Debug)]
pub struct Memory<V> {
    /// None if nothing is to be kept.
    answers: Option<Answers<V>>,
    counts: Arc<Counts>,
}

type Answers<V> = Cache<Vec<u8>, Arc<Kept<V>>, Weigh, DefaultHashBuilder, Evictions>;

#[derive(Debug)]
struct Kept<V> {
    value: V,
    basis: Basis,
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

#[derive(Debug, Clone, Copy)]
struct Weigh;

impl<V> Weighter<Vec<u8>, Arc<Kept<V>>> for Weigh {
    fn weight(&self, _question: &Vec<u8>, kept: &Arc<Kept<V>>) -> u64 {
        kept.bytes
    }
}

#[derive(Debug, Clone)]
struct Evictions(Arc<Counts>);

impl<V> Lifecycle<Vec<u8>, Arc<Kept<V>>> for Evictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _question: Vec<u8>, _kept: Arc<Kept<V>>) {
        add(&self.0.evictions);
    }
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

// === impl Memory ===

impl<V> Memory<V> {
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

fn entries<V>(answers: &Answers<V>) -> u64 {
    u64::try_from(answers.len()).unwrap_or(u64::MAX)
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

    fn count_hit(&self, counts: &Counts) {
        add(&counts.hits);
        if let Some(hits) = self.counted_hits() {
            add(hits);
        }
    }

    /// The answer to a question, if it was computed for this very state or is known to hold for it.
    pub fn at_hand<V: Clone>(&self, memory: &Memory<V>, question: &[&[u8]]) -> Option<V> {
        let answers = self.answers_of(memory)?;
        let kept = answers.get(self.full(question).as_slice())?;
        if !kept.basis.is_of(self.network()) {
            return None;
        }
        self.count_hit(&memory.counts);
        Some(kept.value.clone())
    }

    /// The answers that it takes and gives: none in a what-if.
    fn answers_of<'m, V>(&self, memory: &'m Memory<V>) -> Option<&'m Answers<V>> {
        memory.answers.as_ref().filter(|_| !self.is_what_if())
    }

    /// A question of this topology, apart from those of others.
    fn full(&self, question: &[&[u8]]) -> Vec<u8> {
        let length = question.iter().map(|part| part.len()).sum::<usize>();
        let mut full = Vec::with_capacity(length.saturating_add(8));
        full.extend_from_slice(&self.topology().0.to_le_bytes());
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
        if let Some(kept) = answers.get(question.as_slice())
            && kept.basis.is_of(self.network())
        {
            self.count_hit(counts);
            return Ok(kept.value.clone());
        }
        let entry = answers.entry(question.as_slice(), None, |_, kept| {
            if self.network().confirms(&kept.basis) {
                EntryAction::Retain(Some(kept.value.clone()))
            } else if kept.basis.is_ahead_of(self.network()) {
                EntryAction::Retain(None)
            } else {
                EntryAction::ReplaceWithGuard
            }
        });
        let place = match entry {
            EntryResult::Retained(Some(value)) => {
                self.count_hit(counts);
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
            let bytes = [ENTRY, question.len(), basis.bytes(), bytes];
            let bytes = bytes.into_iter().fold(0, usize::saturating_add);
            let kept = Kept {
                value: value.clone(),
                basis,
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            };
            // If it was taken away meanwhile, somebody else has put another one.
            drop(place.insert(Arc::new(kept)));
        }
        Ok(value)
    }
}
