//! A collector in this process, to which the real binary sends what it tells over OTLP.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// What a collector got.
pub(crate) struct Collected {
    pub(crate) endpoint: String,
    traces: mpsc::UnboundedReceiver<ExportTraceServiceRequest>,
    metrics: mpsc::UnboundedReceiver<ExportMetricsServiceRequest>,
}

/// Hands on what it gets.
struct Collector<T>(mpsc::UnboundedSender<T>);

#[tonic::async_trait]
impl TraceService for Collector<ExportTraceServiceRequest> {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector<ExportMetricsServiceRequest> {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.0.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

/// A span, as far as the tests look at it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    /// Of the trace state.
    pub(crate) state: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Collected {
    /// A collector on a free port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (trace_sender, traces) = mpsc::unbounded_channel();
        let (metric_sender, metrics) = mpsc::unbounded_channel();
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(TraceServiceServer::new(Collector(trace_sender)))
                .add_service(MetricsServiceServer::new(Collector(metric_sender)))
                .serve_with_incoming(TcpIncoming::from(listener)),
        );
        Self {
            endpoint,
            traces,
            metrics,
        }
    }

    /// The next spans that come.
    pub(crate) async fn next_spans(&mut self) -> Vec<Told> {
        spans([self.traces.recv().await.unwrap()])
    }

    /// All spans that came by now.
    pub(crate) fn spans(&mut self) -> Vec<Told> {
        spans(std::iter::from_fn(|| self.traces.try_recv().ok()))
    }

    /// The names of all metrics that came by now, and of the services that told them.
    pub(crate) fn metrics(&mut self) -> (Vec<String>, Vec<String>) {
        let exports = std::iter::from_fn(|| self.metrics.try_recv().ok());
        let (mut names, mut services) = (Vec::new(), Vec::new());
        for resource in exports.flat_map(|export| export.resource_metrics) {
            let told = attributes(resource.resource.unwrap().attributes);
            services.extend(told.get("service.name").cloned());
            let scopes = resource.scope_metrics.into_iter();
            let metrics = scopes.flat_map(|scope| scope.metrics);
            names.extend(metrics.map(|metric| metric.name));
        }
        (names, services)
    }
}

fn spans(exports: impl IntoIterator<Item = ExportTraceServiceRequest>) -> Vec<Told> {
    let resources = exports.into_iter().flat_map(|export| export.resource_spans);
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).map(told).collect()
}

fn told(span: Span) -> Told {
    Told {
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        state: span.trace_state,
        attributes: attributes(span.attributes),
    }
}

fn attributes(all: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value| {
        if let Value::StringValue(text) = value {
            return text;
        }
        let Value::IntValue(number) = value else {
            panic!("{value:?}")
        };
        number.to_string()
    };
    let count = all.len();
    let map: BTreeMap<String, String> = all
        .into_iter()
        .map(|attribute| (attribute.key, text(attribute.value.unwrap().value.unwrap())))
        .collect();
    assert_eq!(map.len(), count, "an attribute is told twice: {map:?}");
    map
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
