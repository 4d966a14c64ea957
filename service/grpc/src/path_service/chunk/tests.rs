//! Messages in pieces are those of the contract; answers that are as large as a message, and larger.

use causeway_proto::v1;
use prost::Message as _;
use prost::bytes::Bytes;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{CallError, Distinct, Items, Room, pieces_of, woven};
use crate::path_service::pieces::{BatchRequest, ResolveRequest, StreamRequest};
use crate::server::MAX_MESSAGE_BYTES;

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn change() -> v1::Change {
    v1::Change {
        action: Some(v1::change::Action::DeleteResourceId("c".to_owned())),
    }
}

fn items(lengths: &[usize]) -> Items {
    let mut ends = Vec::new();
    for length in lengths {
        ends.push(length + ends.last().copied().unwrap_or_default());
    }
    let bytes = vec![7; ends.last().copied().unwrap_or_default()];
    Items { bytes, ends }
}

#[test]
fn a_request_in_pieces_is_the_request_of_the_contract() {
    let flow = |source: &str| v1::Flow {
        source: source.to_owned(),
        destination: "b".to_owned(),
        destination_port: Some(443),
        ..v1::Flow::default()
    };
    let sent = v1::BatchResolvePathsRequest {
        topology: "t".to_owned(),
        consistency: Some(v1::Consistency {
            requirement: Some(v1::consistency::Requirement::ExactRevision(7)),
        }),
        flows: vec![flow("a"), flow("c")],
        detail: v1::Detail::Path.into(),
        changes: vec![change()],
    };
    let read = BatchRequest::decode(sent.encode_to_vec().as_slice()).unwrap();
    let flows: Vec<_> = read
        .flows
        .iter()
        .map(|flow| v1::Flow::decode(flow.as_ref()).unwrap())
        .collect();
    assert_eq!(
        (
            read.topology,
            read.consistency,
            flows,
            read.detail,
            read.changes
        ),
        (
            sent.topology,
            sent.consistency,
            sent.flows,
            sent.detail,
            sent.changes
        )
    );
}

#[test]
fn a_request_for_one_flow_is_that_of_the_contract() {
    let flow = v1::Flow {
        source: "a".to_owned(),
        ..v1::Flow::default()
    };
    let sent = v1::ResolvePathRequest {
        topology: "t".to_owned(),
        consistency: Some(v1::Consistency::default()),
        flow: Some(flow.clone()),
        changes: vec![change()],
    };
    let read = ResolveRequest::decode(sent.encode_to_vec().as_slice()).unwrap();
    assert_eq!(
        (read.topology, read.consistency, read.flow, read.changes),
        (
            sent.topology,
            sent.consistency,
            Some(flow.encode_to_vec().into()),
            sent.changes
        )
    );
}

#[test]
fn a_stream_in_pieces_is_the_stream_of_the_contract() {
    use v1::stream_resolve_paths_request::Part;
    let header = v1::StreamHeader {
        topology: "t".to_owned(),
        consistency: None,
        detail: v1::Detail::Full.into(),
        changes: vec![change()],
    };
    let flow = v1::Flow {
        source: "a".to_owned(),
        ..v1::Flow::default()
    };
    let chunk = v1::FlowChunk {
        chunk_id: 7,
        flows: vec![flow.clone()],
    };
    let read = |part| {
        let sent = v1::StreamResolvePathsRequest { part: Some(part) };
        StreamRequest::decode(sent.encode_to_vec().as_slice()).unwrap()
    };
    let first = read(Part::Header(header.clone()));
    assert_eq!((first.header, first.chunk), (Some(header), None));
    let second = read(Part::Chunk(chunk));
    let held = second.chunk.unwrap();
    assert_eq!((second.header, held.chunk_id), (None, 7));
    assert_eq!(held.flows, [Bytes::from(flow.encode_to_vec())]);
}

#[test]
fn flows_that_are_written_alike_are_taken_once() {
    let flows = ["a", "b", "a", "c", "b"].map(bytes).to_vec();
    let Distinct { flows, places } = Distinct::of(flows);
    assert_eq!(flows, ["a", "b", "c"].map(bytes));
    assert_eq!(places, Some(vec![0, 1, 0, 2, 1]));
    let flows = ["a", "b"].map(bytes).to_vec();
    assert_eq!(Distinct::of(flows.clone()).flows, flows);
    assert!(Distinct::of(flows).places.is_none());
}

#[test]
fn pieces_have_all_flows_in_their_order() {
    let flows: Vec<Bytes> = (0..7).map(|number| bytes(&number.to_string())).collect();
    let pieces = pieces_of(flows.clone(), 3);
    assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(pieces.concat(), flows);
}

#[test]
fn an_answer_is_given_up_at_the_first_byte_that_does_not_fit() {
    let mib = 1024 * 1024;
    let pieces = [items(&[mib, 2 * mib]), items(&[5])];
    // 20 times three MiB, four MiB, and what stood there before.
    let mut places: Vec<u32> = [0, 1].repeat(21);
    places.push(0);
    assert_eq!(
        woven(None, &pieces, Some(&places), &Room::new(0))
            .unwrap()
            .len(),
        MAX_MESSAGE_BYTES
    );
    places.push(2);
    let status = Status::from(woven(None, &pieces, Some(&places), &Room::new(0)).unwrap_err());
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(info.reason, "ANSWER_TOO_LARGE");
    assert_eq!(
        (&*info.metadata["size"], &*info.metadata["maximum"]),
        ("67108869", "67108864")
    );
}

#[test]
fn room_for_a_message_is_as_large_as_a_message() {
    let room = Room::new(1);
    assert!(room.take(MAX_MESSAGE_BYTES - 1).is_ok());
    assert!(matches!(
        room.take(1),
        Err(CallError::AnswerTooLarge { .. })
    ));
}

#[test]
fn what_is_computed_stands_where_a_place_was_left_for_it() {
    let written = |texts: &[&str]| {
        let mut items = Items::with_capacity(texts.len());
        for text in texts {
            items
                .push(None, |bytes| bytes.extend_from_slice(text.as_bytes()))
                .unwrap();
        }
        items
    };
    let mut found = written(&["a"]);
    found.leave();
    found.leave();
    found.push(None, |bytes| bytes.push(b'b')).unwrap();
    found.leave();
    let room = Room::new(0);
    let computed = [written(&["x", "yy"]), written(&["z"])];
    let all = woven(Some(&found), &computed, None, &room).unwrap();
    assert_eq!(all, "axyybz");
    let repeated = woven(Some(&found), &computed, Some(&[1, 0, 1]), &room).unwrap();
    assert_eq!(repeated, "ayyxbyy");
}
