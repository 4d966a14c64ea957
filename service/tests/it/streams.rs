//! Streams of flows over gRPC: chunks at one revision, as they are ready, with memory bounded on both sides.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_client::{PathChunk, consistency, flow};
use causeway_proto::v1;
use futures::stream::{self, StreamExt, TryStreamExt};
use tonic::{Code, Status};
use v1::stream_resolve_paths_request::Part;

use crate::acme;
use crate::harness::{Served, apply, put, vpc};

fn header(topology: &str) -> Part {
    Part::Header(v1::StreamHeader {
        topology: topology.to_owned(),
        detail: v1::Detail::Full.into(),
        ..v1::StreamHeader::default()
    })
}

fn chunk(flows: Vec<v1::Flow>) -> Part {
    Part::Chunk(v1::FlowChunk { chunk_id: 3, flows })
}

fn one() -> v1::Flow {
    flow::tcp("10.0.0.1", "10.0.0.2", 443)
}

/// How a stream of these parts ends.
async fn end_of(served: &Served, parts: Vec<Part>) -> Result<usize, Status> {
    let parts = parts
        .into_iter()
        .map(|part| v1::StreamResolvePathsRequest { part: Some(part) });
    let answers = served
        .paths()
        .stream_resolve_paths(stream::iter(parts))
        .await?;
    let answers: Vec<_> = answers.into_inner().try_collect().await?;
    Ok(answers.len())
}

#[tokio::test]
async fn a_stream_answers_what_one_call_each_answers() {
    let served = Served::start().await;
    acme::import(&served.client).await;
    let flows: Vec<_> = acme::questions().iter().map(acme::flow_of).collect();
    let chunks: Vec<Vec<v1::Flow>> = flows.chunks(5).map(<[_]>::to_vec).collect();
    let answers = served
        .client
        .stream_paths(
            "t",
            stream::iter(chunks),
            v1::Detail::Full,
            consistency::newest(),
        )
        .await
        .unwrap();
    let mut answers: Vec<PathChunk> = answers.try_collect().await.unwrap();
    answers.sort_by_key(|answer| answer.chunk);
    let numbers: Vec<u64> = answers.iter().map(|answer| answer.chunk).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    let items: Vec<_> = answers
        .into_iter()
        .flat_map(|answer| answer.items)
        .collect();
    assert_eq!(items.len(), flows.len());
    for (flow, item) in flows.into_iter().zip(items) {
        let alone = served
            .client
            .resolve("t", flow, consistency::newest())
            .await;
        assert_eq!(item.answer, Some(alone.unwrap()));
    }
}

#[tokio::test]
async fn all_chunks_are_answered_from_the_revision_that_the_stream_began_with() {
    let served = Served::start().await;
    let chunks = stream::iter(0..2).then({
        let topologies = served.topologies();
        move |number| {
            let change = topologies.clone();
            async move {
                let mut change = change;
                let id = format!("vpc-{number}");
                change
                    .apply_changes(apply(vec![put(vpc(&id))]))
                    .await
                    .unwrap();
                vec![one()]
            }
        }
    });
    let answers = served
        .client
        .stream_paths("t", chunks, v1::Detail::Verdict, consistency::newest())
        .await
        .unwrap();
    let answers: Vec<PathChunk> = answers.try_collect().await.unwrap();
    let revisions: Vec<u64> = answers.iter().map(|answer| answer.revision).collect();
    assert_eq!(revisions.len(), 2);
    assert_eq!(revisions[0], revisions[1]);
}

#[tokio::test]
async fn a_stream_that_is_not_of_its_form_ends_with_what_is_wrong() {
    let served = Served::start().await;
    let cases = [
        (vec![], Code::InvalidArgument),
        (vec![chunk(vec![one()])], Code::InvalidArgument),
        (vec![header("nobody")], Code::NotFound),
        (vec![header("t"), header("t")], Code::InvalidArgument),
        (vec![header("t"), chunk(vec![])], Code::InvalidArgument),
        (
            vec![header("t"), chunk(vec![one(); 1_001])],
            Code::InvalidArgument,
        ),
    ];
    for (parts, code) in cases {
        let text = format!("{parts:?}");
        let status = end_of(&served, parts).await.unwrap_err();
        assert_eq!(status.code(), code, "{text:.200}");
        assert!(!status.details().is_empty());
    }
    let faulty = v1::Flow::default();
    let parts = vec![header("t"), chunk(vec![one(), faulty]), chunk(vec![one()])];
    assert_eq!(end_of(&served, parts).await.unwrap(), 2);
    assert_eq!(end_of(&served, vec![header("t")]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_stream_with_a_deadline_ends_at_it() {
    let served = Served::start().await;
    let parts = [header("t"), chunk(vec![one()])]
        .map(|part| v1::StreamResolvePathsRequest { part: Some(part) });
    // The caller says neither more nor that this is all.
    let parts = stream::iter(parts).chain(stream::pending());
    let mut request = tonic::Request::new(parts);
    request.set_timeout(std::time::Duration::from_millis(500));
    let answers = served.paths().stream_resolve_paths(request).await.unwrap();
    let told: Vec<_> = answers.into_inner().collect().await;
    let [Ok(answer), Err(status)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((answer.chunk_id, answer.items.len()), (3, 1));
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(!status.details().is_empty());
}

/// Who takes no answers is asked for no more chunks than the windows of a connection hold.
#[tokio::test]
async fn while_nobody_reads_the_answers_no_more_chunks_are_taken() {
    let served = Served::start().await;
    acme::import(&served.client).await;
    let flows: Vec<_> = acme::questions().iter().map(acme::flow_of).collect();
    let full: Vec<_> = flows.iter().cycle().take(1_000).cloned().collect();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    // With a port of its own each flow has an answer of its own.
    let chunks = stream::iter(0..2_000_u32).map(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        let numbered = full.iter().zip(1_u32..);
        let flows = numbered.map(|(flow, port)| v1::Flow {
            source_port: Some(port),
            ..flow.clone()
        });
        flows.collect()
    });
    let answers = served
        .client
        .stream_paths("t", chunks, v1::Detail::Full, consistency::newest())
        .await
        .unwrap();
    let mut answers = Box::pin(answers);
    answers.next().await.unwrap().unwrap();
    // Other calls are answered meanwhile, so that time has passed in which chunks might have been taken.
    for _ in 0..200 {
        let alone = served
            .client
            .resolve("t", flows[0].clone(), consistency::newest());
        alone.await.unwrap();
    }
    let before = taken.load(Ordering::Relaxed);
    assert!(before < 200, "{before} chunks were taken, and one answer");
    answers.next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_stops_answers_what_it_has_taken_and_ends_the_stream() {
    let long = std::time::Duration::from_secs(3_600);
    let mut served = Served::start_as(|server| server.grace(long)).await;
    let (parts, sent) = tokio::sync::mpsc::channel(4);
    let send = async |part| {
        let message = v1::StreamResolvePathsRequest { part: Some(part) };
        parts.send(message).await.unwrap();
    };
    send(header("t")).await;
    send(chunk(vec![one()])).await;
    let sent = tokio_stream::wrappers::ReceiverStream::new(sent);
    let answers = served.paths().stream_resolve_paths(sent).await;
    let mut answers = answers.unwrap().into_inner();
    let first = answers.message().await.unwrap().unwrap();
    assert_eq!(first.chunk_id, 3);
    served.begin_stop();
    let end = answers.message().await.unwrap_err();
    assert_eq!(end.code(), Code::Unavailable);
    let details = tonic_types::StatusExt::get_error_details(&end);
    assert_eq!(details.error_info().unwrap().reason, "SERVER_STOPPING");
    assert!(details.retry_info().is_some());
    drop((answers, parts));
    served.stopped().await;
}

/// A caller that has sent all and has all its answers is not told of a stop.
#[tokio::test]
async fn a_stream_that_its_caller_ended_ends_well() {
    let served = Served::start().await;
    let ended = end_of(&served, vec![header("t"), chunk(vec![one()])]).await;
    assert_eq!(ended.unwrap(), 1);
}
