//! `ceiling`: the service compared with an echo of it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use causeway_proto::v1;
use causeway_proto::v1::path_service_server::{PathService, PathServiceServer};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::served;

/// A topology `t` of 300 interfaces and 100 questions about it, compared; what is printed, and the report.
async fn compared(words: &str) -> (String, Value) {
    let directory = TempDir::new().unwrap();
    let file = |name| directory.path().join(name).display().to_string();
    let (questions, report) = (file("questions"), file("report"));
    let endpoint = served::serve().await;
    let estate =
        format!("estate --topology t --interfaces 300 --questions {questions} --count 100");
    served::succeed(&endpoint, &estate).await;
    let words = format!("ceiling --topology t --questions {questions} --json {report} {words}");
    let printed = served::succeed(&endpoint, &words).await;
    let report = std::fs::read_to_string(report).unwrap();
    (printed, report.parse().unwrap())
}

/// That a report is complete and its figures can be true.
fn check(report: &Value, calls: u64, connections: &[u64]) {
    assert_eq!(
        (&report["calls"], &report["flows"]),
        (&calls.into(), &100.into())
    );
    assert_eq!(report["revision"], 1);
    let verdicts = report["verdicts"].as_object().unwrap();
    let told: u64 = verdicts.values().filter_map(Value::as_u64).sum();
    assert_eq!(told, 100);
    assert!(report["verdicts"]["REACHABLE"].as_u64().unwrap() > 50);
    let rows = report["rows"].as_array().unwrap();
    let row_connections = rows.iter().map(|row| row["connections"].as_u64().unwrap());
    assert!(row_connections.eq(connections.iter().copied()));
    let flows_of_call = 100.0 / u32::try_from(calls).map(f64::from).unwrap();
    rows.iter().for_each(|row| check_row(row, flows_of_call));
    let echo = report["echoPid"].as_u64().unwrap();
    assert!(
        !Path::new(&format!("/proc/{echo}")).exists(),
        "the echo is still there"
    );
}

fn check_row(row: &Value, flows_of_call: f64) {
    let figure = |path: &str| row.pointer(path).and_then(Value::as_f64).unwrap();
    for side in ["service", "echo"] {
        let of_side = |name| figure(&format!("/{side}/{name}"));
        assert!(of_side("p50Seconds") > 0.0);
        assert!(of_side("p99Seconds") >= of_side("p50Seconds"));
        let flows = of_side("callsPerSecond") * flows_of_call;
        assert!((of_side("flowsPerSecond") / flows - 1.0).abs() < 1e-6);
    }
    for name in ["throughput", "p50", "p99"] {
        let ratio = figure(&format!("/ratio/{name}"));
        assert!(ratio > 0.0 && ratio.is_finite(), "{name} {ratio}");
    }
    assert!(figure("/ratio/throughputLowest") <= figure("/ratio/throughput"));
    assert!(figure("/ratio/throughputHighest") >= figure("/ratio/throughput"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_throughput_of_batches_is_compared_for_each_number_of_connections() {
    let words = "--per-call 20 --count 100 --connections 1,3 --rounds 2 --detail path --distinct";
    let (printed, report) = compared(words).await;
    check(&report, 5, &[1, 3]);
    assert_eq!(report["mode"], "batch");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].starts_with("path: 5 calls of 100 flows in all, revision 1, "),
        "{printed}"
    );
    assert!(lines[1].starts_with("1 connection: service "), "{printed}");
    assert!(lines[2].starts_with("3 connections: service "), "{printed}");
    assert!(lines[2].contains("of the echo's"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latency_of_single_calls_is_compared() {
    let words = "--mode single --count 100 --rounds 2 --zipf 1";
    let (printed, report) = compared(words).await;
    check(&report, 100, &[1]);
    assert_eq!(report["mode"], "single");
    assert!(printed.contains("1 connection: service "), "{printed}");
}

/// A service whose topology changes with every call.
#[derive(Debug, Default)]
struct Restless {
    revision: AtomicU64,
}

#[tonic::async_trait]
impl PathService for Restless {
    async fn resolve_path(
        &self,
        _: Request<v1::ResolvePathRequest>,
    ) -> Result<Response<v1::ResolvePathResponse>, Status> {
        Err(Status::unimplemented("batches alone"))
    }

    async fn batch_resolve_paths(
        &self,
        _: Request<v1::BatchResolvePathsRequest>,
    ) -> Result<Response<v1::BatchResolvePathsResponse>, Status> {
        let revision = self.revision.fetch_add(1, Ordering::Relaxed);
        let items = Vec::new();
        Ok(Response::new(v1::BatchResolvePathsResponse {
            revision,
            items,
            traces: None,
        }))
    }

    type StreamResolvePathsStream =
        tokio_stream::Empty<Result<v1::StreamResolvePathsResponse, Status>>;

    async fn stream_resolve_paths(
        &self,
        _: Request<Streaming<v1::StreamResolvePathsRequest>>,
    ) -> Result<Response<Self::StreamResolvePathsStream>, Status> {
        Err(Status::unimplemented("batches alone"))
    }

    type ComputeReachabilityMatrixStream =
        tonic::codegen::BoxStream<v1::ComputeReachabilityMatrixResponse>;

    async fn compute_reachability_matrix(
        &self,
        _request: Request<v1::ComputeReachabilityMatrixRequest>,
    ) -> Result<Response<Self::ComputeReachabilityMatrixStream>, Status> {
        Err(Status::unimplemented("batches alone"))
    }
}

/// Its answers would be compared with what an older revision said.
#[tokio::test(flavor = "multi_thread")]
async fn a_topology_that_changes_ends_the_comparison() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let restless = PathServiceServer::new(Restless::default());
    let server = tonic::transport::Server::builder().add_service(restless);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let directory = TempDir::new().unwrap();
    let questions = directory.path().join("questions");
    std::fs::write(&questions, r#"{"from": "i-1", "to": "i-2", "port": 443}"#).unwrap();
    // One call: it is recorded at revision 0, and answered at revision 1 in the first round.
    let words = format!(
        "ceiling --topology t --count 1 --questions {}",
        questions.display()
    );
    let output = served::run(&endpoint, &words).await;
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("went from revision 0 to 1"),
        "{complaint}"
    );
}
