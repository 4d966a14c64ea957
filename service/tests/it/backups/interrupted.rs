//! Restores that are killed: there is a whole data directory afterwards, or none.

use std::future::pending;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use causeway_store::SledStore;
use tokio::time::timeout;

use super::{causeway, export, restore, run, serve};

/// How many restores of a file are killed, at moments that are spread over the time that one takes.
const KILLED: u32 = 12;

/// A restore that has begun.
fn begun(input: &str, directory: &Path, stdin: Stdio) -> Child {
    let mut command = causeway();
    command
        .args(["restore", "--input", input, "--data-dir"])
        .arg(directory)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// As an init container restores.
fn restore_if_absent(backup: &Path, directory: &Path) -> (Option<i32>, String, String) {
    run(causeway()
        .args(["restore", "--if-absent", "--input"])
        .arg(backup)
        .arg("--data-dir")
        .arg(directory))
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_leaves_all_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (process, client) = serve(&at("data")).await;
    for number in 0..40 {
        let vpc = crate::harness::vpc(&format!("vpc-{number}"));
        client.apply("u").put(vpc).send().await.unwrap();
    }
    let (code, ..) = export(&at("backup"), ["--endpoint", &process.endpoint]);
    assert_eq!(code, Some(0));
    let (new, staged) = (at("new"), at("new.restoring"));

    // Killed while it waits for the second half.
    let bytes = std::fs::read(at("backup")).unwrap();
    let mut child = begun("-", &new, Stdio::piped());
    let mut input = child.stdin.take().unwrap();
    input.write_all(&bytes[..bytes.len() / 2]).unwrap();
    while !staged.exists() {
        tokio::task::yield_now().await;
    }
    kill(child);
    drop(input);
    assert!(!new.exists() && staged.exists());
    let (code, _, error) = restore(&at("backup"), &new);
    assert_eq!(code, Some(1));
    assert!(
        error.contains(staged.to_str().unwrap()) && error.contains("delete it if none is"),
        "{error}"
    );
    // Who restores whenever it starts goes on, and does not restore twice.
    let (code, said, error) = restore_if_absent(&at("backup"), &new);
    assert_eq!(code, Some(0), "{said}{error}");
    assert!(said.contains("topology `u` at revision 40") && !staged.exists());
    let (code, said, error) = restore_if_absent(&at("nothing"), &new);
    assert_eq!(code, Some(0), "{said}{error}");
    assert!(said.contains("is there already: nothing restored"));
    std::fs::remove_dir_all(&new).unwrap();

    let whole = Instant::now();
    let (code, said, error) = restore(&at("backup"), &new);
    assert_eq!(code, Some(0), "{said}{error}");
    kill_at_any_moment(&at("backup"), directory.path(), whole.elapsed()).await;
    assert_eq!(SledStore::check(&new).unwrap().faults, []);
}

/// Kills restores, and verifies what is there afterwards.
async fn kill_at_any_moment(backup: &Path, directory: &Path, whole: Duration) {
    for number in 0..KILLED {
        let (new, again) = (
            directory.join(format!("killed-{number}")),
            directory.join(format!("again-{number}")),
        );
        let child = begun(backup.to_str().unwrap(), &new, Stdio::null());
        let _ = timeout(whole * number / KILLED, pending::<()>()).await;
        kill(child);
        if new.exists() {
            assert_eq!(SledStore::check(&new).unwrap().faults, [], "{number}");
            let (code, said, error) = run(causeway()
                .args(["export", "--data-dir"])
                .arg(&new)
                .arg("--output")
                .arg(&again));
            assert_eq!(code, Some(0), "{said}{error}");
            assert!(
                std::fs::read(&again).unwrap() == std::fs::read(backup).unwrap(),
                "{number}"
            );
        }
    }
}
