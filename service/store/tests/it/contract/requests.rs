//! The contract of requests that outlive what they were about, and of forgetting them.

use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::{Append, NewTopology, RequestRecord, Store, TopologyId};

use crate::support::{TestResult, append, grown, name, new, request, snapshot, time};

fn at(id: &str, seconds: u64) -> RequestRecord {
    RequestRecord {
        time: time(seconds),
        ..request(id)
    }
}

pub(super) async fn requests_outlive_the_revisions_that_they_made(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    store
        .append(Append {
            request: Some(request("r")),
            ..append(id, 1)?
        })
        .await?;
    store.append(append(id, 2)?).await?;
    store
        .put_checkpoint(id, Revision(3), snapshot(0..3)?)
        .await?;
    store.trim(id, Revision(3)).await?;
    let found = store.request(id, &request("r").key).await?;
    assert_eq!(found.map(|found| found.revision), Some(Revision(2)));
    Ok(())
}

/// The revision of a request that deleted a topology of a name.
async fn deletion(store: &dyn Store, text: &str, id: &str) -> TestResult<Option<u64>> {
    let found = store.deletion(&name(text)?, &request(id).key).await?;
    Ok(found.map(|found| found.revision.0))
}

pub(super) async fn a_deletion_is_found_under_the_name(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 3).await?.id;
    assert_eq!(deletion(store.as_ref(), "acme", "delete").await?, None);
    store.delete(id, Some(request("delete"))).await?;
    let key = request("delete").key;
    let expected = RequestRecord {
        revision: Revision(3),
        ..request("delete")
    };
    let found = store.deletion(&name("acme")?, &key).await?;
    assert_eq!(found, Some(expected));
    assert_eq!(deletion(store.as_ref(), "acme-1", "delete").await?, None);
    assert_eq!(deletion(store.as_ref(), "acme", "delet").await?, None);
    Ok(())
}

pub(super) async fn a_deletion_is_found_whatever_has_the_name_then(
    store: Arc<dyn Store>,
) -> TestResult {
    for (head, sent) in [(3, "first"), (1, "second")] {
        let id = grown(store.as_ref(), "acme", head).await?.id;
        assert_eq!(store.request(id, &request("first").key).await?, None);
        store.delete(id, Some(request(sent))).await?;
    }
    let first = deletion(store.as_ref(), "acme", "first").await?;
    let second = deletion(store.as_ref(), "acme", "second").await?;
    assert_eq!((first, second), (Some(3), Some(1)));
    Ok(())
}

/// A topology with requests at 10, 19 and 20 seconds, and two deletions, at 11 and at 30.
async fn aged(store: &dyn Store) -> TestResult<TopologyId> {
    let created = NewTopology {
        request: Some(at("create", 10)),
        ..new("acme")?
    };
    let id = store.create(created).await?.id;
    for (head, sent) in (0..).zip([at("old", 19), at("new", 20)]) {
        let request = Some(sent);
        store
            .append(Append {
                request,
                ..append(id, head)?
            })
            .await?;
    }
    for (text, seconds) in [("gone", 11), ("gone-late", 30)] {
        let gone = store.create(new(text)?).await?.id;
        store.delete(gone, Some(at("delete", seconds))).await?;
    }
    Ok(id)
}

pub(super) async fn requests_are_forgotten_by_their_age(store: Arc<dyn Store>) -> TestResult {
    let id = aged(store.as_ref()).await?;
    assert_eq!(store.forget_requests(time(20)).await?, 3);
    for (sent, is_kept) in [("create", false), ("old", false), ("new", true)] {
        let found = store.request(id, &request(sent).key).await?;
        assert_eq!(found.is_some(), is_kept, "{sent}");
    }
    assert_eq!(deletion(store.as_ref(), "gone", "delete").await?, None);
    let late = deletion(store.as_ref(), "gone-late", "delete").await?;
    assert_eq!(late, Some(0));
    Ok(())
}

pub(super) async fn it_is_told_how_many_requests_are_forgotten(
    store: Arc<dyn Store>,
) -> TestResult {
    aged(store.as_ref()).await?;
    for (before, forgotten) in [(5, 0), (20, 3), (20, 0), (99, 2), (99, 0)] {
        assert_eq!(store.forget_requests(time(before)).await?, forgotten);
    }
    Ok(())
}

pub(super) async fn many_requests_are_forgotten_at_once(store: Arc<dyn Store>) -> TestResult {
    let ids = [
        grown(store.as_ref(), "acme", 0).await?.id,
        grown(store.as_ref(), "other", 0).await?.id,
    ];
    for id in ids {
        let mut writes = tokio::task::JoinSet::new();
        for number in 0..700 {
            let nothing = Append {
                changes: causeway_model::change::ChangeSet::default(),
                request: Some(at(&format!("r{number}"), number)),
                ..append(id, 0)?
            };
            let store = Arc::clone(&store);
            writes.spawn(async move { store.append(nothing).await });
        }
        while let Some(written) = writes.join_next().await {
            written??;
        }
    }
    assert_eq!(store.forget_requests(time(600)).await?, 1200);
    for id in ids {
        for number in [0, 511, 512, 599, 600, 699] {
            let found = store
                .request(id, &request(&format!("r{number}")).key)
                .await?;
            assert_eq!(found.is_some(), number >= 600, "r{number}");
        }
    }
    Ok(())
}
