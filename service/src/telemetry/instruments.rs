//! The metrics of the engine, the cache and the process: numbers that are read whenever somebody asks.
//!
//! No label has a value that a caller can choose.

use std::fs;

use opentelemetry::metrics::Meter;
use opentelemetry::{KeyValue, global};

use causeway_engine::{CountsReader, EngineCounts, MemoryCounts};
use causeway_grpc::{AnswerCounts, ConnectionCounts};

use super::names;
use super::sampler::CappedSampler;

/// A number of the engine.
type OfEngine = fn(EngineCounts) -> u64;

/// A number of the cache of answers.
type OfAnswers = fn(MemoryCounts) -> u64;

/// Tells what the process is and takes, and how many calls were not traced for being too many.
pub(super) fn of_process(sampler: CappedSampler) {
    let meter = global::meter(names::SCOPE);
    meter
        .u64_observable_gauge(names::BUILD)
        .with_description("Always 1; the label tells the version")
        .with_callback(|told| {
            let version = KeyValue::new(names::VERSION, env!("CARGO_PKG_VERSION"));
            told.observe(1, &[version]);
        })
        .build();
    meter
        .u64_observable_gauge(names::MEMORY)
        .with_unit("By")
        .with_description("Memory of the process that is in RAM")
        .with_callback(|told| {
            if let Some(bytes) = resident() {
                told.observe(bytes, &[]);
            }
        })
        .build();
    meter
        .u64_observable_counter(names::TRACES_CAPPED)
        .with_description("Calls that would have been traced, if there had not been too many")
        .with_callback(move |told| told.observe(sampler.refused(), &[]))
        .build();
}

/// Tells how many connections there are, and which were closed by the service itself.
pub(crate) fn of_connections(connections: ConnectionCounts) {
    let meter = global::meter(names::SCOPE);
    let counts = connections.clone();
    meter
        .u64_observable_gauge(names::CONNECTIONS)
        .with_description("Connections that are open")
        .with_callback(move |told| told.observe(counts.read().open, &[]))
        .build();
    meter
        .u64_observable_counter(names::CONNECTIONS_CLOSED)
        .with_description("Connections that the service closed, by why it did")
        .with_callback(move |told| {
            let counts = connections.read();
            for (why, number) in [
                ("idle", counts.gave_way),
                ("full", counts.refused),
                ("silent", counts.silent),
            ] {
                told.observe(number, &[KeyValue::new(names::WHY, why)]);
            }
        })
        .build();
}

/// Tells how the engine and the cache of answers are doing, for as long as there is the engine.
pub(crate) fn of_engine(engine: CountsReader, answers: AnswerCounts) {
    let meter = global::meter(names::SCOPE);
    let told = Told {
        meter,
        engine,
        answers,
    };
    told.cache();
    told.sizes();
    told.networks();
    told.work();
}

/// What all of it is told with.
struct Told {
    meter: Meter,
    engine: CountsReader,
    answers: AnswerCounts,
}

// === impl Told ===

impl Told {
    fn cache(&self) {
        let answers = self.answers.clone();
        let cache = KeyValue::new(names::CACHE, "answers");
        self.meter
            .u64_observable_counter(names::CACHE_LOOKUPS)
            .with_description("Answers that were looked for")
            .with_callback(move |told| {
                let counts = answers.read();
                for (outcome, number) in [
                    ("hit", counts.hits.saturating_sub(counts.carried)),
                    ("carried", counts.carried),
                    ("miss", counts.misses),
                ] {
                    told.observe(
                        number,
                        &[cache.clone(), KeyValue::new(names::OUTCOME, outcome)],
                    );
                }
            })
            .build();
        let counters: [(&str, &str, OfAnswers); 2] = [
            (
                names::CACHE_INVALIDATED,
                "Answers that did not hold any more",
                |counts| counts.invalidated,
            ),
            (
                names::CACHE_EVICTIONS,
                "Answers that were dropped to make room",
                |counts| counts.evictions,
            ),
        ];
        for (name, description, number) in counters {
            let answers = self.answers.clone();
            let cache = KeyValue::new(names::CACHE, "answers");
            self.meter
                .u64_observable_counter(name)
                .with_description(description)
                .with_callback(move |told| {
                    told.observe(number(answers.read()), std::slice::from_ref(&cache));
                })
                .build();
        }
    }

    fn sizes(&self) {
        let kind = |kind: &'static str| [KeyValue::new(names::CACHE, kind)];
        let answers = self.answers.clone();
        self.meter
            .u64_observable_gauge(names::CACHE_SIZE)
            .with_unit("By")
            .with_description("What is kept takes so much memory, about")
            .with_callback(move |told| told.observe(answers.read().bytes, &kind("answers")))
            .build();
        let (answers, engine) = (self.answers.clone(), self.engine.clone());
        self.meter
            .u64_observable_gauge(names::CACHE_ENTRIES)
            .with_description("What is kept, by its kind")
            .with_callback(move |told| {
                told.observe(answers.read().entries, &kind("answers"));
                if let Some(counts) = engine.read() {
                    told.observe(counts.states, &kind("states"));
                    told.observe(counts.networks, &kind("networks"));
                }
            })
            .build();
    }

    fn networks(&self) {
        let engine = self.engine.clone();
        self.meter
            .u64_observable_counter(names::NETWORKS_MADE)
            .with_description("Networks that were made of states, from nothing or from others")
            .with_callback(move |told| {
                let how = |how: &'static str| [KeyValue::new(names::HOW, how)];
                if let Some(counts) = engine.read() {
                    told.observe(counts.compiled_networks, &how("compiled"));
                    told.observe(counts.derived_networks, &how("derived"));
                }
            })
            .build();
        let engine = self.engine.clone();
        self.meter
            .u64_observable_counter(names::STATES_REBUILT)
            .with_description("States that were rebuilt from the store")
            .with_callback(move |told| {
                if let Some(counts) = engine.read() {
                    told.observe(counts.rebuilt_states, &[]);
                }
            })
            .build();
    }

    fn work(&self) {
        let engine = self.engine.clone();
        self.meter
            .u64_observable_gauge(names::COMPUTE)
            .with_description("Pieces of work for the compute pool")
            .with_callback(move |told| {
                let state = |state: &'static str| [KeyValue::new(names::STATE, state)];
                if let Some(counts) = engine.read() {
                    told.observe(counts.running, &state("running"));
                    told.observe(counts.waiting, &state("waiting"));
                }
            })
            .build();
        let gauges: [(&str, &str, OfEngine); 3] = [
            (
                names::COMPUTE_THREADS,
                "Threads of the compute pool",
                |counts| counts.threads,
            ),
            (names::WATCHES, "Watches under way", |counts| counts.watches),
            (
                names::TOPOLOGIES,
                "Topologies that are in memory",
                |counts| counts.topologies,
            ),
        ];
        for (name, description, number) in gauges {
            let engine = self.engine.clone();
            self.meter
                .u64_observable_gauge(name)
                .with_description(description)
                .with_callback(move |told| {
                    if let Some(counts) = engine.read() {
                        told.observe(number(counts), &[]);
                    }
                })
                .build();
        }
    }
}

/// Bytes of the process that are in RAM; none where the system does not tell.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
