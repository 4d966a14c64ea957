//! How long one walk takes: `resolve/<scenario>/<mode>`, for the first question of a scenario of the corpus, there and back, and for many questions of an
//! estate of a hundred thousand interfaces (`estate`).
//!
//! `verdict` walks without recording hops, `full` makes the whole answer. Beside the times stands how often a flow asks the allocator for memory, which is the
//! same on every machine.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot start says so by a panic, and printing is what it is for"
)]

mod estate;

use std::hint::black_box;

use causeway_resolver::{Depth, Network};
use criterion::{Criterion, criterion_group, criterion_main};

/// The notation of the scenarios, where the tests have it.
#[expect(dead_code, reason = "the tests use all of it, the benchmarks a part")]
#[path = "../../tests/it"]
mod it {
    pub(crate) mod notation;
}

use it::notation;

/// Scenarios whose first question is walked.
const SCENARIOS: [&str; 6] = [
    "subnets",
    "nat-gateways",
    "peering",
    "transit-gateways",
    "gateway-endpoints",
    "long-way",
];

fn resolve(criterion: &mut Criterion) {
    for name in SCENARIOS {
        let path = format!("{}/tests/scenarios/{name}.net", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let scenario = notation::read(&text).unwrap();
        let network = Network::compile(&scenario.snapshot().unwrap());
        let flow = &scenario.questions.first().unwrap().flow;
        let mut group = criterion.benchmark_group(format!("resolve/{name}"));
        for (mode, depth) in [("verdict", Depth::Verdict), ("full", Depth::Full)] {
            let count = allocations(|| drop(network.resolve(black_box(flow), depth)));
            println!("resolve/{name}/{mode}: {count} allocations a flow");
            group.bench_function(mode, |bencher| {
                bencher.iter(|| network.resolve(black_box(flow), depth));
            });
        }
        group.finish();
    }
}

/// How often work asks the allocator for memory.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

criterion_group!(benches, resolve, estate::resolve);
criterion_main!(benches);
