//! What a check of the whole store finds, and what it does not take for a fault.

use super::super::chunks::seal;
use super::*;
use crate::records::{CounterRow, MarkRow, NameRow, Record};

/// What is wrong with the closed store, in lines.
fn faults(directory: &TempDir) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let report = SledStore::check(directory.path())?;
    let faults = report.faults.iter();
    Ok(faults
        .map(|fault| format!("{}: {}", fault.what, fault.detail))
        .collect())
}

/// The faults once a change was made to a value of `acme`.
async fn after(
    key: impl FnOnce(TopologyId) -> Key,
    change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    tamper(&directory, &key(id), change)?;
    faults(&directory)
}

/// That there is one fault, with this beginning.
#[track_caller]
fn assert_one(faults: &[String], beginning: &str) {
    assert!(
        matches!(faults, [only] if only.starts_with(beginning)),
        "expected `{beginning}`, found {faults:?}"
    );
}

#[tokio::test]
async fn a_whole_store_has_no_faults_and_is_counted() -> TestResult {
    let directory = TempDir::new()?;
    acme(&directory).await?;
    let report = SledStore::check(directory.path())?;
    assert_eq!((report.faults.as_slice(), report.leftovers), (&[][..], 0));
    let found = report.topologies.iter().map(|topology| {
        (
            topology.name.as_str(),
            topology.head.0,
            topology.revisions,
            (topology.checkpoints, topology.compared),
            topology.requests,
        )
    });
    let expected = [("acme", 3, 3, (1, 1), 1), ("other", 0, 0, (0, 0), 0)];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    Ok(())
}

#[tokio::test]
async fn a_damaged_change_set_is_named_with_its_revision() -> TestResult {
    let found = after(|id| Sort::LogChunk.chunk(id, Revision(2), 0), flip).await?;
    assert_one(
        &found,
        "change set of topology `acme` at revision 2: its checksum is",
    );
    Ok(())
}

#[tokio::test]
async fn a_missing_revision_is_named() -> TestResult {
    let found = after(|id| Sort::Log.at(id, Revision(2)), |_| None).await?;
    assert!(
        found[0].starts_with("revision of topology `acme` at revision 2: missing"),
        "{found:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_damaged_checkpoint_is_named() -> TestResult {
    let found = after(|id| Sort::CheckpointChunk.chunk(id, Revision(2), 0), flip).await?;
    assert_one(
        &found,
        "checkpoint of topology `acme` at revision 2: its checksum is",
    );
    Ok(())
}

#[tokio::test]
async fn a_checkpoint_that_is_whole_and_not_what_the_log_comes_to_is_named() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let store = SledStore::open(directory.path())?;
    store
        .put_checkpoint(id, Revision(3), Snapshot::default())
        .await?;
    drop(store);
    assert_one(
        &faults(&directory)?,
        "checkpoint of topology `acme` at revision 3: it differs from what its log comes to",
    );
    Ok(())
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_named() -> TestResult {
    let found = after(|id| keys::request(id, &request("first").key), flip).await?;
    assert_one(
        &found,
        "request `first` of topology `acme`: its checksum is",
    );
    Ok(())
}

#[tokio::test]
async fn names_and_records_that_do_not_lead_to_each_other_are_named() -> TestResult {
    let name = || keys::name(&"acme".parse().expect("it is a name"));
    let found = after(|_| name(), |_| None).await?;
    assert_one(&found, "topology `acme`: no name leads to it");
    let found = after(|id| Sort::Topology.of(id), |_| None).await?;
    assert_one(
        &found,
        "name of topology `acme`: it leads to number 1, which has no",
    );
    let other = NameRow { id: TopologyId(2) }.encode();
    let found = after(|_| name(), |_| Some(seal(&name(), &other))).await?;
    assert_eq!(
        found,
        [
            "name of topology `acme`: it leads to number 2, which is `other`",
            "topology `acme`: no name leads to it",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_counter_that_would_give_a_number_twice_is_named() -> TestResult {
    let counter = |_| Sort::Counter.alone();
    let behind = seal(&Sort::Counter.alone(), &CounterRow { next: 2 }.encode());
    let found = after(counter, |_| Some(behind)).await?;
    assert_one(
        &found,
        "counter of topologies: it is at 2, and that number is in",
    );
    assert_one(
        &after(counter, |_| None).await?,
        "counter of topologies: it is",
    );
    Ok(())
}

#[tokio::test]
async fn what_belongs_to_nothing_is_named() -> TestResult {
    let directory = TempDir::new()?;
    acme(&directory).await?;
    let db = open::database(directory.path())?;
    db.insert(Sort::Log.at(TopologyId(77), Revision(1)), "left")?;
    db.insert("zebra", "left")?;
    drop(db);
    let found = faults(&directory)?;
    assert_eq!(
        found,
        [
            "key [122, 101, 98, 114, 97]: it is of no known form",
            "topology number 77: 1 records belong to it, and it is not there",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn what_an_interrupted_write_leaves_is_no_fault() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let mark = Sort::Unfinished.at(id, Revision(3));
    let deleted = Sort::Deleted.of(TopologyId(9));
    let db = open::database(directory.path())?;
    db.insert(mark.as_slice(), seal(&mark, &MarkRow.encode()))?;
    db.insert(Sort::CheckpointChunk.chunk(id, Revision(3), 0), "a part")?;
    db.insert(Sort::LogChunk.chunk(id, Revision(4), 17), "written ahead")?;
    db.insert(deleted.as_slice(), seal(&deleted, &MarkRow.encode()))?;
    db.insert(Sort::Log.at(TopologyId(9), Revision(1)), "to be swept")?;
    drop(db);
    let report = SledStore::check(directory.path())?;
    assert_eq!((report.faults, report.leftovers), (Vec::new(), 5));
    drop(SledStore::open(directory.path())?);
    // Sweeping is done while nothing else is to be done; what else was left is gone.
    assert!(SledStore::check(directory.path())?.leftovers <= 2);
    Ok(())
}

#[test]
fn a_directory_without_a_store_is_told_and_left_alone() -> TestResult {
    let directory = TempDir::new()?;
    let error = SledStore::check(directory.path()).expect_err("there is no store");
    assert!(error.to_string().contains("find a store in"), "{error}");
    assert_eq!(std::fs::read_dir(directory.path())?.count(), 0);
    Ok(())
}

#[test]
fn a_store_that_is_held_is_not_checked() -> TestResult {
    let directory = TempDir::new()?;
    let held = SledStore::open(directory.path())?;
    let error = SledStore::check(directory.path()).expect_err("it is held");
    assert!(matches!(error, StoreError::Held { .. }), "{error:?}");
    drop(held);
    assert_eq!(SledStore::check(directory.path())?, Report::default());
    Ok(())
}
