//! `ceiling`: the service compared with an echo of it.

use std::path::Path;
use std::process::Output;
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

/// A service that is not as calm as a comparison wants it.
#[derive(Debug)]
struct Restless {
    calls: AtomicU64,
    sort: Sort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Its topology changes with every call.
    Changing,
    /// Every other call is refused for there being too much.
    Crowded,
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
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let revision = match self.sort {
            Sort::Changing => number,
            Sort::Crowded if number.is_multiple_of(2) => {
                let mut refusal = Status::resource_exhausted("too much");
                let trailers = refusal.metadata_mut();
                trailers.insert("grpc-retry-pushback-ms", "1".parse().unwrap());
                return Err(refusal);
            }
            Sort::Crowded => 1,
        };
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

/// Serves it until the test ends, and compares it with an echo by one call.
async fn compare_with(sort: Sort, report: &Path) -> Output {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let calls = AtomicU64::new(0);
    let restless = PathServiceServer::new(Restless { calls, sort });
    let server = tonic::transport::Server::builder().add_service(restless);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let directory = TempDir::new().unwrap();
    let questions = directory.path().join("questions");
    std::fs::write(&questions, r#"{"from": "i-1", "to": "i-2", "port": 443}"#).unwrap();
    let words = format!(
        "ceiling --topology t --count 1 --rounds 2 --connections 1 --in-flight 1 --questions {} --json {}",
        questions.display(),
        report.display()
    );
    served::run(&endpoint, &words).await
}

/// Its answers would be compared with what an older revision said. One call is recorded at revision 0, and answered at revision 1 in the first round.
#[tokio::test(flavor = "multi_thread")]
async fn a_topology_that_changes_ends_the_comparison() {
    let directory = TempDir::new().unwrap();
    let output = compare_with(Sort::Changing, &directory.path().join("report")).await;
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("went from revision 0 to 1"),
        "{complaint}"
    );
}

/// The call is refused once when it is recorded, and once in each of two rounds.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_refused_is_made_again_and_told() {
    let directory = TempDir::new().unwrap();
    let report = directory.path().join("report");
    let output = compare_with(Sort::Crowded, &report).await;
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{complaint}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("service refused 2 times"), "{printed}");
    let report: Value = std::fs::read_to_string(report).unwrap().parse().unwrap();
    let refused = |side: &str| report["rows"][0][side]["refusedCalls"].as_u64();
    assert_eq!((refused("service"), refused("echo")), (Some(2), Some(0)));
}
