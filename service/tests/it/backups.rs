//! Backups as people make them: with the real binary, from a service that is written to and from a directory that nobody serves.

mod interrupted;

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use causeway_client::{Client, Code, Refusal, consistency, flow};
use causeway_proto::v1;
use tokio::task::{JoinSet, spawn_blocking};
use tonic::Streaming;
use tonic::transport::Channel;
use v1::backup_service_client::BackupServiceClient;

use crate::harness::{Process, Served, causeway, vpc};

const ESTATE: &str = "
vpc main 10.0.0.0/16
subnet a main 10.0.1.0/24
routes main main main:
sg open main: in all from 0.0.0.0/0; out all to 0.0.0.0/0
sg shut main: out all to 0.0.0.0/0
eni web a 10.0.1.10 sg=open
eni db a 10.0.1.20 sg=shut
";

/// Runs a command to its end: its exit code, and what it said.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn export(output: &Path, from: [&str; 2]) -> (Option<i32>, String, String) {
    run(causeway()
        .args(["export", from[0], from[1], "--output"])
        .arg(output))
}

fn restore(input: &Path, directory: &Path) -> (Option<i32>, String, String) {
    run(causeway()
        .args(["restore", "--input"])
        .arg(input)
        .arg("--data-dir")
        .arg(directory))
}

fn verify(input: &Path) -> (Option<i32>, String, String) {
    run(causeway()
        .args(["restore", "--verify", "--input"])
        .arg(input))
}

/// Topologies `t` with an estate and `u`, served from a directory.
async fn serve(directory: &Path) -> (Process, Client) {
    let process = Process::serve(directory, &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "the estate").await.unwrap();
    client.create_topology("u", "").await.unwrap();
    let scenario = crate::notation::read(ESTATE).unwrap();
    let resources = scenario
        .resources
        .iter()
        .map(causeway_grpc::render_resource);
    let apply = resources.fold(client.apply("t"), |apply, resource| apply.put(resource));
    apply
        .message("the estate")
        .request_id("estate")
        .send()
        .await
        .unwrap();
    (process, client)
}

/// Writes until it is told to end.
fn write(writers: &mut JoinSet<()>, client: &Client, writer: u32, ended: &Arc<AtomicBool>) {
    let (client, ended) = (client.clone(), Arc::clone(ended));
    writers.spawn(async move {
        let mut number = 0_u32;
        while !ended.load(Ordering::Relaxed) {
            let resource = vpc(&format!("vpc-{writer}-{}", number % 50));
            let apply = client.apply("t").put(resource);
            let text = format!("{writer} {number}");
            apply
                .message(&text)
                .request_id(text.clone())
                .send()
                .await
                .unwrap();
            number += 1;
        }
    });
}

/// What a service tells of `t` at a revision, and of how it came to be.
async fn told(
    client: &Client,
    at: u64,
) -> (Vec<v1::Revision>, Vec<v1::Resource>, Vec<v1::PathAnswer>) {
    let mut revisions = client.list_revisions("t").await.unwrap();
    revisions.retain(|revision| revision.revision <= at);
    let everything = v1::ResourceFilter::default();
    let listed = client
        .list_resources("t", Some(at), everything)
        .await
        .unwrap();
    let mut answers = Vec::new();
    for (from, to) in [
        ("eni-web", "10.0.1.20"),
        ("eni-db", "10.0.1.10"),
        ("internet", "10.0.1.10"),
    ] {
        let exactly = consistency::exactly(at);
        answers.push(
            client
                .resolve("t", flow::tcp(from, to, 443), exactly)
                .await
                .unwrap(),
        );
    }
    (revisions, listed.resources, answers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_exported_while_writers_write_answers_alike_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (process, client) = serve(&at("first")).await;
    let (mut writers, ended) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
    for writer in 0..3 {
        write(&mut writers, &client, writer, &ended);
    }
    // The first revision is the estate's.
    let before = loop {
        let revision = client.get_topology("t").await.unwrap().revision;
        if revision > 1 {
            break revision;
        }
    };
    let (endpoint, file) = (process.endpoint.clone(), at("backup"));
    let (code, said, error) = spawn_blocking(move || export(&file, ["--endpoint", &endpoint]))
        .await
        .unwrap();
    assert_eq!(code, Some(0), "{said}{error}");
    assert!(said.contains("2 topologies exported"), "{said}");
    ended.store(true, Ordering::Relaxed);
    writers.join_all().await;
    let (code, said, error) = restore(&at("backup"), &at("second"));
    assert_eq!(code, Some(0), "{said}{error}");
    let other = Process::serve(&at("second"), &[]);
    let second = Client::connect(other.endpoint.clone()).await.unwrap();
    let head = second.get_topology("t").await.unwrap();
    assert!(
        head.revision >= before,
        "{} was acknowledged before {}",
        before,
        head.revision
    );
    assert_eq!(head.description, "the estate");
    for revision in [1, before, head.revision] {
        assert_eq!(
            told(&second, revision).await,
            told(&client, revision).await,
            "at {revision}"
        );
    }
    // A request that comes again did all that before.
    let first = second.list_revisions("t").await.unwrap();
    let text = first.first().unwrap().message.clone();
    let (writer, number) = text.split_once(' ').unwrap();
    let number: u32 = number.parse().unwrap();
    let apply = second
        .apply("t")
        .put(vpc(&format!("vpc-{writer}-{}", number % 50)));
    let again = apply
        .message(&text)
        .request_id(text.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(again.revision, head.revision);
    assert_eq!(
        second.get_topology("t").await.unwrap().revision,
        head.revision
    );
}

#[tokio::test]
async fn a_directory_is_exported_once_nobody_serves_it() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (data, file) = (at("data"), at("backup"));
    let (process, client) = serve(&data).await;
    let from = ["--data-dir", data.to_str().unwrap()];
    let (code, _, error) = export(&file, from);
    assert_eq!(code, Some(1));
    assert!(
        error.contains(&format!("process {}", process.id())),
        "{error}"
    );
    assert!(!file.exists());
    let online = at("online");
    let (code, ..) = export(&online, ["--endpoint", &process.endpoint]);
    assert_eq!(code, Some(0));
    drop(client);
    process.kill();
    let (code, said, error) = export(&file, from);
    assert_eq!(code, Some(0), "{said}{error}");
    assert_eq!(
        std::fs::read(&file).unwrap(),
        std::fs::read(&online).unwrap()
    );
    let (code, said, _) = verify(&file);
    assert_eq!(code, Some(0));
    assert_eq!(
        said,
        format!(
            "topology `t` at revision 1: revisions from 0 on, 7 resources, 0 labels, 2 requests\n\
             topology `u` at revision 0: revisions from 0 on, 0 resources, 0 labels, 1 requests\n\
             `{}`: 2 topologies and 0 deletions verified\n",
            file.display()
        )
    );
    let (code, _, error) = export(&at("none"), ["--data-dir", at("nothing").to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(error.contains("cannot find a store in"), "{error}");
    assert!(!at("none").exists() && !at("none.partial").exists());
}

#[tokio::test]
async fn a_damaged_backup_is_named_with_its_place_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (process, _client) = serve(&at("data")).await;
    let (code, ..) = export(&at("whole"), ["--endpoint", &process.endpoint]);
    assert_eq!(code, Some(0));
    let whole = std::fs::read(at("whole")).unwrap();
    let mut bytes = whole.clone();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    std::fs::write(at("damaged"), &bytes).unwrap();
    std::fs::write(at("short"), &whole[..whole.len() - 1]).unwrap();
    for (name, fault) in [
        ("damaged", "it is damaged or out of its place"),
        ("short", "it is cut off"),
    ] {
        for (code, _, error) in [verify(&at(name)), restore(&at(name), &at("new"))] {
            assert_eq!(code, Some(1));
            assert!(error.contains(fault) && error.contains("frame "), "{error}");
        }
        assert!(!at("new").exists() && !at("new.restoring").exists());
    }
}

#[tokio::test]
async fn only_a_new_or_empty_directory_is_restored_into() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (process, client) = serve(&at("data")).await;
    let (code, ..) = export(&at("backup"), ["--endpoint", &process.endpoint]);
    assert_eq!(code, Some(0));
    drop(client);
    process.kill();
    let (code, _, error) = restore(&at("backup"), &at("data"));
    assert_eq!(code, Some(1));
    assert!(error.contains("there is a store in it already"), "{error}");
    std::fs::create_dir_all(at("other")).unwrap();
    std::fs::write(at("other").join("file"), "").unwrap();
    let (code, _, error) = restore(&at("backup"), &at("other"));
    assert_eq!(code, Some(1));
    assert!(error.contains("it is not empty"), "{error}");
    std::fs::create_dir_all(at("left.restoring")).unwrap();
    let (code, _, error) = restore(&at("backup"), &at("left"));
    assert_eq!(code, Some(1));
    assert!(error.contains("another restore is under way"), "{error}");
    assert!(at("left.restoring").exists());
    std::fs::create_dir_all(at("empty")).unwrap();
    let (code, said, error) = restore(&at("backup"), &at("empty"));
    assert_eq!(code, Some(0), "{error}");
    assert!(
        said.ends_with(&format!("restored into `{}`\n", at("empty").display())),
        "{said}"
    );
    let (code, said, _) = run(causeway()
        .args(["store", "check", "--data-dir"])
        .arg(at("empty")));
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn single_topologies_are_exported_and_restored() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (process, _client) = serve(&at("data")).await;
    let (code, _, error) = run(causeway()
        .args([
            "export",
            "--endpoint",
            &process.endpoint,
            "--topology",
            "nobody",
            "--output",
        ])
        .arg(at("backup")));
    assert_eq!(code, Some(1));
    assert!(error.contains("there is no topology `nobody`"), "{error}");
    assert!(!at("backup").exists() && !at("backup.partial").exists());
    let (code, ..) = export(&at("backup"), ["--endpoint", &process.endpoint]);
    assert_eq!(code, Some(0));
    let only = |name: &str| {
        run(causeway()
            .args(["restore", "-o", "json", "--topology", name, "--input"])
            .arg(at("backup"))
            .arg("--data-dir")
            .arg(at("new")))
    };
    let (code, _, error) = only("nobody");
    assert_eq!(code, Some(1));
    assert!(
        error.contains("the backup has no topology `nobody`, it has `t`, `u`"),
        "{error}"
    );
    assert!(!at("new").exists());
    let (code, said, error) = only("u");
    assert_eq!(code, Some(0), "{error}");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let expected = serde_json::json!([{
        "name": "u", "oldestRevision": 0, "revision": 0, "resources": 0, "labels": 0, "requests": 1
    }]);
    assert_eq!(said["topologies"], expected);
}

#[tokio::test]
async fn a_backup_goes_through_pipes() {
    let directory = tempfile::tempdir().unwrap();
    let (process, _client) = serve(&directory.path().join("data")).await;
    let exported = causeway()
        .args(["export", "--output", "-", "--endpoint", &process.endpoint])
        .output()
        .unwrap();
    assert_eq!(exported.status.code(), Some(0));
    let file = directory.path().join("backup");
    std::fs::write(&file, &exported.stdout).unwrap();
    let input = std::fs::File::open(&file).unwrap();
    let (code, said, error) = run(causeway()
        .args(["restore", "--verify", "--input", "-"])
        .stdin(input));
    assert_eq!(code, Some(0), "{said}{error}");
}

#[tokio::test]
async fn names_that_are_none_are_told_each() {
    let served = Served::start().await;
    let names = vec!["t".to_owned(), "T".to_owned(), "-".to_owned()];
    let error = served.client.export(names).await.unwrap_err();
    let fields = error.violations().iter().map(|fault| fault.field.as_str());
    assert_eq!(
        fields.collect::<Vec<_>>(),
        ["topologies[1]", "topologies[2]"]
    );
    let error = served
        .client
        .export(vec!["u".to_owned()])
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Some(v1::ErrorReason::TopologyNotFound));
}

/// Fills `t` with more than windows, buffers and queues hold.
pub(crate) async fn fill(served: &Served) {
    let tag = |number: u32| v1::Tag {
        key: format!("x{number}"),
        value: "x".repeat(200),
    };
    let resources = (0..1_000).map(|number| v1::Resource {
        tags: (0..30).map(tag).collect(),
        ..vpc(&format!("vpc-{number}"))
    });
    let apply = resources.fold(served.client.apply("t"), |apply, resource| {
        apply.put(resource)
    });
    apply.send().await.unwrap();
}

/// An export that is begun and not read.
async fn begun(served: &Served) -> Streaming<v1::ExportTopologiesResponse> {
    let channel = Channel::from_shared(served.endpoint.clone()).unwrap();
    let channel = channel.initial_stream_window_size(65_535);
    let mut client = BackupServiceClient::new(channel.connect().await.unwrap());
    let everything = v1::ExportTopologiesRequest::default();
    client
        .export_topologies(everything)
        .await
        .unwrap()
        .into_inner()
}

/// How a stream ends, after what of it had come by then.
async fn end(mut chunks: Streaming<v1::ExportTopologiesResponse>) -> Refusal {
    loop {
        match chunks.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended well"),
            Err(status) => return Refusal::from(&status),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_nothing_loses_the_place_that_another_export_waits_for() {
    let served = Served::start_as(|server| server.patience(Duration::from_secs(3))).await;
    fill(&served).await;
    let slow = (begun(&served).await, begun(&served).await);
    let refused = served.client.export(Vec::new()).await.unwrap_err();
    assert_eq!(refused.reason(), Some(v1::ErrorReason::TooManyExports));
    assert!(refused.retry_after().is_some());
    let mut export = loop {
        match served.client.export(Vec::new()).await {
            Err(refused) => assert_eq!(refused.code(), Code::ResourceExhausted),
            Ok(export) => break export,
        }
    };
    while export.next().await.unwrap().is_some() {}
    let end = end(slow.0).await;
    assert_eq!(end.code, Code::ResourceExhausted);
    assert_eq!(end.reason, Some(v1::ErrorReason::ExportTooSlow));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_ends_when_the_server_stops() {
    let mut served = Served::start().await;
    fill(&served).await;
    let chunks = begun(&served).await;
    served.begin_stop();
    let end = end(chunks).await;
    assert_eq!(end.code, Code::Unavailable);
    assert_eq!(end.reason, Some(v1::ErrorReason::ServerStopping));
    served.stopped().await;
}
