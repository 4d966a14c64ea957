//! The contract of histories that were kept elsewhere.

use std::sync::Arc;

use causeway_model::revision::{Revision, RevisionNote};
use causeway_store::{Base, Logged, NewTopology, Origin, Store, StoreError};

use crate::support::{TestResult, append, name, new, puts, request, snapshot, time};

fn restored(first: u64, origin: Option<Origin>) -> TestResult<(NewTopology, Logged)> {
    let first = Logged {
        revision: Revision(first),
        note: RevisionNote {
            author: "ann".to_owned(),
            message: "long ago".to_owned(),
            time: time(2),
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

pub(super) async fn a_restored_history_begins_at_its_revision_and_goes_on(
    store: Arc<dyn Store>,
) -> TestResult {
    let (new, first) = restored(7, None)?;
    let made = store.create(new).await?;
    assert_eq!((made.head, made.oldest), (Revision(7), Revision(7)));
    store
        .put_checkpoint(made.id, Revision(7), snapshot(0..7)?)
        .await?;
    assert_eq!(
        store.append(append(made.id, 7)?).await?.revision,
        Revision(8)
    );
    let told = store.history(made.id, Revision(9), 9).await?;
    assert_eq!((told.len(), told.last()), (2, Some(&first)));
    assert_eq!(
        store.read(made.id, Revision(7), Revision(8)).await?,
        [puts([7])?]
    );
    let outcome = store.read(made.id, Revision(6), Revision(8)).await;
    assert!(
        matches!(
            outcome,
            Err(StoreError::NoRevision {
                oldest: Revision(7),
                ..
            })
        ),
        "{outcome:?}"
    );
    assert_eq!(
        store.checkpoint(made.id, Revision(8)).await?,
        Some((Revision(7), snapshot(0..7)?))
    );
    let found = store.request(made.id, &request("restore").key).await?;
    assert_eq!(found.map(|found| found.revision), Some(Revision(7)));
    assert_eq!(
        store
            .find(&name("acme")?)
            .await?
            .map(|record| (record.oldest, record.head)),
        Some((Revision(7), Revision(8)))
    );
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
