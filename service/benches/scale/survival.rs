//! Which answers survive a change: paths of many interfaces of an estate of a hundred thousand, one change of each local kind after the other, each followed
//! by the question whether the answers from before are confirmed. What is not the same answer any more does not count.

use causeway_model::flow::Flow;
use causeway_model::protocol::Protocol;
use causeway_model::trace::PathAnswer;
use causeway_resolver::{Basis, Depth, Network, ResolveError};

use crate::change::{CASES, Held, interface_of, is_plain};

/// Interfaces of instances of the estate.
const INTERFACES: u32 = 100_000;

/// Paths, and changes of each kind.
const PATHS: usize = 5_000;
const CHANGES: u64 = 10;

type Told = Result<PathAnswer, ResolveError>;

pub(crate) fn run() {
    let held = Held::new(INTERFACES);
    let flows = flows(&held);
    let mut network = held.network.clone();
    let mut snapshot = held.snapshot.clone();
    let mut answers: Vec<(Told, Basis)> = flows.iter().map(|flow| ask(&network, flow)).collect();
    println!(
        "{PATHS} answers in full after {CHANGES} changes: the same as before, confirmed, and the share"
    );
    for case in CASES {
        let ids = held.ids(case);
        let (mut same, mut confirmed) = (0_u32, 0_u32);
        for turn in 0..CHANGES {
            let picked = fastrand::Rng::with_seed(turn).choice(&ids).unwrap();
            // What is gone cannot go again.
            let Ok((after, _)) = snapshot.apply(&held.changes(case, picked)) else {
                continue;
            };
            network = network.derive(&after);
            snapshot = after;
            for (flow, held) in flows.iter().zip(&mut answers) {
                let is_confirmed = network.confirms(&held.1);
                let new = ask(&network, flow);
                let is_same = new.0 == held.0;
                assert!(is_same || !is_confirmed, "a wrong answer is confirmed");
                same += u32::from(is_same);
                confirmed += u32::from(is_confirmed);
                *held = new;
            }
        }
        let share = f64::from(confirmed) * 100.0 / f64::from(same);
        println!("{:<34}{same:>10}{confirmed:>10}{share:>9.3} %", case.0);
    }
}

fn ask(network: &Network, flow: &Flow) -> (Told, Basis) {
    network.noting(|| network.resolve(flow, Depth::Full))
}

/// Paths from interfaces all over the estate to neighbours of others.
fn flows(held: &Held) -> Vec<Flow> {
    let own = held.snapshot.iter().filter_map(|held| interface_of(held));
    let plain: Vec<_> = own.filter(is_plain).collect();
    let mut random = fastrand::Rng::with_seed(7);
    let one = |random: &mut fastrand::Rng| {
        let from = random.choice(&plain).unwrap();
        let to = random.choice(&plain).unwrap();
        let address = to.private_ip_addresses.first().unwrap().private_ip_address;
        let ends = (
            from.network_interface_id.as_str().parse().unwrap(),
            address.to_string().parse().unwrap(),
        );
        Flow::new(ends, Protocol::TCP, Some(443), None).unwrap()
    };
    (0..PATHS).map(|_| one(&mut random)).collect()
}
