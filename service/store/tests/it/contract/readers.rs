//! The contract about readers while others write.

use std::collections::BTreeSet;
use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::Store;
use tokio::task::JoinSet;

use crate::support::{TestResult, append, grown, name, puts, snapshot};

/// Who has seen a head never sees an older one, and can read every revision up to it.
pub(super) async fn heads_never_go_back_while_others_write(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    let mut readers = JoinSet::new();
    for _ in 0..3 {
        let store = Arc::clone(&store);
        readers.spawn(async move {
            let (mut seen, acme) = (Revision::ZERO, name("acme")?);
            while seen < Revision(60) {
                let found = store.find(&acme).await?.ok_or("it is gone")?;
                assert!(found.head >= seen, "{} came after {seen}", found.head);
                let sets = store.read(id, seen, found.head).await?;
                assert_eq!(u64::try_from(sets.len())?, found.head.0 - seen.0);
                let newest = store.history(id, found.head, 1).await?;
                assert_eq!(
                    newest.first().map(|logged| logged.revision),
                    Some(found.head)
                );
                seen = found.head;
                tokio::task::yield_now().await;
            }
            TestResult::Ok(())
        });
    }
    for head in 1..60 {
        store.append(append(id, head)?).await?;
    }
    while let Some(reader) = readers.join_next().await {
        reader??;
    }
    Ok(())
}

/// What a revision and a checkpoint hold is the same however often it is read, whatever is written meanwhile.
pub(super) async fn what_was_read_stays_as_it_is_while_others_write(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 5).await?.id;
    store
        .put_checkpoint(id, Revision(5), snapshot(0..5)?)
        .await?;
    let (_, held) = store
        .checkpoint(id, Revision(5))
        .await?
        .ok_or("it is lost")?;
    let mut writers = JoinSet::new();
    for number in 0..4 {
        let (store, other) = (Arc::clone(&store), format!("other-{number}"));
        writers.spawn(async move { grown(store.as_ref(), &other, 20).await.map(drop) });
    }
    for head in 5..25 {
        store.append(append(id, head)?).await?;
        store
            .put_checkpoint(id, Revision(head + 1), snapshot(0..3)?)
            .await?;
        let expected: Result<Vec<_>, _> = (0..5).map(|number| puts([number])).collect();
        let read = store.read(id, Revision::ZERO, Revision(5)).await?;
        assert_eq!(read, expected?, "after revision {}", head + 1);
        let again = store.checkpoint(id, Revision(5)).await?;
        assert_eq!(again, Some((Revision(5), held.clone())));
    }
    while let Some(writer) = writers.join_next().await {
        writer??;
    }
    assert_eq!(held, snapshot(0..5)?);
    Ok(())
}

/// Of many who append at one head with one request, one makes a revision, and its request tells which.
pub(super) async fn a_request_makes_one_revision_however_often_it_is_sent_at_once(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    let mut senders = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        let mut sent = append(id, 1)?;
        sent.request = Some(crate::support::request("once"));
        senders.spawn(async move { store.append(sent).await.ok() });
    }
    let mut made = BTreeSet::new();
    let mut count = 0;
    while let Some(sent) = senders.join_next().await {
        if let Some(appended) = sent? {
            count += 1;
            made.insert(appended.revision.0);
        }
    }
    assert_eq!((count, made), (1, BTreeSet::from([2])));
    let key = crate::support::request("once").key;
    let found = store.request(id, &key).await?.ok_or("it is lost")?;
    assert_eq!(found.revision, Revision(2));
    assert_eq!(store.history(id, Revision(9), 9).await?.len(), 2);
    Ok(())
}
