//! What only the store on disk can be asked: closing and opening, being killed, and who holds it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use causeway_model::revision::Revision;
use causeway_store::{Append, Base, NewTopology, SledStore, Store, StoreError, TopologyId};
use tokio::task::JoinSet;

use crate::support::{TestResult, append, grown, name, new, puts, request, snapshot};

#[tokio::test]
async fn everything_is_there_after_closing_and_opening() -> TestResult {
    let directory = tempfile::tempdir()?;
    let store = SledStore::open(directory.path())?;
    let id = grown(&store, "acme", 4).await?.id;
    store
        .append(Append {
            request: Some(request("r")),
            ..append(id, 4)?
        })
        .await?;
    store
        .put_checkpoint(id, Revision(3), snapshot(0..3)?)
        .await?;
    let gone = grown(&store, "gone", 2).await?.id;
    store.delete(gone, None).await?;
    let (list, history) = (
        store.list().await?,
        store.history(id, Revision(9), 9).await?,
    );
    let (read, asked) = (
        store.read(id, Revision::ZERO, Revision(5)).await?,
        store.request(id, &request("r").key).await?,
    );
    drop(store);
    let store = SledStore::open(directory.path())?;
    assert_eq!(store.list().await?, list);
    assert_eq!(store.history(id, Revision(9), 9).await?, history);
    assert_eq!(store.read(id, Revision::ZERO, Revision(5)).await?, read);
    assert_eq!(store.request(id, &request("r").key).await?, asked);
    assert!(asked.is_some());
    assert_eq!(
        store.checkpoint(id, Revision(5)).await?,
        Some((Revision(3), snapshot(0..3)?))
    );
    assert!(
        store.create(new("gone")?).await?.id > gone,
        "a number was given twice"
    );
    assert_eq!(store.append(append(id, 5)?).await?.revision, Revision(6));
    Ok(())
}

/// Files grow in steps of this many bytes.
const STEP: u64 = 512 * 1024;

#[tokio::test]
async fn a_fork_of_a_large_topology_writes_as_little_as_one_of_a_small_one() -> TestResult {
    let directory = tempfile::tempdir()?;
    let store = SledStore::open(directory.path())?;
    for (text, count) in [("small", 1), ("large", 40_000)] {
        let of = store.create(new(text)?).await?.id;
        let before = bytes(directory.path())?;
        let changes = puts(0..count)?;
        store
            .append(Append {
                changes,
                ..append(of, 0)?
            })
            .await?;
        let held = bytes(directory.path())?.saturating_sub(before);
        assert!(count == 1 || held > 4 * STEP, "{held} bytes are not much");
        let before = bytes(directory.path())?;
        let at = Revision(1);
        let base = Base::Fork { of, at };
        let fork = format!("fork-of-{text}");
        let fork = NewTopology {
            base,
            ..new(&fork)?
        };
        assert_eq!(store.create(fork).await?.leans_on, Some((of, at)));
        let written = bytes(directory.path())?.saturating_sub(before);
        assert!(written <= STEP, "{written} bytes for a fork of {held}");
    }
    Ok(())
}

/// Bytes of the files in a directory.
fn bytes(directory: &Path) -> TestResult<u64> {
    let mut bytes = 0;
    for file in std::fs::read_dir(directory)? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes)
}

#[tokio::test]
async fn a_number_is_not_given_again_after_the_last_topology_was_deleted() -> TestResult {
    let directory = tempfile::tempdir()?;
    let store = SledStore::open(directory.path())?;
    let id = store.create(new("acme")?).await?.id;
    store.delete(id, None).await?;
    drop(store);
    assert!(
        SledStore::open(directory.path())?
            .create(new("acme")?)
            .await?
            .id
            > id
    );
    Ok(())
}

#[tokio::test]
async fn dropping_the_store_finishes_what_was_asked() -> TestResult {
    let directory = tempfile::tempdir()?;
    let store = Arc::new(SledStore::open(directory.path())?);
    let mut writes = JoinSet::new();
    for number in 0..40 {
        let (store, new) = (Arc::clone(&store), new(&format!("n{number}"))?);
        writes.spawn(async move { store.create(new).await });
    }
    drop(store);
    while let Some(created) = writes.join_next().await {
        created??;
    }
    assert_eq!(SledStore::open(directory.path())?.list().await?.len(), 40);
    Ok(())
}

#[tokio::test]
async fn a_snapshot_that_was_left_unfinished_does_not_stop_opening() -> TestResult {
    let directory = tempfile::tempdir()?;
    let store = SledStore::open(directory.path())?;
    grown(&store, "acme", 3).await?;
    drop(store);
    let leftover = directory.path().join("snap.00000000000004D2.generating");
    std::fs::write(&leftover, b"half of a snapshot")?;
    let store = SledStore::open(directory.path())?;
    assert_eq!(
        store.find(&name("acme")?).await?.map(|record| record.head),
        Some(Revision(3))
    );
    assert!(!leftover.exists());
    Ok(())
}

#[test]
fn a_second_opening_says_who_holds_the_directory() -> TestResult {
    let directory = tempfile::tempdir()?;
    let first = SledStore::open(directory.path())?;
    let error = SledStore::open(directory.path()).expect_err("the directory is held");
    let expected = format!(
        "data directory `{}` is held by process {}; stop that process or choose another directory",
        directory.path().display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);
    drop(first);
    SledStore::open(directory.path())?;
    Ok(())
}

#[test]
fn a_path_that_is_a_file_is_told() -> TestResult {
    let file = tempfile::NamedTempFile::new()?;
    let error = SledStore::open(file.path()).expect_err("it is no directory");
    assert!(
        matches!(&error, StoreError::Io { action, .. } if action.contains(&file.path().display().to_string())),
        "{error:?}"
    );
    Ok(())
}

/// sled would put what is larger than a quarter of its segments into files that it never syncs.
#[tokio::test]
async fn nothing_is_kept_in_files_that_are_never_synced() -> TestResult {
    let directory = tempfile::tempdir()?;
    let store = SledStore::open(directory.path())?;
    let id = store.create(new("acme")?).await?.id;
    for (head, count) in (0..).zip([40_000, 900, 1, 9_000, 500, 20_000]) {
        store
            .append(Append {
                changes: puts(0..count)?,
                ..append(id, head)?
            })
            .await?;
        store
            .put_checkpoint(id, Revision(head + 1), snapshot(0..count)?)
            .await?;
        assert_eq!(
            std::fs::read_dir(directory.path().join("blobs"))?.count(),
            0,
            "after revision {}",
            head + 1
        );
    }
    Ok(())
}

/// What a copy holds that is taken while the store is open is what a loss of power would leave, at the least.
#[tokio::test]
async fn what_is_acknowledged_is_in_a_copy_of_the_directory() -> TestResult {
    let (directory, copy) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let store = Arc::new(SledStore::open(directory.path())?);
    let mut writers = JoinSet::new();
    for number in 0..8 {
        let (store, text) = (Arc::clone(&store), format!("n{number}"));
        writers.spawn(async move {
            grown(store.as_ref(), &text, 20)
                .await
                .map(|record| record.head)
        });
    }
    while let Some(grown) = writers.join_next().await {
        assert_eq!(grown??, Revision(20));
    }
    for file in ["db", "conf"] {
        std::fs::copy(directory.path().join(file), copy.path().join(file))?;
    }
    let copied = SledStore::open(copy.path())?;
    assert_eq!(copied.list().await?, store.list().await?);
    for topology in copied.list().await? {
        assert_eq!(
            copied
                .read(topology.id, Revision::ZERO, Revision(20))
                .await?
                .len(),
            20
        );
    }
    Ok(())
}

const CHILD_DIRECTORY: &str = "CAUSEWAY_STORE_TEST_DIRECTORY";

/// The test runs itself in a process of its own, which writes and tells what is acknowledged, until it is killed.
#[test]
fn what_is_acknowledged_survives_a_kill() -> TestResult {
    let runtime = tokio::runtime::Runtime::new()?;
    if let Some(directory) = std::env::var_os(CHILD_DIRECTORY) {
        return runtime.block_on(write_until_killed(Path::new(&directory)));
    }
    let directory = tempfile::tempdir()?;
    let mut id = None;
    for lines in [1, 40, 90] {
        let mut child = spawn_writer(directory.path())?;
        let acknowledged = kill_after(&mut child, lines)?;
        let store = SledStore::open(directory.path())?;
        let record = runtime
            .block_on(store.find(&name("acme")?))?
            .ok_or("the topology is lost")?;
        assert!(
            record.head.0 >= acknowledged,
            "{acknowledged} was acknowledged, the head is {}",
            record.head
        );
        assert_eq!(*id.get_or_insert(record.id), record.id);
        runtime.block_on(check_all(&store, record.id, record.head))?;
    }
    Ok(())
}

/// Every revision is there with its changes and its request.
async fn check_all(store: &SledStore, id: TopologyId, head: Revision) -> TestResult {
    for (number, set) in (0..).zip(store.read(id, Revision::ZERO, head).await?) {
        assert_eq!(set, puts(number..number + 300)?);
        let found = store
            .request(id, &request(&format!("r{number}")).key)
            .await?;
        assert_eq!(
            found.map(|found| found.revision),
            Some(Revision(u64::from(number) + 1))
        );
    }
    assert_eq!(
        store.request(id, &request(&format!("r{head}")).key).await?,
        None
    );
    Ok(())
}

fn spawn_writer(directory: &Path) -> TestResult<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args([
            "disk::what_is_acknowledged_survives_a_kill",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD_DIRECTORY, directory);
    Ok(command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?)
}

/// Waits for so many acknowledgements, kills the process, and gives the last revision that it acknowledged.
fn kill_after(child: &mut Child, lines: usize) -> TestResult<u64> {
    let output = child.stdout.take().ok_or("the child has no output")?;
    let (mut seen, mut last) = (0, 0);
    for line in BufReader::new(output).lines() {
        let Some(revision) = line?
            .strip_prefix("acknowledged ")
            .and_then(|text| text.parse().ok())
        else {
            continue;
        };
        (seen, last) = (seen + 1, revision);
        if seen == lines {
            child.kill()?;
        }
    }
    child.wait()?;
    assert!(
        seen >= lines,
        "the writer ended after {seen} acknowledgements"
    );
    Ok(last)
}

async fn write_until_killed(directory: &Path) -> TestResult {
    let store = SledStore::open(directory)?;
    let record = match store.find(&name("acme")?).await? {
        Some(record) => record,
        None => store.create(new("acme")?).await?,
    };
    let mut output = std::io::stdout();
    for head in record.head.0.. {
        let number = u32::try_from(head)?;
        let next = Append {
            changes: puts(number..number + 300)?,
            request: Some(request(&format!("r{head}"))),
            ..append(record.id, head)?
        };
        let revision = store.append(next).await?.revision;
        // After a line that the test harness began.
        writeln!(output, "\nacknowledged {revision}")?;
        output.flush()?;
    }
    Ok(())
}
