//! What the tests make their topologies, changes and requests with.

use std::time::Duration;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::{Revision, RevisionNote, Timestamp, TopologyName, TraceParent};
use causeway_model::snapshot::Snapshot;
use causeway_store::{
    Append, Base, NewTopology, RequestKey, RequestRecord, Store, TopologyId, TopologyRecord,
};

use crate::samples;

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(crate) fn name(text: &str) -> TestResult<TopologyName> {
    Ok(text.parse()?)
}

pub(crate) fn new(text: &str) -> TestResult<NewTopology> {
    Ok(NewTopology {
        name: name(text)?,
        description: format!("what {text} is for"),
        time: time(1),
        request: None,
        base: Base::Empty,
    })
}

pub(crate) fn time(seconds: u64) -> Timestamp {
    Timestamp(Duration::new(seconds, 5))
}

pub(crate) fn request(id: &str) -> RequestRecord {
    let key = RequestKey {
        caller: "spiffe://acme/ns/tools".to_owned(),
        id: id.to_owned(),
    };
    RequestRecord {
        key,
        digest: [9; 32],
        time: time(3),
        revision: Revision::ZERO,
        counts: [1, 2, 3, 4],
    }
}

pub(crate) fn puts(numbers: impl IntoIterator<Item = u32>) -> TestResult<ChangeSet> {
    let mut changes = Vec::new();
    for number in numbers {
        changes.push(Change::put(samples::subnet(number)?));
    }
    Ok(ChangeSet { changes })
}

pub(crate) fn snapshot(numbers: impl IntoIterator<Item = u32>) -> TestResult<Snapshot> {
    Ok(Snapshot::default().replay(&puts(numbers)?))
}

/// An append that puts one subnet, with a message that tells the revision.
pub(crate) fn append(topology: TopologyId, head: u64) -> TestResult<Append> {
    let changes = puts([u32::try_from(head)?])?;
    let note = RevisionNote {
        author: "ann".to_owned(),
        message: format!("makes revision {}", head + 1),
        time: time(head),
        trace: TraceParent::new([7; 16], [9; 8], head.is_multiple_of(2)),
    };
    Ok(Append {
        topology,
        head: Revision(head),
        changes,
        note,
        counts: [1, 0],
        request: None,
    })
}

/// A topology at a revision.
pub(crate) async fn grown(store: &dyn Store, text: &str, head: u64) -> TestResult<TopologyRecord> {
    let id = store.create(new(text)?).await?.id;
    for revision in 0..head {
        store.append(append(id, revision)?).await?;
    }
    found(store, text).await
}

/// What is told of a topology.
pub(crate) async fn found(store: &dyn Store, text: &str) -> TestResult<TopologyRecord> {
    let record = store.find(&name(text)?).await?;
    Ok(record.ok_or("it was created and is not found")?)
}

/// A topology at a revision, with checkpoints.
pub(crate) async fn with_checkpoints(
    store: &dyn Store,
    text: &str,
    (head, checkpoints): (u64, &[u32]),
) -> TestResult<TopologyId> {
    let id = grown(store, text, head).await?.id;
    for &revision in checkpoints {
        let held = snapshot(0..revision)?;
        store
            .put_checkpoint(id, Revision(revision.into()), held)
            .await?;
    }
    Ok(id)
}
