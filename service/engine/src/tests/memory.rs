//! The cache of answers: what it gives again, what it computes anew, and what it does not keep.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use causeway_model::flow::Flow;
use causeway_model::ids::ResourceId;
use causeway_model::protocol::Protocol;
use causeway_model::resource::{Resource, Tag};
use causeway_model::revision::Revision;

use super::{engine, name, put, subnet, vpc, write};
use crate::{Answer, Consistency, Depth, Engine, Memory, Paths, ResolveError};

fn tagged(mut resource: Resource, value: &str) -> Resource {
    resource.tags = vec![Tag {
        key: "Name".into(),
        value: value.into(),
    }];
    resource
}

/// An engine whose topology has many VPCs, so that they are not all kept in one place.
async fn estate() -> Engine {
    let engine = engine().await;
    let vpcs = (0..200).map(|number| vpc(&format!("vpc-{number:03}")));
    engine.apply(write(), put(vpcs)).await.unwrap();
    let subnets =
        (0..200).map(|number| subnet(&format!("subnet-{number:03}"), &format!("vpc-{number:03}")));
    engine.apply(write(), put(subnets)).await.unwrap();
    engine
}

async fn paths(engine: &Engine, consistency: Consistency) -> Paths {
    engine.paths(&name("t"), consistency).await.unwrap()
}

fn flow(source: &str) -> Flow {
    let ends = (source.parse().unwrap(), "10.0.0.9".parse().unwrap());
    Flow::new(ends, Protocol::TCP, Some(443), None).unwrap()
}

/// Asks whether a flow from a subnet has an answer.
fn ask(paths: &Paths, memory: &Memory<Arc<Answer>>, source: &str) -> Arc<Answer> {
    let compute = || {
        let answer = paths.resolve(&flow(source), Depth::Full);
        Ok::<_, ()>((Arc::new(answer), 100))
    };
    paths
        .recall(memory, &[b"a", source.as_bytes()], compute)
        .unwrap()
}

fn told(memory: &Memory<Arc<Answer>>) -> [u64; 4] {
    let counts = memory.counts();
    [
        counts.hits,
        counts.carried,
        counts.misses,
        counts.invalidated,
    ]
}

#[tokio::test]
async fn an_answer_is_given_again_until_something_changes_that_it_was_computed_from() {
    let engine = estate().await;
    let memory = Memory::new(1 << 20);
    let before = paths(&engine, Consistency::Newest).await;
    let first = ask(&before, &memory, "subnet-007");
    assert!(Arc::ptr_eq(&first, &ask(&before, &memory, "subnet-007")));
    assert_eq!(told(&memory), [1, 0, 1, 0]);
    // Another VPC's subnet gets a name.
    let unrelated = tagged(subnet("subnet-150", "vpc-150"), "x");
    engine.apply(write(), put([unrelated])).await.unwrap();
    let after = paths(&engine, Consistency::Newest).await;
    assert_eq!(after.revision(), Revision(3));
    assert!(Arc::ptr_eq(&first, &ask(&after, &memory, "subnet-007")));
    assert!(Arc::ptr_eq(&first, &ask(&after, &memory, "subnet-007")));
    assert_eq!(told(&memory), [3, 1, 1, 0]);
    // Its own one does.
    let related = tagged(subnet("subnet-007", "vpc-007"), "x");
    engine.apply(write(), put([related])).await.unwrap();
    let last = paths(&engine, Consistency::Newest).await;
    assert!(!Arc::ptr_eq(&first, &ask(&last, &memory, "subnet-007")));
    assert_eq!(told(&memory), [3, 1, 2, 1]);
}

#[tokio::test]
async fn who_asks_for_the_past_gets_it_and_leaves_the_present_where_it_is() {
    let engine = estate().await;
    let memory = Memory::new(1 << 20);
    let past = paths(&engine, Consistency::Newest).await;
    let related = tagged(subnet("subnet-007", "vpc-007"), "x");
    engine.apply(write(), put([related])).await.unwrap();
    let present = paths(&engine, Consistency::Newest).await;
    let newest = ask(&present, &memory, "subnet-007");
    let older = ask(&past, &memory, "subnet-007");
    assert_eq!(*older, past.resolve(&flow("subnet-007"), Depth::Full));
    assert!(Arc::ptr_eq(&newest, &ask(&present, &memory, "subnet-007")));
}

#[tokio::test]
async fn who_asks_for_the_past_does_not_take_the_future_from_the_present() {
    let engine = estate().await;
    let memory = Memory::new(1 << 20);
    let unrelated = |name: &str| put([tagged(subnet("subnet-150", "vpc-150"), name)]);
    engine.apply(write(), unrelated("x")).await.unwrap();
    let present = paths(&engine, Consistency::Newest).await;
    let answer = ask(&present, &memory, "subnet-007");
    // It is made of the newest one, the only one that is kept.
    let past = paths(&engine, Consistency::Exact(Revision(2))).await;
    assert_eq!(past.revision(), Revision(2));
    engine.apply(write(), unrelated("y")).await.unwrap();
    let next = paths(&engine, Consistency::Newest).await;
    assert!(Arc::ptr_eq(&answer, &ask(&next, &memory, "subnet-007")));
}

#[tokio::test]
async fn topologies_and_questions_are_kept_apart() {
    let engine = estate().await;
    engine
        .create_topology(name("other"), String::new(), None)
        .await
        .unwrap();
    let memory = Memory::new(1 << 20);
    let own = paths(&engine, Consistency::Newest).await;
    let other = engine
        .paths(&name("other"), Consistency::Newest)
        .await
        .unwrap();
    ask(&own, &memory, "subnet-007");
    let elsewhere = ask(&other, &memory, "subnet-007");
    let id: ResourceId = "subnet-007".parse().unwrap();
    assert_eq!(*elsewhere, Err(ResolveError::UnknownResource { id }));
    ask(&own, &memory, "subnet-008");
    assert_eq!(told(&memory), [0, 0, 3, 0]);
}

#[tokio::test]
async fn what_fails_is_not_kept() {
    let engine = estate().await;
    let memory: Memory<u32> = Memory::new(1 << 20);
    let paths = paths(&engine, Consistency::Newest).await;
    let failed = paths.recall(&memory, &[b"q"], || Err("no"));
    assert_eq!(failed, Err("no"));
    let panics = std::panic::AssertUnwindSafe(|| {
        paths.recall(&memory, &[b"q"], || -> Result<_, ()> {
            panic!("the walk ends")
        })
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(
        paths.recall(&memory, &[b"q"], || Ok::<_, ()>((7, 1))),
        Ok(7)
    );
    assert_eq!(
        paths.recall(&memory, &[b"q"], || Ok::<_, ()>((8, 1))),
        Ok(7)
    );
    assert_eq!(memory.counts().misses, 3);
}

#[tokio::test]
async fn equal_questions_at_once_are_computed_once() {
    let engine = estate().await;
    let memory: Arc<Memory<u32>> = Arc::new(Memory::new(1 << 20));
    let paths = paths(&engine, Consistency::Newest).await;
    let (computed, together) = (AtomicUsize::new(0), Barrier::new(4));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asking = (0..4).map(|_| {
            scope.spawn(|| {
                together.wait();
                paths.recall(&memory, &[b"q"], || {
                    // Let the others come to wait.
                    (0..100).for_each(|_| std::thread::yield_now());
                    computed.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, ()>((7, 1))
                })
            })
        });
        let asking: Vec<_> = asking.collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers, [Ok(7); 4]);
    assert_eq!(computed.into_inner(), 1);
}

#[tokio::test]
async fn no_more_bytes_are_kept_than_may_be_and_none_if_none_may() {
    let engine = estate().await;
    let paths = paths(&engine, Consistency::Newest).await;
    let memory: Memory<u32> = Memory::new(100_000);
    for question in 0..1_000_u32 {
        let question = question.to_le_bytes();
        let asked = paths.recall(&memory, &[&question], || Ok::<_, ()>((7, 1_000)));
        assert_eq!(asked, Ok(7));
        assert!(memory.counts().bytes <= 100_000);
    }
    let counts = memory.counts();
    assert!(counts.evictions > 800, "{counts:?}");
    assert!(counts.bytes > 50_000, "{counts:?}");
    let none: Memory<u32> = Memory::new(0);
    for answer in [7, 8] {
        let asked = paths.recall(&none, &[b"q"], || Ok::<_, ()>((answer, 1)));
        assert_eq!(asked, Ok(answer));
    }
}

#[tokio::test]
async fn a_what_if_takes_no_answer_gives_none_and_stops_none() {
    let engine = estate().await;
    let memory = Memory::new(1 << 20);
    let before = paths(&engine, Consistency::Newest).await;
    let first = ask(&before, &memory, "subnet-007");
    let told_before = told(&memory);
    // The first child of the network that the head has, and local: without a line of its own it would be the next of the head's line.
    let related = tagged(subnet("subnet-007", "vpc-007"), "x");
    let with = engine
        .paths_with(&name("t"), Consistency::Newest, put([related]))
        .await
        .unwrap();
    assert_eq!(with.network().derivations(), 1);
    assert!(!Arc::ptr_eq(&first, &ask(&with, &memory, "subnet-007")));
    ask(&with, &memory, "subnet-008");
    assert!(with.at_hand(&memory).is_none());
    assert_eq!(told(&memory), told_before);
    // The head's answers are where they were, and those that the what-if gave are not among them.
    assert!(Arc::ptr_eq(&first, &ask(&before, &memory, "subnet-007")));
    ask(&before, &memory, "subnet-008");
    assert_eq!(told(&memory), [1, 0, 2, 0]);
    // The next revision goes on with them.
    let unrelated = tagged(subnet("subnet-150", "vpc-150"), "x");
    engine.apply(write(), put([unrelated])).await.unwrap();
    let after = paths(&engine, Consistency::Newest).await;
    assert!(Arc::ptr_eq(&first, &ask(&after, &memory, "subnet-007")));
    assert_eq!(told(&memory), [2, 1, 2, 0]);
}
