//! Rules of the log: revisions, what is read of them, and the requests that made them.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::Revision;
use causeway_store::{
    Append, Appended, NewTopology, RequestKey, RequestRecord, Store, StoreError, TopologyId,
};
use tokio::task::JoinSet;

use crate::samples;
use crate::support::{TestResult, append, grown, name, new, puts, request};

/// Appends until it has made so many revisions, trying again wherever the head has moved to.
async fn writer(store: Arc<dyn Store>, id: TopologyId, wins: usize) -> TestResult<Vec<u64>> {
    let (mut head, mut made) = (0, Vec::new());
    while made.len() < wins {
        match store.append(append(id, head)?).await {
            Ok(Appended { revision }) => made.push(revision.0),
            Err(StoreError::HeadMoved { head: moved, .. }) => {
                head = moved.0;
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        head += 1;
    }
    Ok(made)
}

pub(super) async fn revisions_have_no_gaps_under_many_writers(store: Arc<dyn Store>) -> TestResult {
    let mut ids = Vec::new();
    for text in ["a", "b", "c", "d"] {
        ids.push(store.create(new(text)?).await?.id);
    }
    let mut writers = JoinSet::new();
    for (id, _) in ids
        .iter()
        .flat_map(|id| (0..4).map(move |number| (*id, number)))
    {
        let store = Arc::clone(&store);
        writers.spawn(async move { (id, writer(store, id, 10).await) });
    }
    let mut made = BTreeMap::<TopologyId, Vec<u64>>::new();
    while let Some(done) = writers.join_next().await {
        let (id, revisions) = done?;
        made.entry(id).or_default().extend(revisions?);
    }
    for (id, mut revisions) in made {
        revisions.sort_unstable();
        assert_eq!(revisions, (1..=40).collect::<Vec<u64>>());
        let logged = store.history(id, Revision(99), 99).await?;
        assert_eq!(
            logged
                .iter()
                .map(|logged| logged.revision.0)
                .collect::<Vec<_>>(),
            (1..=40).rev().collect::<Vec<u64>>()
        );
        let read = store.read(id, Revision::ZERO, Revision(40)).await?;
        for (number, set) in (0..).zip(read) {
            assert_eq!(
                set,
                puts([number])?,
                "the changes of revision {}",
                number + 1
            );
        }
    }
    Ok(())
}

pub(super) async fn one_of_many_writers_at_one_head_wins(store: Arc<dyn Store>) -> TestResult {
    let id = store.create(new("acme")?).await?.id;
    let mut writers = JoinSet::new();
    for _ in 0..20 {
        let (store, append) = (Arc::clone(&store), append(id, 0)?);
        writers.spawn(async move { store.append(append).await });
    }
    let mut won = 0;
    while let Some(done) = writers.join_next().await {
        match done? {
            Ok(appended) => won += appended.revision.0,
            Err(error) => assert!(
                matches!(
                    error,
                    StoreError::HeadMoved {
                        expected: Revision(0),
                        head: Revision(1)
                    }
                ),
                "{error}"
            ),
        }
    }
    assert_eq!(won, 1);
    Ok(())
}

pub(super) async fn a_moved_head_is_told(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 3).await?.id;
    for expected in [0, 2, 4, u64::MAX - 1] {
        let changes = puts([1])?;
        let outcome = store
            .append(Append {
                head: Revision(expected),
                changes,
                ..append(id, 0)?
            })
            .await;
        assert!(
            matches!(
                outcome,
                Err(StoreError::HeadMoved {
                    head: Revision(3),
                    ..
                })
            ),
            "{outcome:?}"
        );
    }
    assert_eq!(store.history(id, Revision(9), 9).await?.len(), 3);
    Ok(())
}

pub(super) async fn what_was_appended_is_read_at_once(store: Arc<dyn Store>) -> TestResult {
    let id = store.create(new("acme")?).await?.id;
    for head in 0..10 {
        let appended = store.append(append(id, head)?).await?;
        assert_eq!(appended.revision, Revision(head + 1));
        assert_eq!(
            store.find(&name("acme")?).await?.map(|record| record.head),
            Some(appended.revision)
        );
        assert_eq!(
            store.read(id, Revision(head), appended.revision).await?,
            [puts([u32::try_from(head)?])?]
        );
    }
    Ok(())
}

pub(super) async fn no_changes_make_no_revision_but_record_the_request(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 2).await?.id;
    let nothing = Append {
        changes: ChangeSet::default(),
        request: Some(request("noop")),
        ..append(id, 2)?
    };
    assert_eq!(store.append(nothing.clone()).await?.revision, Revision(2));
    assert_eq!(store.history(id, Revision(9), 9).await?.len(), 2);
    assert_eq!(
        store
            .request(id, &request("noop").key)
            .await?
            .map(|found| found.revision),
        Some(Revision(2))
    );
    let stale = Append {
        head: Revision(1),
        request: Some(request("stale")),
        ..nothing
    };
    assert!(matches!(
        store.append(stale).await,
        Err(StoreError::HeadMoved { .. })
    ));
    assert_eq!(store.request(id, &request("stale").key).await?, None);
    Ok(())
}

pub(super) async fn a_request_is_found_with_its_revision(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    let other = grown(store.as_ref(), "other", 1).await?.id;
    store
        .append(Append {
            request: Some(request("r-1")),
            ..append(id, 1)?
        })
        .await?;
    store.append(append(id, 2)?).await?;
    assert_eq!(
        store.request(id, &request("r-1").key).await?,
        Some(RequestRecord {
            revision: Revision(2),
            ..request("r-1")
        })
    );
    assert_eq!(store.request(id, &request("r-2").key).await?, None);
    assert_eq!(store.request(other, &request("r-1").key).await?, None);
    Ok(())
}

pub(super) async fn requests_of_different_callers_are_different(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = store.create(new("acme")?).await?.id;
    let key = |caller: &str, id: &str| RequestKey {
        caller: caller.to_owned(),
        id: id.to_owned(),
    };
    let recorded = RequestRecord {
        key: key("a", "bc"),
        ..request("r")
    };
    store
        .append(Append {
            request: Some(recorded),
            ..append(id, 0)?
        })
        .await?;
    for other in [
        key("ab", "c"),
        key("", "abc"),
        key("a", "b"),
        key("abc", ""),
    ] {
        assert_eq!(store.request(id, &other).await?, None, "{other:?}");
    }
    assert!(store.request(id, &key("a", "bc")).await?.is_some());
    Ok(())
}

pub(super) async fn a_request_that_created_a_topology_is_found_under_it(
    store: Arc<dyn Store>,
) -> TestResult {
    let new = NewTopology {
        request: Some(request("create")),
        ..new("acme")?
    };
    let id = store.create(new).await?.id;
    assert_eq!(
        store.request(id, &request("create").key).await?,
        Some(request("create"))
    );
    Ok(())
}

pub(super) async fn a_read_gives_exactly_the_revisions_asked_for(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 5).await?.id;
    for (after, to) in [
        (0, 5),
        (0, 1),
        (2, 4),
        (4, 5),
        (3, 3),
        (0, 0),
        (5, 5),
        (4, 2),
    ] {
        let expected: TestResult<Vec<ChangeSet>> =
            (after..to).map(|number| puts([number])).collect();
        let found = store
            .read(id, Revision(after.into()), Revision(to.into()))
            .await?;
        assert_eq!(found, expected?, "after {after} to {to}");
    }
    Ok(())
}

pub(super) async fn a_read_beyond_the_head_is_refused(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 2).await?.id;
    for to in [3, u64::MAX] {
        let outcome = store.read(id, Revision::ZERO, Revision(to)).await;
        assert!(
            matches!(outcome, Err(StoreError::NoRevision { revision, .. }) if revision.0 == to),
            "{outcome:?}"
        );
    }
    Ok(())
}

pub(super) async fn every_kind_of_resource_comes_back_as_it_was(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = store.create(new("acme")?).await?.id;
    let puts = samples::every_kind()?.into_iter().map(Change::put);
    let deletes = samples::every_kind()?
        .into_iter()
        .map(|resource| Change::Delete(resource.id().clone()));
    for (head, changes) in (0..).zip([
        ChangeSet {
            changes: puts.collect(),
        },
        ChangeSet {
            changes: deletes.collect(),
        },
    ]) {
        store
            .append(Append {
                changes: changes.clone(),
                ..append(id, head)?
            })
            .await?;
        assert_eq!(
            store.read(id, Revision(head), Revision(head + 1)).await?,
            [changes]
        );
    }
    Ok(())
}

pub(super) async fn a_large_change_set_comes_back_as_it_was(store: Arc<dyn Store>) -> TestResult {
    let id = store.create(new("acme")?).await?.id;
    let large = puts(0..20_000)?;
    store
        .append(Append {
            changes: large.clone(),
            ..append(id, 0)?
        })
        .await?;
    store.append(append(id, 1)?).await?;
    assert_eq!(
        store.read(id, Revision::ZERO, Revision(2)).await?,
        [large, puts([1])?]
    );
    Ok(())
}

pub(super) async fn history_is_newest_first_and_bounded(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 5).await?.id;
    for (newest, limit, expected) in [
        (5, 9, vec![5, 4, 3, 2, 1]),
        (4, 2, vec![4, 3]),
        (u64::MAX, 1, vec![5]),
        (5, 0, vec![]),
        (0, 9, vec![]),
    ] {
        let logged = store.history(id, Revision(newest), limit).await?;
        assert_eq!(
            logged
                .iter()
                .map(|logged| logged.revision.0)
                .collect::<Vec<_>>(),
            expected,
            "{limit} up to {newest}"
        );
        for logged in logged {
            let expected = append(id, logged.revision.0 - 1)?;
            assert_eq!(
                (logged.note, logged.counts),
                (expected.note, expected.counts)
            );
        }
    }
    Ok(())
}
