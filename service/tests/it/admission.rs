//! What is taken on at once, over gRPC: what is more is refused at once, says when to come again, and leaves no trace.

use std::task::Poll;
use std::time::Duration;

use causeway_client::{ClientError, Code, consistency, flow};
use causeway_grpc::AdmissionLimits;
use causeway_proto::v1;
use causeway_proto::v1::path_service_client::PathServiceClient;
use prost::Message;
use tokio::sync::oneshot;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use crate::harness::{Served, apply, put, vpc};

async fn limited(limits: AdmissionLimits) -> Served {
    Served::start_as(|server| server.admission(limits)).await
}

fn standard() -> AdmissionLimits {
    AdmissionLimits::default()
}

async fn watch(served: &Served) -> Result<Streaming<v1::WatchRevisionsResponse>, Status> {
    let request = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let answer = served.topologies().watch_revisions(request).await?;
    Ok(answer.into_inner())
}

async fn read(served: &Served) -> Result<v1::Topology, Status> {
    let request = v1::GetTopologyRequest {
        name: "t".to_owned(),
    };
    let answer = served.topologies().get_topology(request).await?;
    Ok(answer.into_inner().topology.unwrap())
}

/// A call whose message is sent without its end, until it is dropped.
struct Unfinished {
    task: tokio::task::JoinHandle<()>,
}

impl Unfinished {
    /// Begins a call, and waits until the message is sent.
    async fn begin<M: Message + 'static>(
        served: &Served,
        method: &'static str,
        message: M,
    ) -> Self {
        let (sent, is_sent) = oneshot::channel();
        let channel = served.channel.clone();
        let (mut message, mut sent) = (Some(message), Some(sent));
        // Who asks for more has sent what came before.
        let messages = futures::stream::poll_fn(move |_| match message.take() {
            Some(message) => Poll::Ready(Some(message)),
            None => {
                sent.take().map(|sent| sent.send(()));
                Poll::Pending
            }
        });
        let task = tokio::spawn(async move {
            let mut client = Grpc::new(channel);
            client.ready().await.unwrap();
            let (path, codec) = (
                PathAndQuery::from_static(method),
                ProstCodec::<M, v1::Topology>::default(),
            );
            let _ = client
                .client_streaming(Request::new(messages), path, codec)
                .await;
        });
        is_sent.await.unwrap();
        Self { task }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn refusal(status: &Status, limit: &str, maximum: &str) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    let facts = ["limit", "maximum"].map(|key| info.metadata.get(key).unwrap().as_str());
    assert_eq!(facts, [limit, maximum]);
    let after = details.retry_info().unwrap().retry_delay.unwrap();
    let pushback = status.metadata().get("grpc-retry-pushback-ms").unwrap();
    assert_eq!(pushback.to_str().unwrap(), after.as_millis().to_string());
    assert!(after > Duration::ZERO);
}

/// Asks until it is taken on.
async fn at_last<T>(mut attempt: impl AsyncFnMut() -> Result<T, Status>) -> T {
    loop {
        match attempt().await {
            Ok(answer) => return answer,
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}"),
        }
    }
}

#[tokio::test]
async fn streams_that_are_too_many_are_refused_until_one_ends() {
    let streams = AdmissionLimits {
        streams: 2,
        ..standard()
    };
    let served = limited(streams).await;
    let watches = (watch(&served).await.unwrap(), watch(&served).await.unwrap());
    let refused = watch(&served).await.unwrap_err();
    refusal(&refused, "streams", "2");
    read(&served).await.unwrap();
    drop(watches.0);
    at_last(async || watch(&served).await).await;
}

#[tokio::test]
async fn calls_that_are_too_many_are_refused_and_health_is_told_all_the_same() {
    let calls = AdmissionLimits {
        calls: 2,
        ..standard()
    };
    let served = limited(calls).await;
    let unfinished = [
        "/causeway.v1.TopologyService/ApplyChanges",
        "/causeway.v1.PathService/ResolvePath",
    ];
    let mut held = Vec::new();
    for method in unfinished {
        held.push(Unfinished::begin(&served, method, apply(Vec::new())).await);
    }
    // The server may come to them after what is sent later.
    let refused = loop {
        if let Err(refused) = read(&served).await {
            break refused;
        }
    };
    refusal(&refused, "calls", "2");
    let change = apply(vec![put(vpc("vpc-1"))]);
    let refused = served.topologies().apply_changes(change).await.unwrap_err();
    refusal(&refused, "calls", "2");
    let request = HealthCheckRequest {
        service: String::new(),
    };
    let health = HealthClient::new(served.channel.clone())
        .check(request)
        .await;
    assert_eq!(health.unwrap().into_inner().status, 1);
    watch(&served).await.unwrap();
    held.clear();
    let found = at_last(async || read(&served).await).await;
    assert_eq!(found.revision, 0, "nothing of what was refused was done");
}

#[tokio::test]
async fn requests_that_are_too_large_together_are_refused() {
    let bytes = AdmissionLimits {
        request_bytes: 1_000,
        ..standard()
    };
    let served = limited(bytes).await;
    let large = || {
        let mut vpc = vpc("vpc-1");
        let value = "x".repeat(200);
        vpc.tags = (0..10)
            .map(|number| v1::Tag {
                key: format!("k{number}"),
                value: value.clone(),
            })
            .collect();
        apply(vec![put(vpc)])
    };
    let refused = served.topologies().apply_changes(large()).await;
    refusal(&refused.unwrap_err(), "bytes of requests", "1000");
    // What was refused counts no longer.
    assert_eq!(read(&served).await.unwrap().revision, 0);
    let method = "/causeway.v1.TopologyService/ApplyChanges";
    let author = "x".repeat(980);
    let almost = v1::ApplyChangesRequest {
        author,
        ..v1::ApplyChangesRequest::default()
    };
    let held = Unfinished::begin(&served, method, almost).await;
    let refused = loop {
        let change = apply(vec![put(vpc("vpc-1"))]);
        if let Err(refused) = served.topologies().apply_changes(change).await {
            break refused;
        }
    };
    refusal(&refused, "bytes of requests", "1000");
    drop(held);
    at_last(async || read(&served).await).await;
}

#[tokio::test]
async fn one_caller_gets_no_more_than_its_share() {
    let share = AdmissionLimits {
        principal_calls: Some(1),
        ..standard()
    };
    let served = limited(share).await;
    let held = watch(&served).await.unwrap();
    let refused = read(&served).await.unwrap_err();
    refusal(&refused, "calls of this caller", "1");
    let error = served.client.get_topology("t").await.unwrap_err();
    assert_eq!(error.reason(), Some(v1::ErrorReason::QuotaExceeded));
    drop(held);
    at_last(async || read(&served).await).await;
}

fn batch(flows: u16) -> v1::BatchResolvePathsRequest {
    let flows = (0..flows).map(|port| flow::tcp("10.0.0.1", "10.0.0.2", port));
    v1::BatchResolvePathsRequest {
        topology: "t".to_owned(),
        flows: flows.collect(),
        detail: v1::Detail::Verdict.into(),
        consistency: Some(consistency::newest()),
        ..v1::BatchResolvePathsRequest::default()
    }
}

async fn resolve(served: &Served, request: v1::BatchResolvePathsRequest) -> Result<(), Status> {
    served.paths().batch_resolve_paths(request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_wait_a_moment_or_are_refused() {
    let one = AdmissionLimits {
        batches: 1,
        wait: Duration::ZERO,
        ..standard()
    };
    let served = limited(one).await;
    // Who sends slowly keeps nobody out.
    let method = "/causeway.v1.PathService/BatchResolvePaths";
    let slow = Unfinished::begin(&served, method, batch(1)).await;
    resolve(&served, batch(1)).await.unwrap();
    drop(slow);
    let channel = served.channel.clone();
    // A large one may be refused itself, if a small one is inside.
    let large = tokio::spawn(async move {
        let mut paths = PathServiceClient::new(channel);
        loop {
            let _ = paths.batch_resolve_paths(batch(u16::MAX)).await;
        }
    });
    let refused = loop {
        if let Err(refused) = resolve(&served, batch(1)).await {
            break refused;
        }
    };
    refusal(&refused, "batches", "1");
    large.abort();
    at_last(async || resolve(&served, batch(1)).await).await;
}

/// Large batches fill their half of the places all the time, and no small one notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_batches_are_not_refused_behind_large_ones() {
    let two = AdmissionLimits {
        batches: 2,
        wait: Duration::ZERO,
        ..standard()
    };
    let served = limited(two).await;
    let (outcomes, mut told) = tokio::sync::mpsc::unbounded_channel();
    let mut large = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (channel, outcomes) = (served.channel.clone(), outcomes.clone());
        large.spawn(async move {
            let mut paths = PathServiceClient::new(channel);
            loop {
                let outcome = paths.batch_resolve_paths(batch(10_001)).await;
                // At the end nobody looks any more.
                let _ = outcomes.send(outcome.map(drop));
            }
        });
    }
    let mut answered = 0;
    while answered < 6 {
        resolve(&served, batch(1)).await.unwrap();
        match told.try_recv() {
            Ok(Ok(())) => answered += 1,
            Ok(Err(refused)) => assert_eq!(refused.code(), Code::ResourceExhausted),
            Err(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_comes_again_when_it_is_told_to() {
    let one = AdmissionLimits {
        batches: 1,
        wait: Duration::ZERO,
        ..standard()
    };
    let served = limited(one).await;
    let client = causeway_client::Client::builder()
        .endpoint(served.endpoint.clone())
        .max_retries(1_000)
        .build()
        .unwrap();
    let asked = (0..8).map(|_| async {
        let flows = batch(500).flows;
        let newest = consistency::newest();
        let batch = client.batch("t", flows, v1::Detail::Verdict, newest);
        batch.await.map(|answer| answer.items.len())
    });
    let answers: Result<Vec<usize>, ClientError> =
        futures::future::join_all(asked).await.into_iter().collect();
    assert_eq!(answers.unwrap(), [500; 8]);
}
