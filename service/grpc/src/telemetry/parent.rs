//! The trace that a caller is in, from the headers `traceparent` and `tracestate` (W3C Trace Context). What is malformed is as if it were not there.

use causeway_model::revision::TraceParent;
use http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// Most bytes of the state that is taken along: what the recommendation asks for at least.
const MAX_STATE: usize = 512;

/// The caller's span, if it tells of one.
pub(super) fn caller(headers: &HeaderMap) -> Option<SpanContext> {
    let mut given = headers.get_all(PARENT).iter();
    let (text, None) = (given.next()?.to_str().ok()?, given.next()) else {
        return None;
    };
    let parent: TraceParent = text.parse().ok()?;
    Some(SpanContext::new(
        TraceId::from_bytes(parent.trace_id()),
        SpanId::from_bytes(parent.span_id()),
        TraceFlags::default().with_sampled(parent.is_sampled()),
        true,
        state(headers),
    ))
}

/// The span as the header tells it, for those who come later.
pub(super) fn header(span: &SpanContext) -> Option<TraceParent> {
    TraceParent::new(
        span.trace_id().to_bytes(),
        span.span_id().to_bytes(),
        span.is_sampled(),
    )
}

/// Several headers are one list.
fn state(headers: &HeaderMap) -> TraceState {
    let mut all = String::new();
    for value in headers.get_all(STATE) {
        let Ok(text) = value.to_str() else {
            return TraceState::default();
        };
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(text);
        if all.len() > MAX_STATE {
            return TraceState::default();
        }
    }
    if all.is_empty() {
        return TraceState::default();
    }
    // The library takes a member without a key.
    if all
        .split(',')
        .any(|member| member.trim_start().starts_with('='))
    {
        return TraceState::default();
    }
    all.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{PARENT, STATE, caller, header};

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_caller_is_read_and_written_alike() {
        let span = caller(&headers(&[(PARENT, GOOD), (STATE, "a=1"), (STATE, "b=2")])).unwrap();
        assert!(span.is_sampled() && span.is_remote());
        assert_eq!(span.trace_state().header(), "a=1,b=2");
        assert_eq!(header(&span).unwrap().to_string(), GOOD);
    }

    #[test]
    fn two_parents_are_none() {
        assert_eq!(caller(&headers(&[(PARENT, GOOD), (PARENT, GOOD)])), None);
        assert_eq!(caller(&headers(&[(STATE, "a=1")])), None);
    }

    #[test]
    fn a_state_that_is_malformed_or_too_long_does_not_cost_the_parent() {
        for state in ["=", "no", "a=1,,=", &format!("a={}", "x".repeat(600))] {
            let span = caller(&headers(&[(PARENT, GOOD), (STATE, state)])).unwrap();
            assert_eq!(span.trace_state().header(), "", "{state}");
        }
    }
}
