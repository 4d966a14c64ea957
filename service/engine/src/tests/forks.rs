//! Forks: what they begin with, and what becomes of them when their sources change, are trimmed, deleted, or read by another engine.

use std::sync::Arc;

use causeway_model::revision::{Revision, Timestamp};
use causeway_model::snapshot::Snapshot;
use causeway_store::{Base, MemoryStore, NewTopology, Store};
use tokio::sync::Semaphore;

use super::gated::GatedStore;
use super::{engine, engine_on, exact, name, put, request, vpc, write};
use crate::{Consistency, Engine, EngineError, Fork, TopologyInfo, Write};

/// Brings `vpc-N` to a topology for each of these numbers.
async fn grow(engine: &Engine, topology: &str, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let write = Write {
            topology: name(topology),
            ..write()
        };
        let change = put([vpc(&format!("vpc-{number}"))]);
        engine.apply(write, change).await.unwrap();
    }
}

fn fork(source: &str, at: Consistency, to: &str) -> Fork {
    Fork {
        name: name(to),
        description: String::new(),
        request: None,
        source: name(source),
        at,
    }
}

async fn state(engine: &Engine, topology: &str, at: Consistency) -> Snapshot {
    let view = engine.view(&name(topology), at).await;
    view.unwrap().snapshot
}

async fn count(engine: &Engine, topology: &str, revision: u64) -> usize {
    state(engine, topology, exact(revision)).await.len()
}

/// What a topology leans on.
async fn leans(store: &dyn Store, topology: &str) -> Option<Revision> {
    let record = store.find(&name(topology)).await.unwrap().unwrap();
    record.leans_on.map(|(_, revision)| revision)
}

/// Waits until a topology leans on nothing, which is seen to in the background, on this very thread.
async fn detached(store: &dyn Store, topology: &str) {
    for _ in 0..10_000 {
        if leans(store, topology).await.is_none() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it leans on for ever");
}

/// A store and an engine on it with `t` at revision 3, whose forks are not detached while the store's checkpoints are held up.
async fn held() -> (Arc<GatedStore>, Engine) {
    let store = Arc::new(GatedStore::new());
    store.may_answer.add_permits(Semaphore::MAX_PERMITS);
    let engine = engine_on(Arc::clone(&store) as _);
    let created = engine.create_topology(name("t"), String::new(), None);
    created.await.unwrap();
    grow(&engine, "t", 1..=3).await;
    (store, engine)
}

#[tokio::test]
async fn a_fork_begins_with_the_state_it_was_forked_from_and_goes_its_own_way() {
    let engine = engine().await;
    grow(&engine, "t", 1..=3).await;
    let info = engine
        .fork_topology(fork("t", exact(2), "f"))
        .await
        .unwrap();
    let origin = info.origin.clone().unwrap();
    assert_eq!((info.revision, info.resources), (Revision(0), 2));
    assert_eq!((origin.name, origin.revision), (name("t"), Revision(2)));
    assert_eq!(engine.get_topology(&name("f")).await.unwrap(), info);
    grow(&engine, "t", 4..=4).await;
    grow(&engine, "f", 7..=8).await;
    assert_eq!(
        [count(&engine, "f", 0).await, count(&engine, "f", 2).await],
        [2, 4]
    );
    assert_eq!(count(&engine, "t", 4).await, 4);
    // Its history is its own: it begins with it, and what differs is told from there.
    let history = engine
        .list_revisions(&name("f"), Consistency::Newest, (None, 9))
        .await
        .unwrap();
    assert_eq!(history.revisions.len(), 2);
    let whole = engine
        .diff(
            &name("f"),
            (exact(0), Consistency::Newest),
            crate::Filter::default(),
            (None, 9),
        )
        .await
        .unwrap();
    let ids = whole
        .differences
        .iter()
        .map(|one| one.resource().id().as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["vpc-7", "vpc-8"]);
}

#[tokio::test]
async fn making_a_fork_reads_and_writes_no_state() {
    let (store, engine) = held().await;
    let closed = store.puts.write().await;
    let unread = store.gets.write().await;
    // With both doors of the store closed, a fork of a state that is in memory is made and read all the same.
    engine
        .fork_topology(fork("t", Consistency::Newest, "f"))
        .await
        .unwrap();
    assert_eq!(count(&engine, "f", 0).await, 3);
    assert_eq!(leans(store.as_ref(), "f").await, Some(Revision(3)));
    drop((closed, unread));
    detached(store.as_ref(), "f").await;
    assert_eq!(count(&engine, "f", 0).await, 3);
}

#[tokio::test]
async fn a_fork_that_leans_is_read_by_an_engine_that_begins() {
    let (store, engine) = held().await;
    let closed = store.puts.write().await;
    for (source, at, to) in [("t", 2, "f"), ("f", 1, "g")] {
        engine
            .fork_topology(fork(source, exact(at), to))
            .await
            .unwrap();
        let first = if to == "f" { 11 } else { 21 };
        grow(&engine, to, first..=first + 1).await;
    }
    for _ in 0..2 {
        // Each reads the forks in another order, and nothing is in its memory.
        for topologies in [["f", "g"], ["g", "f"]] {
            let other = engine_on(Arc::clone(&store) as _);
            for topology in topologies {
                for revision in [2, 0, 1] {
                    let (seen, expected) = (
                        state(&other, topology, exact(revision)).await,
                        state(&engine, topology, exact(revision)).await,
                    );
                    assert_eq!(seen, expected, "{topology} at {revision}");
                }
            }
        }
    }
    drop(closed);
    let other = engine_on(Arc::clone(&store) as _);
    other.detach_forks();
    detached(store.as_ref(), "f").await;
    detached(store.as_ref(), "g").await;
    assert_eq!(count(&other, "g", 2).await, 5);
}

#[tokio::test]
async fn a_fork_outlives_its_source_and_reads_the_same() {
    let (store, engine) = held().await;
    for (source, to) in [("t", "f"), ("f", "g")] {
        engine
            .fork_topology(fork(source, Consistency::Newest, to))
            .await
            .unwrap();
    }
    for source in ["t", "f"] {
        engine.delete_topology(name(source), None).await.unwrap();
    }
    assert_eq!(leans(store.as_ref(), "g").await, None);
    let other = engine_on(Arc::clone(&store) as _);
    for engine in [&engine, &other] {
        assert_eq!(count(engine, "g", 0).await, 3);
        let origin = engine.get_topology(&name("g")).await.unwrap().origin;
        assert_eq!(origin.unwrap().name, name("f"));
    }
}

#[tokio::test]
async fn a_fork_that_nobody_detaches_is_detached_when_its_source_is_deleted() {
    let (store, engine) = held().await;
    let of = store.find(&name("t")).await.unwrap().unwrap().id;
    let at = Revision(2);
    let new = NewTopology {
        name: name("f"),
        description: String::new(),
        time: Timestamp::default(),
        request: None,
        base: Base::Fork { of, at },
    };
    store.create(new).await.unwrap();
    engine.delete_topology(name("t"), None).await.unwrap();
    assert_eq!(count(&engine, "f", 0).await, 2);
}

/// The reader knows that the fork leans, and has not found a checkpoint of it; then the fork is detached and its source deleted.
#[tokio::test]
async fn a_source_that_goes_while_a_fork_is_read_makes_no_difference() {
    let (store, engine) = held().await;
    let closed = store.puts.write().await;
    engine
        .fork_topology(fork("t", exact(2), "f"))
        .await
        .unwrap();
    let other = engine_on(Arc::clone(&store) as _);
    let unread = store.gets.write().await;
    let reader = tokio::spawn({
        let other = other.clone();
        async move { count(&other, "f", 0).await }
    });
    let before = store
        .checkpoints_read
        .load(std::sync::atomic::Ordering::Relaxed);
    while store
        .checkpoints_read
        .load(std::sync::atomic::Ordering::Relaxed)
        == before
    {
        tokio::task::yield_now().await;
    }
    let id = |record: Option<causeway_store::TopologyRecord>| record.unwrap().id;
    let (source, fork) = (
        id(store.find(&name("t")).await.unwrap()),
        id(store.find(&name("f")).await.unwrap()),
    );
    let snapshot = state(&engine, "f", exact(0)).await;
    let put = store.inner.put_checkpoint(fork, Revision(0), snapshot);
    put.await.unwrap();
    store.inner.delete(source, None).await.unwrap();
    drop(unread);
    assert_eq!(reader.await.unwrap(), 2);
    drop(closed);
}

#[tokio::test]
async fn a_trimmed_fork_tells_that_its_beginning_is_gone() {
    let store = Arc::new(MemoryStore::new());
    let engine = engine_on(Arc::clone(&store) as _);
    let created = engine.create_topology(name("t"), String::new(), None);
    created.await.unwrap();
    grow(&engine, "t", 1..=2).await;
    for topology in ["t", "f"] {
        if topology == "f" {
            engine
                .fork_topology(fork("t", Consistency::Newest, "f"))
                .await
                .unwrap();
            detached(store.as_ref(), "f").await;
            grow(&engine, "f", 3..=4).await;
        }
        let id = store.find(&name(topology)).await.unwrap().unwrap().id;
        let snapshot = state(&engine, topology, exact(2)).await;
        store
            .put_checkpoint(id, Revision(2), snapshot)
            .await
            .unwrap();
        store.trim(id, Revision(2)).await.unwrap();
        let other = engine_on(Arc::clone(&store) as _);
        for revision in [0, 1] {
            let gone = other.view(&name(topology), exact(revision)).await;
            assert!(
                matches!(
                    gone,
                    Err(EngineError::RevisionNotKept {
                        oldest: Revision(2),
                        ..
                    })
                ),
                "{topology} at {revision}: {gone:?}"
            );
        }
        let info = other.get_topology(&name(topology)).await.unwrap();
        assert_eq!(info.oldest, Revision(2));
        let fork = other.fork_topology(fork(topology, exact(1), "no")).await;
        assert!(matches!(fork, Err(EngineError::RevisionNotKept { .. })));
    }
}

#[tokio::test]
async fn a_repeated_fork_is_told_again_and_another_one_refused() {
    let engine = engine().await;
    grow(&engine, "t", 1..=2).await;
    let asked = |digest| Fork {
        request: request("r1", digest),
        ..fork("t", Consistency::Newest, "f")
    };
    let first = engine.fork_topology(asked(1)).await.unwrap();
    grow(&engine, "f", 3..=5).await;
    engine.delete_topology(name("t"), None).await.unwrap();
    assert_eq!(engine.fork_topology(asked(1)).await.unwrap(), first);
    let other_body = engine.fork_topology(asked(2)).await;
    assert!(matches!(other_body, Err(EngineError::RequestReused { .. })));
    let other_request = engine.fork_topology(Fork {
        request: None,
        ..asked(1)
    });
    assert!(matches!(
        other_request.await,
        Err(EngineError::TopologyExists { .. })
    ));
}

#[tokio::test]
async fn what_is_not_there_cannot_be_forked() {
    let engine = engine().await;
    grow(&engine, "t", 1..=1).await;
    let refused = |fork| {
        let engine = engine.clone();
        async move { engine.fork_topology(fork).await.unwrap_err() }
    };
    assert!(matches!(
        refused(fork("u", Consistency::Newest, "f")).await,
        EngineError::TopologyNotFound { name: missing } if missing == name("u")
    ));
    assert!(matches!(
        refused(fork("t", exact(2), "f")).await,
        EngineError::RevisionNotReached { .. }
    ));
    assert!(matches!(
        refused(fork("t", Consistency::Newest, "t")).await,
        EngineError::TopologyExists { .. }
    ));
}

/// A deletion is repeated after the topology was made again: it must not take the new one.
#[tokio::test]
async fn a_repeated_deletion_deletes_once() {
    let engine = engine().await;
    let delete = |digest| engine.delete_topology(name("t"), request("r1", digest));
    delete(1).await.unwrap();
    delete(1).await.unwrap();
    let created = engine.create_topology(name("t"), String::new(), None);
    created.await.unwrap();
    delete(1).await.unwrap();
    assert!(engine.get_topology(&name("t")).await.is_ok());
    assert!(matches!(
        delete(2).await,
        Err(EngineError::RequestReused { .. })
    ));
    let other = engine.delete_topology(name("t"), request("r2", 1));
    other.await.unwrap();
    assert!(engine.get_topology(&name("t")).await.is_err());
}

#[tokio::test]
async fn a_deletion_with_the_id_of_another_write_is_refused() {
    let engine = engine().await;
    let write = Write {
        request: request("r1", 1),
        ..write()
    };
    engine.apply(write, put([vpc("vpc-1")])).await.unwrap();
    let deletion = engine.delete_topology(name("t"), request("r1", 2)).await;
    assert!(matches!(deletion, Err(EngineError::RequestReused { .. })));
    assert!(engine.get_topology(&name("t")).await.is_ok());
}

async fn write_until_refused(engine: Engine) {
    for number in 7..=12 {
        let change = put([vpc(&format!("vpc-{number}"))]);
        if engine.apply(write(), change).await.is_err() {
            return;
        }
    }
}

/// Everything at once, round after round: the source is written, forked, trimmed and deleted, forks are forked, and engines begin. What was
/// acknowledged reads as it was told, in the engine that made it and in one that begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forks_are_right_whatever_happens_to_their_sources() {
    for round in 0..40 {
        let store = Arc::new(MemoryStore::new());
        let engine = engine_on(Arc::clone(&store) as _);
        let created = engine.create_topology(name("t"), String::new(), None);
        created.await.unwrap();
        grow(&engine, "t", 1..=6).await;
        let mut forks = Vec::new();
        for number in 0..6_u64 {
            let engine = engine.clone();
            forks.push(tokio::spawn(async move {
                let to = format!("f{number}");
                let at = exact(number + 1);
                let made = engine.fork_topology(fork("t", at, &to)).await;
                let then = format!("g{number}");
                let of_it = engine.fork_topology(fork(&to, exact(0), &then)).await;
                [made, of_it]
            }));
        }
        let writer = tokio::spawn(write_until_refused(engine.clone()));
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        let deleted = engine.delete_topology(name("t"), None).await;
        assert!(
            matches!(deleted, Ok(()) | Err(EngineError::ForkedMeanwhile { .. })),
            "{deleted:?}"
        );
        writer.await.unwrap();
        let mut made: Vec<TopologyInfo> = Vec::new();
        for fork in forks {
            made.extend(fork.await.unwrap().into_iter().flatten());
        }
        let other = engine_on(store);
        for info in made {
            for engine in [&engine, &other] {
                let at = (&info.name, exact(0));
                let seen = engine.view(at.0, at.1).await.unwrap().snapshot.len() as u64;
                assert_eq!(seen, info.resources, "{} in round {round}", info.name);
            }
        }
    }
}
