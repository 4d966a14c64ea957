//! What a process leaves that ends in the middle, and that it is cleaned up.

use super::super::chunks::seal;
use super::*;
use crate::records::{MarkRow, Record};

#[tokio::test]
async fn a_deleted_topology_leaves_no_key() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let store = SledStore::open(directory.path())?;
    store.delete(id, None).await?;
    // After each write some keys are swept, so that it ends also while there is always something to write.
    for number in 0..10 {
        store.create(new(&format!("n{number}"))).await?;
    }
    drop(store);
    assert_eq!(keys_left(&directory, id)?, 0);
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_ends_after_opening() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let db = open::database(directory.path())?;
    db.remove(keys::name(&"acme".parse()?))?;
    db.remove(Sort::Topology.of(id))?;
    db.insert(
        Sort::Deleted.of(id),
        seal(&Sort::Deleted.of(id), &MarkRow.encode()),
    )?;
    drop(db);
    let store = SledStore::open(directory.path())?;
    for number in 0..10 {
        store.create(new(&format!("n{number}"))).await?;
    }
    drop(store);
    assert_eq!(keys_left(&directory, id)?, 0);
    Ok(())
}

#[tokio::test]
async fn a_checkpoint_that_was_cut_off_is_no_checkpoint_and_is_cleaned_up() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let (mark, chunk) = (
        Sort::Unfinished.at(id, Revision(3)),
        Sort::CheckpointChunk.chunk(id, Revision(3), 0),
    );
    let db = open::database(directory.path())?;
    db.insert(mark.as_slice(), seal(&mark, &MarkRow.encode()))?;
    db.insert(chunk.as_slice(), seal(&chunk, b"the first part"))?;
    drop(db);
    let store = SledStore::open(directory.path())?;
    assert_eq!(
        store
            .checkpoint(id, Revision(3))
            .await?
            .map(|(revision, _)| revision),
        Some(Revision(2))
    );
    drop(store);
    let db = open::database(directory.path())?;
    assert_eq!((db.get(&mark)?, db.get(&chunk)?), (None, None));
    Ok(())
}

#[tokio::test]
async fn chunks_of_a_revision_that_never_was_are_cleaned_up() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let chunk = Sort::LogChunk.chunk(id, Revision(4), 17);
    let db = open::database(directory.path())?;
    db.insert(chunk.as_slice(), seal(&chunk, b"written ahead"))?;
    drop(db);
    let store = SledStore::open(directory.path())?;
    assert_eq!(head(&store).await?, Some(Revision(3)));
    drop(store);
    assert_eq!(open::database(directory.path())?.get(&chunk)?, None);
    Ok(())
}
