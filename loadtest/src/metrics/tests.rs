//! Reading what the service tells for Prometheus.

use super::{Cache, parse};

#[test]
fn lookups_are_counted_by_outcome_between_two_moments() {
    let text = |hit, carried, miss| {
        format!(
            "# TYPE causeway_cache_lookups_total counter\n\
             causeway_cache_lookups_total{{cache=\"answers\",outcome=\"hit\",otel_scope_name=\"c\"}} {hit}\n\
             causeway_cache_lookups_total{{cache=\"answers\",outcome=\"carried\"}} {carried}\n\
             causeway_cache_lookups_total{{cache=\"answers\",outcome=\"miss\"}} {miss}\n\
             causeway_build{{otel_scope_name=\"c\",version=\"0.1.0\"}} 1\n\
             another_total{{outcome=\"hit\"}} 77\n"
        )
    };
    let before = parse(&text(10, 0, 5));
    let after = parse(&text(16, 1, 8));
    assert_eq!(after.version.as_deref(), Some("0.1.0"));
    let expected = Cache {
        hits: 6.0,
        carried: 1.0,
        misses: 3.0,
        hit_ratio: 0.7,
    };
    assert_eq!(after.since(&before), expected);
    assert_eq!(after.since(&after).hit_ratio.to_bits(), 0.0_f64.to_bits());
}
