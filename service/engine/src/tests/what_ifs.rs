//! What if: changes that are laid over a revision for one call.

use std::sync::Arc;

use causeway_model::change::{Change, ChangeSet, Problem};
use causeway_model::flow::Flow;
use causeway_model::ids::ResourceId;
use causeway_model::protocol::Protocol;
use causeway_model::resource::{Resource, Tag};
use causeway_model::revision::Revision;
use causeway_store::MemoryStore;

use super::{engine, exact, name, put, subnet, vpc, write};
use crate::{Asked, Consistency, Depth, Engine, EngineError, Limits, Part, Patch, Paths};

/// An engine whose topology holds a VPC at revision 1 and its subnet at revision 2.
async fn estate() -> Engine {
    let engine = engine().await;
    engine.apply(write(), put([vpc("vpc-1")])).await.unwrap();
    let subnet = subnet("subnet-1", "vpc-1");
    engine.apply(write(), put([subnet])).await.unwrap();
    engine
}

fn delete(ids: &[&str]) -> ChangeSet {
    let deletions = ids.iter().map(|id| Change::Delete(id.parse().unwrap()));
    ChangeSet {
        changes: deletions.collect(),
    }
}

/// Whether the state holds what the flow starts from.
fn holds(paths: &Paths, source: &str) -> bool {
    let ends = (source.parse().unwrap(), "10.0.0.9".parse().unwrap());
    let flow = Flow::new(ends, Protocol::TCP, Some(443), None).unwrap();
    paths.resolve(&flow, Depth::Verdict).is_ok()
}

#[tokio::test]
async fn changes_hold_in_the_call_that_they_were_given_to_and_nowhere_else() {
    let engine = estate().await;
    let t = name("t");
    let with = engine
        .paths_with(
            &t,
            Consistency::Newest,
            put([vpc("vpc-2"), subnet("subnet-2", "vpc-2")]),
        )
        .await
        .unwrap();
    assert_eq!(with.revision(), Revision(2));
    assert!(holds(&with, "subnet-1") && holds(&with, "subnet-2"));
    let without = engine
        .paths_with(&t, Consistency::Newest, delete(&["subnet-1"]))
        .await
        .unwrap();
    assert!(!holds(&without, "subnet-1"));
    let after = engine.paths(&t, Consistency::Newest).await.unwrap();
    assert!(holds(&after, "subnet-1") && !holds(&after, "subnet-2"));
    let head = engine.view(&t, Consistency::Newest).await.unwrap();
    assert_eq!((head.revision, head.snapshot.len()), (Revision(2), 2));
    assert!(matches!(
        engine.view(&t, exact(3)).await,
        Err(EngineError::RevisionNotReached { .. })
    ));
}

#[tokio::test]
async fn changes_are_laid_over_the_revision_that_is_asked_for() {
    let engine = estate().await;
    let t = name("t");
    let deletion = delete(&["subnet-1"]);
    let earlier = engine.paths_with(&t, exact(1), deletion).await;
    let Err(EngineError::InvalidChangeSet { faults }) = earlier else {
        panic!("{earlier:?}");
    };
    assert_eq!(faults[0].problem, Problem::NotThere);
    let added = put([subnet("subnet-9", "vpc-1")]);
    let earlier = engine.paths_with(&t, exact(1), added).await.unwrap();
    assert_eq!(earlier.revision(), Revision(1));
    assert!(holds(&earlier, "subnet-9") && !holds(&earlier, "subnet-1"));
}

#[tokio::test]
async fn every_fault_is_told_also_of_a_part() {
    let engine = estate().await;
    let t = name("t");
    let wrong = ChangeSet {
        changes: [
            delete(&["vpc-9"]).changes,
            put([subnet("subnet-2", "vpc-8")]).changes,
        ]
        .concat(),
    };
    let refused = engine
        .paths_with(&t, Consistency::Newest, wrong.clone())
        .await;
    let Err(EngineError::InvalidChangeSet { faults }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(faults.len(), 2);
    let changes = wrong.changes.into_iter().map(Asked::Whole);
    let part = Part {
        topology: t,
        at: exact(1),
        expected: None,
        changes: (5..).zip(changes).collect(),
        unread: Default::default(),
        is_what_if: true,
    };
    let told = engine.faults_of(part).await.unwrap();
    let places: Vec<_> = told.iter().map(|fault| fault.change).collect();
    assert_eq!(places, [5, 6]);
}

/// Moves a subnet into another VPC.
#[derive(Debug)]
struct Moved(ResourceId);

impl Patch for Moved {
    fn resource(&self) -> &ResourceId {
        &self.0
    }

    fn apply(&self, _: &Resource) -> Result<Resource, Vec<(String, String)>> {
        Ok(subnet("subnet-1", "vpc-2"))
    }
}

#[tokio::test]
async fn patches_are_made_to_what_the_revision_holds() {
    let engine = estate().await;
    let t = name("t");
    let patch = |id: &str| {
        let patch: Arc<dyn Patch> = Arc::new(Moved(id.parse().unwrap()));
        Asked::Patch(patch)
    };
    let moved = vec![Asked::Whole(Change::put(vpc("vpc-2"))), patch("subnet-1")];
    let with = engine
        .paths_with(&t, Consistency::Newest, moved.clone())
        .await;
    assert!(holds(&with.unwrap(), "subnet-1"));
    // At revision 1 there is no subnet to patch.
    let refused = engine.paths_with(&t, exact(1), moved).await;
    let Err(EngineError::InvalidChangeSet { faults }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(faults[0].problem, Problem::NothingToPatch);
}

#[tokio::test]
async fn more_changes_than_the_limit_are_refused_with_both_numbers() {
    let engine = estate().await;
    let many = delete(&["vpc-1"; 10_001]);
    let refused = engine
        .paths_with(&name("t"), Consistency::Newest, many)
        .await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "10001 changes are too many for one call, the maximum is 10000"
    );
}

#[tokio::test]
async fn a_network_that_shares_nothing_waits_for_its_turn_and_one_that_does_waits_for_none() {
    let limits = Limits {
        compiled_what_ifs: 1,
        ..Limits::default()
    };
    let engine = Engine::new(
        Arc::new(MemoryStore::new()),
        Arc::new(super::StoppedClock),
        limits,
    );
    let t = name("t");
    let made = engine.create_topology(t.clone(), String::new(), None).await;
    made.unwrap();
    let all = put([vpc("vpc-1"), subnet("subnet-1", "vpc-1")]);
    engine.apply(write(), all).await.unwrap();
    let compiled = || {
        let added = put([subnet("subnet-2", "vpc-1")]);
        engine.paths_with(&t, Consistency::Newest, added)
    };
    let first = compiled().await.unwrap();
    let clone = first.clone();
    let second = compiled();
    tokio::pin!(second);
    drop(first);
    // Long enough for it to have come to its turn, if nobody held it.
    for _ in 0..100 {
        let mut tagged = subnet("subnet-1", "vpc-1");
        tagged.tags = vec![Tag {
            key: "Name".into(),
            value: "x".into(),
        }];
        let local = engine.paths_with(&t, Consistency::Newest, put([tagged]));
        tokio::select! {
            biased;
            _ = &mut second => panic!("it did not wait"),
            local = local => assert_eq!(local.unwrap().network().derivations(), 1),
        }
    }
    drop(clone);
    assert!(holds(&second.await.unwrap(), "subnet-2"));
}
