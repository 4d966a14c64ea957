//! Traces: a collector gets one span for a call, in the trace of its caller, and one for each of its parts.

mod logs;
mod parts;

use std::collections::BTreeMap;

use causeway_proto::v1;
use causeway_proto::v1::path_service_client::PathServiceClient;
use causeway_proto::v1::topology_service_client::TopologyServiceClient;
use futures::StreamExt as _;
use tokio::task::spawn_blocking;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::collector::{Collected, Told};
use crate::harness::{Process, apply, causeway, put, subnet, vpc};

/// What a caller's tracer would send.
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

/// A service that sends its traces to a collector, with a topology `t` of two resources.
struct Traced {
    process: Process,
    collected: Collected,
    channel: Channel,
    _directory: tempfile::TempDir,
}

impl Traced {
    async fn start(arguments: &[&str]) -> Self {
        let collected = Collected::start().await;
        let directory = tempfile::tempdir().unwrap();
        let to = ["--otlp-endpoint", &collected.endpoint];
        let process = Process::serve(directory.path(), &[&to, arguments].concat());
        let channel = Channel::from_shared(process.endpoint.clone()).unwrap();
        let mut traced = Self {
            process,
            collected,
            channel: channel.connect().await.unwrap(),
            _directory: directory,
        };
        let create = v1::CreateTopologyRequest {
            name: "t".to_owned(),
            ..v1::CreateTopologyRequest::default()
        };
        let mut topologies = traced.topologies();
        topologies
            .create_topology(within(create, "00"))
            .await
            .unwrap();
        let changes = vec![put(vpc("vpc-1")), put(subnet("subnet-1", "vpc-1"))];
        let set = within(apply(changes), "00");
        topologies.apply_changes(set).await.unwrap();
        traced
    }

    fn topologies(&mut self) -> TopologyServiceClient<Channel> {
        TopologyServiceClient::new(self.channel.clone())
    }

    fn paths(&self) -> PathServiceClient<Channel> {
        PathServiceClient::new(self.channel.clone())
    }

    /// All spans, after the service has ended: it sends what is left.
    async fn spans(mut self) -> Vec<Told> {
        let process = self.process;
        let (code, log) = spawn_blocking(|| process.terminate()).await.unwrap();
        assert_eq!(code, Some(0), "{log}");
        self.collected.spans()
    }
}

/// A request in the trace of a caller, which is sampled (01) or not (00).
fn within<T>(message: T, flags: &str) -> Request<T> {
    with_parent(message, &format!("00-{TRACE_ID}-{SPAN_ID}-{flags}"))
}

fn with_parent<T>(message: T, parent: &str) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert("traceparent", parent.parse().unwrap());
    metadata.insert("tracestate", "vendor=1".parse().unwrap());
    request
}

fn get() -> v1::GetTopologyRequest {
    v1::GetTopologyRequest {
        name: "t".to_owned(),
    }
}

fn flow(last: u8) -> v1::Flow {
    causeway_client::flow::tcp("internet", format!("10.0.1.{last}"), 443)
}

fn batch(lasts: impl IntoIterator<Item = u8>) -> v1::BatchResolvePathsRequest {
    v1::BatchResolvePathsRequest {
        topology: "t".to_owned(),
        flows: lasts.into_iter().map(flow).collect(),
        detail: v1::Detail::Verdict.into(),
        ..v1::BatchResolvePathsRequest::default()
    }
}

fn stream(chunks: u64) -> Vec<v1::StreamResolvePathsRequest> {
    use v1::stream_resolve_paths_request::Part;

    let header = Part::Header(v1::StreamHeader {
        topology: "t".to_owned(),
        detail: v1::Detail::Verdict.into(),
        ..v1::StreamHeader::default()
    });
    let chunk = |chunk_id| {
        Part::Chunk(v1::FlowChunk {
            chunk_id,
            flows: vec![flow(5), flow(5), flow(6)],
        })
    };
    let parts = [header].into_iter().chain((0..chunks).map(chunk));
    parts
        .map(|part| v1::StreamResolvePathsRequest { part: Some(part) })
        .collect()
}

/// The span of the only call of a method, and the names of its children.
#[track_caller]
fn call<'s>(spans: &'s [Told], method: &str) -> (&'s Told, Vec<&'s str>) {
    let mut of = spans.iter().filter(|span| span.name == method);
    let (Some(span), None) = (of.next(), of.next()) else {
        panic!("not one {method}: {spans:#?}")
    };
    let mut children: Vec<&str> = spans
        .iter()
        .filter(|child| child.parent == span.id && child.trace == span.trace)
        .map(|child| child.name.as_str())
        .collect();
    children.sort_unstable();
    (span, children)
}

/// How many of them are calls, and no parts of one.
fn calls(spans: &[Told]) -> usize {
    let calls = spans.iter().filter(|span| span.name.contains('/'));
    calls.count()
}

#[track_caller]
fn holds(span: &Told, expected: &[(&str, &str)]) {
    let expected: BTreeMap<String, String> = expected
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(span.attributes, expected, "{}", span.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_span_in_the_trace_of_its_caller_and_health_is_none() {
    let mut traced = Traced::start(&[]).await;
    let health = HealthCheckRequest::default();
    let mut healths = HealthClient::new(traced.channel.clone());
    healths.check(health).await.unwrap();
    let mut topologies = traced.topologies();
    let unknown = v1::GetTopologyRequest {
        name: "unknown".to_owned(),
    };
    let failed = topologies.get_topology(within(unknown, "01")).await;
    assert_eq!(failed.unwrap_err().code(), Code::NotFound);
    topologies
        .list_topologies(v1::ListTopologiesRequest::default())
        .await
        .unwrap();
    let spans = traced.spans().await;
    let (failed, _) = call(&spans, "causeway.v1.TopologyService/GetTopology");
    assert_eq!(
        (failed.trace.as_str(), failed.parent.as_str()),
        (TRACE_ID, SPAN_ID)
    );
    assert_eq!(failed.state, "vendor=1");
    holds(
        failed,
        &[
            ("rpc.system.name", "grpc"),
            ("rpc.method", "causeway.v1.TopologyService/GetTopology"),
            ("rpc.response.status_code", "NOT_FOUND"),
            ("causeway.topology", "unknown"),
        ],
    );
    let (root, _) = call(&spans, "causeway.v1.TopologyService/ListTopologies");
    assert_eq!(root.parent, "");
    assert_ne!(root.trace, TRACE_ID);
    assert_eq!(calls(&spans), 2, "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_tells_its_parts_and_what_it_was_about() {
    let traced = Traced::start(&[]).await;
    let mut paths = traced.paths();
    paths
        .batch_resolve_paths(within(batch([5, 6, 6]), "00"))
        .await
        .unwrap();
    paths
        .batch_resolve_paths(within(batch([5, 5, 6, 7]), "01"))
        .await
        .unwrap();
    let spans = traced.spans().await;
    let (span, children) = call(&spans, "causeway.v1.PathService/BatchResolvePaths");
    assert_eq!(children, ["decode", "encode", "snapshot", "walk"]);
    assert_eq!(
        (span.trace.as_str(), span.parent.as_str()),
        (TRACE_ID, SPAN_ID)
    );
    holds(
        span,
        &[
            ("rpc.system.name", "grpc"),
            ("rpc.method", "causeway.v1.PathService/BatchResolvePaths"),
            ("rpc.response.status_code", "OK"),
            ("causeway.topology", "t"),
            ("causeway.revision", "1"),
            ("causeway.flows", "4"),
            ("causeway.flows.distinct", "3"),
            ("causeway.cache.hits", "3"),
        ],
    );
    // The call whose caller was not traced is not there.
    assert_eq!(spans.len(), 5, "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_both_sides_is_one_span_until_its_end() {
    let traced = Traced::start(&[]).await;
    let request = within(futures::stream::iter(stream(3)), "01");
    let answers = traced.paths().stream_resolve_paths(request).await.unwrap();
    assert_eq!(answers.into_inner().count().await, 3);
    let spans = traced.spans().await;
    let (span, children) = call(&spans, "causeway.v1.PathService/StreamResolvePaths");
    let count = |name| children.iter().filter(|child| **child == name).count();
    assert_eq!(
        ["decode", "snapshot", "walk", "encode"].map(count),
        [4, 1, 3, 3]
    );
    let flows = ["causeway.flows", "causeway.flows.distinct"].map(|key| &span.attributes[key]);
    assert_eq!(flows, ["9", "6"]);
    assert_eq!(span.attributes["rpc.response.status_code"], "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_answers_is_one_span_until_its_end() {
    let mut traced = Traced::start(&[]).await;
    let watch = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let mut watched = traced
        .topologies()
        .watch_revisions(within(watch, "01"))
        .await
        .unwrap();
    watched.get_mut().message().await.unwrap();
    drop(watched);
    let spans = traced.spans().await;
    let (span, _) = call(&spans, "causeway.v1.TopologyService/WatchRevisions");
    assert_eq!(span.parent, SPAN_ID);
    let status = span.attributes["rpc.response.status_code"].as_str();
    // It is seen to be gone, or told that the service stops, whichever is first.
    assert!(["CANCELLED", "UNAVAILABLE"].contains(&status), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_there_is_not_is_told_under_one_name() {
    let traced = Traced::start(&[]).await;
    let mut grpc = tonic::client::Grpc::new(traced.channel.clone());
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<v1::GetTopologyRequest, v1::Topology>::default();
    let path = "/causeway.v1.PathService/Invented".parse().unwrap();
    let failed = grpc.unary(within(get(), "01"), path, codec).await;
    assert_eq!(failed.unwrap_err().code(), Code::Unimplemented);
    let spans = traced.spans().await;
    let (span, _) = call(&spans, "grpc");
    holds(
        span,
        &[
            ("rpc.system.name", "grpc"),
            ("rpc.method", "_OTHER"),
            ("rpc.method_original", "causeway.v1.PathService/Invented"),
            ("rpc.response.status_code", "UNIMPLEMENTED"),
            ("error.type", "UNIMPLEMENTED"),
        ],
    );
}

/// No provider is installed here: the client has no spans of its own, and tells what its context says.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_goes_on_with_the_trace_that_its_caller_is_in() {
    use opentelemetry::Context;
    use opentelemetry::trace::{
        FutureExt as _, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId,
    };

    let traced = Traced::start(&[]).await;
    let client = causeway_client::Client::connect(traced.process.endpoint.clone());
    let client = client.await.unwrap();
    let caller = SpanContext::new(
        TraceId::from_hex(TRACE_ID).unwrap(),
        SpanId::from_hex(SPAN_ID).unwrap(),
        TraceFlags::SAMPLED,
        false,
        "vendor=1".parse().unwrap(),
    );
    let context = Context::new().with_remote_span_context(caller);
    client
        .get_topology("t")
        .with_context(context)
        .await
        .unwrap();
    let spans = traced.spans().await;
    let (span, _) = call(&spans, "causeway.v1.TopologyService/GetTopology");
    assert_eq!(
        (span.trace.as_str(), span.parent.as_str()),
        (TRACE_ID, SPAN_ID)
    );
    assert_eq!(span.state, "vendor=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_parent_is_as_none() {
    let mut traced = Traced::start(&["--sample-ratio", "0"]).await;
    let mut topologies = traced.topologies();
    let good = format!("00-{TRACE_ID}-{SPAN_ID}-01");
    for parent in [
        format!("00-{TRACE_ID}-{SPAN_ID}-1"),
        format!("00-{TRACE_ID}-{SPAN_ID}-01-x"),
        format!("ff-{TRACE_ID}-{SPAN_ID}-01"),
        format!("00-{}-{SPAN_ID}-01", TRACE_ID.to_uppercase()),
        format!("00-{}-{SPAN_ID}-01", "0".repeat(32)),
        format!("00-{TRACE_ID}-+0f067aa0ba902b7-01"),
        "-".repeat(200),
    ] {
        topologies
            .get_topology(with_parent(get(), &parent))
            .await
            .unwrap();
    }
    topologies
        .get_topology(with_parent(get(), &good))
        .await
        .unwrap();
    // Of calls without a parent none is traced here, so that the one with a good one is left.
    assert_eq!(calls(&traced.spans().await), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_calls_are_traced_in_a_second_than_was_said() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("causeway.toml");
    std::fs::write(&file, "[tracing]\nmost_per_second = 0").unwrap();
    let mut traced = Traced::start(&["--config", file.to_str().unwrap()]).await;
    let mut topologies = traced.topologies();
    topologies.get_topology(within(get(), "01")).await.unwrap();
    topologies.get_topology(get()).await.unwrap();
    assert_eq!(traced.spans().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_sent_as_soon_as_the_service_is_told_to_end() {
    let mut settings = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut settings, b"[shutdown]\ndrain_seconds = 3600").unwrap();
    let file = settings.path().to_str().unwrap().to_owned();
    let mut traced = Traced::start(&["--config", &file]).await;
    traced
        .topologies()
        .get_topology(within(get(), "01"))
        .await
        .unwrap();
    let id = traced.process.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(kill.unwrap().success());
    // It drains for an hour, and nobody waits for that.
    let spans = traced.collected.next_spans().await;
    call(&spans, "causeway.v1.TopologyService/GetTopology");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_harms_nobody() {
    let directory = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut command = causeway();
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", away);
    let process = Process::start(command, directory.path(), &[]);
    let channel = Channel::from_shared(process.endpoint.clone()).unwrap();
    let mut topologies = TopologyServiceClient::new(channel.connect().await.unwrap());
    for _ in 0..20 {
        topologies
            .list_topologies(v1::ListTopologiesRequest::default())
            .await
            .unwrap();
    }
    let (code, log) = spawn_blocking(|| process.terminate()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("were not sent"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_tells_the_trace_that_it_was_made_in_also_after_a_restart() {
    let mut traced = Traced::start(&[]).await;
    let mut topologies = traced.topologies();
    let watch = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let watched = topologies.watch_revisions(watch).await.unwrap();
    topologies
        .apply_changes(within(apply(vec![put(vpc("vpc-2"))]), "01"))
        .await
        .unwrap();
    let events = watched.into_inner().filter_map(|event| async {
        match event.unwrap().event {
            Some(v1::watch_revisions_response::Event::Revision(event)) => event.revision,
            Some(v1::watch_revisions_response::Event::Mark(_)) | None => None,
        }
    });
    let told = Box::pin(events).next().await.unwrap().trace_parent;
    let Traced {
        process,
        mut collected,
        _directory: directory,
        ..
    } = traced;
    let (code, log) = spawn_blocking(|| process.terminate()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
    let spans = collected.spans();
    let (commit, children) = call(&spans, "causeway.v1.TopologyService/ApplyChanges");
    assert_eq!(children, ["commit", "decode"]);
    assert_eq!(told, format!("00-{TRACE_ID}-{}-01", commit.id));
    let process = Process::serve(directory.path(), &[]);
    let client = causeway_client::Client::connect(process.endpoint.clone())
        .await
        .unwrap();
    let revisions = client.list_revisions("t").await.unwrap();
    let kept: Vec<String> = revisions
        .into_iter()
        .map(|revision| revision.trace_parent)
        .collect();
    // What was made by a call that was not traced is in the trace of its caller.
    assert_eq!(kept, [told, format!("00-{TRACE_ID}-{SPAN_ID}-00")]);
}
