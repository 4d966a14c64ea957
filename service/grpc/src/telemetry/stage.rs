//! The parts of a call that take time, each a child of its span, and what the call was about.
//!
//! All of it is for calls that are traced. For others it costs a look at the context of the thread.

use std::sync::{Mutex, PoisonError};

use opentelemetry::global::{self, BoxedSpan};
use opentelemetry::trace::{Span, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context as TraceContext, KeyValue, Value};

use super::{names, parent};
use causeway_model::revision::TraceParent;

/// A part of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Bytes become a request.
    Decode,
    /// The state that is asked about is found, rebuilt or compiled; for a list or a difference, what belongs to it is chosen.
    Snapshot,
    /// Flows are resolved, each read before and written after.
    Walk,
    /// The answer is put together.
    Encode,
    /// A change becomes a durable revision.
    Commit,
}

/// A part that is under way; it ends when it is dropped.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub(crate) struct Stage {
    span: Option<BoxedSpan>,
}

/// What a call was about, as far as it is known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) topology: Option<String>,
    pub(crate) revision: Option<u64>,
    pub(crate) flows: Option<usize>,
    pub(crate) distinct_flows: Option<usize>,
    pub(crate) cache_hits: Option<u64>,
}

/// Where the facts of a call that is traced are gathered: in its context.
#[derive(Debug, Default)]
struct Gathered(Mutex<Facts>);

// === impl Stage ===

impl Stage {
    /// Begins a part of the call that this thread works for.
    pub(crate) fn begin(part: Part) -> Self {
        if !is_traced() {
            return Self { span: None };
        }
        let tracer = global::tracer(names::SCOPE);
        let builder = tracer
            .span_builder(part.name())
            .with_kind(SpanKind::Internal);
        Self {
            span: Some(tracer.build(builder)),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(span) = &mut self.span {
            span.end();
        }
    }
}

// === impl Part ===

impl Part {
    /// Does it.
    pub(crate) fn within<T>(self, work: impl FnOnce() -> T) -> T {
        let _stage = Stage::begin(self);
        work()
    }

    /// Waits for it.
    pub(crate) async fn during<T>(self, work: impl Future<Output = T>) -> T {
        let _stage = Stage::begin(self);
        work.await
    }

    fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Snapshot => "snapshot",
            Self::Walk => "walk",
            Self::Encode => "encode",
            Self::Commit => "commit",
        }
    }
}

/// Whether the call that this thread works for is traced.
pub(crate) fn is_traced() -> bool {
    TraceContext::map_current(|context| context.has_active_span() && context.span().is_recording())
}

/// Adds to what is known of the call, if it is traced.
pub(crate) fn note(add: impl FnOnce(&mut Facts)) {
    TraceContext::map_current(|context| {
        if let Some(Gathered(facts)) = context.get::<Gathered>() {
            add(&mut facts.lock().unwrap_or_else(PoisonError::into_inner));
        }
    });
}

/// The span that what comes of this call belongs to: the call's own, or its caller's if the call is not traced.
pub(crate) fn trace_parent() -> Option<TraceParent> {
    TraceContext::map_current(|context| parent::header(context.span().span_context()))
}

/// The context of a call with a place for its facts.
pub(super) fn gathering(context: &TraceContext) -> TraceContext {
    context.with_value(Gathered::default())
}

/// The facts of a call, as attributes of its span.
pub(super) fn attributes(context: &TraceContext) -> Vec<KeyValue> {
    let Some(Gathered(facts)) = context.get::<Gathered>() else {
        return Vec::new();
    };
    let Facts {
        topology,
        revision,
        flows,
        distinct_flows,
        cache_hits,
    } = facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let count = |number: usize| number_of(u64::try_from(number).unwrap_or(u64::MAX));
    let told = [
        (names::TOPOLOGY, topology.map(Value::from)),
        (names::REVISION, revision.map(number_of)),
        (names::FLOWS, flows.map(count)),
        (names::DISTINCT_FLOWS, distinct_flows.map(count)),
        (names::CACHE_HITS, cache_hits.map(number_of)),
    ];
    told.into_iter()
        .filter_map(|(name, value)| Some(KeyValue::new(name, value?)))
        .collect()
}

fn number_of(number: u64) -> Value {
    Value::I64(i64::try_from(number).unwrap_or(i64::MAX))
}
