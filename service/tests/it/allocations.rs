//! How often a walk asks the allocator for memory. The count is the same on every machine, and the first thing that a careless change of the resolver raises.

use allocation_counter::measure;
use causeway_resolver::{Depth, Network};

use crate::edges::root;
use crate::notation;

/// Scenarios, and the most allocations of the first question's verdict and of its whole answer.
const MOST: [(&str, u64, u64); 4] = [
    ("subnets", 8, 25),
    ("peering", 8, 50),
    ("nat-gateways", 11, 70),
    ("long-way", 17, 141),
];

#[test]
fn a_walk_asks_for_memory_no_more_often_than_it_did() {
    let mut wrong = Vec::new();
    for (name, verdict, full) in MOST {
        let path = root().join(format!("service/tests/scenarios/{name}.net"));
        let scenario = notation::read(&std::fs::read_to_string(path).unwrap()).unwrap();
        let network = Network::compile(&scenario.snapshot().unwrap());
        let flow = &scenario.questions.first().unwrap().flow;
        for (depth, most) in [(Depth::Verdict, verdict), (Depth::Full, full)] {
            let ask = || drop(network.resolve(flow, depth));
            // The first walk of a thread makes lists that later ones use again.
            ask();
            let count = measure(ask).count_total;
            if count > most {
                wrong.push(format!("{name}, {depth:?}: {count}, at most {most}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "look where they come from, or say here why there are more: {wrong:#?}"
    );
}
