//! Watches: nothing is skipped, and what cannot be told is said.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use causeway_model::revision::Revision;
use causeway_store::MemoryStore;
use tokio::sync::Semaphore;

use super::gated::GatedStore;
use super::{engine, engine_on, name, put, vpc, write};
use crate::{Engine, EngineError, Watch, WatchEvent, WatchStart};

async fn grow(engine: &Engine, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let change = put([vpc(&format!("vpc-{number}"))]);
        engine.apply(write(), change).await.unwrap();
    }
}

/// `r7` for a revision, with `+` if its changes are told; `m5/7` for a mark.
async fn next(watch: &mut Watch) -> String {
    match watch.next().await.unwrap() {
        WatchEvent::Revision { logged, changes } => {
            format!(
                "r{}{}",
                logged.revision,
                if changes.is_some() { "+" } else { "" }
            )
        }
        WatchEvent::Mark { told, head } => format!("m{told}/{head}"),
    }
}

#[tokio::test]
async fn a_watch_begins_with_a_mark_and_has_another_when_it_has_caught_up() {
    let engine = engine().await;
    grow(&engine, 1..=3).await;
    let start = WatchStart::After(Revision(1));
    let mut watch = engine.watch(&name("t"), start, 0).await.unwrap();
    for expected in ["m1/3", "r2", "r3", "m3/3"] {
        assert_eq!(next(&mut watch).await, expected);
    }
    grow(&engine, 4..=5).await;
    for expected in ["r4", "r5"] {
        assert_eq!(next(&mut watch).await, expected);
    }
    let mut watch = engine.watch(&name("t"), WatchStart::Now, 1).await.unwrap();
    grow(&engine, 6..=6).await;
    for expected in ["m5/6", "r6+"] {
        assert_eq!(next(&mut watch).await, expected);
    }
}

#[tokio::test]
async fn a_head_that_another_engine_moved_is_told_without_gaps() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (engine_on(Arc::clone(&store) as _), engine_on(store));
    one.create_topology(name("t"), String::new(), None)
        .await
        .unwrap();
    let mut watch = one.watch(&name("t"), WatchStart::Now, 0).await.unwrap();
    assert_eq!(next(&mut watch).await, "m0/0");
    grow(&other, 1..=300).await;
    // The first engine learns of it when it writes itself.
    grow(&one, 301..=301).await;
    for number in 1..=301 {
        assert_eq!(next(&mut watch).await, format!("r{number}"));
    }
}

#[tokio::test]
async fn a_log_that_was_cut_ends_a_watch_that_is_behind_it() {
    let store = Arc::new(GatedStore::new());
    store.may_answer.add_permits(Semaphore::MAX_PERMITS);
    let engine = engine_on(Arc::clone(&store) as _);
    engine
        .create_topology(name("t"), String::new(), None)
        .await
        .unwrap();
    grow(&engine, 1..=5).await;
    store.oldest.store(3, Ordering::Relaxed);
    for (after, is_kept) in [(0, false), (1, false), (2, true), (5, true)] {
        let start = WatchStart::After(Revision(after));
        let mut watch = engine.watch(&name("t"), start, 0).await.unwrap();
        next(&mut watch).await;
        if is_kept {
            next_revision_is(&engine, &mut watch, after + 1).await;
        } else {
            let ended = watch.next().await;
            assert!(
                matches!(ended, Err(EngineError::RevisionNotKept { wanted, oldest: Revision(3) }) if wanted.0 == after + 1),
                "{ended:?}"
            );
        }
    }
}

async fn next_revision_is(engine: &Engine, watch: &mut Watch, number: u64) {
    if number > 5 {
        grow(engine, number..=number).await;
    }
    assert_eq!(next(watch).await, format!("r{number}"));
}
