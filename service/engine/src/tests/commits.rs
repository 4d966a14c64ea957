//! Writes: repeated, raced, refused, interrupted.

use std::sync::Arc;

use causeway_model::change::{Change, ChangeSet, Problem};
use causeway_model::resource::Kind;
use causeway_model::revision::Revision;
use causeway_model::snapshot::Scope;
use causeway_store::MemoryStore;
use futures::future::join_all;

use super::gated::GatedStore;
use super::{engine, engine_on, given, name, put, request, subnet, vpc, write};
use crate::{Applied, Consistency, EngineError, Write};

fn scope(kind: Kind) -> Scope {
    Scope {
        owner_id: "111111111111".parse().unwrap(),
        region: Some("eu-west-1".parse().unwrap()),
        kind,
    }
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_outcome_again() {
    let engine = engine().await;
    let asked = Write {
        request: request("r1", 1),
        ..write()
    };
    let first = engine
        .apply(asked.clone(), put([vpc("vpc-1")]))
        .await
        .unwrap();
    engine.apply(write(), put([vpc("vpc-2")])).await.unwrap();
    let again = engine.apply(asked, put([vpc("vpc-1")])).await.unwrap();
    assert_eq!(
        first,
        Applied {
            revision: Revision(1),
            created: 1,
            updated: 0,
            deleted: 0,
            unchanged: 0
        }
    );
    assert_eq!(again, first);
    assert_eq!(
        engine.get_topology(&name("t")).await.unwrap().revision,
        Revision(2)
    );
}

#[tokio::test]
async fn a_request_id_with_another_body_is_refused() {
    let engine = engine().await;
    engine
        .apply(
            Write {
                request: request("r1", 1),
                ..write()
            },
            put([vpc("vpc-1")]),
        )
        .await
        .unwrap();
    let other = engine
        .apply(
            Write {
                request: request("r1", 2),
                ..write()
            },
            put([vpc("vpc-2")]),
        )
        .await;
    assert!(matches!(other, Err(EngineError::RequestReused { id }) if id == "r1"));
}

#[tokio::test]
async fn a_request_that_changed_nothing_is_remembered_too() {
    let engine = engine().await;
    engine.apply(write(), put([vpc("vpc-1")])).await.unwrap();
    let asked = Write {
        request: request("r1", 1),
        ..write()
    };
    let first = engine
        .apply(asked.clone(), put([vpc("vpc-1")]))
        .await
        .unwrap();
    engine.apply(write(), put([vpc("vpc-2")])).await.unwrap();
    assert_eq!(first.revision, Revision(1));
    assert_eq!(
        engine.apply(asked, put([vpc("vpc-1")])).await.unwrap(),
        first
    );
}

#[tokio::test]
async fn a_repeated_creation_tells_of_the_topology_again_and_another_one_is_refused() {
    let engine = engine().await;
    let first = engine
        .create_topology(name("u"), String::new(), request("r1", 1))
        .await
        .unwrap();
    engine
        .apply(
            Write {
                topology: name("u"),
                ..write()
            },
            put([vpc("vpc-1")]),
        )
        .await
        .unwrap();
    assert_eq!(
        engine
            .create_topology(name("u"), String::new(), request("r1", 1))
            .await
            .unwrap(),
        first
    );
    let other_body = engine
        .create_topology(name("u"), "for tests".to_owned(), request("r1", 2))
        .await;
    assert!(matches!(other_body, Err(EngineError::RequestReused { .. })));
    let other_request = engine
        .create_topology(name("u"), String::new(), request("r2", 1))
        .await;
    assert!(matches!(
        other_request,
        Err(EngineError::TopologyExists { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_once_lose_no_revision() {
    let engine = engine().await;
    let writes = (1..=40).map(|number| {
        let engine = engine.clone();
        async move {
            engine
                .apply(write(), put([vpc(&format!("vpc-{number}"))]))
                .await
                .unwrap()
                .revision
        }
    });
    let mut revisions = join_all(writes.map(tokio::spawn))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect::<Vec<_>>();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=40).map(Revision).collect::<Vec<_>>());
    assert_eq!(engine.get_topology(&name("t")).await.unwrap().resources, 40);
}

#[tokio::test]
async fn a_stale_expected_revision_is_refused_and_tells_the_head() {
    let engine = engine().await;
    engine.apply(write(), put([vpc("vpc-1")])).await.unwrap();
    let stale = Write {
        expected: Some(Revision(0)),
        ..write()
    };
    for outcome in [
        engine.apply(stale.clone(), put([vpc("vpc-2")])).await,
        engine.validate(stale, put([vpc("vpc-2")])).await,
    ] {
        assert!(matches!(
            outcome,
            Err(EngineError::RevisionMismatch {
                expected: Revision(0),
                head: Revision(1)
            })
        ));
    }
    let right = Write {
        expected: Some(Revision(1)),
        ..write()
    };
    assert_eq!(
        engine
            .apply(right, put([vpc("vpc-2")]))
            .await
            .unwrap()
            .revision,
        Revision(2)
    );
}

#[tokio::test]
async fn a_validation_tells_what_would_be_and_stores_nothing() {
    let engine = engine().await;
    let asked = Write {
        request: request("r1", 1),
        ..write()
    };
    let checked = engine
        .validate(asked.clone(), put([vpc("vpc-1")]))
        .await
        .unwrap();
    assert_eq!((checked.revision, checked.created), (Revision(1), 1));
    assert_eq!(
        engine.get_topology(&name("t")).await.unwrap().revision,
        Revision(0)
    );
    assert!(matches!(
        engine
            .validate(write(), put([subnet("subnet-1", "vpc-1")]))
            .await,
        Err(EngineError::InvalidChangeSet { .. })
    ));
    // The request id is still free for the write itself.
    assert_eq!(
        engine
            .apply(asked, put([vpc("vpc-1")]))
            .await
            .unwrap()
            .revision,
        Revision(1)
    );
}

#[tokio::test]
async fn every_fault_of_a_bad_set_is_told_and_nothing_of_it_is_applied() {
    let engine = engine().await;
    let mut changes = put([
        vpc("vpc-1"),
        subnet("subnet-1", "vpc-9"),
        subnet("subnet-2", "vpc-8"),
    ]);
    changes
        .changes
        .push(Change::Delete("vpc-7".parse().unwrap()));
    let Err(EngineError::InvalidChangeSet { faults }) = engine.apply(write(), changes).await else {
        panic!("it was applied")
    };
    assert_eq!(
        faults.iter().map(|fault| fault.change).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert!(matches!(faults[2].problem, Problem::NotThere));
    assert_eq!(
        engine.get_topology(&name("t")).await.unwrap().revision,
        Revision(0)
    );
}

#[tokio::test]
async fn importing_twice_makes_one_revision() {
    let engine = engine().await;
    let resources = given([vpc("vpc-1"), subnet("subnet-1", "vpc-1")]);
    let scopes = vec![scope(Kind::Vpc), scope(Kind::Subnet)];
    let first = engine
        .import(write(), scopes.clone(), resources.clone())
        .await
        .unwrap();
    let second = engine.import(write(), scopes, resources).await.unwrap();
    assert_eq!(
        first,
        Applied {
            revision: Revision(1),
            created: 2,
            updated: 0,
            deleted: 0,
            unchanged: 0
        }
    );
    assert_eq!(
        second,
        Applied {
            revision: Revision(1),
            created: 0,
            updated: 0,
            deleted: 0,
            unchanged: 2
        }
    );
    assert!(first.is_change() && !second.is_change());
}

#[tokio::test]
async fn an_import_deletes_within_its_scopes_alone() {
    let engine = engine().await;
    let mut elsewhere = subnet("subnet-3", "vpc-1");
    elsewhere.region = Some("us-east-1".parse().unwrap());
    engine
        .apply(
            write(),
            put([
                vpc("vpc-1"),
                subnet("subnet-1", "vpc-1"),
                subnet("subnet-2", "vpc-1"),
                elsewhere,
            ]),
        )
        .await
        .unwrap();
    let applied = engine
        .import(
            write(),
            vec![scope(Kind::Subnet)],
            given([subnet("subnet-1", "vpc-1")]),
        )
        .await
        .unwrap();
    assert_eq!((applied.deleted, applied.unchanged), (1, 1));
    let snapshot = engine
        .view(&name("t"), Consistency::Newest)
        .await
        .unwrap()
        .snapshot;
    let left = snapshot
        .iter()
        .map(|resource| resource.id().to_string())
        .collect::<Vec<_>>();
    assert_eq!(left, ["subnet-1", "subnet-3", "vpc-1"]);
}

#[tokio::test]
async fn a_caller_that_leaves_between_append_and_publication_leaves_a_whole_commit() {
    let store = Arc::new(GatedStore::new());
    let engine = engine_on(Arc::clone(&store) as _);
    engine
        .create_topology(name("t"), String::new(), None)
        .await
        .unwrap();
    let caller = tokio::spawn({
        let engine = engine.clone();
        async move { engine.apply(write(), put([vpc("vpc-1")])).await }
    });
    store.appended.acquire().await.unwrap().forget();
    assert_eq!(
        engine.get_topology(&name("t")).await.unwrap().revision,
        Revision(0),
        "it was seen before it was acknowledged"
    );
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    store.may_answer.add_permits(1);
    // The commit goes on by itself, on this very thread; no other write is there to find the head behind the store.
    for _ in 0..10_000 {
        if engine.get_topology(&name("t")).await.unwrap().revision > Revision(0) {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(
        engine.get_topology(&name("t")).await.unwrap().revision,
        Revision(1)
    );
    store.may_answer.add_permits(1);
    assert_eq!(
        engine
            .apply(write(), put([vpc("vpc-2")]))
            .await
            .unwrap()
            .revision,
        Revision(2)
    );
}

#[tokio::test]
async fn a_head_that_another_process_moved_is_read_again() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (engine_on(Arc::clone(&store) as _), engine_on(store));
    one.create_topology(name("t"), String::new(), None)
        .await
        .unwrap();
    assert_eq!(
        other.get_topology(&name("t")).await.unwrap().revision,
        Revision(0)
    );
    one.apply(write(), put([vpc("vpc-1")])).await.unwrap();
    assert_eq!(
        other
            .apply(write(), put([subnet("subnet-1", "vpc-1"), vpc("vpc-1")]))
            .await
            .unwrap()
            .revision,
        Revision(2)
    );
    let stale = Write {
        expected: Some(Revision(1)),
        ..write()
    };
    assert!(matches!(
        one.apply(stale, put([vpc("vpc-2")])).await,
        Err(EngineError::RevisionMismatch {
            head: Revision(2),
            ..
        })
    ));
}

#[tokio::test]
async fn a_set_of_more_changes_than_the_limit_is_refused_with_both_numbers() {
    let engine = engine().await;
    let changes = ChangeSet {
        changes: vec![Change::Delete("vpc-1".parse().unwrap()); 100_001],
    };
    let Err(error) = engine.apply(write(), changes).await else {
        panic!("it was applied")
    };
    assert_eq!(
        error.to_string(),
        "100001 changes are too many for one call, the maximum is 100000"
    );
}
