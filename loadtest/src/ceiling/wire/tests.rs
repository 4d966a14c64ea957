//! When a call is made again.

use std::time::Duration;

use tonic::{Code, Status};

use super::pushback;

fn refused(code: Code, asked: Option<&str>) -> Option<Duration> {
    let mut status = Status::new(code, "too much");
    if let Some(asked) = asked {
        let trailers = status.metadata_mut();
        trailers.insert("grpc-retry-pushback-ms", asked.parse().unwrap());
    }
    pushback(&status)
}

#[test]
fn a_call_is_made_again_when_the_service_says_so_and_not_otherwise() {
    let soon = Some(Duration::from_millis(40));
    assert_eq!(refused(Code::ResourceExhausted, Some("40")), soon);
    assert_eq!(refused(Code::ResourceExhausted, None), None);
    assert_eq!(refused(Code::ResourceExhausted, Some("-1")), None);
    assert_eq!(refused(Code::Internal, Some("40")), None);
}
