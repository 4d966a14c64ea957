//! Labels: names of revisions, wherever a revision is read.

use causeway_model::revision::{LabelName, Revision};

use super::{engine, exact, name, put, request, vpc, write};
use crate::{Consistency, Engine, EngineError, Label};

fn label(text: &str) -> LabelName {
    text.parse().unwrap()
}

fn at(text: &str) -> Consistency {
    Consistency::Label(label(text))
}

async fn grow(engine: &Engine, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let change = put([vpc(&format!("vpc-{number}"))]);
        engine.apply(write(), change).await.unwrap();
    }
}

async fn set(engine: &Engine, text: &str, to: Consistency) -> Result<Label, EngineError> {
    engine.set_label((name("t"), label(text)), to, None).await
}

#[tokio::test]
async fn a_label_leads_to_its_revision_and_moves() {
    let engine = engine().await;
    grow(&engine, 1..=3).await;
    for (to, expected) in [(exact(1), 1), (exact(0), 0), (Consistency::Newest, 3)] {
        assert_eq!(
            set(&engine, "good", to).await.unwrap().revision,
            Revision(expected)
        );
        let view = engine.view(&name("t"), at("good")).await.unwrap();
        assert_eq!(
            (view.revision.0, view.snapshot.len() as u64),
            (expected, expected)
        );
    }
    // To where another label is.
    set(&engine, "old", exact(1)).await.unwrap();
    let moved = set(&engine, "good", at("old")).await.unwrap();
    assert_eq!(moved.revision, Revision(1));
}

#[tokio::test]
async fn labels_are_listed_by_name_and_with_their_revisions() {
    let engine = engine().await;
    grow(&engine, 1..=3).await;
    for (text, revision) in [("b", 2), ("a", 2), ("c", 3), ("begin", 0)] {
        set(&engine, text, exact(revision)).await.unwrap();
    }
    let names = |labels: &[Label]| {
        let names = labels.iter().map(|label| label.name.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    let (first, more) = engine.list_labels(&name("t"), None, 2).await.unwrap();
    assert_eq!((names(&first), more), (vec!["a".into(), "b".into()], true));
    let (rest, more) = engine
        .list_labels(&name("t"), Some(&label("b")), 2)
        .await
        .unwrap();
    assert_eq!(
        (names(&rest), more),
        (vec!["begin".into(), "c".into()], false)
    );
    let page = engine
        .list_revisions(&name("t"), at("b"), (None, 9))
        .await
        .unwrap();
    let told = page.revisions.iter();
    let told: Vec<_> = told
        .map(|(logged, labels)| (logged.revision.0, labels.len()))
        .collect();
    assert_eq!(told, [(2, 2), (1, 0)]);
}

#[tokio::test]
async fn a_label_that_is_not_there_is_named() {
    let engine = engine().await;
    let missing = |outcome: EngineError| matches!(outcome, EngineError::LabelNotFound { label: missing, .. } if missing == label("x"));
    assert!(missing(engine.view(&name("t"), at("x")).await.unwrap_err()));
    let delete = engine.delete_label((name("t"), label("x")), None);
    assert!(missing(delete.await.unwrap_err()));
    assert!(missing(set(&engine, "y", at("x")).await.unwrap_err()));
    let future = set(&engine, "y", exact(1)).await;
    assert!(matches!(
        future,
        Err(EngineError::RevisionNotReached { .. })
    ));
}

#[tokio::test]
async fn repeated_requests_about_labels_get_their_first_outcome_again() {
    let engine = engine().await;
    grow(&engine, 1..=1).await;
    let both = || (name("t"), label("x"));
    let set_once = |digest| engine.set_label(both(), Consistency::Newest, request("r1", digest));
    let first = set_once(1).await.unwrap();
    grow(&engine, 2..=2).await;
    assert_eq!(set_once(1).await.unwrap(), first);
    assert!(matches!(
        set_once(2).await,
        Err(EngineError::RequestReused { .. })
    ));
    let delete = |id| engine.delete_label(both(), request(id, 3));
    delete("r2").await.unwrap();
    set(&engine, "x", Consistency::Newest).await.unwrap();
    delete("r2").await.unwrap();
    assert!(engine.view(&name("t"), at("x")).await.is_ok());
    assert!(matches!(
        delete("r1").await,
        Err(EngineError::RequestReused { .. })
    ));
}

#[tokio::test]
async fn labels_are_bounded_and_one_that_is_there_can_still_be_moved() {
    let engine = engine().await;
    grow(&engine, 1..=1).await;
    let maximum = engine.limits().max_labels;
    for number in 0..maximum {
        set(&engine, &format!("l{number}"), exact(0)).await.unwrap();
    }
    let Err(error) = set(&engine, "more", exact(0)).await else {
        panic!("it was set")
    };
    assert_eq!(
        error.to_string(),
        format!("topology `t` has {maximum} labels, the maximum; delete one that is not needed")
    );
    assert_eq!(
        set(&engine, "l0", exact(1)).await.unwrap().revision,
        Revision(1)
    );
}
