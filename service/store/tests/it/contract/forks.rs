//! The contract of forks: what they lean on stays until they need it no longer.

use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::{Base, NewTopology, Origin, Store, StoreError, TopologyId};

use crate::support::{TestResult, append, grown, name, new, puts, snapshot};

fn fork(text: &str, of: TopologyId, at: u64) -> TestResult<NewTopology> {
    let base = Base::Fork {
        of,
        at: Revision(at),
    };
    Ok(NewTopology { base, ..new(text)? })
}

fn leaned_on<T: std::fmt::Debug>(outcome: Result<T, StoreError>, by: &str, at: u64) {
    assert!(
        matches!(&outcome, Err(StoreError::LeanedOn { fork, revision }) if fork.as_str() == by && revision.0 == at),
        "{outcome:?}"
    );
}

pub(super) async fn a_fork_begins_at_revision_zero_and_tells_what_it_leans_on(
    store: Arc<dyn Store>,
) -> TestResult {
    let source = grown(store.as_ref(), "acme", 3).await?.id;
    let made = store.create(fork("what-if", source, 2)?).await?;
    let origin = Origin {
        name: name("acme")?,
        revision: Revision(2),
    };
    assert_eq!((made.head, made.oldest), (Revision::ZERO, Revision::ZERO));
    assert_eq!(made.origin, Some(origin));
    assert_eq!(made.leans_on, Some((source, Revision(2))));
    assert_eq!(store.find(&name("what-if")?).await?, Some(made.clone()));
    assert_eq!(store.history(made.id, Revision(9), 9).await?, []);
    assert_eq!(store.checkpoint(made.id, Revision(9)).await?, None);
    store.append(append(made.id, 0)?).await?;
    let read = store.read(made.id, Revision::ZERO, Revision(1)).await?;
    assert_eq!(read, [puts([0])?]);
    assert_eq!(
        store.find(&name("acme")?).await?.map(|record| record.head),
        Some(Revision(3))
    );
    Ok(())
}

pub(super) async fn a_fork_of_what_is_not_kept_is_refused(store: Arc<dyn Store>) -> TestResult {
    let source = grown(store.as_ref(), "acme", 3).await?.id;
    store
        .put_checkpoint(source, Revision(2), snapshot(0..2)?)
        .await?;
    store.trim(source, Revision(2)).await?;
    for at in [0, 1, 4, u64::MAX] {
        let outcome = store.create(fork("what-if", source, at)?).await;
        assert!(
            matches!(
                outcome,
                Err(StoreError::NoRevision { revision, oldest: Revision(2), head: Revision(3) }) if revision.0 == at
            ),
            "{outcome:?}"
        );
    }
    let gone = store.create(new("gone")?).await?.id;
    store.delete(gone, None).await?;
    let outcome = store.create(fork("what-if", gone, 0)?).await;
    assert!(matches!(outcome, Err(StoreError::NoTopology { id }) if id == gone));
    assert_eq!(store.find(&name("what-if")?).await?, None);
    Ok(())
}

pub(super) async fn what_a_fork_leans_on_is_neither_deleted_nor_trimmed(
    store: Arc<dyn Store>,
) -> TestResult {
    let source = grown(store.as_ref(), "acme", 4).await?.id;
    for revision in [2, 3] {
        store
            .put_checkpoint(
                source,
                Revision(revision),
                snapshot(0..u32::try_from(revision)?)?,
            )
            .await?;
    }
    let made = store.create(fork("what-if", source, 2)?).await?.id;
    let request = crate::support::request("delete");
    leaned_on(
        store.delete(source, Some(request.clone())).await,
        "what-if",
        2,
    );
    assert_eq!(store.deletion(&name("acme")?, &request.key).await?, None);
    store.trim(source, Revision(2)).await?;
    leaned_on(store.trim(source, Revision(3)).await, "what-if", 2);
    assert_eq!(store.read(source, Revision(2), Revision(4)).await?.len(), 2);
    store.delete(made, None).await?;
    store.trim(source, Revision(3)).await?;
    store.delete(source, None).await?;
    Ok(())
}

pub(super) async fn a_fork_with_a_checkpoint_at_zero_leans_on_nothing(
    store: Arc<dyn Store>,
) -> TestResult {
    let source = grown(store.as_ref(), "acme", 3).await?.id;
    let made = store.create(fork("what-if", source, 3)?).await?.id;
    let second = store.create(fork("second", made, 0)?).await?.id;
    store.append(append(made, 0)?).await?;
    store
        .put_checkpoint(made, Revision(1), snapshot(0..3)?)
        .await?;
    leaned_on(store.delete(source, None).await, "what-if", 3);
    store
        .put_checkpoint(made, Revision::ZERO, snapshot(0..3)?)
        .await?;
    let found = store.find(&name("what-if")?).await?.ok_or("it is lost")?;
    assert_eq!(found.leans_on, None);
    assert_eq!(
        found.origin.map(|origin| origin.revision),
        Some(Revision(3))
    );
    assert_eq!(
        store.checkpoint(made, Revision::ZERO).await?,
        Some((Revision::ZERO, snapshot(0..3)?))
    );
    store.delete(source, None).await?;
    // A fork of the fork leans on it, as on any other topology.
    leaned_on(store.delete(made, None).await, "second", 0);
    store.delete(second, None).await?;
    store.delete(made, None).await?;
    assert_eq!(store.list().await?, []);
    Ok(())
}

pub(super) async fn a_fork_whose_beginning_is_trimmed_leans_on_nothing(
    store: Arc<dyn Store>,
) -> TestResult {
    let source = grown(store.as_ref(), "acme", 1).await?.id;
    let made = store.create(fork("what-if", source, 1)?).await?.id;
    store.append(append(made, 0)?).await?;
    store
        .put_checkpoint(made, Revision(1), snapshot(0..2)?)
        .await?;
    store.trim(made, Revision(1)).await?;
    let found = store.find(&name("what-if")?).await?.ok_or("it is lost")?;
    assert_eq!((found.leans_on, found.oldest), (None, Revision(1)));
    store.delete(source, None).await?;
    Ok(())
}
