//! Flows: one state for a batch, equal flows once, different ones apart.

use std::sync::Arc;

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
async fn equal_flows_share_an_answer_and_others_keep_their_places() {
    let engine = engine().await;
    engine.apply(write(), put([vpc("vpc-1")])).await.unwrap();
    let missing = |number: u16| flow(&format!("i-{number}"), 443, None);
    let flows: Vec<Flow> = (0..1_000).map(|place| missing(place % 300)).collect();
    let answers = engine
        .resolve_batch(&name("t"), Consistency::Newest, flows, Depth::Verdict)
        .await
        .unwrap();
    assert_eq!(
        (answers.revision, answers.answers.len()),
        (Revision(1), 1_000)
    );
    for (place, answer) in answers.answers.iter().enumerate() {
        let Err(ResolveError::UnknownResource { id }) = answer.as_ref() else {
            panic!("{answer:?}")
        };
        assert_eq!(id.as_str(), format!("i-{}", place % 300));
        assert!(Arc::ptr_eq(answer, &answers.answers[place % 300]));
    }
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
            key: "Name".to_owned(),
            value: value.to_owned(),
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

#[tokio::test]
async fn flows_that_differ_in_one_thing_are_asked_apart() {
    let engine = engine().await;
    let flows = vec![
        flow("10.0.0.1", 443, None),
        flow("10.0.0.1", 444, None),
        flow("10.0.0.1", 443, Some(5)),
        flow("10.0.0.2", 443, None),
    ];
    let answers = engine
        .resolve_batch(&name("t"), Consistency::Newest, flows, Depth::Verdict)
        .await
        .unwrap()
        .answers;
    for (place, answer) in answers.iter().enumerate() {
        assert!(
            answers[..place]
                .iter()
                .all(|other| !Arc::ptr_eq(answer, other))
        );
    }
}

#[tokio::test]
async fn an_end_that_the_topology_does_not_hold_is_an_error_of_its_flow() {
    let engine = engine().await;
    let outcome = engine
        .resolve(&name("t"), Consistency::Newest, flow("i-1", 443, None))
        .await;
    assert!(
        matches!(outcome, Err(EngineError::ResourceNotFound { id, .. }) if id.as_str() == "i-1")
    );
}

#[tokio::test]
async fn a_batch_of_more_flows_than_the_limit_is_refused_with_both_numbers() {
    let engine = engine().await;
    let flows = vec![flow("10.0.0.1", 443, None); 100_001];
    let Err(error) = engine
        .resolve_batch(&name("t"), Consistency::Newest, flows, Depth::Verdict)
        .await
    else {
        panic!("it was resolved")
    };
    assert_eq!(
        error.to_string(),
        "100001 flows are too many for one call, the maximum is 100000"
    );
}
