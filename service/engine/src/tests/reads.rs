//! Reads: revisions, lists, topologies that come and go.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use causeway_model::resource::{Kind, Tag};
use causeway_model::revision::Revision;
use causeway_store::{MemoryStore, Store};
use tokio::sync::Semaphore;

use super::gated::GatedStore;
use super::{engine, engine_on, name, put, subnet, vpc, write};
use crate::{Consistency, Engine, EngineError, Filter, RevisionPage, TagFilter};

/// A topology `t` in which revision N brought `vpc-N`.
async fn grown(engine: &Engine, revisions: u64) {
    for number in 1..=revisions {
        engine
            .apply(write(), put([vpc(&format!("vpc-{number}"))]))
            .await
            .unwrap();
    }
}

async fn count_at(engine: &Engine, revision: u64) -> usize {
    engine
        .view(&name("t"), Consistency::Exact(Revision(revision)))
        .await
        .unwrap()
        .snapshot
        .len()
}

#[tokio::test]
async fn every_revision_is_read_as_it_was() {
    let store = Arc::new(MemoryStore::new());
    let writer = engine_on(Arc::clone(&store) as _);
    let created = writer.create_topology(name("t"), String::new(), None);
    created.await.unwrap();
    grown(&writer, 10).await;
    // An engine that wrote none of them. Twice, in another order the second time, so that states come from the log, from checkpoints and from memory.
    let engine = engine_on(store);
    for revision in (0..=10).chain((0..=10).rev()) {
        assert_eq!(
            count_at(&engine, revision).await,
            usize::try_from(revision).unwrap(),
            "revision {revision}"
        );
    }
}

#[tokio::test]
async fn another_engine_on_the_same_store_reads_the_same() {
    let store = Arc::new(MemoryStore::new());
    let first = engine_on(Arc::clone(&store) as _);
    first
        .create_topology(name("t"), "words".to_owned(), None)
        .await
        .unwrap();
    grown(&first, 9).await;
    let second = engine_on(store);
    assert_eq!(
        second.get_topology(&name("t")).await.unwrap(),
        first.get_topology(&name("t")).await.unwrap()
    );
    for revision in 0..=9 {
        let at = Consistency::Exact(Revision(revision));
        let (one, other) = (
            first.view(&name("t"), at.clone()).await.unwrap(),
            second.view(&name("t"), at).await.unwrap(),
        );
        assert_eq!(one.snapshot, other.snapshot, "revision {revision}");
    }
}

#[tokio::test]
async fn a_checkpoint_is_written_every_so_many_revisions() {
    let store = Arc::new(MemoryStore::new());
    let engine = engine_on(Arc::clone(&store) as _);
    engine
        .create_topology(name("t"), String::new(), None)
        .await
        .unwrap();
    grown(&engine, 4).await;
    let id = store.find(&name("t")).await.unwrap().unwrap().id;
    // It is written in the background, on this very thread.
    let mut checkpoint = None;
    for _ in 0..10_000 {
        checkpoint = store.checkpoint(id, Revision(7)).await.unwrap();
        if checkpoint.is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let checkpoint = checkpoint.unwrap();
    assert_eq!((checkpoint.0, checkpoint.1.len()), (Revision(4), 4));
}

#[tokio::test]
async fn a_revision_that_is_not_there_yet_is_refused_and_tells_the_head() {
    let engine = engine().await;
    grown(&engine, 2).await;
    for consistency in [
        Consistency::AtLeast(Revision(3)),
        Consistency::Exact(Revision(3)),
    ] {
        let outcome = engine.view(&name("t"), consistency).await;
        assert!(matches!(
            outcome,
            Err(EngineError::RevisionNotReached {
                wanted: Revision(3),
                head: Revision(2)
            })
        ));
    }
    assert_eq!(
        engine
            .view(&name("t"), Consistency::AtLeast(Revision(1)))
            .await
            .unwrap()
            .revision,
        Revision(2)
    );
}

#[tokio::test]
async fn a_name_that_is_deleted_and_made_again_is_another_topology() {
    let engine = engine().await;
    grown(&engine, 3).await;
    assert_eq!(count_at(&engine, 1).await, 1);
    engine.delete_topology(name("t"), None).await.unwrap();
    assert!(matches!(
        engine.get_topology(&name("t")).await,
        Err(EngineError::TopologyNotFound { .. })
    ));
    assert!(matches!(
        engine.delete_topology(name("t"), None).await,
        Err(EngineError::TopologyNotFound { .. })
    ));
    engine
        .create_topology(name("t"), String::new(), None)
        .await
        .unwrap();
    engine
        .apply(write(), put([vpc("vpc-1"), vpc("vpc-2")]))
        .await
        .unwrap();
    grown(&engine, 3).await;
    assert_eq!(count_at(&engine, 1).await, 2);
}

#[tokio::test]
async fn topologies_are_listed_by_name_in_pages() {
    let engine = engine().await;
    for text in ["b", "a"] {
        engine
            .create_topology(name(text), String::new(), None)
            .await
            .unwrap();
    }
    let names = |page: Vec<crate::TopologyInfo>| {
        page.into_iter()
            .map(|info| info.name.to_string())
            .collect::<Vec<_>>()
    };
    let (first, more) = engine.list_topologies(None, 2).await.unwrap();
    assert_eq!(
        (names(first), more),
        (vec!["a".to_owned(), "b".to_owned()], true)
    );
    let (rest, more) = engine.list_topologies(Some(&name("b")), 2).await.unwrap();
    assert_eq!((names(rest), more), (vec!["t".to_owned()], false));
}

#[tokio::test]
async fn revisions_are_listed_newest_first_in_pages() {
    let engine = engine().await;
    grown(&engine, 3).await;
    let numbers = |page: &RevisionPage| {
        let numbers = page.revisions.iter().map(|(logged, _)| logged.revision.0);
        numbers.collect::<Vec<_>>()
    };
    let first = engine
        .list_revisions(&name("t"), Consistency::Newest, (None, 2))
        .await
        .unwrap();
    assert_eq!((numbers(&first), first.more), (vec![3, 2], true));
    let (newest, _) = &first.revisions[0];
    assert_eq!((newest.note.author.as_str(), newest.counts), ("me", [1, 0]));
    let rest = engine
        .list_revisions(&name("t"), Consistency::Newest, (Some(Revision(2)), 2))
        .await
        .unwrap();
    assert_eq!((numbers(&rest), rest.more), (vec![1], false));
    assert_eq!(
        engine
            .list_revisions(&name("t"), Consistency::Newest, (Some(Revision(1)), 2))
            .await
            .unwrap(),
        RevisionPage::default()
    );
}

/// Ids of the resources that meet a filter.
async fn listed(engine: &Engine, edit: impl FnOnce(&mut Filter)) -> Vec<String> {
    let mut filter = Filter::default();
    edit(&mut filter);
    let page = engine
        .list_resources(&name("t"), Consistency::Newest, filter, (None, 10))
        .await
        .unwrap();
    assert!(!page.more);
    page.resources
        .iter()
        .map(|resource| resource.id().to_string())
        .collect()
}

#[tokio::test]
async fn a_list_holds_what_meets_every_condition_of_its_filter() {
    let engine = engine().await;
    let mut tagged = vpc("vpc-2");
    tagged.tags = vec![Tag {
        key: "env".to_owned(),
        value: "prod".to_owned(),
    }];
    engine
        .apply(
            write(),
            put([vpc("vpc-1"), subnet("subnet-1", "vpc-1"), tagged]),
        )
        .await
        .unwrap();
    let tag = |value: Option<&str>| {
        vec![TagFilter {
            key: "env".to_owned(),
            value: value.map(str::to_owned),
        }]
    };
    assert_eq!(
        listed(&engine, |_| {}).await,
        ["subnet-1", "vpc-1", "vpc-2"]
    );
    assert_eq!(
        listed(&engine, |filter| filter.kinds = vec![Kind::Vpc]).await,
        ["vpc-1", "vpc-2"]
    );
    assert_eq!(
        listed(&engine, |filter| filter.vpc =
            Some("vpc-1".parse().unwrap()))
        .await,
        ["subnet-1", "vpc-1"]
    );
    assert_eq!(
        listed(&engine, |filter| filter.tags = tag(None)).await,
        ["vpc-2"]
    );
    assert!(
        listed(&engine, |filter| filter.tags = tag(Some("test")))
            .await
            .is_empty()
    );
    assert!(
        listed(&engine, |filter| filter.region =
            Some("us-east-1".parse().unwrap()))
        .await
        .is_empty()
    );
    assert!(
        listed(&engine, |filter| filter.owner =
            Some("222222222222".parse().unwrap()))
        .await
        .is_empty()
    );
    assert_eq!(
        listed(&engine, |filter| (filter.kinds, filter.tags) =
            (vec![Kind::Vpc], tag(Some("prod"))))
        .await,
        ["vpc-2"]
    );
}

#[tokio::test]
async fn a_page_begins_after_the_last_item_of_the_one_before() {
    let engine = engine().await;
    engine
        .apply(write(), put([vpc("vpc-1"), vpc("vpc-2"), vpc("vpc-3")]))
        .await
        .unwrap();
    let after = Some("vpc-1".parse().unwrap());
    let page = engine
        .list_resources(
            &name("t"),
            Consistency::Newest,
            Filter::default(),
            (after, 1),
        )
        .await
        .unwrap();
    assert_eq!(
        (
            page.resources.len(),
            page.resources[0].id().as_str(),
            page.more
        ),
        (1, "vpc-2", true)
    );
}

/// The store is asked no more for a state that was the newest one a short while ago.
#[tokio::test]
async fn what_changed_last_costs_no_rebuilding() {
    let store = Arc::new(GatedStore::new());
    store.may_answer.add_permits(Semaphore::MAX_PERMITS);
    let engine = engine_on(Arc::clone(&store) as _);
    let created = engine.create_topology(name("t"), String::new(), None);
    created.await.unwrap();
    grown(&engine, 9).await;
    let rebuilt = store.checkpoints_read.load(Ordering::Relaxed);
    for revision in 0..=9 {
        let wanted = usize::try_from(revision).unwrap();
        assert_eq!(count_at(&engine, revision).await, wanted);
    }
    assert_eq!(store.checkpoints_read.load(Ordering::Relaxed), rebuilt);
}
