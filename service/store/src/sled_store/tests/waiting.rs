//! What is written and not durable yet, or never will be.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc as std_mpsc;

use super::*;

#[tokio::test]
async fn nothing_is_visible_before_it_is_durable() -> TestResult {
    let directory = TempDir::new()?;
    let (entered, wait_entered) = std_mpsc::channel();
    let (release, wait_release) = std_mpsc::channel();
    let gate = |mut sync: Sync| -> Sync {
        Box::new(move || {
            entered.send(()).ok();
            wait_release.recv().ok();
            sync()
        })
    };
    let store = Arc::new(SledStore::open_with(directory.path(), gate)?);
    release.send(())?;
    let id = store.create(new("acme")).await?.id;
    wait_entered.try_recv()?;
    let writing = Arc::clone(&store);
    let mut write = tokio::spawn(async move {
        writing
            .append(Append {
                request: Some(request("r")),
                ..append(id, 0)
            })
            .await
    });
    tokio::select! {
        is_syncing = tokio::task::spawn_blocking(move || wait_entered.recv()) => is_syncing??,
        outcome = &mut write => panic!("the write ended without a sync: {outcome:?}"),
    }
    assert_eq!(head(&store).await?, Some(Revision::ZERO));
    assert!(matches!(
        store.read(id, Revision::ZERO, Revision(1)).await,
        Err(StoreError::NoRevision { .. })
    ));
    assert_eq!(store.request(id, &request("r").key).await?, None);
    assert!(!write.is_finished());
    release.send(())?;
    write.await??;
    assert_eq!(head(&store).await?, Some(Revision(1)));
    assert!(store.request(id, &request("r").key).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn writes_that_wait_share_one_sync() -> TestResult {
    let directory = TempDir::new()?;
    let syncs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&syncs);
    let (entered, wait_entered) = std_mpsc::channel();
    let (release, wait_release) = std_mpsc::channel::<()>();
    let gate = |mut sync: Sync| -> Sync {
        Box::new(move || {
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                entered.send(()).ok();
                wait_release.recv().ok();
            }
            sync()
        })
    };
    let store = Arc::new(SledStore::open_with(directory.path(), gate)?);
    let mut writes = tokio::task::JoinSet::new();
    let create = |name: String| {
        let store = Arc::clone(&store);
        async move { store.create(new(&name)).await }
    };
    writes.spawn(create("first".to_owned()));
    tokio::select! {
        is_syncing = tokio::task::spawn_blocking(move || wait_entered.recv()) => is_syncing??,
        outcome = writes.join_next() => panic!("the write ended without a sync: {outcome:?}"),
    }
    (0..50).for_each(|number| drop(writes.spawn(create(format!("n{number}")))));
    while MAX_QUEUED - store.jobs.capacity() < 50 {
        tokio::task::yield_now().await;
    }
    release.send(())?;
    while let Some(created) = writes.join_next().await {
        created??;
    }
    assert_eq!(syncs.load(Ordering::SeqCst), 2);
    assert_eq!(store.list().await?.len(), 51);
    Ok(())
}

/// Syncs, unless it is told to fail.
fn fail_when(told: Arc<AtomicBool>) -> impl FnOnce(Sync) -> Sync {
    |mut sync| {
        Box::new(move || {
            let lost = || io("sync".to_owned(), std::io::Error::other("the disk is gone"));
            if told.load(Ordering::SeqCst) {
                Err(lost())
            } else {
                sync()
            }
        })
    }
}

#[tokio::test]
async fn a_failed_sync_discards_what_was_staged_and_ends_writing() -> TestResult {
    let directory = TempDir::new()?;
    let fails = Arc::new(AtomicBool::new(false));
    let failing = fail_when(Arc::clone(&fails));
    let store = SledStore::open_with(directory.path(), failing)?;
    let id = store.create(new("acme")).await?.id;
    store.append(append(id, 0)).await?;
    fails.store(true, Ordering::SeqCst);
    let lost = Append {
        request: Some(request("lost")),
        ..append(id, 1)
    };
    let error = store
        .append(lost.clone())
        .await
        .expect_err("the sync failed");
    assert_eq!(
        with_causes(&error),
        "cannot write to the database, which takes no more writes until it is opened again: cannot sync: the disk is gone"
    );
    assert_eq!(head(&store).await?, Some(Revision(1)));
    assert_eq!(store.request(id, &request("lost").key).await?, None);
    assert_eq!(store.history(id, Revision(9), 9).await?.len(), 1);
    // The disk is back, but what is on it is not known: only opening finds out.
    fails.store(false, Ordering::SeqCst);
    assert!(matches!(
        store.append(lost).await,
        Err(StoreError::WriteFailed { .. })
    ));
    assert!(matches!(
        store.create(new("late")).await,
        Err(StoreError::WriteFailed { .. })
    ));
    drop(store);
    let store = SledStore::open(directory.path())?;
    let found = head(&store).await?;
    let is_recorded = store.request(id, &request("lost").key).await?.is_some();
    assert_eq!(
        found == Some(Revision(2)),
        is_recorded,
        "the revision and its request are there together or not at all"
    );
    Ok(())
}
