//! The contract of what is let go: revisions below the oldest one, and checkpoints.

use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::{Store, StoreError, TopologyId};
use tokio::task::JoinSet;

use super::labels::label;
use crate::support::{TestResult, append, grown, name, puts, snapshot};

/// A topology at revision 5, with checkpoints at 1, 3 and 4.
async fn five(store: &dyn Store) -> TestResult<TopologyId> {
    let id = grown(store, "acme", 5).await?.id;
    for revision in [1, 3, 4] {
        let held = snapshot(0..u32::try_from(revision)?)?;
        store.put_checkpoint(id, Revision(revision), held).await?;
    }
    Ok(id)
}

async fn revisions(store: &dyn Store, id: TopologyId) -> TestResult<Vec<u64>> {
    let logged = store.history(id, Revision(99), 99).await?;
    Ok(logged.iter().map(|logged| logged.revision.0).collect())
}

fn not_kept<T: std::fmt::Debug>(outcome: Result<T, StoreError>, wanted: u64) {
    assert!(
        matches!(
            &outcome,
            Err(StoreError::NoRevision { revision, oldest: Revision(3), head: Revision(5) }) if revision.0 == wanted
        ),
        "{outcome:?}"
    );
}

pub(super) async fn a_trim_is_seen_at_once_by_every_reader(store: Arc<dyn Store>) -> TestResult {
    let id = five(store.as_ref()).await?;
    store.trim(id, Revision(3)).await?;
    let found = store.find(&name("acme")?).await?.ok_or("it is lost")?;
    assert_eq!((found.oldest, found.head), (Revision(3), Revision(5)));
    assert_eq!(store.list().await?, [found]);
    not_kept(store.read(id, Revision(2), Revision(5)).await, 2);
    not_kept(store.read(id, Revision::ZERO, Revision(1)).await, 0);
    not_kept(store.read(id, Revision(4), Revision(1)).await, 1);
    not_kept(
        store.put_checkpoint(id, Revision(2), snapshot(0..2)?).await,
        2,
    );
    not_kept(store.set_label(id, label("prod", 2)?, None).await, 2);
    assert_eq!(
        store.read(id, Revision(3), Revision(5)).await?,
        [puts([3])?, puts([4])?]
    );
    assert_eq!(store.read(id, Revision(3), Revision(3)).await?, []);
    // What is told of the oldest revision stays, and nothing of those before.
    assert_eq!(revisions(store.as_ref(), id).await?, [5, 4, 3]);
    assert_eq!(store.history(id, Revision(2), 9).await?, []);
    assert_eq!(store.history(id, Revision(4), 9).await?.len(), 2);
    assert_eq!(store.checkpoints(id).await?, [Revision(3), Revision(4)]);
    assert_eq!(store.checkpoint(id, Revision(2)).await?, None);
    assert_eq!(
        store.checkpoint(id, Revision(3)).await?,
        Some((Revision(3), snapshot(0..3)?))
    );
    assert_eq!(store.append(append(id, 5)?).await?.revision, Revision(6));
    assert_eq!(revisions(store.as_ref(), id).await?, [6, 5, 4, 3]);
    Ok(())
}

pub(super) async fn a_trim_needs_a_checkpoint_at_its_revision(store: Arc<dyn Store>) -> TestResult {
    let id = five(store.as_ref()).await?;
    store.drop_checkpoint(id, Revision(4)).await?;
    for revision in [2, 4, 5, 6] {
        let outcome = store.trim(id, Revision(revision)).await;
        assert!(
            matches!(outcome, Err(StoreError::NoCheckpoint { revision: found }) if found.0 == revision),
            "{outcome:?}"
        );
    }
    assert_eq!(revisions(store.as_ref(), id).await?, [5, 4, 3, 2, 1]);
    assert_eq!(store.read(id, Revision::ZERO, Revision(5)).await?.len(), 5);
    Ok(())
}

pub(super) async fn a_trim_never_goes_back(store: Arc<dyn Store>) -> TestResult {
    let id = five(store.as_ref()).await?;
    store.trim(id, Revision::ZERO).await?;
    store.trim(id, Revision(3)).await?;
    for revision in [0, 1, 2, 3] {
        store.trim(id, Revision(revision)).await?;
        assert_eq!(revisions(store.as_ref(), id).await?, [5, 4, 3]);
    }
    store.trim(id, Revision(4)).await?;
    assert_eq!(revisions(store.as_ref(), id).await?, [5, 4]);
    Ok(())
}

pub(super) async fn a_dropped_checkpoint_is_gone_and_can_be_put_again(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = five(store.as_ref()).await?;
    store.drop_checkpoint(id, Revision(3)).await?;
    assert_eq!(store.checkpoints(id).await?, [Revision(1), Revision(4)]);
    assert_eq!(
        store.checkpoint(id, Revision(3)).await?,
        Some((Revision(1), snapshot(0..1)?))
    );
    // One that is not there is gone already.
    store.drop_checkpoint(id, Revision(2)).await?;
    for _ in 0..5 {
        store
            .put_checkpoint(id, Revision(3), snapshot(0..3)?)
            .await?;
        let found = store.checkpoint(id, Revision(3)).await?;
        assert_eq!(found, Some((Revision(3), snapshot(0..3)?)));
        store.drop_checkpoint(id, Revision(3)).await?;
    }
    Ok(())
}

pub(super) async fn the_checkpoint_that_a_history_begins_with_stays(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = five(store.as_ref()).await?;
    store.trim(id, Revision(3)).await?;
    store.drop_checkpoint(id, Revision(3)).await?;
    store.drop_checkpoint(id, Revision(1)).await?;
    assert_eq!(store.checkpoints(id).await?, [Revision(3), Revision(4)]);
    store
        .put_checkpoint(id, Revision(3), snapshot(0..3)?)
        .await?;
    assert_eq!(
        store.checkpoint(id, Revision(3)).await?,
        Some((Revision(3), snapshot(0..3)?))
    );
    Ok(())
}

/// Whoever reads while the history is trimmed gets what was there, or is told that it is gone; never a hole, never damage.
pub(super) async fn readers_see_no_hole_while_a_history_is_trimmed(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    let mut readers = JoinSet::new();
    for _ in 0..3 {
        let store = Arc::clone(&store);
        readers.spawn(async move {
            let (mut seen, acme) = (Revision::ZERO, name("acme")?);
            while seen < Revision(60) {
                let found = store.find(&acme).await?.ok_or("it is gone")?;
                match store.read(id, found.oldest, found.head).await {
                    Ok(sets) => {
                        let first = u32::try_from(found.oldest.0)?;
                        let expected: TestResult<Vec<_>> = (first..u32::try_from(found.head.0)?)
                            .map(|number| puts([number]))
                            .collect();
                        assert_eq!(sets, expected?);
                    }
                    Err(StoreError::NoRevision { oldest, .. }) => assert!(oldest > found.oldest),
                    Err(error) => return Err(error.into()),
                }
                let told = store.history(id, found.head, 99).await?;
                let mut expected = found.head.0;
                for logged in &told {
                    assert_eq!(logged.revision.0, expected);
                    expected -= 1;
                }
                let (at, held) = match store.checkpoint(id, found.head).await? {
                    Some(found) => found,
                    None if found.oldest == Revision::ZERO => continue,
                    None => return Err("there is no checkpoint to begin with".into()),
                };
                assert_eq!(held.len(), usize::try_from(at.0)?);
                seen = found.head;
                tokio::task::yield_now().await;
            }
            TestResult::Ok(())
        });
    }
    for head in 1..60 {
        store.append(append(id, head)?).await?;
        if head % 4 == 0 {
            let held = snapshot(0..u32::try_from(head)?)?;
            store.put_checkpoint(id, Revision(head), held).await?;
            store.trim(id, Revision(head)).await?;
        }
    }
    while let Some(reader) = readers.join_next().await {
        reader??;
    }
    Ok(())
}
