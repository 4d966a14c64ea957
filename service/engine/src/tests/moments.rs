//! Reads at a time, with a clock that is set by the test, and sometimes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use causeway_model::revision::{Revision, Timestamp};
use causeway_store::{MemoryStore, Store};

use super::{name, put, vpc, write};
use crate::{Clock, Consistency, Engine, EngineError, Limits};

#[derive(Debug, Default)]
pub(super) struct SetClock(pub(super) AtomicU64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        seconds(self.0.load(Ordering::Relaxed))
    }
}

pub(super) fn seconds(seconds: u64) -> Timestamp {
    Timestamp(Duration::from_secs(seconds))
}

/// A topology `t` that is created at the first of these times, and changed at each of the others.
async fn changed_at(store: &Arc<MemoryStore>, clock: &Arc<SetClock>, times: &[u64]) -> Engine {
    let engine = Engine::new(
        Arc::clone(store) as _,
        Arc::clone(clock) as _,
        Limits::default(),
    );
    for (number, time) in times.iter().enumerate() {
        clock.0.store(*time, Ordering::Relaxed);
        if number == 0 {
            let created = engine.create_topology(name("t"), String::new(), None);
            created.await.unwrap();
        } else {
            let change = put([vpc(&format!("vpc-{number}"))]);
            engine.apply(write(), change).await.unwrap();
        }
    }
    engine
}

async fn at(engine: &Engine, time: u64) -> u64 {
    let at = Consistency::AsOf(seconds(time));
    let view = engine.view(&name("t"), at).await.unwrap();
    assert_eq!(
        view.snapshot.len() as u64,
        view.revision.0,
        "the state of its revision"
    );
    view.revision.0
}

#[tokio::test]
async fn a_time_leads_to_the_newest_revision_at_or_before_it() {
    let (store, clock) = (Arc::default(), Arc::default());
    let times = [10, 20, 20, 30, 41, 50];
    let engine = changed_at(&store, &clock, &times).await;
    let other = Engine::new(store, clock, Limits::default());
    for time in 10..60 {
        let expected = times.iter().filter(|applied| **applied <= time).count() as u64 - 1;
        assert_eq!(at(&engine, time).await, expected, "at {time}");
        assert_eq!(
            at(&other, time).await,
            expected,
            "at {time}, after a restart"
        );
    }
    let early = engine.view(&name("t"), Consistency::AsOf(seconds(9))).await;
    assert!(
        matches!(early, Err(EngineError::BeforeCreation { created, .. }) if created == seconds(10))
    );
}

#[tokio::test]
async fn times_of_revisions_never_go_back() {
    let (store, clock) = (Arc::default(), Arc::default());
    let engine = changed_at(&store, &clock, &[10, 40, 20]).await;
    // Neither does an engine that read the time from the log.
    let other = Engine::new(Arc::clone(&store) as _, clock, Limits::default());
    other.apply(write(), put([vpc("vpc-3")])).await.unwrap();
    let id = store.find(&name("t")).await.unwrap().unwrap().id;
    let history = store.history(id, Revision(3), 3).await.unwrap();
    let times: Vec<_> = history.iter().map(|logged| logged.note.time).collect();
    assert_eq!(times, [40, 40, 40].map(seconds));
    assert_eq!(at(&engine, 39).await, 0);
    assert_eq!(at(&other, 40).await, 3);
}

#[tokio::test]
async fn history_is_listed_from_a_time_down() {
    let (store, clock) = (Arc::default(), Arc::default());
    let engine = changed_at(&store, &clock, &[10, 20, 30, 40]).await;
    let from = Consistency::AsOf(seconds(35));
    let page = engine
        .list_revisions(&name("t"), from, (None, 9))
        .await
        .unwrap();
    let numbers = page.revisions.iter().map(|(logged, _)| logged.revision.0);
    assert_eq!((numbers.collect(), page.more), (vec![2, 1], false));
}
