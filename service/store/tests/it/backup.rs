//! Backups: what comes out of one store goes into another as it was, and what is not a whole backup is refused.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

mod damage;
mod hostile;
mod kept;
mod meanwhile;
mod random;
mod sample;

use std::io;
use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::backup::{self, BackupError, ExportError, Selection, Sink, Taking};
use causeway_store::{Append, MemoryStore, SledStore, Store};

use self::kept::kept;
use crate::support::{TestResult, append, name, new, puts, snapshot};

/// Keeps a backup in memory.
#[derive(Debug, Default)]
struct Kept(Vec<u8>);

impl Sink for Kept {
    fn take(&mut self, bytes: Vec<u8>) -> Taking<'_> {
        self.0.extend(bytes);
        Box::pin(std::future::ready(io::Result::Ok(())))
    }
}

async fn exported(store: &dyn Store, selection: &Selection) -> Result<Vec<u8>, ExportError> {
    let mut sink = Kept::default();
    backup::write(store, selection, &mut sink).await?;
    Ok(sink.0)
}

fn named(names: &[&str]) -> TestResult<Selection> {
    let names = names.iter().map(|text| name(text));
    Ok(Selection::Named(names.collect::<TestResult<_>>()?))
}

/// That a file is refused by both readers, alike; how.
#[track_caller]
fn refused(bytes: &[u8]) -> BackupError {
    let found = backup::verify(&mut &*bytes).map(drop);
    let store = MemoryStore::new();
    let (mut input, all) = (bytes, Selection::All);
    let restored = futures_now(backup::restore(&mut input, &store, &all));
    let (Err(error), Err(other)) = (found, restored) else {
        panic!("it was taken");
    };
    assert_eq!(error.to_string(), other.to_string());
    error
}

/// The outcome of what needs no waiting: the store in memory never does.
fn futures_now<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match work.as_mut().poll(&mut context) {
        std::task::Poll::Ready(outcome) => outcome,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

async fn sled() -> TestResult<(tempfile::TempDir, Arc<dyn Store>)> {
    let directory = tempfile::tempdir()?;
    let store = SledStore::open(directory.path())?;
    Ok((directory, Arc::new(store)))
}

#[tokio::test]
async fn a_backup_of_a_store_in_memory_makes_an_equal_one_on_disk_and_back() -> TestResult {
    let memory = MemoryStore::new();
    sample::fill(&memory).await?;
    let (_directory, disk) = sled().await?;
    let bytes = exported(&memory, &Selection::All).await?;
    backup::restore(&mut bytes.as_slice(), disk.as_ref(), &Selection::All).await?;
    assert_eq!(kept(disk.as_ref()).await?, kept(&memory).await?);
    let again = exported(disk.as_ref(), &Selection::All).await?;
    let back = MemoryStore::new();
    backup::restore(&mut again.as_slice(), &back, &Selection::All).await?;
    assert_eq!(kept(&back).await?, kept(&memory).await?);
    Ok(())
}

#[tokio::test]
async fn a_backup_of_a_store_on_disk_makes_an_equal_one_in_memory() -> TestResult {
    let (_directory, disk) = sled().await?;
    sample::fill(disk.as_ref()).await?;
    let bytes = exported(disk.as_ref(), &Selection::All).await?;
    let memory = MemoryStore::new();
    backup::restore(&mut bytes.as_slice(), &memory, &Selection::All).await?;
    assert_eq!(kept(&memory).await?, kept(disk.as_ref()).await?);
    Ok(())
}

#[tokio::test]
async fn a_restored_store_goes_on_as_the_first_one() -> TestResult {
    let first = MemoryStore::new();
    sample::fill(&first).await?;
    let bytes = exported(&first, &Selection::All).await?;
    let second = MemoryStore::new();
    backup::restore(&mut bytes.as_slice(), &second, &Selection::All).await?;
    for store in [&first, &second] {
        let acme = store.find(&name("acme")?).await?.ok_or("no acme")?;
        let append = append(acme.id, acme.head.0)?;
        assert_eq!(store.append(append).await?.revision, acme.head.next());
    }
    assert_eq!(kept(&second).await?, kept(&first).await?);
    Ok(())
}

/// Each is cut anywhere, also within a resource.
#[tokio::test]
async fn large_states_and_change_sets_go_through_several_frames() -> TestResult {
    let store = MemoryStore::new();
    let id = store.create(new("acme")?).await?.id;
    let set = puts(0..25_000)?;
    for head in 0..2 {
        let append = Append {
            changes: set.clone(),
            ..append(id, head)?
        };
        store.append(append).await?;
    }
    let state = snapshot(0..25_000)?;
    store.put_checkpoint(id, Revision(1), state).await?;
    store.trim(id, Revision(1)).await?;
    let bytes = exported(&store, &Selection::All).await?;
    for kind in [hostile::RESOURCES, hostile::CHANGES] {
        let frames = hostile::Frames::of(&bytes).0;
        let frames = frames.into_iter().filter(|(found, _)| *found == kind);
        assert!(frames.count() > 2, "frames of kind {kind}");
    }
    let restored = MemoryStore::new();
    backup::restore(&mut bytes.as_slice(), &restored, &Selection::All).await?;
    assert!(kept(&restored).await? == kept(&store).await?, "it differs");
    Ok(())
}

#[tokio::test]
async fn an_empty_store_makes_a_backup_too() -> TestResult {
    let bytes = exported(&MemoryStore::new(), &Selection::All).await?;
    let contents = backup::verify(&mut bytes.as_slice())?;
    assert_eq!((contents.topologies.len(), contents.deletions), (0, 0));
    Ok(())
}

#[tokio::test]
async fn what_is_verified_is_told() -> TestResult {
    let store = MemoryStore::new();
    sample::fill(&store).await?;
    let bytes = exported(&store, &Selection::All).await?;
    let contents = backup::verify(&mut bytes.as_slice())?;
    let told = contents.topologies.iter().map(|topology| {
        let numbers = (topology.oldest.0, topology.head.0, topology.resources);
        (
            topology.name.as_str(),
            numbers,
            (topology.labels, topology.requests),
        )
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("acme", (0, 5, 36), (2, 2)),
            ("empty", (0, 0, 0), (0, 0)),
            ("fork", (0, 1, 4), (0, 0)),
            ("large", (0, 1, 50), (0, 0)),
            ("trimmed", (3, 4, 4), (1, 0)),
        ]
    );
    assert_eq!(contents.deletions, 1);
    Ok(())
}

#[tokio::test]
async fn single_topologies_are_exported_and_restored() -> TestResult {
    let store = MemoryStore::new();
    sample::fill(&store).await?;
    let two = exported(&store, &named(&["trimmed", "acme", "acme"])?).await?;
    let names = |store: MemoryStore| async move {
        let listed = store.list().await?;
        TestResult::Ok(
            listed
                .into_iter()
                .map(|record| record.name.to_string())
                .collect::<Vec<_>>(),
        )
    };
    let restored = MemoryStore::new();
    backup::restore(&mut two.as_slice(), &restored, &Selection::All).await?;
    assert_eq!(names(restored).await?, ["acme", "trimmed"]);
    let restored = MemoryStore::new();
    let contents = backup::restore(&mut two.as_slice(), &restored, &named(&["trimmed"])?).await?;
    assert_eq!(contents.topologies.len(), 1);
    assert_eq!(names(restored).await?, ["trimmed"]);
    Ok(())
}

#[tokio::test]
async fn a_topology_that_is_not_there_is_named() -> TestResult {
    let store = MemoryStore::new();
    sample::fill(&store).await?;
    let error = exported(&store, &named(&["acme", "nobody"])?)
        .await
        .err()
        .ok_or("it was exported")?;
    assert_eq!(
        error.to_string(),
        "topology `nobody` does not exist, or was deleted meanwhile"
    );
    let bytes = exported(&store, &named(&["acme", "fork"])?).await?;
    let (target, large) = (MemoryStore::new(), named(&["large"])?);
    let mut input = bytes.as_slice();
    let restored = backup::restore(&mut input, &target, &large);
    assert_eq!(
        restored.await.err().ok_or("it was restored")?.to_string(),
        "the backup has no topology `large`, it has `acme`, `fork`"
    );
    Ok(())
}

#[tokio::test]
async fn checkpoints_are_made_of_what_is_restored() -> TestResult {
    let store = MemoryStore::new();
    let id = crate::support::grown(&store, "long", 300).await?.id;
    let bytes = exported(&store, &Selection::All).await?;
    let restored = MemoryStore::new();
    backup::restore(&mut bytes.as_slice(), &restored, &Selection::All).await?;
    assert_eq!(store.checkpoints(id).await?, []);
    let long = restored.find(&name("long")?).await?.ok_or("not there")?;
    let made = restored.checkpoints(long.id).await?;
    assert_eq!(made, [128, 300].map(Revision));
    Ok(())
}
