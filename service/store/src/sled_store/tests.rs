//! What only shows inside: writes that fail or wait, what a damaged database does, and what is cleaned up.

mod check;
mod damage;
mod kept;
mod leftovers;
mod waiting;
mod witness;

use causeway_model::change::Change;
use causeway_model::revision::{RevisionNote, Timestamp};
use tempfile::TempDir;

use super::keys::Sort;
use super::*;
use crate::samples;

type TestResult = Result<(), Box<dyn std::error::Error>>;

fn new(name: &str) -> NewTopology {
    let name = name.parse().expect("the tests' names are names");
    NewTopology {
        name,
        description: String::new(),
        time: Timestamp::default(),
        request: None,
        base: crate::port::Base::Empty,
    }
}

fn request(id: &str) -> RequestRecord {
    let key = RequestKey {
        caller: "tests".to_owned(),
        id: id.to_owned(),
    };
    RequestRecord {
        key,
        digest: [7; 32],
        time: Timestamp::default(),
        revision: Revision::ZERO,
        counts: [1, 0, 0, 0],
    }
}

fn append(topology: TopologyId, head: u64) -> Append {
    let resource =
        samples::subnet(u32::try_from(head).unwrap_or(0)).expect("the samples are well formed");
    let changes = ChangeSet {
        changes: vec![Change::put(resource)],
    };
    Append {
        topology,
        head: Revision(head),
        changes,
        note: RevisionNote::default(),
        counts: [1, 0],
        request: None,
    }
}

/// A store in which `acme` is at revision 3, with a checkpoint at 2 and a request; closed again.
async fn acme(directory: &TempDir) -> Result<TopologyId, Box<dyn std::error::Error>> {
    let store = SledStore::open(directory.path())?;
    let id = store.create(new("acme")).await?.id;
    let mut snapshot = Snapshot::default();
    for head in 0..3 {
        let append = Append {
            request: Some(request("first")),
            ..append(id, head)
        };
        snapshot = snapshot.replay(&append.changes);
        store.append(append).await?;
        if head == 1 {
            store
                .put_checkpoint(id, Revision(2), snapshot.clone())
                .await?;
        }
    }
    store.create(new("other")).await?;
    Ok(id)
}

/// Changes a stored value in the closed database; none removes it.
fn tamper(
    directory: &TempDir,
    key: &[u8],
    change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>,
) -> TestResult {
    let db = open::database(directory.path())?;
    let value = db
        .get(key)?
        .ok_or("there is nothing under the key")?
        .to_vec();
    match change(value) {
        Some(value) => db.insert(key, value)?,
        None => db.remove(key)?,
    };
    db.flush()?;
    Ok(())
}

/// Flips one bit in the middle.
fn flip(mut value: Vec<u8>) -> Option<Vec<u8>> {
    let middle = value.len() / 2;
    value[middle] ^= 0x10;
    Some(value)
}

#[track_caller]
fn assert_corrupt<T: fmt::Debug>(outcome: Result<T, StoreError>, what: &str) {
    match outcome {
        Err(StoreError::Corrupt { what: found, .. }) => assert_eq!(found, what),
        other => panic!("expected that the {what} is damaged, found {other:?}"),
    }
}

fn keys_left(directory: &TempDir, id: TopologyId) -> Result<usize, Box<dyn std::error::Error>> {
    let db = open::database(directory.path())?;
    let sorts = Sort::OWNED
        .into_iter()
        .chain([Sort::Topology, Sort::Deleted]);
    Ok(sorts.map(|sort| db.scan_prefix(sort.of(id)).count()).sum())
}

/// Where the head of `acme` is.
async fn head(store: &SledStore) -> Result<Option<Revision>, Box<dyn std::error::Error>> {
    let found = store.find(&"acme".parse()?).await?;
    Ok(found.map(|record| record.head))
}
