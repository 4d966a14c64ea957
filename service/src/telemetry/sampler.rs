//! Which calls are traced: those whose caller is traced, and a share of the others; but no more of them a second than was said.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use opentelemetry::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _, TraceId, TraceState};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// Decides for each call, before anything is made for it. Clones share what they count.
#[derive(Debug, Clone)]
pub(crate) struct CappedSampler {
    /// For calls whose caller says nothing.
    roots: Sampler,
    cap: Arc<Cap>,
}

/// How many calls were traced in a second.
#[derive(Debug)]
struct Cap {
    most: u32,
    begun: Instant,
    /// The second in the upper half, and how many calls were traced in it in the lower half.
    taken: AtomicU64,
    refused: AtomicU64,
}

// === impl CappedSampler ===

impl CappedSampler {
    /// Traces this share of the calls whose caller says nothing, and of all calls so many a second at most.
    pub(crate) fn new(ratio: f64, most: u32) -> Self {
        let cap = Cap {
            most,
            begun: Instant::now(),
            taken: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        };
        Self {
            roots: Sampler::TraceIdRatioBased(ratio),
            cap: Arc::new(cap),
        }
    }

    /// How many calls would have been traced, if there had not been so many.
    pub(crate) fn refused(&self) -> u64 {
        self.cap.refused.load(Ordering::Relaxed)
    }
}

impl ShouldSample for CappedSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let span = parent.filter(|parent| parent.has_active_span());
        let (wanted, is_part, state) = match span.map(|parent| parent.span()) {
            Some(span) if span.span_context().is_valid() => (
                span.span_context().is_sampled(),
                span.is_recording(),
                span.span_context().trace_state().clone(),
            ),
            Some(_) | None => {
                let roots = &self.roots;
                let sampled = roots.should_sample(None, trace, name, kind, attributes, links);
                let wanted = sampled.decision == SamplingDecision::RecordAndSample;
                (wanted, false, TraceState::default())
            }
        };
        // The parts of a call that is traced are traced.
        let is_traced = wanted && (is_part || self.cap.take());
        SamplingResult {
            decision: if is_traced {
                SamplingDecision::RecordAndSample
            } else {
                SamplingDecision::Drop
            },
            attributes: Vec::new(),
            trace_state: state,
        }
    }
}

// === impl Cap ===

impl Cap {
    fn take(&self) -> bool {
        self.take_at(self.begun.elapsed().as_secs())
    }

    fn take_at(&self, second: u64) -> bool {
        let most = u64::from(self.most);
        let taken = self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                let (of, count) = (held >> 32, held & u64::from(u32::MAX));
                let count = if of == second { count } else { 0 };
                (count < most).then_some(second << 32 | (count + 1))
            });
        if taken.is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::CappedSampler;

    #[test]
    fn a_second_has_so_many_calls_and_the_next_one_as_many_again() {
        let sampler = CappedSampler::new(1.0, 2);
        let taken = [0, 0, 0, 1, 1, 1, 1].map(|second| sampler.cap.take_at(second));
        assert_eq!(taken, [true, true, false, true, true, false, false]);
        assert_eq!(sampler.refused(), 3);
    }

    #[test]
    fn nothing_is_traced_where_none_may_be() {
        assert!(!CappedSampler::new(1.0, 0).cap.take_at(7));
    }
}
