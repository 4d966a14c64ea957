//! One OpenTelemetry span for each call, one line of log, and one measurement, by the semantic conventions for RPC.
//!
//! The span is a native one: through `tracing` it would cost ten times as much, sampled or not. Whether a call is traced is decided before anything is made
//! for it; of one that is not, only the ids are known, for its log. Health checks and reflection are left out.

mod body;
mod methods;
mod names;
mod parent;
mod stage;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Request, Response};
use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::metrics::Histogram;
use opentelemetry::trace::{SpanKind, Status as SpanStatus, TraceContextExt, Tracer};
use opentelemetry::{Context as TraceContext, KeyValue};
use tonic::Code;
use tonic::body::Body;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Level;

use self::methods::Method;
pub(crate) use self::names::status as code_name;
pub(crate) use self::stage::{Part, Stage, is_traced, note, trace_parent};

/// Most bytes that are told of a method that there is not.
const MAX_ORIGINAL: usize = 128;

/// From 50 microseconds to 10 seconds: an answer at hand takes less than the first, and what the conventions recommend begins at 5 milliseconds.
const BOUNDARIES: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
    2.0, 5.0, 10.0,
];

/// Watches each call.
#[derive(Debug, Clone)]
pub(crate) struct TelemetryLayer {
    instruments: Arc<Instruments>,
}

/// A service whose calls are watched.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry<S> {
    instruments: Arc<Instruments>,
    inner: S,
}

/// What calls are traced and measured with.
#[derive(Debug)]
struct Instruments {
    tracer: BoxedTracer,
    durations: Histogram<f64>,
}

/// A call under way. Its span ends when it does, at the latest when it is dropped.
#[derive(Debug)]
struct Call {
    instruments: Arc<Instruments>,
    /// With the call's span; of a call that is not traced with the caller's, or with new ids.
    context: TraceContext,
    /// As it is counted.
    method: &'static str,
    begun: Instant,
    ended: bool,
}

// === impl TelemetryLayer ===

impl TelemetryLayer {
    /// Spans and measurements go to the providers that are the process's own by now.
    pub(crate) fn new() -> Self {
        let durations = global::meter(names::SCOPE)
            .f64_histogram(names::DURATION)
            .with_unit("s")
            .with_description("How long calls took, streams to their ends")
            .with_boundaries(BOUNDARIES.to_vec())
            .build();
        Self {
            instruments: Arc::new(Instruments {
                tracer: global::tracer(names::SCOPE),
                durations,
            }),
        }
    }
}

impl<S> Layer<S> for TelemetryLayer {
    type Service = Telemetry<S>;

    fn layer(&self, inner: S) -> Telemetry<S> {
        Telemetry {
            instruments: Arc::clone(&self.instruments),
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
        let Some(call) = Call::begin(&self.instruments, &request) else {
            return Box::pin(self.inner.call(request));
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut answer = std::pin::pin!(answer);
            let response =
                std::future::poll_fn(|cx| call.within(|| answer.as_mut().poll(cx))).await;
            response.map(|response| body::observe(response, call))
        })
    }
}

// === impl Call ===

impl Call {
    /// Begins a call, in the trace of its caller if there is one. Nothing for calls that are left out.
    fn begin<B>(instruments: &Arc<Instruments>, request: &Request<B>) -> Option<Self> {
        let path = request.uri().path();
        let (method, original) = match Method::of(path) {
            Method::Known(method) => (method, None),
            Method::Other => (names::OTHER_METHOD, Some(path)),
            Method::LeftOut => return None,
        };
        let begun = Instant::now();
        let parent = parent::caller(request.headers());
        let context = match parent {
            Some(parent) if !parent.is_sampled() => {
                TraceContext::new().with_remote_span_context(parent)
            }
            Some(parent) => {
                let outer = TraceContext::new().with_remote_span_context(parent);
                traced(&instruments.tracer, &outer, (method, original)).unwrap_or(outer)
            }
            None => {
                let outer = TraceContext::new();
                traced(&instruments.tracer, &outer, (method, original)).unwrap_or_else(|ids| ids)
            }
        };
        Some(Self {
            instruments: Arc::clone(instruments),
            context,
            method,
            begun,
            ended: false,
        })
    }

    /// Does some of its work.
    fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let _here = self.context.clone().attach();
        work()
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let name = names::status(code);
        let span = self.context.span();
        if span.is_recording() {
            span.set_attributes(stage::attributes(&self.context));
            span.set_attribute(KeyValue::new(names::STATUS, name));
            if names::is_our_fault(code) {
                span.set_attribute(KeyValue::new(names::ERROR, name));
                span.set_status(SpanStatus::error(""));
            }
            span.end();
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        self.measure(code, name, seconds);
        self.log(code, name, seconds);
    }

    fn measure(&self, code: Code, status: &'static str, seconds: f64) {
        let [system, method, status, error] = [
            KeyValue::new(names::SYSTEM, names::SYSTEM_GRPC),
            KeyValue::new(names::METHOD, self.method),
            KeyValue::new(names::STATUS, status),
            KeyValue::new(names::ERROR, status),
        ];
        let durations = &self.instruments.durations;
        if names::is_our_fault(code) {
            durations.record(seconds, &[system, method, status, error]);
        } else {
            durations.record(seconds, &[system, method, status]);
        }
    }

    fn log(&self, code: Code, status: &'static str, seconds: f64) {
        let method = self.method;
        if names::is_our_fault(code) {
            self.within(|| tracing::warn!(method, status, seconds, "call failed"));
        } else if tracing::enabled!(Level::DEBUG) {
            self.within(|| tracing::debug!(method, status, seconds, "call"));
        }
    }
}

impl Drop for Call {
    /// A call that is dropped before its end was given up by its caller.
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The context of a call that is traced; else one with nothing but ids.
fn traced(
    tracer: &BoxedTracer,
    outer: &TraceContext,
    (method, original): (&'static str, Option<&str>),
) -> Result<TraceContext, TraceContext> {
    use opentelemetry::trace::Span as _;

    // A name that anybody could make up is none (conventions, "Span name").
    let name = original.map_or(method, |_| names::SYSTEM_GRPC);
    let builder = tracer.span_builder(name).with_kind(SpanKind::Server);
    let mut span = tracer.build_with_context(builder, outer);
    if !span.is_recording() {
        let ids = span.span_context().clone();
        return Err(outer.with_remote_span_context(ids));
    }
    span.set_attribute(KeyValue::new(names::SYSTEM, names::SYSTEM_GRPC));
    span.set_attribute(KeyValue::new(names::METHOD, method));
    if let Some(path) = original {
        let told = path.trim_start_matches('/').chars().take(MAX_ORIGINAL);
        span.set_attribute(KeyValue::new(
            names::ORIGINAL_METHOD,
            told.collect::<String>(),
        ));
    }
    Ok(stage::gathering(&outer.with_span(span)))
}
