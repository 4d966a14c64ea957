//! Metrics: what Prometheus fetches, what a collector gets, and that neither grows with what callers say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use causeway_client::{Client, flow};
use causeway_proto::v1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tonic::Request;

use crate::collector::Collected;
use crate::edges::root;
use crate::harness::{Process, put, vpc};

/// A service that Prometheus may ask.
async fn serve(directory: &Path) -> (Process, Client) {
    let process = Process::serve(directory, &["--metrics-listen", "127.0.0.1:0"]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    (process, client)
}

/// What comes back for these bytes, until the connection is closed.
async fn asked(process: &Process, request: &[u8]) -> String {
    let address = process.metrics.as_ref().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Who is refused early cannot send all of it.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

pub(crate) async fn fetched(process: &Process) -> String {
    let answer = asked(process, b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    body.to_owned()
}

/// One number that is told, with its labels.
struct Line<'t> {
    name: &'t str,
    labels: BTreeMap<&'t str, &'t str>,
    value: f64,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let told = text.lines().filter(|line| !line.starts_with('#'));
    told.map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.trim_end_matches('}').split(',');
        let labels = labels.filter_map(|label| label.split_once('='));
        Line {
            name,
            labels: labels
                .map(|(key, value)| (key, value.trim_matches('"')))
                .collect(),
            value: value.parse().unwrap(),
        }
    })
    .collect()
}

/// The sum of what is told under a name and a label.
pub(crate) fn number(text: &str, name: &str, label: (&str, &str)) -> f64 {
    let lines = lines(text);
    let of = lines
        .iter()
        .filter(|line| line.name == name && line.labels.get(label.0) == Some(&label.1));
    of.map(|line| line.value).sum()
}

async fn ask(client: &Client, topology: &str) {
    let flows = (4..8).map(|last| flow::tcp("internet", format!("10.0.1.{last}"), 443));
    let flows = flows.collect();
    let request = v1::BatchResolvePathsRequest {
        topology: topology.to_owned(),
        flows,
        detail: v1::Detail::Verdict.into(),
        ..v1::BatchResolvePathsRequest::default()
    };
    let channel = tonic::transport::Channel::from_shared(client.endpoint().to_owned()).unwrap();
    let mut paths = v1::path_service_client::PathServiceClient::connect(channel)
        .await
        .unwrap();
    paths.batch_resolve_paths(request).await.unwrap();
}

async fn fill(client: &Client, topology: &str) {
    client.create_topology(topology, "").await.unwrap();
    let channel = tonic::transport::Channel::from_shared(client.endpoint().to_owned()).unwrap();
    let mut topologies = v1::topology_service_client::TopologyServiceClient::connect(channel)
        .await
        .unwrap();
    let request = v1::ApplyChangesRequest {
        topology: topology.to_owned(),
        changes: vec![put(vpc("vpc-1"))],
        ..v1::ApplyChangesRequest::default()
    };
    topologies
        .apply_changes(Request::new(request))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_commits_and_answers_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let (process, client) = serve(directory.path()).await;
    fill(&client, "one").await;
    ask(&client, "one").await;
    ask(&client, "one").await;
    let text = fetched(&process).await;
    let batches = ("rpc_method", "causeway.v1.PathService/BatchResolvePaths");
    assert_eq!(
        number(&text, "rpc_server_call_duration_seconds_count", batches),
        2.0
    );
    assert_eq!(
        number(&text, "causeway_cache_lookups_total", ("outcome", "hit")),
        4.0
    );
    assert_eq!(
        number(&text, "causeway_cache_lookups_total", ("outcome", "miss")),
        4.0
    );
    assert_eq!(
        number(&text, "causeway_cache_entries", ("cache", "answers")),
        4.0
    );
    assert_eq!(
        number(&text, "causeway_networks_made_total", ("how", "compiled")),
        1.0
    );
    let single = |name: &str| {
        lines(&text)
            .iter()
            .find(|line| line.name == name)
            .unwrap()
            .value
    };
    assert_eq!(single("causeway_store_append_duration_seconds_count"), 1.0);
    assert!(single("causeway_store_sync_duration_seconds_count") >= 2.0);
    assert_eq!(single("causeway_store_writes_failed_total"), 0.0);
    assert_eq!(single("causeway_topologies_loaded"), 1.0);
    assert!(single("process_memory_usage_bytes") > 1e6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_on_and_what_is_refused_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("causeway.toml");
    std::fs::write(&config, "[admission]\nstreams = 1").unwrap();
    let arguments = [
        "--config",
        config.to_str().unwrap(),
        "--metrics-listen",
        "127.0.0.1:0",
    ];
    let process = Process::serve(&directory.path().join("data"), &arguments);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    let mut topologies =
        v1::topology_service_client::TopologyServiceClient::connect(process.endpoint.clone())
            .await
            .unwrap();
    let watch = || v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let _watched = topologies.watch_revisions(watch()).await.unwrap();
    topologies.watch_revisions(watch()).await.unwrap_err();
    let text = fetched(&process).await;
    let admitted = |kind| number(&text, "causeway_admission_admitted", ("kind", kind));
    assert_eq!(
        ["calls", "batches", "streams"].map(admitted),
        [0.0, 0.0, 1.0]
    );
    let refused = |limit| number(&text, "causeway_admission_refused_total", ("limit", limit));
    assert_eq!(["streams", "calls"].map(refused), [1.0, 0.0]);
}

/// An answer at hand takes some 50 microseconds: buckets that begin later could tell no fast service from a slow one.
#[tokio::test(flavor = "multi_thread")]
async fn buckets_tell_fifty_microseconds_from_more() {
    let directory = tempfile::tempdir().unwrap();
    let (process, client) = serve(directory.path()).await;
    fill(&client, "t").await;
    let text = fetched(&process).await;
    for name in [
        "rpc_server_call_duration_seconds_bucket",
        "causeway_store_sync_duration_seconds_bucket",
    ] {
        let lines = lines(&text);
        let bounds: BTreeSet<&str> = lines
            .iter()
            .filter(|line| line.name == name)
            .map(|line| line.labels["le"])
            .collect();
        assert!(
            bounds.contains("0.00005") && bounds.contains("0.0001"),
            "{name}: {bounds:?}"
        );
    }
}

/// Names of topologies, of methods that there are not, of callers, of resources: whoever could write into a label could fill our memory.
#[tokio::test(flavor = "multi_thread")]
async fn labels_have_only_values_that_no_caller_can_choose() {
    let directory = tempfile::tempdir().unwrap();
    let (process, client) = serve(directory.path()).await;
    fill(&client, "zebra-0").await;
    ask(&client, "zebra-0").await;
    invent(&client, 0).await;
    let before = series(&fetched(&process).await);
    for number in 1..20 {
        let name = format!("zebra-{number}");
        fill(&client, &name).await;
        ask(&client, &name).await;
        invent(&client, number).await;
    }
    let text = fetched(&process).await;
    let after = series(&text);
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.is_empty(), "{new:?}");
    assert!(!text.contains("zebra"), "{text}");
    let labels: BTreeSet<&str> = lines(&text)
        .iter()
        .flat_map(|line| line.labels.keys().copied().collect::<Vec<_>>())
        .collect();
    let known = [
        "cache",
        "error_type",
        "how",
        "kind",
        "le",
        "limit",
        "outcome",
        "rpc_method",
        "rpc_response_status_code",
        "rpc_system_name",
        "service_name",
        "service_version",
        "state",
        "version",
        "why",
        "telemetry_sdk_language",
        "telemetry_sdk_name",
        "telemetry_sdk_version",
    ];
    let unknown: Vec<_> = labels
        .iter()
        .filter(|label| !known.contains(label))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// All series, each without its value.
fn series(text: &str) -> BTreeSet<String> {
    let told = text.lines().filter(|line| !line.starts_with('#'));
    told.map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
        .collect()
}

/// Calls of methods and services that there are not.
async fn invent(client: &Client, number: usize) {
    let channel = tonic::transport::Channel::from_shared(client.endpoint().to_owned()).unwrap();
    let mut grpc = tonic::client::Grpc::new(channel.connect().await.unwrap());
    for path in ["causeway.v1.PathService/Zebra", "zebra.v1.Zebra/Zebra"] {
        grpc.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<v1::GetTopologyRequest, v1::Topology>::default();
        let path = format!("/{path}{number}").parse().unwrap();
        let message = Request::new(v1::GetTopologyRequest::default());
        grpc.unary(message, path, codec).await.unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_page_and_who_asks_badly_gets_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let (process, _client) = serve(directory.path()).await;
    let status = async |request: String| {
        let answer = asked(&process, request.as_bytes()).await;
        answer.split_whitespace().nth(1).map(str::to_owned)
    };
    let of = |line: &str, headers: &str| format!("{line} HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    for path in ["/", "/metrics/", "/metricsx", "/../metrics", "/health"] {
        assert_eq!(
            status(of(&format!("GET {path}"), "")).await.unwrap(),
            "404",
            "{path}"
        );
    }
    assert_eq!(status(of("POST /metrics", "")).await.unwrap(), "405");
    assert_eq!(status("nonsense\r\n\r\n".to_owned()).await.unwrap(), "400");
    let many: String = (0..100).map(|number| format!("x{number}: y\r\n")).collect();
    assert_eq!(status(of("GET /metrics", &many)).await.unwrap(), "431");
    let long = format!("x: {}\r\n", "y".repeat(1024 * 1024));
    let answer = status(of("GET /metrics", &long)).await;
    assert!(answer.is_none_or(|status| status == "431"));
    fetched(&process).await;
}

/// Silent connections hold their places only for a while, and never the service.
#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_is_let_go() {
    let directory = tempfile::tempdir().unwrap();
    let (process, client) = serve(directory.path()).await;
    let address = process.metrics.clone().unwrap();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    client.list_topologies().await.unwrap();
    for mut stream in silent {
        let mut rest = Vec::new();
        // All of them end without a word from here.
        let _ = stream.read_to_end(&mut rest).await;
    }
    fetched(&process).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_the_metrics_too() {
    let mut collected = Collected::start().await;
    let directory = tempfile::tempdir().unwrap();
    let mut command = crate::harness::causeway();
    command.env("OTEL_SERVICE_NAME", "our-causeway");
    let to = ["--otlp-endpoint", collected.endpoint.as_str()];
    let process = Process::start(command, directory.path(), &to);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.create_topology("t", "").await.unwrap();
    let (code, log) = spawn_blocking(|| process.terminate()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
    let (names, services) = collected.metrics();
    for name in [
        "rpc.server.call.duration",
        "causeway.store.sync.duration",
        "causeway.build",
    ] {
        assert!(names.iter().any(|told| told == name), "{name}: {names:?}");
    }
    assert!(
        services.iter().all(|service| service == "our-causeway"),
        "{services:?}"
    );
}

/// docs/observability.md has a row for each metric, with its name for Prometheus, its sort and its labels.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_has_a_row_for_each_metric() {
    let directory = tempfile::tempdir().unwrap();
    let (process, client) = serve(directory.path()).await;
    fill(&client, "t").await;
    ask(&client, "t").await;
    invent(&client, 0).await;
    let text = fetched(&process).await;
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, sort)) = line
            .strip_prefix("# TYPE ")
            .and_then(|line| line.split_once(' '))
        {
            told.insert(format!("{name} {sort}"), BTreeSet::new());
        }
    }
    for line in lines(&text) {
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| line.name.strip_suffix(end));
        let labels = line
            .labels
            .keys()
            .filter(|key| **key != "le")
            .map(|key| (*key).to_owned());
        let of = [base.unwrap_or(line.name), line.name];
        let mut entries = told.iter_mut();
        let entry =
            entries.find(|(key, _)| of.iter().any(|name| key.split(' ').next() == Some(name)));
        entry.unwrap().1.extend(labels);
    }
    told.remove("target_info gauge");
    let page = std::fs::read_to_string(root().join("docs/observability.md")).unwrap();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains(" `# "));
    let _ = rows;
    let documented: BTreeMap<String, BTreeSet<String>> = page
        .lines()
        .skip_while(|line| *line != "## Metrics")
        .take_while(|line| *line != "## Log")
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(|cell| cell.trim()).collect();
            let name = cells[2].trim_matches('`');
            let labels = cells[5]
                .split(", ")
                .map(|label| label.trim_matches('`').replace('.', "_"));
            let labels = labels.filter(|label| !label.is_empty());
            (format!("{name} {}", cells[3]), labels.collect())
        })
        .collect();
    assert_eq!(told, documented);
}
