//! One OpenTelemetry span for each call, and one line of log, by the semantic conventions for RPC.
//!
//! The span is a native one: through `tracing` it would cost ten times as much, sampled or not. Health checks and reflection are left out.

mod body;
mod names;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, Request, Response};
use opentelemetry::global::{self, BoxedSpan, BoxedTracer};
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{Span, SpanKind, Status as SpanStatus, Tracer};
use opentelemetry::{Context as TraceContext, KeyValue};
use std::sync::Arc;
use tonic::Code;
use tonic::body::Body;
use tower_layer::Layer;
use tower_service::Service;

/// Makes a span for each call.
#[derive(Debug, Clone)]
pub(crate) struct TelemetryLayer {
    tracer: Arc<BoxedTracer>,
}

/// A service whose calls have spans.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry<S> {
    tracer: Arc<BoxedTracer>,
    inner: S,
}

/// A call under way. Its span ends when it does, at the latest when it is dropped.
#[derive(Debug)]
struct Call {
    span: BoxedSpan,
    method: String,
    begun: Instant,
    ended: bool,
}

struct Headers<'a>(&'a HeaderMap);

// === impl TelemetryLayer ===

impl TelemetryLayer {
    /// Spans go to the provider that is the process's own by now.
    pub(crate) fn new() -> Self {
        Self {
            tracer: Arc::new(global::tracer(names::TRACER)),
        }
    }
}

impl<S> Layer<S> for TelemetryLayer {
    type Service = Telemetry<S>;

    fn layer(&self, inner: S) -> Telemetry<S> {
        Telemetry {
            tracer: Arc::clone(&self.tracer),
            inner,
        }
    }
}

// === impl Telemetry ===

impl<S, B> Service<Request<B>> for Telemetry<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let call = Call::begin(&self.tracer, &request);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await;
            match call {
                Some(call) => response.map(|response| body::observe(response, call)),
                None => response,
            }
        })
    }
}

// === impl Call ===

impl Call {
    /// Begins the span of a call, as the child of the caller's if there is one. Nothing for calls that are not of the contract.
    fn begin<B>(tracer: &BoxedTracer, request: &Request<B>) -> Option<Self> {
        let method = request.uri().path().strip_prefix('/')?;
        if !method.starts_with(names::PACKAGE) {
            return None;
        }
        let parent = global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&TraceContext::new(), &Headers(request.headers()))
        });
        let attributes = [
            KeyValue::new(names::SYSTEM, names::SYSTEM_GRPC),
            KeyValue::new(names::METHOD, method.to_owned()),
        ];
        let builder = tracer
            .span_builder(method.to_owned())
            .with_kind(SpanKind::Server)
            .with_attributes(attributes);
        let span = builder.start_with_context(tracer, &parent);
        Some(Self {
            span,
            method: method.to_owned(),
            begun: Instant::now(),
            ended: false,
        })
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let name = names::status(code);
        if self.span.is_recording() {
            self.span.set_attribute(KeyValue::new(names::STATUS, name));
            if names::is_our_fault(code) {
                self.span.set_attribute(KeyValue::new(names::ERROR, name));
                self.span.set_status(SpanStatus::error(""));
            }
        }
        self.span.end();
        self.log(code, name);
    }

    fn log(&self, code: Code, status: &'static str) {
        let (method, seconds) = (self.method.as_str(), self.begun.elapsed().as_secs_f64());
        let context = self.span.span_context();
        let trace_id = context
            .is_valid()
            .then(|| tracing::field::display(context.trace_id()));
        if names::is_our_fault(code) {
            tracing::warn!(method, status, seconds, trace_id, "call failed");
        } else {
            tracing::debug!(method, status, seconds, trace_id, "call");
        }
    }
}

impl Drop for Call {
    /// A call that is dropped before its end was given up by its caller.
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

// === impl Headers ===

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
