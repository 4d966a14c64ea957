//! SPIFFE ids, good and bad.

use super::SpiffeIdError;
use crate::Principal;

#[test]
fn a_workload_has_a_trust_domain_and_a_path() {
    let longest = format!("spiffe://d/{}", "a".repeat(2048 - 11));
    for id in [
        "spiffe://example.org/ns/shop/sa/portal",
        "spiffe://a_b-c.9/Path/with.Dots-and_lines/...",
        longest.as_str(),
    ] {
        assert_eq!(
            Principal::workload(id),
            Ok(Principal::Workload(id.to_owned()))
        );
    }
}

#[test]
fn what_the_standard_does_not_allow_is_no_id() {
    use SpiffeIdError::{NoPath, Scheme, Segment, TooLong, TrustDomain};
    let too_long = format!("spiffe://d/{}", "a".repeat(2048 - 10));
    let long_domain = format!("spiffe://{}/a", "d".repeat(256));
    for (id, fault) in [
        ("", Scheme),
        ("spiffe:/example.org/a", Scheme),
        ("SPIFFE://example.org/a", Scheme),
        (" spiffe://example.org/a", Scheme),
        ("https://example.org/a", Scheme),
        ("spiffe:///a", TrustDomain),
        ("spiffe://Example.org/a", TrustDomain),
        ("spiffe://example.org:443/a", TrustDomain),
        ("spiffe://user@example.org/a", TrustDomain),
        ("spiffe://ex%41mple.org/a", TrustDomain),
        (long_domain.as_str(), TrustDomain),
        ("spiffe://example.org", NoPath),
        ("spiffe://example.org/", Segment),
        ("spiffe://example.org/a/", Segment),
        ("spiffe://example.org/a//b", Segment),
        ("spiffe://example.org/./a", Segment),
        ("spiffe://example.org/a/../b", Segment),
        ("spiffe://example.org/a%2Fb", Segment),
        ("spiffe://example.org/a?b", Segment),
        ("spiffe://example.org/a#b", Segment),
        ("spiffe://example.org/ä", Segment),
        (too_long.as_str(), TooLong),
    ] {
        assert_eq!(Principal::workload(id), Err(fault), "{id}");
    }
}
