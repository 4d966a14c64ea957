//! What an answer has to be, whatever was asked.

use std::convert::Infallible;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use futures::stream;
use http::{HeaderMap, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use causeway_proto::v1::ErrorReason;

use crate::call::Call;
use crate::served::Served;

/// How long any answer may take to its end.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long it is waited for what a watch says, which never ends.
const WATCHED: Duration = Duration::from_millis(2);

/// Most bytes of an answer.
const MOST_BYTES: usize = 64 << 20;

/// What was answered.
struct Answer {
    status: Status,
    messages: BytesMut,
}

/// Makes the call, and judges its answer.
pub(crate) async fn answer(served: &mut Served, method: &MethodDescriptor, call: Call) {
    let service = method.parent_service();
    let mut request = Request::post(format!(
        "http://causeway/{}/{}",
        service.full_name(),
        method.name()
    ))
    .header("content-type", "application/grpc")
    .header("te", "trailers");
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let frames = call
        .body
        .into_iter()
        .map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    let body = Body::new(StreamBody::new(stream::iter(frames)));
    let request = request.body(body).expect("the headers are headers");
    let is_watch = method.name() == "WatchRevisions";
    let answered = timeout(PATIENCE, answered(served, request, is_watch)).await;
    let answer = answered.expect("it is answered in time");
    if let Some(Answer { status, messages }) = answer {
        judge(&status);
        read(method, messages, status.code() == Code::Ok);
    }
}

/// The answer to its end; none of a watch that goes on.
async fn answered(served: &mut Served, request: Request<Body>, is_watch: bool) -> Option<Answer> {
    let response = served.service.call(request).await;
    assert_eq!(response.status(), 200);
    let (parts, mut body) = response.into_parts();
    let mut messages = BytesMut::new();
    if let Some(status) = Status::from_header_map(&parts.headers) {
        return Some(Answer { status, messages });
    }
    let mut trailers = HeaderMap::new();
    loop {
        let frame = if is_watch {
            timeout(WATCHED, body.frame()).await.ok()?
        } else {
            body.frame().await
        };
        let Some(frame) = frame else { break };
        let frame = frame.expect("a body does not fail, it ends with a status");
        match frame.into_data() {
            Ok(data) => messages.extend_from_slice(&data),
            Err(frame) => trailers.extend(frame.into_trailers().expect("it is data or trailers")),
        }
        assert!(messages.len() <= MOST_BYTES, "the answer is too large");
    }
    let status = Status::from_header_map(&trailers).expect("an answer ends with a status");
    Some(Answer { status, messages })
}

/// A refusal is the caller's fault or passes by, and tells a reason of the contract.
fn judge(status: &Status) {
    if status.code() == Code::Ok {
        return;
    }
    assert!(
        !matches!(
            status.code(),
            Code::Unknown | Code::Internal | Code::DataLoss
        ),
        "a fault of the service: {status:?}"
    );
    assert!(!status.message().is_empty(), "nothing is said: {status:?}");
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("there is no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "causeway.v1");
    let name = format!(
        "ERROR_REASON_{}",
        info.reason.trim_start_matches("ERROR_REASON_")
    );
    assert!(
        ErrorReason::from_str_name(&name).is_some(),
        "no reason of the contract: {status:?}"
    );
}

/// Every message is one of the method.
fn read(method: &MethodDescriptor, mut messages: BytesMut, is_whole: bool) {
    let mut count = 0;
    while messages.len() >= 5 {
        assert_eq!(messages.get_u8(), 0, "nothing is compressed");
        let length = usize::try_from(messages.get_u32()).expect("it fits");
        if messages.len() < length {
            assert!(!is_whole, "a message is cut off");
            return;
        }
        let message = messages.split_to(length);
        DynamicMessage::decode(method.output(), message.as_ref())
            .expect("it is a message of the method");
        count += 1;
    }
    if is_whole && !method.is_server_streaming() {
        assert_eq!(count, 1, "one answer");
    }
}
