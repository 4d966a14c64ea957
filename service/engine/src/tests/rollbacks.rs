//! Going back: a new revision with an old state.

use std::sync::Arc;

use causeway_model::change::Change;
use causeway_model::revision::Revision;
use causeway_store::MemoryStore;

use super::{engine, engine_on, exact, name, put, request, subnet, vpc, write};
use crate::{Applied, Consistency, Engine, EngineError, Write};

/// Revision 1: `vpc-1` and `vpc-2`; 2: `vpc-2` gone, a subnet in `vpc-1`; 3: `vpc-1` is the default.
async fn changed(engine: &Engine) {
    let mut second = put([subnet("subnet-1", "vpc-1")]);
    second
        .changes
        .push(Change::Delete("vpc-2".parse().unwrap()));
    let mut default = vpc("vpc-1");
    if let causeway_model::Body::Vpc(vpc) = &mut default.body {
        vpc.is_default = true;
    }
    for set in [put([vpc("vpc-1"), vpc("vpc-2")]), second, put([default])] {
        engine.apply(write(), set).await.unwrap();
    }
}

fn silent() -> Write {
    Write {
        message: String::new(),
        ..write()
    }
}

async fn same(engine: &Engine, one: u64, other: u64) {
    let [one, other] = [one, other].map(|revision| {
        let engine = engine.clone();
        async move { engine.view(&name("t"), exact(revision)).await.unwrap() }
    });
    assert_eq!(one.await.snapshot, other.await.snapshot);
}

async fn message(engine: &Engine) -> String {
    let page = engine
        .list_revisions(&name("t"), Consistency::Newest, (None, 1))
        .await
        .unwrap();
    page.revisions[0].0.note.message.clone()
}

#[tokio::test]
async fn going_back_makes_a_revision_and_can_be_gone_back_from() {
    let store = Arc::new(MemoryStore::new());
    let writer = engine_on(Arc::clone(&store) as _);
    let created = writer.create_topology(name("t"), String::new(), None);
    created.await.unwrap();
    changed(&writer).await;
    // Another engine has none of the states in memory.
    for engine in [writer, engine_on(store)] {
        let head = engine.get_topology(&name("t")).await.unwrap().revision.0;
        let back = engine.rollback(silent(), exact(1)).await.unwrap();
        assert_eq!(
            back,
            Applied {
                revision: Revision(head + 1),
                created: 1,
                updated: 1,
                deleted: 1,
                unchanged: 0
            }
        );
        assert_eq!(message(&engine).await, "rolled back to revision 1");
        same(&engine, head + 1, 1).await;
        let again = engine.rollback(write(), exact(3)).await.unwrap();
        assert_eq!(again.revision, Revision(head + 2));
        assert_eq!(message(&engine).await, "because");
        same(&engine, head + 2, 3).await;
    }
}

#[tokio::test]
async fn going_back_to_what_is_there_makes_no_revision() {
    let engine = engine().await;
    changed(&engine).await;
    let nothing = engine.rollback(write(), exact(3)).await.unwrap();
    assert_eq!(
        (nothing.revision, nothing.is_change()),
        (Revision(3), false)
    );
    let empty = engine.rollback(write(), exact(0)).await.unwrap();
    assert_eq!((empty.revision, empty.deleted), (Revision(4), 2));
    let nothing = engine.rollback(write(), exact(0)).await.unwrap();
    assert_eq!(
        (nothing.revision, nothing.is_change()),
        (Revision(4), false)
    );
}

#[tokio::test]
async fn a_repeated_rollback_is_told_again_also_when_its_label_is_gone() {
    let engine = engine().await;
    changed(&engine).await;
    let label = || (name("t"), "good".parse().unwrap());
    engine.set_label(label(), exact(1), None).await.unwrap();
    let asked = |digest| Write {
        request: request("r1", digest),
        ..silent()
    };
    let to = || Consistency::Label("good".parse().unwrap());
    let first = engine.rollback(asked(1), to()).await.unwrap();
    engine.rollback(write(), exact(3)).await.unwrap();
    engine.delete_label(label(), None).await.unwrap();
    assert_eq!(engine.rollback(asked(1), to()).await.unwrap(), first);
    assert!(matches!(
        engine.rollback(asked(2), to()).await,
        Err(EngineError::RequestReused { .. })
    ));
    assert!(matches!(
        engine.rollback(write(), to()).await,
        Err(EngineError::LabelNotFound { .. })
    ));
}

#[tokio::test]
async fn a_rollback_is_checked_as_it_would_be_made() {
    let engine = engine().await;
    changed(&engine).await;
    let would = engine.validate_rollback(write(), exact(1)).await.unwrap();
    assert_eq!((would.revision, would.created), (Revision(4), 1));
    let head = engine.get_topology(&name("t")).await.unwrap().revision;
    assert_eq!(head, Revision(3));
    let stale = Write {
        expected: Some(Revision(2)),
        ..write()
    };
    for outcome in [
        engine.validate_rollback(stale.clone(), exact(1)).await,
        engine.rollback(stale, exact(1)).await,
    ] {
        assert!(matches!(outcome, Err(EngineError::RevisionMismatch { .. })));
    }
    assert!(matches!(
        engine.rollback(write(), exact(4)).await,
        Err(EngineError::RevisionNotReached { .. })
    ));
}
