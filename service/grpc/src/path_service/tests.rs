//! Answers that are as large as a message, and larger.

use std::sync::Arc;

use causeway_engine::Answers;
use causeway_model::revision::Revision;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{CallError, Detail, MAX_MESSAGE_BYTES, Room, batch, batch_response, v1};

fn errors(count: usize, bytes: usize) -> Vec<Option<tonic_types::Status>> {
    let error = tonic_types::Status {
        code: 3,
        message: "a".repeat(bytes),
        details: Vec::new(),
    };
    vec![Some(error); count]
}

fn respond(unreadable: Vec<Option<tonic_types::Status>>) -> Result<usize, CallError> {
    let answers = Answers {
        revision: Revision(7),
        answers: vec![Arc::new(Err(
            causeway_engine::ResolveError::UnknownResource {
                id: "i-1".parse().unwrap(),
            },
        ))],
    };
    batch_response(&answers, Detail::Verdict, unreadable).map(|response| response.encoded_len())
}

#[test]
fn an_answer_is_given_up_at_the_first_byte_that_does_not_fit() {
    // 64 items of a MiB and their frames are just too large; the last is made as small as it must be.
    let mib = 1024 * 1024;
    let whole = respond(errors(63, mib)).unwrap();
    let left = MAX_MESSAGE_BYTES - whole;
    let fits = (left - 64..left)
        .rev()
        .map(|bytes| [errors(63, mib), errors(1, bytes)].concat())
        .find_map(|items| respond(items).ok())
        .unwrap();
    assert_eq!(fits, MAX_MESSAGE_BYTES);
    let status = Status::from(respond(errors(100, mib)).unwrap_err());
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(info.reason, "ANSWER_TOO_LARGE");
    let size: usize = info.metadata["size"].parse().unwrap();
    assert!(
        (MAX_MESSAGE_BYTES..MAX_MESSAGE_BYTES + 2 * mib).contains(&size),
        "{size}: the rest was not rendered"
    );
    assert_eq!(info.metadata["maximum"], "67108864");
}

#[test]
fn flows_that_cannot_be_read_do_not_grow_past_a_message_either() {
    let flow = v1::Flow {
        source: "a b".repeat(100),
        destination: "b c".repeat(100),
        protocol: "d".repeat(100),
        ..v1::Flow::default()
    };
    let request = v1::BatchResolvePathsRequest {
        topology: "t".to_owned(),
        flows: vec![flow; 100_000],
        ..v1::BatchResolvePathsRequest::default()
    };
    assert!(matches!(
        batch(request),
        Err(CallError::AnswerTooLarge { .. })
    ));
}

#[test]
fn room_for_a_message_is_as_large_as_a_message() {
    let mut room = Room::new();
    assert!(room.take(MAX_MESSAGE_BYTES).is_ok());
    assert!(room.take(1).is_err());
}
