//! What is too large: headers, messages by what they say of themselves, and what is small until it is unpacked.

use std::task::Poll;

use causeway_client::Code;
use causeway_proto::v1::ErrorReason;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::codegen::{Body as _, Bytes, Service as _};
use tonic_types::StatusExt as _;

use crate::harness::Served;
use crate::hostile::raw::{CONTINUATION, END_HEADERS, GOAWAY, HEADERS, Raw, block, call, frame};

const METHOD: &str = "/causeway.v1.TopologyService/ApplyChanges";

/// Most bytes of a frame.
const FRAME: usize = 16_384;

#[tokio::test]
async fn headers_that_are_too_large_are_refused_and_their_connection_goes_on() {
    let served = Served::start().await;
    let mut raw = Raw::open(&served.endpoint, &[]).await;
    let large = "x".repeat(3 * FRAME);
    let headers = [&call(METHOD)[..], &[("x-large", &large)]].concat();
    let block = block(&headers);
    let pieces: Vec<&[u8]> = block.chunks(FRAME).collect();
    for (number, piece) in pieces.iter().enumerate() {
        let kind = if number == 0 { HEADERS } else { CONTINUATION };
        let is_last = number + 1 == pieces.len();
        let flags = if is_last { END_HEADERS } else { 0 };
        raw.send(&frame(kind, flags, 1, piece)).await;
    }
    // It is answered by HTTP/2, with a status and nothing else, and not by the service.
    let answer = raw.until(HEADERS, 1).await.unwrap();
    assert!(answer.payload.len() < 10, "{answer:?}");
    raw.ask(3, "/grpc.health.v1.Health/Check", &[]).await;
    assert!(raw.until(HEADERS, 3).await.is_some());
    served.client.get_topology("t").await.unwrap();
}

#[tokio::test]
async fn headers_without_an_end_end_the_connection() {
    let served = Served::start().await;
    let mut raw = Raw::open(&served.endpoint, &[]).await;
    raw.send(&frame(HEADERS, 0, 1, &block(&call(METHOD)))).await;
    let more = frame(
        CONTINUATION,
        0,
        1,
        &block(&[("x-more", &"x".repeat(FRAME - 100))]),
    );
    for _ in 0..200 {
        raw.send(&more).await;
    }
    raw.ended().await;
    served.client.get_topology("t").await.unwrap();
    // Many small ones are no better.
    let mut raw = Raw::open(&served.endpoint, &[]).await;
    raw.send(&frame(HEADERS, 0, 1, &block(&call(METHOD)))).await;
    let empty = frame(CONTINUATION, 0, 1, &[]).repeat(1_000);
    raw.send(&empty).await;
    let last = raw.until(GOAWAY, 0).await.unwrap();
    assert_eq!(last.payload[4..8], [0, 0, 0, 11], "ENHANCE_YOUR_CALM");
}

/// The status of a call whose request begins with these bytes and does not end.
async fn refused(served: &Served, encoding: Option<&str>, head: [u8; 5]) -> Status {
    let mut bytes = Some(Bytes::from([&head[..], &[7; 100]].concat()));
    let pieces = futures::stream::poll_fn(move |_| match bytes.take() {
        Some(bytes) => Poll::Ready(Some(Ok::<_, Status>(bytes))),
        None => Poll::Pending,
    });
    let body = http_body_util::StreamBody::new(futures::StreamExt::map(pieces, |bytes| {
        bytes.map(hyper::body::Frame::data)
    }));
    let mut request = Request::post(format!("{}{METHOD}", served.endpoint))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    let mut channel = served.channel.clone();
    std::future::poll_fn(|cx| channel.poll_ready(cx))
        .await
        .unwrap();
    let response = channel
        .call(request.body(Body::new(body)).unwrap())
        .await
        .unwrap();
    assert!(response.body().is_end_stream());
    Status::from_header_map(response.headers()).unwrap()
}

/// Nothing is unpacked, so that nothing can come out of it; and what a message says of its length is not made room for.
#[tokio::test]
async fn what_is_compressed_or_says_that_it_is_huge_is_refused_before_it_is_there() {
    let served = Served::start().await;
    for (encoding, head, code) in [
        (Some("gzip"), [1, 0, 0, 16, 0], Code::Unimplemented),
        (Some("zstd"), [1, 0, 0, 16, 0], Code::Unimplemented),
        (Some("gzip"), [1, 255, 255, 255, 255], Code::Unimplemented),
        (None, [1, 0, 0, 16, 0], Code::InvalidArgument),
        (None, [0, 255, 255, 255, 255], Code::InvalidArgument),
        (None, [0, 4, 0, 0, 1], Code::InvalidArgument),
    ] {
        let status = refused(&served, encoding, head).await;
        assert_eq!(status.code(), code, "{encoding:?} {head:?}: {status:?}");
        let details = status.get_error_details();
        let reason = &details.error_info().unwrap().reason;
        let invalid = ErrorReason::InvalidRequest.as_str_name();
        assert!(invalid.ends_with(reason), "{status:?}");
    }
    served.client.get_topology("t").await.unwrap();
}
