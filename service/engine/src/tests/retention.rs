//! What is kept of the past, what is let go, and what is told of that.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use causeway_model::revision::{Revision, Timestamp};
use causeway_store::{Label, MemoryStore, Store, TopologyRecord};

use super::moments::{SetClock, seconds};
use super::{exact, name, put, request, vpc, write};
use crate::{Consistency, Engine, EngineError, Filter, Limits, Retention, WatchStart, Write};

struct Kept {
    store: Arc<MemoryStore>,
    clock: Arc<SetClock>,
    engine: Engine,
}

/// A topology `t`, created at second 10 and changed each ten seconds, up to this revision. Revision N holds N resources.
async fn kept(rules: Retention, head: u64) -> Kept {
    let (store, clock) = (Arc::<MemoryStore>::default(), Arc::<SetClock>::default());
    let engine = on(&store, &clock, rules);
    clock.0.store(10, Ordering::Relaxed);
    let created = engine.create_topology(name("t"), String::new(), None);
    created.await.unwrap();
    for number in 1..=head {
        clock.0.store(10 + number * 10, Ordering::Relaxed);
        let change = put([vpc(&format!("vpc-{number:04}"))]);
        engine.apply(write(), change).await.unwrap();
    }
    Kept {
        store,
        clock,
        engine,
    }
}

fn on(store: &Arc<MemoryStore>, clock: &Arc<SetClock>, retention: Retention) -> Engine {
    let limits = Limits {
        checkpoint_every: 1,
        retention,
        ..Limits::default()
    };
    Engine::new(Arc::clone(store) as _, Arc::clone(clock) as _, limits)
}

fn newest(revisions: u64) -> Retention {
    Retention {
        revisions: Some(revisions),
        ..Retention::default()
    }
}

fn younger(seconds: u64) -> Retention {
    Retention {
        age: Some(Duration::from_secs(seconds)),
        ..Retention::default()
    }
}

impl Kept {
    async fn record(&self) -> TopologyRecord {
        self.store.find(&name("t")).await.unwrap().unwrap()
    }

    async fn oldest(&self) -> u64 {
        self.engine.let_go().await;
        self.record().await.oldest.0
    }
}

#[track_caller]
fn not_kept<T: std::fmt::Debug>(outcome: &Result<T, EngineError>, wanted: u64, oldest: u64) {
    assert!(
        matches!(outcome, Err(EngineError::RevisionNotKept { wanted: found, oldest: kept }) if (found.0, kept.0) == (wanted, oldest)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn everything_is_kept_without_a_rule() {
    let kept = kept(Retention::default(), 9).await;
    assert_eq!(kept.oldest().await, 0);
}

#[tokio::test]
async fn so_many_newest_revisions_are_kept() {
    for (revisions, oldest) in [(1, 9), (3, 7), (9, 1), (10, 0), (99, 0)] {
        let kept = kept(newest(revisions), 9).await;
        assert_eq!(kept.oldest().await, oldest, "{revisions}");
    }
}

#[tokio::test]
async fn what_was_the_newest_state_within_a_time_is_kept() {
    // Revision N is of second 10 + 10 N; it is second 100.
    for (age, oldest) in [(0, 9), (9, 8), (10, 8), (11, 7), (45, 4), (90, 0), (500, 0)] {
        let kept = kept(younger(age), 9).await;
        assert_eq!(kept.oldest().await, oldest, "{age}");
    }
}

#[tokio::test]
async fn a_revision_is_kept_if_one_rule_keeps_it() {
    for (revisions, age, oldest) in [(3, 45, 4), (8, 45, 2)] {
        let rules = Retention {
            age: younger(age).age,
            ..newest(revisions)
        };
        assert_eq!(kept(rules, 9).await.oldest().await, oldest);
    }
}

#[tokio::test]
async fn labels_and_forks_keep_what_they_need() {
    let kept = kept(newest(2), 9).await;
    let label = Label {
        name: "prod".parse().unwrap(),
        revision: Revision(6),
        time: Timestamp::default(),
    };
    let id = kept.record().await.id;
    kept.store.set_label(id, label, None).await.unwrap();
    let base = causeway_store::Base::Fork {
        of: id,
        at: Revision(4),
    };
    let fork = causeway_store::NewTopology {
        name: name("fork"),
        description: String::new(),
        time: Timestamp::default(),
        request: None,
        base,
    };
    let fork = kept.store.create(fork).await.unwrap();
    assert_eq!(kept.oldest().await, 4);
    kept.store.delete(fork.id, None).await.unwrap();
    assert_eq!(kept.oldest().await, 6);
    let label = "prod".parse().unwrap();
    kept.store.delete_label(id, &label, None).await.unwrap();
    assert_eq!(kept.oldest().await, 8);
}

#[tokio::test]
async fn reads_below_are_told_and_those_above_are_right() {
    let (kept, t) = (kept(newest(3), 9).await, name("t"));
    // It is in memory, and stays there.
    kept.engine.view(&t, exact(6)).await.unwrap();
    assert_eq!(kept.oldest().await, 7);
    for revision in [0, 1, 6] {
        let outcome = kept.engine.view(&t, exact(revision)).await;
        not_kept(&outcome, revision, 7);
    }
    for engine in [&kept.engine, &on(&kept.store, &kept.clock, newest(3))] {
        for revision in 7..=9 {
            let view = engine.view(&t, exact(revision)).await.unwrap();
            assert_eq!(view.snapshot.len() as u64, revision);
        }
    }
}

#[tokio::test]
async fn differences_and_lists_end_where_the_history_begins() {
    let (kept, t) = (kept(newest(3), 9).await, name("t"));
    assert_eq!(kept.oldest().await, 7);
    let sides = (exact(6), exact(8));
    let diff = kept.engine.diff(&t, sides, Filter::default(), (None, 9));
    not_kept(&diff.await, 6, 7);
    let newest = Consistency::Newest;
    let listed = kept.engine.list_revisions(&t, newest, (None, 99));
    let page = listed.await.unwrap();
    let numbers = page.revisions.iter().map(|(logged, _)| logged.revision.0);
    assert_eq!((numbers.collect(), page.more), (vec![9, 8, 7], false));
}

#[tokio::test]
async fn a_time_before_the_oldest_revision_is_told() {
    let (kept, t) = (kept(newest(3), 9).await, name("t"));
    assert_eq!(kept.oldest().await, 7);
    let at = |time| kept.engine.view(&t, Consistency::AsOf(seconds(time)));
    for (time, revision) in [(80, 7), (95, 8), (100, 9)] {
        assert_eq!(at(time).await.unwrap().revision.0, revision);
    }
    for time in [10, 50, 79] {
        let outcome = at(time).await;
        let is_told = |error: &EngineError| matches!(error, EngineError::TimeNotKept { oldest, .. } if oldest.0 == 7);
        assert!(outcome.as_ref().is_err_and(is_told), "{outcome:?}");
    }
    let early = at(9).await;
    assert!(matches!(early, Err(EngineError::BeforeCreation { .. })));
}

/// However far behind it is: a watch reads a part of the log at a time.
#[tokio::test]
async fn a_watch_that_is_overtaken_ends_and_never_leaves_out_a_revision() {
    let kept = kept(newest(3), 400).await;
    let mut watch = kept
        .engine
        .watch(&name("t"), WatchStart::After(Revision(1)), 9)
        .await
        .unwrap();
    watch.next().await.unwrap();
    let oldest = kept.oldest().await;
    // Farther than the part of the log that is read next.
    assert!((300..=398).contains(&oldest), "{oldest}");
    not_kept(&watch.next().await, 2, oldest);
}

#[tokio::test]
async fn a_topology_that_is_not_in_memory_is_trimmed_and_not_loaded() {
    let kept = kept(Retention::default(), 9).await;
    let other = on(&kept.store, &kept.clock, newest(3));
    other.let_go().await;
    assert_eq!(kept.record().await.oldest, Revision(7));
    assert!(other.registry.get(&name("t")).is_none());
}

#[tokio::test]
async fn old_checkpoints_are_farther_apart_than_new_ones() {
    let kept = kept(Retention::default(), 300).await;
    let id = kept.record().await.id;
    for revision in 1..=300 {
        let view = kept.engine.view(&name("t"), exact(revision)).await.unwrap();
        kept.store
            .put_checkpoint(id, view.revision, view.snapshot)
            .await
            .unwrap();
    }
    for _ in 0..9 {
        kept.engine.let_go().await;
    }
    let left = kept.store.checkpoints(id).await.unwrap();
    assert!(left.len() < 30, "{left:?}");
    for pair in left.windows(2) {
        let [older, newer] = pair else { continue };
        let age = 300 - newer.0;
        assert!(newer.0 - older.0 <= (age / 2).max(1), "{left:?}");
    }
    for revision in [1, 150, 299] {
        let engine = on(&kept.store, &kept.clock, Retention::default());
        let view = engine.view(&name("t"), exact(revision)).await.unwrap();
        assert_eq!(view.snapshot.len() as u64, revision);
    }
}

#[tokio::test]
async fn requests_are_known_for_their_time_whatever_becomes_of_their_revisions() {
    let rules = Retention {
        requests: Duration::from_secs(100),
        ..newest(1)
    };
    let kept = kept(rules, 2).await;
    let write = Write {
        request: request("r", 1),
        ..write()
    };
    let change = || put([vpc("vpc-r")]);
    let first = kept.engine.apply(write.clone(), change()).await.unwrap();
    kept.engine
        .apply(super::write(), put([vpc("vpc-s")]))
        .await
        .unwrap();
    assert_eq!(kept.oldest().await, 4);
    assert_eq!(
        kept.engine.apply(write.clone(), change()).await.unwrap(),
        first
    );
    kept.clock.0.fetch_add(101, Ordering::Relaxed);
    kept.engine.let_go().await;
    let again = kept.engine.apply(write, change()).await.unwrap();
    assert_eq!((again.is_change(), again.revision), (false, Revision(4)));
}
