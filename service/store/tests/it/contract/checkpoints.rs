//! Rules of checkpoints.

use std::sync::Arc;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::Revision;
use causeway_model::snapshot::Snapshot;
use causeway_store::{Store, StoreError};

use crate::samples;
use crate::support::{TestResult, grown, snapshot};

pub(super) async fn the_newest_checkpoint_at_or_below_is_given(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 5).await?.id;
    let other = grown(store.as_ref(), "other", 5).await?.id;
    for revision in [4, 2] {
        store
            .put_checkpoint(id, Revision(revision.into()), snapshot(0..revision)?)
            .await?;
    }
    for (at, expected) in [
        (0, None),
        (1, None),
        (2, Some(2)),
        (3, Some(2)),
        (4, Some(4)),
        (5, Some(4)),
        (u64::MAX, Some(4)),
    ] {
        let found = store.checkpoint(id, Revision(at)).await?;
        let expected = expected
            .map(|revision: u32| {
                snapshot(0..revision).map(|held| (Revision(revision.into()), held))
            })
            .transpose()?;
        assert_eq!(found, expected, "at {at}");
    }
    assert_eq!(store.checkpoint(other, Revision(5)).await?, None);
    Ok(())
}

pub(super) async fn a_checkpoint_beyond_the_head_is_refused(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 2).await?.id;
    let outcome = store
        .put_checkpoint(id, Revision(3), Snapshot::default())
        .await;
    assert!(
        matches!(
            outcome,
            Err(StoreError::NoRevision {
                revision: Revision(3),
                oldest: Revision::ZERO,
                head: Revision(2),
            })
        ),
        "{outcome:?}"
    );
    assert_eq!(store.checkpoint(id, Revision(9)).await?, None);
    Ok(())
}

pub(super) async fn a_large_checkpoint_comes_back_as_it_was(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    let every_kind = samples::every_kind()?.into_iter().map(Change::put);
    let large = snapshot(0..20_000)?.replay(&ChangeSet {
        changes: every_kind.collect(),
    });
    store.put_checkpoint(id, Revision(1), large.clone()).await?;
    let (revision, found) = store
        .checkpoint(id, Revision(1))
        .await?
        .ok_or("there is no checkpoint")?;
    assert_eq!((revision, found.len()), (Revision(1), large.len()));
    assert!(found == large, "the snapshot differs");
    Ok(())
}

pub(super) async fn an_empty_checkpoint_comes_back_empty(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    store
        .put_checkpoint(id, Revision(1), Snapshot::default())
        .await?;
    assert_eq!(
        store.checkpoint(id, Revision(1)).await?,
        Some((Revision(1), Snapshot::default()))
    );
    Ok(())
}

pub(super) async fn a_checkpoint_can_be_put_again(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    for numbers in [0..3000, 0..10] {
        store
            .put_checkpoint(id, Revision(1), snapshot(numbers.clone())?)
            .await?;
        assert_eq!(
            store.checkpoint(id, Revision(1)).await?,
            Some((Revision(1), snapshot(numbers)?))
        );
    }
    Ok(())
}
