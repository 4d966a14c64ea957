//! Traces: a collector gets one span for a call, in the trace of its caller.

use causeway_proto::v1;
use causeway_proto::v1::topology_service_client::TopologyServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::harness::Process;

/// What a caller's tracer would send.
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

/// Hands on what it gets.
struct Collector(mpsc::UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// A collector on a free port: where it is, and what it gets.
async fn collector() -> (String, mpsc::UnboundedReceiver<ExportTraceServiceRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    let service = TraceServiceServer::new(Collector(sender));
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(listener)),
    );
    (endpoint, receiver)
}

fn spans(exports: impl Iterator<Item = ExportTraceServiceRequest>) -> Vec<Span> {
    let resources = exports.into_iter().flat_map(|export| export.resource_spans);
    resources
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans)
        .collect()
}

fn attribute(span: &Span, key: &str) -> Option<String> {
    let value = span
        .attributes
        .iter()
        .find(|attribute| attribute.key == key)?
        .value
        .clone()?
        .value?;
    let Value::StringValue(text) = value else {
        panic!("{key} is {value:?}")
    };
    Some(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A health check, a call in the trace of a caller that fails, and one of its own that succeeds.
async fn call(endpoint: String) {
    let channel = Channel::from_shared(endpoint)
        .unwrap()
        .connect()
        .await
        .unwrap();
    HealthClient::new(channel.clone())
        .check(HealthCheckRequest::default())
        .await
        .unwrap();
    let mut client = TopologyServiceClient::new(channel);
    let mut request = Request::new(v1::GetTopologyRequest {
        name: "t".to_owned(),
    });
    let parent = format!("00-{TRACE_ID}-{SPAN_ID}-01");
    request
        .metadata_mut()
        .insert("traceparent", parent.parse().unwrap());
    assert_eq!(
        client.get_topology(request).await.unwrap_err().code(),
        Code::NotFound
    );
    let create = v1::CreateTopologyRequest {
        name: "t".to_owned(),
        ..v1::CreateTopologyRequest::default()
    };
    client.create_topology(create).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_span_in_the_trace_of_its_caller_and_health_is_none() {
    let (endpoint, mut exported) = collector().await;
    let directory = tempfile::tempdir().unwrap();
    let process = Process::serve(directory.path(), &["--otlp-endpoint", &endpoint]);
    call(process.endpoint.clone()).await;
    // The spans that are left are sent before the process ends.
    let (code, log) = spawn_blocking(|| process.terminate()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
    let spans = spans(std::iter::from_fn(|| exported.try_recv().ok()));
    let [failed, succeeded] = spans.as_slice() else {
        panic!("{spans:?}")
    };
    assert_eq!(failed.name, "causeway.v1.TopologyService/GetTopology");
    assert_eq!(
        (hex(&failed.trace_id), hex(&failed.parent_span_id)),
        (TRACE_ID.to_owned(), SPAN_ID.to_owned())
    );
    let told = [
        "rpc.system.name",
        "rpc.method",
        "rpc.response.status_code",
        "error.type",
    ]
    .map(|key| attribute(failed, key));
    let expected = [
        Some("grpc"),
        Some("causeway.v1.TopologyService/GetTopology"),
        Some("NOT_FOUND"),
        None,
    ];
    assert_eq!(told, expected.map(|text| text.map(str::to_owned)));
    assert_eq!(succeeded.name, "causeway.v1.TopologyService/CreateTopology");
    assert_eq!(
        attribute(succeeded, "rpc.response.status_code"),
        Some("OK".to_owned())
    );
}
