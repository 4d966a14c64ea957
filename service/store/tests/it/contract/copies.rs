//! Rules of what a copy of a store takes: lists of requests and deletions, and putting them into another store.

use std::collections::BTreeSet;
use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::{Append, Deletion, RequestRecord, Store, StoreError};

use crate::support::{TestResult, append, grown, name, new, request};

fn at(id: &str, revision: u64) -> RequestRecord {
    RequestRecord {
        revision: Revision(revision),
        ..request(id)
    }
}

pub(super) async fn requests_are_listed_in_pages_each_once(store: Arc<dyn Store>) -> TestResult {
    let id = store.create(new("acme")?).await?.id;
    let other = grown(store.as_ref(), "other", 0).await?.id;
    // Of callers and ids whose order differs from that of their lengths.
    for (head, text) in (0..).zip(["b", "aa", "a", "c", "bbb"]) {
        let request = Some(request(text));
        let append = Append {
            request,
            ..append(id, head)?
        };
        store.append(append).await?;
    }
    store.put_requests(other, vec![at("z", 0)]).await?;
    let all = store.requests(id, None, 99).await?;
    let (mut listed, mut after) = (Vec::<RequestRecord>::new(), None);
    loop {
        let page = store.requests(id, after.as_ref(), 2).await?;
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        listed.extend(page);
    }
    assert_eq!(listed, all);
    let known: BTreeSet<_> = all
        .iter()
        .map(|found| (found.key.id.as_str(), found.revision.0))
        .collect();
    let expected = [("b", 1), ("aa", 2), ("a", 3), ("c", 4), ("bbb", 5)];
    assert_eq!(known, BTreeSet::from(expected));
    Ok(())
}

pub(super) async fn requests_that_are_put_are_found_with_their_own_revisions(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 2).await?.id;
    let put = vec![at("one", 1), at("later", 7)];
    store.put_requests(id, put.clone()).await?;
    store.put_requests(id, Vec::new()).await?;
    for request in put {
        assert_eq!(store.request(id, &request.key).await?, Some(request));
    }
    let head = store.find(&name("acme")?).await?.map(|record| record.head);
    assert_eq!(head, Some(Revision(2)));
    Ok(())
}

pub(super) async fn deletions_are_listed_in_pages_and_put_without_deleting(
    store: Arc<dyn Store>,
) -> TestResult {
    for (text, id) in [("acme", "first"), ("acme", "second"), ("other", "third")] {
        let created = store.create(new(text)?).await?;
        store.delete(created.id, Some(request(id))).await?;
    }
    let created = store.create(new("other")?).await?;
    let put = Deletion {
        name: name("other")?,
        request: at("put", 9),
    };
    store.put_deletions(vec![put.clone()]).await?;
    assert_eq!(store.find(&name("other")?).await?, Some(created));
    let found = store.deletion(&put.name, &put.request.key).await?;
    assert_eq!(found.as_ref(), Some(&put.request));
    let (mut listed, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.deletions(after.as_ref(), 1).await?;
        let Some(last) = page.last() else { break };
        let is_new = listed.insert((last.name.to_string(), last.request.key.id.clone()));
        assert!(is_new, "{last:?} came twice");
        after = page.into_iter().next_back();
    }
    let text = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    let expected = [
        text("acme", "first"),
        text("acme", "second"),
        text("other", "put"),
        text("other", "third"),
    ];
    assert_eq!(listed, BTreeSet::from(expected));
    Ok(())
}

pub(super) async fn requests_of_a_topology_that_is_gone_are_neither_listed_nor_put(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = store.create(new("acme")?).await?.id;
    store.put_requests(id, vec![at("one", 0)]).await?;
    store.delete(id, None).await?;
    let listed = store.requests(id, None, 9).await.map(drop);
    let put = store.put_requests(id, vec![at("two", 0)]).await;
    for outcome in [listed, put] {
        assert!(matches!(outcome, Err(StoreError::NoTopology { id: found }) if found == id));
    }
    let again = store.create(new("acme")?).await?.id;
    assert_eq!(store.requests(again, None, 9).await?, []);
    assert_eq!(store.damaged().await?, []);
    Ok(())
}
