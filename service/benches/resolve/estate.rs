//! Many questions of an estate of a hundred thousand interfaces, one after the other, so that no walk finds in the caches of the processor what the one before
//! it left there: how long a flow takes that nobody asked before, and one whose answer is kept.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_engine::{Clock, Consistency, Engine, Limits, Memory, Paths, Write};
use causeway_loadtest::estate::{self, Estate};
use causeway_model::flow::Flow;
use causeway_model::protocol::Protocol;
use causeway_model::revision::Timestamp;
use causeway_model::trace::PathAnswer;
use causeway_model::{Change, ChangeSet};
use causeway_resolver::Depth;
use causeway_store::MemoryStore;
use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};

use crate::allocations;

/// Interfaces of instances.
const INTERFACES: u32 = 100_000;

/// Questions, as the tool for load draws them: two thirds are reachable, and some interfaces ask more than others.
const QUESTIONS: usize = 20_000;

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp(Duration::from_secs(1_000))
    }
}

/// A question, as callers write it and as the model has it.
type Question = (Vec<u8>, Flow);

pub(crate) fn resolve(criterion: &mut Criterion) {
    let paths = paths();
    let questions: Vec<Question> = questions();
    for (mode, depth) in [("verdict", Depth::Verdict), ("walk-full", Depth::Full)] {
        say(mode, &questions, |(_, flow)| {
            drop(black_box(paths.resolve(flow, depth)));
        });
    }
    let memory: Memory<Arc<PathAnswer>> = Memory::new(4 << 30);
    questions
        .iter()
        .for_each(|question| recall(&paths, &memory, question));
    say("cached-full", &questions, |question| {
        recall(&paths, &memory, question)
    });
    let mut group = criterion.benchmark_group("resolve/estate");
    for (mode, depth) in [("verdict", Depth::Verdict), ("walk-full", Depth::Full)] {
        bench(&mut group, mode, &questions, |(_, flow)| {
            drop(black_box(paths.resolve(flow, depth)));
        });
    }
    bench(&mut group, "cached-full", &questions, |question| {
        recall(&paths, &memory, question)
    });
    group.finish();
}

/// The whole answer to a question, through the cache.
fn recall(paths: &Paths, memory: &Memory<Arc<PathAnswer>>, (bytes, flow): &Question) {
    let compute = || Ok::<_, ()>((Arc::new(paths.resolve(flow, Depth::Full).unwrap()), 0));
    drop(black_box(paths.recall(memory, &[b"w", bytes], compute)));
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    mode: &str,
    questions: &[Question],
    ask: impl Fn(&Question),
) {
    let mut next = questions.iter().cycle();
    group.bench_function(mode, |bencher| {
        bencher.iter(|| ask(next.next().unwrap()));
    });
}

/// The median and others of the times that single questions take, in two rounds, and the allocations of one.
fn say(mode: &str, questions: &[Question], ask: impl Fn(&Question)) {
    let times = questions.iter().cycle().take(2 * questions.len());
    let mut times: Vec<Duration> = times
        .map(|question| {
            let begin = Instant::now();
            ask(question);
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap();
    let count = allocations(|| questions.iter().for_each(&ask));
    let each = count as f64 / questions.len() as f64;
    println!(
        "resolve/estate/{mode}: p10 {:?}, median {:?}, p90 {:?}; {each:.1} allocations a flow",
        at(10),
        at(50),
        at(90)
    );
}

/// The newest state of an engine that holds the estate.
fn paths() -> Paths {
    let resources = Estate::new(INTERFACES).resources();
    let puts = resources.map(|wire| Change::put(causeway_grpc::parse_resource(wire).unwrap()));
    let changes = ChangeSet {
        changes: puts.collect(),
    };
    let limits = Limits {
        max_changes: changes.changes.len(),
        ..Limits::default()
    };
    let engine = Engine::new(Arc::new(MemoryStore::new()), Arc::new(StoppedClock), limits);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let name = || "t".parse().unwrap();
        engine
            .create_topology(name(), String::new(), None)
            .await
            .unwrap();
        let write = Write {
            topology: name(),
            expected: None,
            request: None,
            author: String::new(),
            message: String::new(),
            trace: None,
        };
        engine.apply(write, changes).await.unwrap();
        engine.paths(&name(), Consistency::Newest).await.unwrap()
    })
}

fn questions() -> Vec<Question> {
    let wires = estate::flows(Estate::new(INTERFACES), 1).take(QUESTIONS);
    let questions = wires.map(|wire| {
        let ends = (
            wire.source.parse().unwrap(),
            wire.destination.parse().unwrap(),
        );
        let protocol = match wire.protocol.as_str() {
            "udp" => Protocol::UDP,
            "icmp" => Protocol::ICMP,
            _ => Protocol::TCP,
        };
        let port = wire
            .destination_port
            .map(|port| u16::try_from(port).unwrap());
        let flow = Flow::new(ends, protocol, port, None).unwrap();
        (prost::Message::encode_to_vec(&wire), flow)
    });
    questions.collect()
}
