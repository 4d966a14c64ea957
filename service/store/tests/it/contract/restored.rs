//! The contract of histories that were kept elsewhere.

use std::sync::Arc;

use causeway_model::revision::{Revision, RevisionNote};
use causeway_store::{Base, Logged, NewTopology, Origin, Store, StoreError, TopologyRecord};

use crate::support::{TestResult, append, found, name, new, puts, request, snapshot, time};

fn restored(first: u64, origin: Option<Origin>) -> TestResult<(NewTopology, Logged)> {
    let first = Logged {
        revision: Revision(first),
        note: RevisionNote {
            author: "ann".to_owned(),
            message: "long ago".to_owned(),
            time: time(2),
            trace: None,
        },
        counts: [7, 8],
    };
    let base = Base::Restored {
        first: first.clone(),
        origin,
    };
    let new = NewTopology {
        base,
        request: Some(request("restore")),
        ..new("acme")?
    };
    Ok((new, first))
}

/// A history that begins at revision 7 and is at 8.
async fn eight(store: &dyn Store) -> TestResult<(TopologyRecord, Logged)> {
    let (new, first) = restored(7, None)?;
    let id = store.create(new).await?.id;
    store
        .put_checkpoint(id, Revision(7), snapshot(0..7)?)
        .await?;
    store.append(append(id, 7)?).await?;
    Ok((found(store, "acme").await?, first))
}

pub(super) async fn a_restored_history_begins_at_its_revision(store: Arc<dyn Store>) -> TestResult {
    let (made, first) = eight(store.as_ref()).await?;
    assert_eq!((made.head, made.oldest), (Revision(8), Revision(7)));
    let told = store.history(made.id, Revision(9), 9).await?;
    assert_eq!((told.len(), told.last()), (2, Some(&first)));
    let key = request("restore").key;
    let request = store.request(made.id, &key).await?;
    assert_eq!(request.map(|found| found.revision), Some(Revision(7)));
    Ok(())
}

pub(super) async fn a_restored_history_goes_on(store: Arc<dyn Store>) -> TestResult {
    let (made, _) = eight(store.as_ref()).await?;
    let read = store.read(made.id, Revision(7), Revision(8)).await?;
    assert_eq!(read, [puts([7])?]);
    let outcome = store.read(made.id, Revision(6), Revision(8)).await;
    let is_told = |error: &StoreError| matches!(error, StoreError::NoRevision { oldest, .. } if *oldest == Revision(7));
    assert!(outcome.as_ref().is_err_and(is_told), "{outcome:?}");
    let held = store.checkpoint(made.id, Revision(8)).await?;
    assert_eq!(held, Some((Revision(7), snapshot(0..7)?)));
    Ok(())
}

pub(super) async fn a_restored_fork_has_its_origin_and_leans_on_nothing(
    store: Arc<dyn Store>,
) -> TestResult {
    let origin = Origin {
        name: name("elsewhere")?,
        revision: Revision(40),
    };
    let (new, _) = restored(0, Some(origin.clone()))?;
    let made = store.create(new).await?;
    assert_eq!((made.head, made.oldest), (Revision::ZERO, Revision::ZERO));
    assert_eq!((made.origin, made.leans_on), (Some(origin), None));
    store
        .put_checkpoint(made.id, Revision::ZERO, snapshot(0..3)?)
        .await?;
    assert_eq!(store.history(made.id, Revision(9), 9).await?, []);
    assert_eq!(
        store.checkpoint(made.id, Revision::ZERO).await?,
        Some((Revision::ZERO, snapshot(0..3)?))
    );
    Ok(())
}
