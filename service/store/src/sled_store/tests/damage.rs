//! What a damaged value does, and what it does not do.

use super::super::chunks::seal;
use super::*;
use crate::records::{CounterRow, Record};

#[tokio::test]
async fn a_damaged_change_set_is_named_and_never_served() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    tamper(&directory, &Sort::LogChunk.chunk(id, Revision(2), 0), flip)?;
    let store = SledStore::open(directory.path())?;
    assert_corrupt(
        store.read(id, Revision::ZERO, Revision(3)).await,
        "change set of topology `acme` at revision 2",
    );
    assert_eq!(store.read(id, Revision(2), Revision(3)).await?.len(), 1);
    assert_eq!(store.history(id, Revision(3), 9).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_missing_chunk_is_named() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    tamper(
        &directory,
        &Sort::LogChunk.chunk(id, Revision(3), 0),
        |_| None,
    )?;
    let store = SledStore::open(directory.path())?;
    assert_corrupt(
        store.read(id, Revision(2), Revision(3)).await,
        "change set of topology `acme` at revision 3",
    );
    Ok(())
}

#[tokio::test]
async fn a_value_under_another_key_is_damage() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let mut first = Vec::new();
    tamper(&directory, &Sort::Log.at(id, Revision(1)), |value| {
        first.clone_from(&value);
        Some(value)
    })?;
    tamper(&directory, &Sort::Log.at(id, Revision(2)), |_| Some(first))?;
    let store = SledStore::open(directory.path())?;
    assert_corrupt(
        store.history(id, Revision(2), 1).await,
        "log record of topology `acme` at revision 2",
    );
    Ok(())
}

#[tokio::test]
async fn a_damaged_log_record_is_named() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    tamper(&directory, &Sort::Log.at(id, Revision(1)), flip)?;
    let store = SledStore::open(directory.path())?;
    assert_corrupt(
        store.history(id, Revision(3), 9).await,
        "log record of topology `acme` at revision 1",
    );
    assert_eq!(store.history(id, Revision(3), 2).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_damaged_checkpoint_is_passed_over_for_an_older_one() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let store = SledStore::open(directory.path())?;
    let newer = samples::every_kind()?
        .into_iter()
        .map(Change::put)
        .collect();
    store
        .put_checkpoint(
            id,
            Revision(3),
            Snapshot::default().replay(&ChangeSet { changes: newer }),
        )
        .await?;
    drop(store);
    tamper(
        &directory,
        &Sort::CheckpointChunk.chunk(id, Revision(3), 0),
        flip,
    )?;
    let store = SledStore::open(directory.path())?;
    assert_eq!(
        store
            .checkpoint(id, Revision(3))
            .await?
            .map(|(revision, snapshot)| (revision, snapshot.len())),
        Some((Revision(2), 2))
    );
    drop(store);
    tamper(&directory, &Sort::Checkpoint.at(id, Revision(2)), flip)?;
    let store = SledStore::open(directory.path())?;
    assert_eq!(store.checkpoint(id, Revision(3)).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_damaged_request_is_named() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    tamper(&directory, &keys::request(id, &request("first").key), flip)?;
    let store = SledStore::open(directory.path())?;
    assert_corrupt(
        store.request(id, &request("first").key).await,
        "request `first` of topology `acme`",
    );
    Ok(())
}

#[tokio::test]
async fn a_damaged_topology_does_not_keep_the_others_from_working() -> TestResult {
    let breaks: [fn(TopologyId) -> Vec<u8>; 3] = [
        |id| Sort::Topology.of(id),
        |_| keys::name(&"acme".parse().expect("it is a name")),
        |id| Sort::Log.at(id, Revision(2)),
    ];
    for (number, broken) in breaks.into_iter().enumerate() {
        let directory = TempDir::new()?;
        let id = acme(&directory).await?;
        tamper(&directory, &broken(id), |value| {
            if number == 2 { None } else { flip(value) }
        })?;
        let store = SledStore::open(directory.path())?;
        assert_corrupt(store.find(&"acme".parse()?).await, "topology `acme`");
        assert!(matches!(
            store.create(new("acme")).await,
            Err(StoreError::NameTaken { .. })
        ));
        let listed = store.list().await?;
        let other = listed.first().ok_or("the other topology is not listed")?;
        assert_eq!((listed.len(), other.name.as_str()), (1, "other"));
        store.append(append(other.id, 0)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_not_opened() -> TestResult {
    let directory = TempDir::new()?;
    acme(&directory).await?;
    let key = Sort::Counter.alone();
    let newer = seal(&key, &[CounterRow::KIND, CounterRow::VERSION + 1, 9, 9]);
    tamper(&directory, &key, |_| Some(newer))?;
    let error = SledStore::open(directory.path()).expect_err("it is of a newer version");
    assert!(
        error
            .to_string()
            .contains("written by a newer version of the program"),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn a_lost_counter_gives_no_number_twice() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    tamper(&directory, &Sort::Counter.alone(), flip)?;
    let store = SledStore::open(directory.path())?;
    let next = store.create(new("next")).await?.id;
    assert!(next.0 > id.0 + 1000, "{next:?}");
    Ok(())
}
