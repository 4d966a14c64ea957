//! Traces: what a client tells of its calls, once the program has installed a provider.

use std::sync::{Mutex, PoisonError};

use opentelemetry::global;
use opentelemetry::trace::{FutureExt as _, SpanKind, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tonic::Status;

use crate::fake::{Fake, Outcome};

/// What was exported by all tests of this process, of which one installs the provider.
static EXPORTED: Mutex<Vec<SpanData>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Exporter;

impl SpanExporter for Exporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        let mut exported = EXPORTED.lock().unwrap_or_else(PoisonError::into_inner);
        exported.append(&mut batch);
        Ok(())
    }
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let mut attributes = span.attributes.iter();
    let found = attributes.find(|attribute| attribute.key.as_str() == key)?;
    Some(found.value.to_string())
}

#[tokio::test]
async fn each_attempt_is_a_span_that_the_service_is_told_of() -> Outcome {
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(Exporter)
        .build();
    global::set_tracer_provider(provider);
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    fake.fail_next([Status::unavailable("not now")]);
    let outer = global::tracer("test").start("outer");
    let context = opentelemetry::Context::new().with_span(outer);
    let trace = context.span().span_context().trace_id();
    let parent = context.span().span_context().span_id();
    client.get_topology("prod").with_context(context).await?;
    let exported = EXPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    let spans: Vec<&SpanData> = exported
        .iter()
        .filter(|span| span.span_context.trace_id() == trace && span.parent_span_id == parent)
        .collect();
    let told: Vec<_> = spans
        .iter()
        .map(|span| {
            let [status, error] =
                ["rpc.response.status_code", "error.type"].map(|key| attribute(span, key));
            (span.name.to_string(), status, error)
        })
        .collect();
    let method = "causeway.v1.TopologyService/GetTopology".to_owned();
    let [ok, unavailable] = ["OK", "UNAVAILABLE"].map(|name| Some(name.to_owned()));
    let expected = [
        (method.clone(), unavailable.clone(), unavailable),
        (method, ok, None),
    ];
    assert_eq!(told, expected);
    for span in &spans {
        assert_eq!(span.span_kind, SpanKind::Client);
        assert_eq!(
            attribute(span, "server.address"),
            Some("127.0.0.1".to_owned())
        );
        let port = Some(fake.address.port().to_string());
        assert_eq!(attribute(span, "server.port"), port);
    }
    let headers: Vec<Option<String>> = fake
        .state()
        .headers
        .iter()
        .map(|headers| headers.get("traceparent").cloned())
        .collect();
    let ids = spans
        .iter()
        .map(|span| Some(format!("00-{trace}-{}-01", span.span_context.span_id())));
    assert_eq!(headers, ids.collect::<Vec<_>>());
    Ok(())
}
