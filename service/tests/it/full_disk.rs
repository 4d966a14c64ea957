//! Disks that are full or broken: writes are refused with a clear error, reads go on, and a start with a good disk finds everything.

use std::path::Path;
use std::process::Command;

use causeway_client::{Client, ClientError};
use causeway_proto::v1;
use causeway_store::SledStore;

use crate::harness::{Process, causeway, vpc};
use crate::shims;

/// Errors of Linux, by number.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// A service whose disk can be made to fail.
struct Failing {
    directory: tempfile::TempDir,
    process: Process,
    client: Client,
}

impl Failing {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let shim = directory.path().join("shim.so");
        shims::build("disk.rs", &shim);
        let (data, faults) = (
            directory.path().join("data"),
            directory.path().join("faults"),
        );
        let mut command = causeway();
        command
            .env("LD_PRELOAD", shim)
            .env("SHIM_ROOT", &data)
            .env("SHIM_FAULTS", faults);
        let process = Process::start(command, &data, &[]);
        let client = Client::connect(process.endpoint.clone()).await.unwrap();
        client.create_topology("t", "").await.unwrap();
        Self {
            directory,
            process,
            client,
        }
    }

    /// From now on these operations fail with this error; none for a disk that works again.
    fn fail(&self, fault: Option<(&str, i32)>) {
        let text = fault.map(|(operation, error)| format!("{operation} {error}"));
        let path = self.directory.path().join("faults");
        std::fs::write(path, text.unwrap_or_default()).unwrap();
    }
}

async fn write(client: &Client, number: u64) -> Result<u64, ClientError> {
    let apply = client.apply("t").put(vpc(&format!("vpc-{number}")));
    let apply = apply.request_id(format!("w{number}"));
    Ok(apply.send().await?.revision)
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, ClientError>) {
    let error = outcome.unwrap_err();
    let (reason, text) = (error.reason(), error.to_string());
    assert_eq!(reason, Some(v1::ErrorReason::StoreFailed), "{text}");
    assert!(text.contains("takes no more writes"), "{text}");
}

/// The newest state is read. Of older ones, which are read from the store, none is wrong: sled may refuse a few that lie beside what it
/// could not write.
async fn assert_served_after_failure(client: &Client, head: u64) {
    assert_eq!(client.get_topology("t").await.unwrap().revision, head);
    let newest = client.get_resource("t", &format!("vpc-{head}"), None).await;
    newest.unwrap();
    for revision in 1..=head {
        let filter = v1::ResourceFilter::default();
        match client.list_resources("t", Some(revision), filter).await {
            Ok(held) => assert_eq!(u64::try_from(held.resources.len()).unwrap(), revision),
            Err(error) => {
                assert!(revision < head, "{error}");
                assert_eq!(
                    error.reason(),
                    Some(v1::ErrorReason::StoreFailed),
                    "{error}"
                );
            }
        }
    }
}

/// Everything up to a head is read: what is in memory, and what is in the store alone.
async fn assert_served(client: &Client, head: u64) {
    assert_eq!(client.get_topology("t").await.unwrap().revision, head);
    for revision in [1, head / 2, head] {
        let held = client
            .list_resources("t", Some(revision), v1::ResourceFilter::default())
            .await
            .unwrap();
        assert_eq!(u64::try_from(held.resources.len()).unwrap(), revision);
    }
    let revisions = client.list_revisions("t").await.unwrap();
    assert_eq!(u64::try_from(revisions.len()).unwrap(), head);
}

/// A start with a good disk finds what was acknowledged, at most one write more, and takes writes again.
async fn assert_recovered(data: &Path, acknowledged: u64) {
    let process = Process::serve(data, &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    let head = client.get_topology("t").await.unwrap().revision;
    assert!((acknowledged..=acknowledged + 1).contains(&head), "{head}");
    assert_eq!(
        write(&client, acknowledged + 1).await.unwrap(),
        acknowledged + 1,
        "the write that was refused, again"
    );
    assert_served(&client, acknowledged + 1).await;
    process.terminate();
    assert_eq!(SledStore::check(data).unwrap().faults, []);
}

/// Writes, lets the disk fail, and looks at what goes on.
async fn check(fault: (&str, i32)) {
    let failing = Failing::start().await;
    let client = &failing.client;
    for number in 1..=20 {
        assert_eq!(write(client, number).await.unwrap(), number);
    }
    failing.fail(Some(fault));
    assert_refused(write(client, 21).await);
    assert_served_after_failure(client, 20).await;
    assert_refused(write(client, 21).await);
    assert_refused(client.create_topology("other", "").await);
    // What is on the disk now is not known: only opening finds out.
    failing.fail(None);
    assert_refused(write(client, 21).await);
    assert_served_after_failure(client, 20).await;
    let data = failing.directory.path().join("data");
    failing.process.kill();
    assert_recovered(&data, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_and_serves_reads() {
    check(("write", ENOSPC)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_cannot_write_refuses_writes_and_serves_reads() {
    check(("write", EIO)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_cannot_sync_refuses_writes_and_serves_reads() {
    check(("sync", EIO)).await;
}

/// The system itself refuses here: files may not grow beyond 2,048 blocks of the shell's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_grow_refuses_writes_and_serves_reads() {
    let directory = tempfile::tempdir().unwrap();
    let mut limited = Command::new("sh");
    let served = causeway();
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(served.get_program());
    for (name, _) in served.get_envs() {
        limited.env_remove(name);
    }
    let process = Process::start(limited, directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    let mut acknowledged = 0;
    let refused = loop {
        let mut large = vpc(&format!("vpc-{}", acknowledged + 1));
        large.tags = (10..50).map(|number| tag(number, acknowledged)).collect();
        let apply = client
            .apply("t")
            .put(large)
            .request_id(format!("w{}", acknowledged + 1));
        match apply.send().await {
            Ok(answer) => acknowledged = answer.revision,
            Err(error) => break error,
        }
        assert!(acknowledged < 2000, "the limit does nothing");
    };
    assert_refused::<()>(Err(refused));
    assert!(acknowledged > 2, "{acknowledged}");
    assert_served_after_failure(&client, acknowledged).await;
    process.kill();
    let process = Process::serve(directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    let head = client.get_topology("t").await.unwrap().revision;
    assert!((acknowledged..=acknowledged + 1).contains(&head), "{head}");
    assert_served(&client, head).await;
    write(&client, head + 1).await.unwrap();
    process.terminate();
    assert_eq!(SledStore::check(directory.path()).unwrap().faults, []);
}

/// A tag of some length that differs from write to write.
fn tag(number: u32, write: u64) -> v1::Tag {
    v1::Tag {
        key: format!("x{number}"),
        value: format!("{write:>200}"),
    }
}
