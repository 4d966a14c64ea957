//! What people and programs read from a status.

use super::*;

fn refusal(message: &str, faults: &[(&str, &str)]) -> Refusal {
    let violations: Vec<_> = faults
        .iter()
        .map(|(field, fault)| FieldViolation::new(*field, *fault))
        .collect();
    let mut details = ErrorDetails::new();
    details.set_error_info(
        "INVALID_CHANGE_SET",
        DOMAIN,
        [("head".to_owned(), "7".to_owned())],
    );
    details.set_bad_request(violations);
    details.set_retry_info(Some(Duration::from_secs(2)));
    Refusal::from(&Status::with_error_details(
        Code::InvalidArgument,
        message,
        details,
    ))
}

#[test]
fn a_refusal_keeps_what_the_details_say() {
    let refusal = refusal("not well-formed", &[("changes[0]", "must exist")]);
    assert_eq!(refusal.code, Code::InvalidArgument);
    assert_eq!(refusal.reason, Some(ErrorReason::InvalidChangeSet));
    assert_eq!(refusal.metadata.get("head").map(String::as_str), Some("7"));
    assert_eq!(refusal.violations.len(), 1);
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(2)));
}

#[test]
fn a_reason_of_another_domain_is_none_of_ours() {
    let details = ErrorDetails::with_error_info("INVALID_CHANGE_SET", "other.v1", []);
    let status = Status::with_error_details(Code::Internal, "no", details);
    assert_eq!(Refusal::from(&status).reason, None);
}

#[test]
fn a_message_is_one_line_and_names_the_first_faults() {
    let faults = [
        ("a", "1st"),
        ("b", "2nd"),
        ("c", "3rd"),
        ("d", "4th"),
        ("e", "5th"),
    ];
    assert_eq!(
        refusal("not\nwell-formed", &faults).to_string(),
        "not well-formed (`a`: 1st; `b`: 2nd; `c`: 3rd; and 2 more)"
    );
}

#[test]
fn a_message_does_not_tell_a_fault_twice() {
    assert_eq!(
        refusal("`a` must exist", &[("a", "must exist")]).to_string(),
        "`a` must exist"
    );
}
