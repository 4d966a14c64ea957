//! The contract of labels.

use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::{Label, RequestRecord, Store, StoreError};

use crate::support::{TestResult, append, grown, new, request, snapshot, time};

pub(super) fn label(text: &str, revision: u64) -> TestResult<Label> {
    Ok(Label {
        name: text.parse()?,
        revision: Revision(revision),
        time: time(revision),
    })
}

pub(super) async fn labels_are_told_by_name_and_move(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 3).await?.id;
    let other = grown(store.as_ref(), "other", 3).await?.id;
    assert_eq!(store.labels(id).await?, []);
    for given in [
        label("prod", 2)?,
        label("before-move", 0)?,
        label("a.b_c", 3)?,
    ] {
        store.set_label(id, given, None).await?;
    }
    let expected = [
        label("a.b_c", 3)?,
        label("before-move", 0)?,
        label("prod", 2)?,
    ];
    assert_eq!(store.labels(id).await?, expected);
    assert_eq!(store.labels(other).await?, []);
    store.set_label(id, label("prod", 1)?, None).await?;
    store.delete_label(id, &"a.b_c".parse()?, None).await?;
    let expected = [label("before-move", 0)?, label("prod", 1)?];
    assert_eq!(store.labels(id).await?, expected);
    // A label makes no revision.
    assert_eq!(store.history(id, Revision(9), 9).await?.len(), 3);
    Ok(())
}

pub(super) async fn a_label_of_a_revision_that_is_not_kept_is_refused(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 3).await?.id;
    store
        .put_checkpoint(id, Revision(2), snapshot(0..2)?)
        .await?;
    store.trim(id, Revision(2)).await?;
    for revision in [0, 1, 4] {
        let sent = Some(request("label"));
        let outcome = store.set_label(id, label("prod", revision)?, sent).await;
        assert!(
            matches!(outcome, Err(StoreError::NoRevision { revision: found, .. }) if found.0 == revision),
            "{outcome:?}"
        );
    }
    assert_eq!(store.labels(id).await?, []);
    assert_eq!(store.request(id, &request("label").key).await?, None);
    let outcome = store.delete_label(id, &"prod".parse()?, None).await;
    assert!(
        matches!(&outcome, Err(StoreError::NoLabel { label }) if label.as_str() == "prod"),
        "{outcome:?}"
    );
    Ok(())
}

pub(super) async fn requests_about_labels_are_found(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 3).await?.id;
    store
        .set_label(id, label("prod", 2)?, Some(request("set")))
        .await?;
    store
        .delete_label(id, &"prod".parse()?, Some(request("take")))
        .await?;
    for (sent, revision) in [("set", 2), ("take", 3)] {
        let expected = RequestRecord {
            revision: Revision(revision),
            ..request(sent)
        };
        assert_eq!(store.request(id, &request(sent).key).await?, Some(expected));
    }
    Ok(())
}

pub(super) async fn a_label_keeps_the_history_from_its_revision_on(
    store: Arc<dyn Store>,
) -> TestResult {
    let id = grown(store.as_ref(), "acme", 4).await?.id;
    for revision in [2, 3] {
        store
            .put_checkpoint(
                id,
                Revision(revision),
                snapshot(0..u32::try_from(revision)?)?,
            )
            .await?;
    }
    store.set_label(id, label("prod", 2)?, None).await?;
    store.trim(id, Revision(2)).await?;
    let outcome = store.trim(id, Revision(3)).await;
    assert!(
        matches!(&outcome, Err(StoreError::Labelled { label, revision: Revision(2) }) if label.as_str() == "prod"),
        "{outcome:?}"
    );
    assert_eq!(store.read(id, Revision(2), Revision(4)).await?.len(), 2);
    store.set_label(id, label("prod", 4)?, None).await?;
    store.trim(id, Revision(3)).await?;
    assert_eq!(store.labels(id).await?, [label("prod", 4)?]);
    Ok(())
}

pub(super) async fn labels_go_with_their_topology(store: Arc<dyn Store>) -> TestResult {
    let id = grown(store.as_ref(), "acme", 1).await?.id;
    store.set_label(id, label("prod", 1)?, None).await?;
    store.delete(id, None).await?;
    let gone = |outcome: Result<(), StoreError>| {
        assert!(matches!(outcome, Err(StoreError::NoTopology { id: found }) if found == id));
    };
    gone(store.labels(id).await.map(drop));
    gone(store.set_label(id, label("prod", 1)?, None).await);
    gone(store.delete_label(id, &"prod".parse()?, None).await);
    let again = store.create(new("acme")?).await?.id;
    assert_eq!(store.labels(again).await?, []);
    store.append(append(again, 0)?).await?;
    Ok(())
}
