//! Flows: one state for all pieces of a batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_model::flow::Flow;
use causeway_model::protocol::Protocol;
use causeway_model::resource::Tag;
use causeway_model::revision::Revision;

use super::{engine, name, put, subnet, vpc, write};
use crate::{Consistency, Depth, EngineError, ResolveError};

fn flow(source: &str, port: u16, source_port: Option<u16>) -> Flow {
    let ends = (source.parse().unwrap(), "10.0.0.9".parse().unwrap());
    Flow::new(ends, Protocol::TCP, Some(port), source_port).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_keep_their_order_and_see_one_state() {
    let engine = engine().await;
    engine.apply(write(), put([vpc("vpc-1")])).await.unwrap();
    let paths = engine.paths(&name("t"), Consistency::Newest).await.unwrap();
    engine.apply(write(), put([vpc("vpc-2")])).await.unwrap();
    assert_eq!(paths.revision(), Revision(1));
    let pieces: Vec<u32> = (0..100).collect();
    let done = paths
        .in_pieces(pieces.clone(), |paths, piece| {
            let flow = flow("vpc-2", 443, None);
            let answer = paths.resolve(&flow, Depth::Verdict);
            assert!(matches!(answer, Err(ResolveError::UnknownResource { .. })));
            Ok::<_, EngineError>(piece)
        })
        .await;
    assert_eq!(done.unwrap(), pieces);
}

#[tokio::test]
async fn the_network_of_a_revision_is_derived_from_the_one_before_it() {
    let engine = engine().await;
    let derivations = async |revision| {
        let topology = engine.topology(&name("t")).await.unwrap();
        let view = engine.view(&name("t"), Consistency::Exact(revision)).await;
        let network = engine.network(&topology, view.unwrap()).await;
        network.unwrap().derivations()
    };
    let mut tagged = subnet("subnet-1", "vpc-1");
    engine.apply(write(), put([vpc("vpc-1")])).await.unwrap();
    engine.apply(write(), put([tagged.clone()])).await.unwrap();
    for value in ["a", "b", "c"] {
        tagged.tags = vec![Tag {
            key: "Name".into(),
            value: value.into(),
        }];
        engine.apply(write(), put([tagged.clone()])).await.unwrap();
    }
    assert_eq!(derivations(Revision(2)).await, 0);
    assert_eq!(derivations(Revision(4)).await, 1);
    assert_eq!(derivations(Revision(5)).await, 2);
    // One that is not kept is made of its neighbour; one that differs in a subnet is compiled.
    assert_eq!(derivations(Revision(3)).await, 1);
    assert_eq!(derivations(Revision(1)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_piece_that_fails_no_further_one_is_begun() {
    let engine = engine().await;
    let paths = engine.paths(&name("t"), Consistency::Newest).await.unwrap();
    let begun = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&begun);
    let done = paths
        .in_pieces((0..1_000).collect(), move |_, piece: u32| {
            count.fetch_add(1, Ordering::Relaxed);
            if piece == 3 {
                return Err(EngineError::TopologyNotFound { name: name("t") });
            }
            Ok(())
        })
        .await;
    assert!(matches!(done, Err(EngineError::TopologyNotFound { .. })));
    let most = 4 + engine.limits().compute_threads;
    assert!(begun.load(Ordering::Relaxed) <= most);
}

#[tokio::test]
async fn a_batch_of_more_flows_than_the_limit_is_refused_with_both_numbers() {
    let engine = engine().await;
    let Err(error) = engine.check_batch(100_001) else {
        panic!("it was taken")
    };
    assert_eq!(
        error.to_string(),
        "100001 flows are too many for one call, the maximum is 100000"
    );
}
