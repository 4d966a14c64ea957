//! Matrices: computed as they are taken, at one revision, within limits.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_model::flow::{FlowEnd, Service};
use causeway_model::protocol::Protocol;
use causeway_model::revision::Revision;
use futures::stream::StreamExt;

use super::{engine, name, put, vpc, write};
use crate::{Consistency, EndFilter, EndSelector, Engine, EngineError, Matrix, MatrixQuestion};

fn addresses(count: u32) -> Vec<EndSelector> {
    let numbers = (0..count).map(|number| Ipv4Addr::from(0x0800_0000 + number));
    let ends = numbers.map(|address| FlowEnd::Address(address.into()));
    ends.map(EndSelector::One).collect()
}

fn question(sources: Vec<EndSelector>, destinations: Vec<EndSelector>) -> MatrixQuestion {
    MatrixQuestion {
        sources,
        destinations,
        services: vec![Service::new(Protocol::TCP, Some(443)).unwrap()],
    }
}

async fn asked(engine: &Engine, question: MatrixQuestion) -> Result<Matrix, EngineError> {
    engine
        .matrix(&name("t"), Consistency::Newest, question)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_pieces_are_computed_than_there_are_threads_before_one_is_taken() {
    let engine = engine().await;
    let asked = asked(&engine, question(addresses(300), addresses(300)));
    let matrix = asked.await.unwrap();
    let begun = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&begun);
    let mut pieces = Box::pin(matrix.pieces(move |cells, verdicts| {
        count.fetch_add(1, Ordering::Relaxed);
        assert_eq!(cells.len(), verdicts.len());
        cells.start
    }));
    let threads = engine.limits.compute_threads;
    let mut next = 0;
    for taken in 1..=5 {
        let first = pieces.next().await.unwrap().unwrap();
        assert!(first == next && first.is_multiple_of(4));
        next += 2_048;
        assert!(begun.load(Ordering::Relaxed) <= taken + threads);
    }
    drop(pieces);
    // Who comes after them has waited for all that was begun.
    for _ in 0..threads {
        engine.run(|| ()).await.unwrap();
    }
    assert!(begun.load(Ordering::Relaxed) <= 5 + threads);
}

#[tokio::test]
async fn a_matrix_stays_at_its_revision() {
    let engine = engine().await;
    let matrix = asked(&engine, question(addresses(3), addresses(5))).await;
    engine.apply(write(), put([vpc("vpc-1")])).await.unwrap();
    let matrix = matrix.unwrap();
    assert_eq!(matrix.revision(), Revision(0));
    let pieces = matrix.pieces(|_, verdicts| verdicts.len());
    let counts: Vec<usize> = pieces.map(Result::unwrap).collect().await;
    assert_eq!(counts, [15]);
}

#[tokio::test]
async fn axes_have_an_end_and_not_too_many() {
    let engine = engine().await;
    let nothing = vec![EndSelector::All(EndFilter::default())];
    let error = asked(&engine, question(addresses(1), nothing)).await;
    assert!(matches!(
        error.unwrap_err(),
        EngineError::NothingSelected {
            what: "destinations"
        }
    ));
    let error = asked(&engine, question(addresses(100_001), addresses(1))).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "100001 sources are too many for one call, the maximum is 100000"
    );
    asked(&engine, question(addresses(100_000), addresses(100)))
        .await
        .unwrap();
}
