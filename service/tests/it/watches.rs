//! Watches over gRPC, on a real store: every revision once and in order, whatever happens.

use std::time::Duration;

use causeway_client::{WatchFrom, Watched};
use causeway_proto::v1;
use futures::{StreamExt, TryStreamExt, pin_mut};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};
use tonic_types::StatusExt;
use v1::topology_service_client::TopologyServiceClient;
use v1::watch_revisions_request::Start;
use v1::watch_revisions_response::Event;

use crate::harness::{Process, Served, apply, causeway, put, vpc};

fn after(revision: u64) -> v1::WatchRevisionsRequest {
    from(Some(Start::AfterRevision(revision)))
}

fn from(start: Option<Start>) -> v1::WatchRevisionsRequest {
    v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        start,
        include_changes: false,
    }
}

async fn watch(
    served: &Served,
    request: impl tonic::IntoRequest<v1::WatchRevisionsRequest>,
) -> Streaming<v1::WatchRevisionsResponse> {
    let answer = served.topologies().watch_revisions(request).await;
    answer.unwrap().into_inner()
}

/// Makes the revisions of these numbers, one after the other.
async fn grow(served: &Served, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let change = apply(vec![put(vpc(&format!("vpc-{number}")))]);
        let applied = served.topologies().apply_changes(change).await.unwrap();
        assert_eq!(applied.into_inner().revision, number);
    }
}

/// `r7` for a revision, `m5/7` for a mark.
fn text(told: &v1::WatchRevisionsResponse) -> String {
    match told.event.as_ref().unwrap() {
        Event::Revision(event) => format!("r{}", event.revision.as_ref().unwrap().revision),
        Event::Mark(mark) => format!("m{}/{}", mark.revision, mark.head_revision),
    }
}

async fn next(events: &mut Streaming<v1::WatchRevisionsResponse>) -> String {
    text(&events.message().await.unwrap().unwrap())
}

/// The revisions that are told until the stream ends, and the status at its end.
async fn to_the_end(events: &mut Streaming<v1::WatchRevisionsResponse>) -> (Vec<u64>, Status) {
    let mut numbers = Vec::new();
    let end = async {
        loop {
            match events.message().await {
                Ok(told) => numbers.extend(number(told.unwrap())),
                Err(status) => return status,
            }
        }
    };
    let status = timeout(Duration::from_secs(30), end).await;
    (numbers, status.unwrap())
}

/// A server on which nothing but what is tested ends or interrupts a watch.
async fn patient() -> Served {
    let long = Duration::from_secs(3_600);
    Served::start_as(|server| server.mark_every(long).patience(long).grace(long)).await
}

fn number(told: v1::WatchRevisionsResponse) -> Option<u64> {
    match told.event {
        Some(Event::Revision(event)) => Some(event.revision.unwrap().revision),
        Some(Event::Mark(_)) | None => None,
    }
}

#[track_caller]
fn reason(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().unwrap();
    (status.code(), info.reason)
}

fn fact(status: &Status, name: &str) -> String {
    let info = status.get_details_error_info().unwrap();
    info.metadata.get(name).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_revision_comes_once_and_in_order_while_writers_commit() {
    const WRITERS: u64 = 4;
    const EACH: u64 = 60;
    let served = Served::start().await;
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        let mut service = served.topologies();
        tasks.spawn(async move {
            for number in 0..EACH {
                let id = format!("vpc-{writer}a{number}");
                service
                    .apply_changes(apply(vec![put(vpc(&id))]))
                    .await
                    .unwrap();
            }
        });
    }
    // One watcher begins at the beginning, one where the topology happens to be, and one there when it has moved on.
    for start in [Some(0), None, Some(EACH)] {
        let start = match start {
            Some(EACH) => {
                let mut events = watch(&served, after(0)).await;
                while number(events.message().await.unwrap().unwrap()) != Some(EACH) {}
                Some(Start::AfterRevision(EACH))
            }
            start => start.map(Start::AfterRevision),
        };
        let mut events = watch(&served, from(start)).await;
        tasks.spawn(async move {
            let first = events.message().await.unwrap().unwrap();
            let Some(Event::Mark(v1::ProgressMark { revision, .. })) = first.event else {
                panic!("the first event is a mark: {first:?}")
            };
            let mut expected = revision + 1;
            while expected <= WRITERS * EACH {
                if let Some(number) = number(events.message().await.unwrap().unwrap()) {
                    assert_eq!(number, expected);
                    expected += 1;
                }
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn a_revision_is_told_with_its_record_and_its_changes_if_they_are_asked_for() {
    let served = Served::start().await;
    let change = v1::ApplyChangesRequest {
        author: "me".to_owned(),
        message: "why".to_owned(),
        ..apply(vec![put(vpc("vpc-1"))])
    };
    let many = (0..1_001).map(|number| put(vpc(&format!("vpc-a{number}"))));
    served.topologies().apply_changes(change).await.unwrap();
    served
        .topologies()
        .apply_changes(apply(many.collect()))
        .await
        .unwrap();
    let listed = served.client.list_revisions("t").await.unwrap();
    for include_changes in [false, true] {
        let request = v1::WatchRevisionsRequest {
            include_changes,
            ..after(0)
        };
        let mut events = watch(&served, request).await;
        events.message().await.unwrap();
        for (number, kept) in [(1, include_changes), (2, false)] {
            let Some(Event::Revision(event)) = events.message().await.unwrap().unwrap().event
            else {
                panic!("no revision")
            };
            assert_eq!(
                event.revision.as_ref(),
                listed.iter().find(|one| one.revision == number)
            );
            assert_eq!(event.has_changes, kept);
            let changes = if kept {
                vec![put(vpc("vpc-1"))]
            } else {
                Vec::new()
            };
            assert_eq!(event.changes, changes);
        }
    }
}

#[tokio::test]
async fn a_token_resumes_a_watch_and_belongs_to_one_incarnation() {
    let served = Served::start().await;
    grow(&served, 1..=5).await;
    let mut events = watch(&served, after(0)).await;
    let mut token = String::new();
    for expected in ["m0/5", "r1", "r2", "r3"] {
        let told = events.message().await.unwrap().unwrap();
        assert_eq!(text(&told), expected);
        token = told.resume_token;
    }
    drop(events);
    let mut events = watch(&served, from(Some(Start::ResumeToken(token.clone())))).await;
    for expected in ["m3/5", "r4", "r5", "m5/5"] {
        assert_eq!(next(&mut events).await, expected);
    }
    served.client.delete_topology("t").await.unwrap();
    served.client.create_topology("t", "").await.unwrap();
    grow(&served, 1..=5).await;
    let request = from(Some(Start::ResumeToken(token)));
    let refused = served
        .topologies()
        .watch_revisions(request)
        .await
        .unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::NotFound, "TOPOLOGY_NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn a_start_that_cannot_be_is_refused() {
    let served = Served::start().await;
    for (request, code, told) in [
        (after(1), Code::OutOfRange, "REVISION_NOT_REACHED"),
        (
            from(Some(Start::ResumeToken("no".to_owned()))),
            Code::InvalidArgument,
            "INVALID_REQUEST",
        ),
        (
            v1::WatchRevisionsRequest {
                topology: "other".to_owned(),
                ..after(0)
            },
            Code::NotFound,
            "TOPOLOGY_NOT_FOUND",
        ),
    ] {
        let refused = served
            .topologies()
            .watch_revisions(request)
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), (code, told.to_owned()));
    }
}

#[tokio::test]
async fn a_watch_of_nothing_new_tells_marks() {
    let served = Served::start_as(|server| server.mark_every(Duration::from_millis(1))).await;
    let mut events = watch(&served, from(None)).await;
    for _ in 0..3 {
        assert_eq!(next(&mut events).await, "m0/0");
    }
}

#[tokio::test]
async fn the_deletion_of_the_topology_ends_a_watch() {
    let served = patient().await;
    grow(&served, 1..=2).await;
    let mut events = watch(&served, after(0)).await;
    for expected in ["m0/2", "r1", "r2", "m2/2"] {
        assert_eq!(next(&mut events).await, expected);
    }
    served.client.delete_topology("t").await.unwrap();
    let (numbers, status) = to_the_end(&mut events).await;
    assert!(numbers.is_empty());
    assert_eq!(
        reason(&status),
        (Code::NotFound, "TOPOLOGY_NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn a_server_that_stops_ends_its_watches_and_says_where_to_go_on() {
    let mut served = patient().await;
    grow(&served, 1..=2).await;
    let mut events = watch(&served, after(1)).await;
    for expected in ["m1/2", "r2", "m2/2"] {
        assert_eq!(next(&mut events).await, expected);
    }
    served.begin_stop();
    let (_, status) = to_the_end(&mut events).await;
    assert_eq!(
        reason(&status),
        (Code::Unavailable, "SERVER_STOPPING".to_owned())
    );
    assert_eq!(fact(&status, "revision"), "2");
    assert!(
        status
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
    let token = fact(&status, "resume_token");
    drop(events);
    let served = served.restart().await;
    let mut events = watch(&served, from(Some(Start::ResumeToken(token)))).await;
    grow(&served, 3..=3).await;
    assert!(next(&mut events).await.starts_with("m2/"));
    assert_eq!(next(&mut events).await, "r3");
}

#[tokio::test]
async fn a_watch_with_a_deadline_ends_at_it() {
    let served = patient().await;
    grow(&served, 1..=1).await;
    let mut request = Request::new(after(0));
    request.set_timeout(Duration::from_millis(200));
    let mut events = watch(&served, request).await;
    let (numbers, status) = to_the_end(&mut events).await;
    assert_eq!(numbers, [1]);
    assert_eq!(
        reason(&status),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())
    );
    assert_eq!(fact(&status, "revision"), "1");
}

#[tokio::test]
async fn the_client_goes_on_over_a_restart() {
    let served = Served::start().await;
    grow(&served, 1..=3).await;
    let client = served.client.clone();
    let events = client.watch("t", WatchFrom::After(0));
    let numbers = events.try_filter_map(async |event| {
        Ok(match event.what {
            Watched::Revision(event) => event.revision.map(|revision| revision.revision),
            Watched::Mark(_) => None,
        })
    });
    pin_mut!(numbers);
    for expected in 1..=3 {
        assert_eq!(numbers.next().await.unwrap().unwrap(), expected);
    }
    let served = served.restart().await;
    grow(&served, 4..=6).await;
    for expected in 4..=6 {
        assert_eq!(numbers.next().await.unwrap().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_disconnected_and_resumes_where_it_was() {
    let served = Served::start_as(|server| server.patience(Duration::from_millis(500))).await;
    let channel = Channel::from_shared(served.endpoint.clone())
        .unwrap()
        .initial_stream_window_size(65_535);
    let mut slow = TopologyServiceClient::new(channel.connect().await.unwrap());
    // More than windows, buffers and the queue hold, by far.
    const REVISIONS: u64 = 400;
    for number in 1..=REVISIONS {
        let change = v1::ApplyChangesRequest {
            message: "x".repeat(4_000),
            ..apply(vec![put(vpc(&format!("vpc-{number}")))])
        };
        served.topologies().apply_changes(change).await.unwrap();
    }
    // It has all of them to tell at once: its queue is full long before the answer as a whole is given up.
    let mut events = slow.watch_revisions(after(0)).await.unwrap().into_inner();
    // The last mark of another watch says that the time in which nothing was taken is over: it is longer than the patience.
    let mut request = Request::new(from(None));
    request.set_timeout(Duration::from_millis(1_500));
    to_the_end(&mut watch(&served, request).await).await;
    let (mut numbers, status) = to_the_end(&mut events).await;
    assert_eq!(
        reason(&status),
        (Code::ResourceExhausted, "WATCHER_TOO_SLOW".to_owned())
    );
    assert_eq!(fact(&status, "revision"), numbers.len().to_string());
    assert!(numbers.len() < 400, "it was not disconnected");
    let token = Start::ResumeToken(fact(&status, "resume_token"));
    let mut rest = watch(&served, from(Some(token))).await;
    while numbers.last() != Some(&REVISIONS) {
        numbers.extend(number(rest.message().await.unwrap().unwrap()));
    }
    assert!(numbers.iter().copied().eq(1..=REVISIONS), "{numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_revisions_until_it_is_interrupted() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    let directory = tempfile::tempdir().unwrap();
    let process = Process::serve(directory.path(), &[]);
    let client = causeway_client::Client::connect(process.endpoint.clone())
        .await
        .unwrap();
    client.create_topology("t", "").await.unwrap();
    for number in 1..=2 {
        let change = client.apply("t").put(vpc(&format!("vpc-{number}")));
        change.send().await.unwrap();
    }
    let mut command = causeway()
        .args([
            "watch",
            "--topology",
            "t",
            "--from-revision",
            "1",
            "-o",
            "json",
            "--endpoint",
        ])
        .arg(&process.endpoint)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(command.stdout.take().unwrap()).lines();
    let line: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(line["revision"], serde_json::json!(2));
    let id = command.id().to_string();
    let told = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(told.unwrap().success());
    assert_eq!(command.wait().unwrap().code(), Some(0));
    assert!(lines.next().is_none());
}
