//! The examples of the client for Rust against the example estate, served by the real binary: what they say is true.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use causeway_client::Client;
use tokio::task::spawn_blocking;

use crate::acme;
use crate::harness::Process;

/// A private instance without a way out, and one whose subnet has a gateway endpoint to S3.
const NO_WAY_OUT: &str = "i-1d4ffe2e90bf91c8c";
const WITH_ENDPOINT: &str = "i-304d8062995d101f9";
const ENDPOINT: &str = "vpce-46a9362b717fa40b9";
const S3: &str = "s3.eu-west-1.amazonaws.com";

/// The example estate, served.
struct Estate {
    process: Process,
    directory: tempfile::TempDir,
}

impl Estate {
    async fn serve() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let process = Process::serve(&directory.path().join("data"), &[]);
        let client = Client::connect(process.endpoint.clone()).await.unwrap();
        client.create_topology("t", "").await.unwrap();
        acme::import(&client).await;
        Self { process, directory }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs an example with arguments after endpoint and topology.
    async fn run(&self, example: &str, arguments: &[&str]) -> Ran {
        let mut command = Command::new(binary(example));
        command
            .args([self.process.endpoint.as_str(), "t"])
            .args(arguments);
        let output = spawn_blocking(move || command.output().unwrap()).await;
        Ran::from(output.unwrap())
    }
}

/// What became of a program.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// Cargo builds the examples of the whole workspace before it runs a test, beside the binary.
fn binary(example: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_causeway")).parent().unwrap();
    let path = beside.join("examples").join(example);
    assert!(
        path.exists(),
        "there is no {}; run the tests of the workspace, or `cargo build -p causeway-client --examples` before this one",
        path.display()
    );
    path
}

#[tokio::test]
async fn the_portal_tells_a_team_why_its_job_does_not_reach_s3() {
    let estate = Estate::serve().await;
    let stuck = estate.run("portal", &[NO_WAY_OUT, S3, "443"]).await;
    assert_eq!(stuck.code, Some(2), "{}", stuck.err);
    let headline = format!("{NO_WAY_OUT} does not reach {S3}, as of revision 1\n");
    assert!(stuck.out.starts_with(&headline), "{}", stuck.out);
    assert!(
        stuck.out.contains("- NO_ROUTE_TO_DESTINATION at ")
            && stuck.out.contains("rtb-c464e704e7ce06a5c"),
        "{}",
        stuck.out
    );
    let open = estate.run("portal", &[WITH_ENDPOINT, S3, "443"]).await;
    assert_eq!(open.code, Some(0), "{}", open.err);
    assert!(open.out.contains(ENDPOINT), "{}", open.out);
    let unknown = estate.run("portal", &["i-0", S3, "443"]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.err.contains("i-0 is not in t (yet)"),
        "{}",
        unknown.err
    );
}

#[tokio::test]
async fn the_gate_is_shut_for_a_change_that_breaks_a_wanted_flow() {
    let estate = Estate::serve().await;
    let wanted = format!(
        "{{\"from\": \"{WITH_ENDPOINT}\", \"to\": \"{S3}\", \"port\": 443}}\n\
         {{\"from\": \"{NO_WAY_OUT}\", \"to\": \"{S3}\", \"port\": 443}}\n"
    );
    let wanted = estate.file("wanted.jsonl", &wanted);
    let delete = |id: &str| format!("{{\"changes\": [{{\"deleteResourceId\": \"{id}\"}}]}}");
    let breaking = estate.file("breaking.json", &delete(ENDPOINT));
    let shut = estate.run("gate", &[&breaking, &wanted]).await;
    assert_eq!(shut.code, Some(2), "{}{}", shut.out, shut.err);
    // The other flow does not get there today either.
    assert!(
        shut.out
            .starts_with(&format!("broken: {{\"from\": \"{WITH_ENDPOINT}\""))
    );
    assert!(
        shut.out
            .ends_with("1 of 2 flows would break, at revision 1\n"),
        "{}",
        shut.out
    );
    let harmless = estate.file("harmless.json", "{\"changes\": []}");
    let open = estate.run("gate", &[&harmless, &wanted]).await;
    assert_eq!(open.code, Some(0), "{}{}", open.out, open.err);
    let wrong = estate.file("wrong.json", &delete("i-0"));
    let refused = estate.run("gate", &[&wrong, &wanted]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("changes[0]"), "{}", refused.err);
    // Nothing was stored.
    let client = Client::connect(estate.process.endpoint.clone())
        .await
        .unwrap();
    assert_eq!(client.get_topology("t").await.unwrap().revision, 1);
}

#[tokio::test]
async fn the_job_answers_line_by_line_what_the_estate_is_known_to_answer() {
    let estate = Estate::serve().await;
    let questions = acme::questions();
    // More than one call has.
    let rounds = 10_000 / questions.len() + 2;
    let lines = questions.iter().map(|question| format!("{question}\n"));
    let lines: String = lines.collect();
    let flows = estate.file("flows.jsonl", &lines.repeat(rounds));
    let done = estate.run("job", &[&flows]).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    let mut count = 0;
    for (line, question) in done.out.lines().zip(questions.iter().cycle()) {
        let answer: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["verdict"], question["verdict"], "{question}");
        assert_eq!(answer["revision"], 1);
        count += 1;
    }
    assert_eq!(count, rounds * questions.len());
    let broken = format!("{lines}{{\"from\": \"i-0\"}}\n{lines}");
    let broken = estate.file("broken.jsonl", &broken);
    let ended = estate.run("job", &[&broken]).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.out.lines().count(), questions.len());
    let place = format!("line {}: `from` and `to` are needed", questions.len() + 1);
    assert!(ended.err.contains(&place), "{}", ended.err);
}
