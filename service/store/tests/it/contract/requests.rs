//! The contract of requests that outlive what they were about, and of forgetting them.

use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::{Append, NewTopology, RequestRecord, Store};

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

pub(super) async fn a_deletion_is_found_under_the_name_whatever_has_the_name_then(
    store: Arc<dyn Store>,
) -> TestResult {
    let (acme, key) = (name("acme")?, request("delete").key);
    let id = grown(store.as_ref(), "acme", 3).await?.id;
    assert_eq!(store.deletion(&acme, &key).await?, None);
    store.delete(id, Some(request("delete"))).await?;
    let expected = Some(RequestRecord {
        revision: Revision(3),
        ..request("delete")
    });
    assert_eq!(store.deletion(&acme, &key).await?, expected);
    assert_eq!(store.deletion(&name("acme-1")?, &key).await?, None);
    assert_eq!(store.deletion(&acme, &request("delet").key).await?, None);
    let again = grown(store.as_ref(), "acme", 1).await?.id;
    assert_eq!(store.deletion(&acme, &key).await?, expected);
    assert_eq!(store.request(again, &key).await?, None);
    store.delete(again, Some(request("second"))).await?;
    assert_eq!(store.deletion(&acme, &key).await?, expected);
    let second = store.deletion(&acme, &request("second").key).await?;
    assert_eq!(second.map(|found| found.revision), Some(Revision(1)));
    Ok(())
}

pub(super) async fn requests_are_forgotten_by_their_age(store: Arc<dyn Store>) -> TestResult {
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
    let before = RequestRecord {
        time: time(20),
        ..request("new")
    };
    assert_eq!(store.forget_requests(time(5)).await?, 0);
    assert_eq!(store.forget_requests(time(20)).await?, 3);
    for forgotten in ["create", "old"] {
        assert_eq!(store.request(id, &request(forgotten).key).await?, None);
    }
    let kept = store.request(id, &request("new").key).await?;
    let revision = Revision(2);
    assert_eq!(kept, Some(RequestRecord { revision, ..before }));
    let key = request("delete").key;
    assert_eq!(store.deletion(&name("gone")?, &key).await?, None);
    assert!(store.deletion(&name("gone-late")?, &key).await?.is_some());
    assert_eq!(store.forget_requests(time(20)).await?, 0);
    assert_eq!(store.forget_requests(time(99)).await?, 2);
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
