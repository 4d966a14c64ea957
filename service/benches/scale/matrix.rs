//! What a matrix costs: all interfaces of several VPCs of an estate of 100,000 to each other, on one thread.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Instant;

use causeway_loadtest::estate::Estate;
use causeway_model::flow::{FlowEnd, Service};
use causeway_model::protocol::Protocol;
use causeway_model::resource::Kind;
use causeway_model::{Change, ChangeSet, Snapshot};
use causeway_resolver::{Depth, Matrix, Network};

/// Network interfaces of instances of the estate, and how many of all of its interfaces are ends, about.
const INTERFACES: u32 = 100_000;
const ENDS: usize = 3_000;

/// Cells that are asked alone, to compare.
const ALONE: usize = 20_000;

/// Cells of a piece, as the engine takes them.
const PIECE: usize = 2_048;

pub(crate) fn run() {
    let resources = Estate::new(INTERFACES).resources();
    let puts = resources.map(|wire| Change::put(causeway_grpc::parse_resource(wire).unwrap()));
    let changes = ChangeSet {
        changes: puts.collect(),
    };
    let (snapshot, _) = Snapshot::default().apply(&changes).unwrap();
    drop(changes);
    let network = Network::compile(&snapshot);
    let service = Service::new(Protocol::TCP, Some(443)).unwrap();
    let ends = ends(&snapshot);
    let begin = Instant::now();
    drop(Matrix::new(&network, Vec::new(), Vec::new(), vec![service]).unwrap());
    println!(
        "a matrix of {} interfaces to each other; {} resources",
        ends.len(),
        snapshot.len()
    );
    drop(Matrix::new(&network, ends.clone(), Vec::new(), vec![service]).unwrap());
    println!(
        "  what is known of the network before: {:?}",
        begin.elapsed()
    );
    let begin = Instant::now();
    let matrix = Matrix::new(&network, ends.clone(), ends.clone(), vec![service]).unwrap();
    let made = begin.elapsed();
    let cells = matrix.cells();
    for cell in (0..cells).step_by(PIECE) {
        black_box(matrix.verdicts(cell..cell + PIECE).unwrap());
    }
    let whole = begin.elapsed();
    let [rows, columns] = matrix.classes();
    println!("  {rows} x {columns} classes, found in {made:?}");
    let rate = cells as f64 / whole.as_secs_f64() / 1e6;
    println!("  {cells} cells in {whole:?}: {rate:.1} million verdicts a second on one core");
    let mut random = fastrand::Rng::with_seed(1);
    let cells: Vec<usize> = (0..ALONE).map(|_| random.usize(0..cells)).collect();
    let begin = Instant::now();
    let alone = cells.iter().map(|cell| {
        let source = ends.get(cell / ends.len()).unwrap();
        let destination = ends.get(cell % ends.len()).unwrap();
        let flow = service.flow((source.clone(), destination.clone())).unwrap();
        network.resolve(&flow, Depth::Verdict).unwrap().verdict
    });
    let alone: Vec<_> = alone.collect();
    let time = begin.elapsed() / u32::try_from(ALONE).unwrap();
    println!("  {ALONE} cells asked alone: {time:?} each");
    for (cell, verdict) in cells.into_iter().zip(alone) {
        assert_eq!(matrix.verdicts(cell..cell + 1).unwrap(), [verdict]);
    }
}

/// All interfaces of some VPCs, which are far from each other.
fn ends(snapshot: &Snapshot) -> Vec<FlowEnd> {
    let vpcs = snapshot.iter().filter(|held| held.kind() == Kind::Vpc);
    let vpcs: Vec<_> = vpcs.map(|held| held.id().clone()).collect();
    let interfaces = || {
        snapshot
            .iter()
            .filter(|held| held.kind() == Kind::NetworkInterface)
    };
    let of_one = interfaces().count() / vpcs.len();
    let wanted = (ENDS / of_one).max(1);
    let chosen: BTreeSet<_> = vpcs
        .iter()
        .step_by(vpcs.len() / wanted)
        .take(wanted)
        .collect();
    let inside =
        interfaces().filter(|held| held.body.vpc().is_some_and(|vpc| chosen.contains(vpc)));
    inside
        .map(|held| FlowEnd::Resource(held.id().clone()))
        .collect()
}
