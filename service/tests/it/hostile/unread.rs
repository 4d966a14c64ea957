//! Clients that ask and take nothing: what waits for them is given up, and where there is much of it, their connection is closed.

use std::time::Duration;

use causeway_client::{consistency, flow};
use causeway_grpc::AdmissionLimits;
use causeway_proto::v1;
use prost::Message;
use tonic::Code;

use crate::harness::{Served, vpc};
use crate::hostile::raw::{DATA, END_STREAM, HEADERS, Raw, WINDOW_UPDATE, frame, message};

/// The setting of how many bytes of a stream may be sent before some are taken.
const INITIAL_WINDOW: u16 = 4;

const PATIENCE: Duration = Duration::from_millis(20);

/// Asks until there is a place for a call and for a stream.
async fn both_are_taken_on(served: &Served) {
    loop {
        let name = "t".to_owned();
        let request = v1::GetTopologyRequest { name };
        let call = served.topologies().get_topology(request).await.map(drop);
        let stream = served.topologies().watch_revisions(watch()).await.map(drop);
        match call.and(stream) {
            Ok(()) => return,
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}"),
        }
    }
}

fn watch() -> v1::WatchRevisionsRequest {
    v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        start: Some(v1::watch_revisions_request::Start::AfterRevision(0)),
        ..v1::WatchRevisionsRequest::default()
    }
}

/// The messages of a stream of flows: its header, and a chunk.
fn flows() -> Vec<u8> {
    let header = v1::StreamHeader {
        topology: "t".to_owned(),
        consistency: Some(consistency::newest()),
        detail: v1::Detail::Verdict.into(),
        ..v1::StreamHeader::default()
    };
    let chunk = v1::FlowChunk {
        chunk_id: 1,
        flows: vec![flow::tcp("10.0.0.1", "10.0.0.2", 443)],
    };
    use v1::stream_resolve_paths_request::Part;
    let messages = [Part::Header(header), Part::Chunk(chunk)].map(|part| {
        let request = v1::StreamResolvePathsRequest { part: Some(part) };
        message(&request.encode_to_vec())
    });
    messages.concat()
}

/// Makes a call again and again until it is not refused, and gives its stream, of which nothing is taken.
async fn held(raw: &mut Raw, method: &str, bytes: &[u8]) -> u32 {
    let ends = method != "PathService/StreamResolvePaths";
    let mut stream = 1;
    loop {
        raw.begin(stream, &format!("/causeway.v1.{method}")).await;
        raw.send(&frame(DATA, u8::from(ends), stream, bytes)).await;
        let answer = raw.until(HEADERS, stream).await.unwrap();
        if answer.flags & END_STREAM == 0 {
            return stream;
        }
        stream += 2;
    }
}

/// There is one place for a call and one for a stream, and each of these would keep it for ever: they go on answering pings.
#[tokio::test]
async fn who_takes_nothing_of_an_answer_keeps_nobody_out() {
    let limits = AdmissionLimits {
        calls: 1,
        streams: 1,
        ..AdmissionLimits::default()
    };
    let narrow = Served::start_as(|server| server.admission(limits).patience(PATIENCE));
    let served = narrow.await;
    let apply = served.client.apply("t").put(vpc("vpc-1"));
    apply.send().await.unwrap();
    let name = "t".to_owned();
    let unary = v1::GetTopologyRequest { name }.encode_to_vec();
    for (method, bytes) in [
        ("TopologyService/GetTopology", message(&unary)),
        (
            "TopologyService/WatchRevisions",
            message(&watch().encode_to_vec()),
        ),
        ("BackupService/ExportTopologies", message(&[])),
        ("PathService/StreamResolvePaths", flows()),
    ] {
        let mut raw = Raw::open(&served.endpoint, &[(INITIAL_WINDOW, 0)]).await;
        let stream = held(&mut raw, method, &bytes).await;
        both_are_taken_on(&served).await;
        // Who takes it after all is told that it has ended, or gets what a watch or an export has said.
        let more = frame(WINDOW_UPDATE, 0, stream, &[0, 1, 0, 0]);
        raw.send(&more).await;
        let kind = match method {
            "PathService/StreamResolvePaths" | "TopologyService/GetTopology" => HEADERS,
            _ => DATA,
        };
        assert!(raw.until(kind, stream).await.is_some(), "{method}");
    }
}

/// One connection may hold so many answers back, and no more.
#[tokio::test]
async fn a_connection_of_which_many_answers_are_not_taken_is_closed() {
    let served = Served::start_as(|server| server.patience(PATIENCE)).await;
    let mut raw = Raw::open(&served.endpoint, &[(INITIAL_WINDOW, 0)]).await;
    let name = "t".to_owned();
    let request = v1::GetTopologyRequest { name }.encode_to_vec();
    for stream in (1..).step_by(2).take(20) {
        raw.ask(stream, "/causeway.v1.TopologyService/GetTopology", &request)
            .await;
    }
    raw.until_closed().await;
    served.client.get_topology("t").await.unwrap();
}
