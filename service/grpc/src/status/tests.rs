//! Statuses: small enough to travel, and nothing inner in them.

use std::io;

use causeway_engine::{EngineError, StoreError};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::error::{CallError, FoundFaults};
use crate::faults::FieldFault;

#[test]
fn a_status_of_any_number_of_faults_fits_into_the_trailers_of_every_client() {
    let fault = |number: usize| FieldFault {
        field: format!("changes[{number}].put.subnet.vpc_id"),
        description: "`vpc-1` does not exist".repeat(3),
    };
    let faults = FoundFaults {
        found: (0..1_000).map(fault).collect(),
        count: 90_000,
    };
    let status = Status::from(CallError::InvalidChangeSet(faults));
    let headers = status.clone().into_http::<()>().headers().clone();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 32)
        .sum();
    assert!(bytes < 8 * 1024, "{bytes} bytes");
    let violations = status
        .get_error_details()
        .bad_request()
        .unwrap()
        .field_violations
        .clone();
    assert!(violations.len() > 30, "{}", violations.len());
    let rest = 90_000 - (violations.len() - 1);
    assert_eq!(
        violations.last().unwrap().description,
        format!("and {rest} more, which do not fit into an error; mend these first")
    );
}

#[test]
fn every_fault_is_told_where_all_fit() {
    let fault = |number: usize| FieldFault {
        field: format!("changes[{number}].put.subnet.vpc_id"),
        description: "`vpc-1` does not exist".to_owned(),
    };
    let faults = FoundFaults {
        found: (0..50).map(fault).collect(),
        count: 50,
    };
    let status = Status::from(CallError::InvalidChangeSet(faults));
    assert_eq!(
        status
            .get_error_details()
            .bad_request()
            .unwrap()
            .field_violations
            .len(),
        50
    );
    assert_eq!(
        status.message(),
        "nothing was changed, for the change set has 50 faults: changes[0].put.subnet.vpc_id: `vpc-1` does not exist"
    );
}

#[test]
fn what_the_store_says_stays_inside() {
    let source = StoreError::Io {
        action: "write `/var/secret/db`".to_owned(),
        source: Box::new(io::Error::other("disk is gone")),
    };
    let status = Status::from(CallError::from(EngineError::StoreFailed { source }));
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "the store could not be read or written")
    );
    assert_eq!(
        status.get_error_details().error_info().unwrap().reason,
        "STORE_FAILED"
    );
    assert!(!String::from_utf8_lossy(status.details()).contains("secret"));
}

#[test]
fn an_export_that_may_succeed_when_it_is_made_again_says_so() {
    let name = "prod".parse().unwrap();
    let overtaken = EngineError::ExportOvertaken { name };
    let full = EngineError::TooManyExports { maximum: 2 };
    for (error, code, reason) in [
        (overtaken, Code::Aborted, "EXPORT_OVERTAKEN"),
        (full, Code::ResourceExhausted, "TOO_MANY_EXPORTS"),
    ] {
        let status = Status::from(CallError::from(error));
        let details = status.get_error_details();
        assert_eq!(status.code(), code);
        assert_eq!(details.error_info().unwrap().reason, reason);
        assert!(details.retry_info().is_some());
    }
}

#[test]
fn a_message_is_cut_between_characters() {
    assert_eq!(
        (
            super::cut("aß", 1),
            super::cut("aß", 2),
            super::cut("aß", 3)
        ),
        ("a".to_owned(), "a".to_owned(), "aß".to_owned())
    );
}
