//! Policies and the real binary: how it starts, reads them again, what it logs, and the command that checks them.

use std::path::{Path, PathBuf};
use std::process::Output;

use causeway_client::Client;
use tokio::task::spawn_blocking;

use crate::harness::{Process, causeway, vpc};

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(file)
}

fn checked(policies: &Path, tests: Option<&Path>) -> (Option<i32>, String) {
    let mut command = causeway();
    command
        .args(["policy", "check", "--policies"])
        .arg(policies);
    if let Some(tests) = tests {
        command.arg("--tests").arg(tests);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let told = [stdout, stderr].concat();
    (status.code(), String::from_utf8(told).unwrap())
}

#[test]
fn the_examples_fit_the_schema_and_their_test_cases_pass() {
    let policies = deploy("policies");
    let (code, told) = checked(&policies, Some(&policies.join("tests.toml")));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains(" 0 of 10 test cases failed"), "{told}");
}

#[test]
fn a_check_tells_where_a_policy_is_wrong_and_which_test_case_fails() {
    let directory = tempfile::tempdir().unwrap();
    let (policies, tests) = (
        directory.path().join("a.cedar"),
        directory.path().join("t.toml"),
    );
    std::fs::write(&policies, "permit(principal, action, resource);\nforbid(principal, action == Action::\"CreateVcp\", resource);").unwrap();
    let (code, told) = checked(&policies, None);
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("a.cedar:2: ") && told.contains("CreateVcp"),
        "{told}"
    );
    std::fs::write(
        &policies,
        "permit(principal == Token::\"ci\", action, resource);",
    )
    .unwrap();
    let case = |principal: &str, allow| {
        format!(
            "[[test]]\nname = \"{principal} reads\"\nprincipal = \"{principal}\"\naction = \"ReadTopology\"\ntopology = \"t\"\nallow = {allow}\n"
        )
    };
    std::fs::write(&tests, case("token:ci", true) + &case("anonymous", true)).unwrap();
    let (code, told) = checked(&policies, Some(&tests));
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("failed: anonymous reads: ReadTopology on topology `t` is denied to anonymous, and should be allowed"),
        "{told}"
    );
    assert!(told.contains("1 of 2 test cases failed"), "{told}");
    // A case that says too little is no case.
    let short = case("token:ci", true).replace("ReadTopology", "CreateVpc");
    std::fs::write(&tests, short).unwrap();
    let (code, told) = checked(&policies, Some(&tests));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("say its account"), "{told}");
}

#[test]
fn the_schema_is_printed_as_it_is() {
    let printed = causeway().args(["policy", "schema"]).output().unwrap();
    assert_eq!(
        String::from_utf8(printed.stdout).unwrap(),
        causeway_access::SCHEMA
    );
}

#[test]
fn a_service_with_policies_that_are_wrong_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let policies = directory.path().join("a.cedar");
    std::fs::write(&policies, "permit(principal, action, resource").unwrap();
    let refused = causeway()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory.path().join("data"))
        .arg("--policies")
        .arg(&policies)
        .output()
        .unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains("a.cedar:1: "), "{told}");
}

fn hang_up(process: &Process) {
    let id = process.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &id])
        .status();
    assert!(sent.unwrap().success());
}

/// Asks until the answer is as wanted: what is read again on a signal is read a little later.
async fn until(client: &Client, allowed: bool) {
    while client.get_topology("t").await.is_ok() != allowed {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_read_again_on_a_signal_and_wrong_ones_leave_those_before() {
    let directory = tempfile::tempdir().unwrap();
    let policies = directory.path().join("a.cedar");
    let all = "permit(principal, action, resource);";
    std::fs::write(&policies, all).unwrap();
    let data = directory.path().join("data");
    let mut process = Process::serve(&data, &["--policies", policies.to_str().unwrap()]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    std::fs::write(&policies, "permit(principal, ").unwrap();
    hang_up(&process);
    let process = spawn_blocking(move || {
        process.until("the new policies are not used");
        process
    })
    .await
    .unwrap();
    client.get_topology("t").await.unwrap();
    std::fs::write(&policies, "// nobody").unwrap();
    hang_up(&process);
    until(&client, false).await;
    std::fs::write(&policies, all).unwrap();
    hang_up(&process);
    until(&client, true).await;
    let (code, log) = spawn_blocking(|| process.terminate()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_and_every_refusal_is_a_line_of_the_audit_log() {
    let directory = tempfile::tempdir().unwrap();
    let policies = directory.path().join("a.cedar");
    let text = "permit(principal, action, resource);
        forbid(principal, action == Action::\"DeleteTopology\", resource);
        forbid(principal, action == Action::\"DeleteVpc\", resource);";
    std::fs::write(&policies, text).unwrap();
    let data = directory.path().join("data");
    let process = Process::serve(&data, &["--policies", policies.to_str().unwrap()]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    let mut secret = vpc("vpc-1");
    secret.tags.push(causeway_proto::v1::Tag {
        key: "note".to_owned(),
        value: "not-for-the-log".to_owned(),
    });
    client.apply("t").put(secret).send().await.unwrap();
    client.apply("t").delete("vpc-1").send().await.unwrap_err();
    client.delete_topology("t").await.unwrap_err();
    client
        .apply("u")
        .put(vpc("vpc-1"))
        .send()
        .await
        .unwrap_err();
    client.get_topology("t").await.unwrap();
    let (_, log) = spawn_blocking(|| process.terminate()).await.unwrap();
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("causeway::audit"))
        .collect();
    let has = |parts: &[&str]| {
        let fitting = lines
            .iter()
            .filter(|line| parts.iter().all(|part| line.contains(part)));
        assert_eq!(fitting.count(), 1, "{parts:?} in {log}");
    };
    has(&[
        "method=\"CreateTopology\"",
        "topology=\"t\"",
        "outcome=\"done\"",
        "anonymous",
    ]);
    has(&[
        "method=\"ApplyChanges\"",
        "actions=\"CreateVpc\"",
        "revision=1",
        "outcome=\"done\"",
        "request_id=",
    ]);
    has(&[
        "method=\"ApplyChanges\"",
        "actions=\"DeleteVpc\"",
        "outcome=\"refused\"",
    ]);
    has(&["actions=\"DeleteTopology\"", "outcome=\"refused\""]);
    // Codes are called as the protocol calls them.
    has(&["topology=\"u\"", "outcome=\"NOT_FOUND\""]);
    assert_eq!(lines.len(), 5, "a read has no line: {log}");
    assert!(!log.contains("not-for-the-log"), "{log}");
}
