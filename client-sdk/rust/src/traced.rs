//! Calls in traces: each attempt at a call is a span of the kind CLIENT in the trace that the caller is in, and tells the service of it.
//!
//! It follows the current OpenTelemetry context, and the provider that the program has installed. Without one there are no spans, and what the
//! context says is told on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use opentelemetry::global::{self, BoxedSpan};
use opentelemetry::trace::{Span, SpanContext, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context as TraceContext, KeyValue};
use tonic::Code;
use tonic::body::Body;
use tonic::transport::{Channel, Error};
use tower_service::Service;

use crate::proxied::understood;

/// Names of OpenTelemetry's semantic conventions for RPC, version 1.44.
const SYSTEM: &str = "rpc.system.name";
const METHOD: &str = "rpc.method";
const STATUS: &str = "rpc.response.status_code";
const ERROR: &str = "error.type";
const ADDRESS: &str = "server.address";
const PORT: &str = "server.port";

/// Name of the tracer.
const TRACER: &str = "causeway-client";

/// A channel whose calls are in traces, and whose answers are all of gRPC.
#[derive(Debug, Clone)]
pub(crate) struct Traced {
    channel: Channel,
    server: Arc<Server>,
}

/// Where the calls go.
#[derive(Debug)]
struct Server {
    address: Arc<str>,
    port: Option<u16>,
}

/// An attempt under way. Its span ends when it does, at the latest when it is dropped.
struct Call(Option<BoxedSpan>);

/// The body of an answer, which ends its call's span.
struct Observed {
    inner: Body,
    call: Call,
}

// === impl Traced ===

impl Traced {
    /// The channel to an endpoint.
    pub(crate) fn new(channel: Channel, endpoint: &str) -> Self {
        let uri: Uri = endpoint.parse().unwrap_or_default();
        let server = Server {
            address: uri.host().unwrap_or_default().into(),
            port: uri.port_u16(),
        };
        Self {
            channel,
            server: Arc::new(server),
        }
    }
}

impl Service<Request<Body>> for Traced {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.channel.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let call = Call::begin(&self.server, &mut request);
        let answer = self.channel.call(request);
        Box::pin(async move {
            let mut call = call;
            match answer.await {
                Ok(response) => Ok(observe(understood(response), call)),
                Err(error) => {
                    call.end(Code::Unavailable);
                    Err(error)
                }
            }
        })
    }
}

// === impl Call ===

impl Call {
    /// Begins an attempt, and tells the service in which trace it is.
    fn begin(server: &Server, request: &mut Request<Body>) -> Self {
        let method = request.uri().path().trim_start_matches('/').to_owned();
        let tracer = global::tracer(TRACER);
        let mut attributes = Vec::with_capacity(4);
        attributes.push(KeyValue::new(SYSTEM, "grpc"));
        attributes.push(KeyValue::new(METHOD, method.clone()));
        attributes.push(KeyValue::new(ADDRESS, Arc::clone(&server.address)));
        attributes.extend(server.port.map(|port| KeyValue::new(PORT, i64::from(port))));
        let span = TraceContext::map_current(|outer| {
            let builder = tracer
                .span_builder(method)
                .with_kind(SpanKind::Client)
                .with_attributes(attributes);
            let span = tracer.build_with_context(builder, outer);
            if span.span_context().is_valid() {
                tell(span.span_context(), request.headers_mut());
                return Some(span);
            }
            tell(outer.span().span_context(), request.headers_mut());
            None
        });
        Self(span)
    }

    fn end(&mut self, code: Code) {
        let Some(mut span) = self.0.take() else {
            return;
        };
        let name = name(code);
        span.set_attribute(KeyValue::new(STATUS, name));
        // Of the client's spans every status but OK is an error.
        if code != Code::Ok {
            span.set_attribute(KeyValue::new(ERROR, name));
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

impl Drop for Call {
    /// An attempt that is dropped before its end was given up.
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// Writes the headers of W3C Trace Context, whatever propagator the program has chosen: they are what the service reads.
fn tell(span: &SpanContext, headers: &mut HeaderMap) {
    if !span.is_valid() {
        return;
    }
    let flags = u8::from(span.is_sampled());
    let parent = format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id());
    let state = span.trace_state().header();
    for (name, value) in [("traceparent", parent), ("tracestate", state)] {
        // What the caller has written itself stays.
        if let Ok(value) = HeaderValue::try_from(value)
            && !value.is_empty()
        {
            headers.entry(name).or_insert(value);
        }
    }
}

// === impl Observed ===

/// Watches an answer for its status, which is in the headers if there is no body.
fn observe(response: Response<Body>, mut call: Call) -> Response<Body> {
    if call.0.is_none() {
        return response;
    }
    if let Some(code) = code_of(response.headers()) {
        call.end(code);
        return response;
    }
    response.map(|inner| Body::new(Observed { inner, call }))
}

impl http_body::Body for Observed {
    type Data = <Body as http_body::Body>::Data;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, tonic::Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_ref().and_then(code_of) {
                    self.call.end(code);
                }
            }
            Some(Err(status)) => self.call.end(status.code()),
            None => self.call.end(Code::Unknown),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

fn code_of(headers: &HeaderMap) -> Option<Code> {
    Some(Code::from_bytes(headers.get("grpc-status")?.as_bytes()))
}

/// Name of a status code, as gRPC writes it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
