//! Paths: one state for a batch, and errors of single flows that fail no other.

use causeway_client::{consistency, flow};
use causeway_proto::v1;
use tonic::Code;
use tonic_types::pb::ErrorInfo;

use crate::harness::{Served, apply, put, vpc};

/// The reason of an item's error.
fn reason(item: &v1::BatchItem) -> String {
    let error = item.error.as_ref().unwrap();
    let detail = error
        .details
        .iter()
        .find(|detail| detail.type_url.ends_with("google.rpc.ErrorInfo"))
        .unwrap();
    <ErrorInfo as prost::Message>::decode(detail.value.as_slice())
        .unwrap()
        .reason
}

#[tokio::test]
async fn a_flow_without_an_answer_fails_none_of_the_others() {
    let served = Served::start().await;
    served
        .topologies()
        .apply_changes(apply(vec![put(vpc("vpc-1"))]))
        .await
        .unwrap();
    let good = flow::tcp("10.0.0.1", "10.0.0.2", 443);
    let flows = vec![
        good.clone(),
        flow::tcp("", "10.0.0.2", 443),
        flow::tcp("i-1", "10.0.0.2", 443),
        good,
    ];
    let answer = served
        .client
        .batch("t", flows, v1::Detail::Verdict, consistency::newest())
        .await
        .unwrap();
    assert_eq!((answer.revision, answer.items.len()), (1, 4));
    assert_eq!(answer.items[0], answer.items[3]);
    assert_ne!(answer.items[0].verdict(), v1::Verdict::Unspecified);
    let codes = answer
        .items
        .iter()
        .map(|item| item.error.as_ref().map(|error| Code::from(error.code)));
    assert_eq!(
        codes.collect::<Vec<_>>(),
        [
            None,
            Some(Code::InvalidArgument),
            Some(Code::NotFound),
            None
        ]
    );
    assert_eq!(
        (reason(&answer.items[1]), reason(&answer.items[2])),
        (
            "INVALID_REQUEST".to_owned(),
            "RESOURCE_NOT_FOUND".to_owned()
        )
    );
}

#[tokio::test]
async fn an_answer_tells_so_much_as_is_asked_for() {
    let served = Served::start().await;
    let flows = vec![flow::tcp("10.0.0.1", "10.0.0.2", 443)];
    for (detail, is_full) in [
        (v1::Detail::Unspecified, false),
        (v1::Detail::Verdict, false),
        (v1::Detail::Path, false),
        (v1::Detail::Full, true),
    ] {
        let answer = served
            .client
            .batch("t", flows.clone(), detail, consistency::newest())
            .await
            .unwrap();
        assert_eq!(answer.items[0].answer.is_some(), is_full, "{detail:?}");
    }
}

#[tokio::test]
async fn an_answer_is_of_the_revision_that_is_asked_for() {
    let served = Served::start().await;
    for number in 1..=3 {
        served
            .topologies()
            .apply_changes(apply(vec![put(vpc(&format!("vpc-{number}")))]))
            .await
            .unwrap();
    }
    let ask = async |consistency| {
        served
            .client
            .resolve("t", flow::tcp("10.0.0.1", "10.0.0.2", 443), consistency)
            .await
    };
    assert_eq!(ask(consistency::newest()).await.unwrap().revision, 3);
    assert_eq!(ask(consistency::exactly(2)).await.unwrap().revision, 2);
    assert_eq!(ask(consistency::exactly(0)).await.unwrap().revision, 0);
    assert_eq!(
        ask(consistency::exactly(4)).await.unwrap_err().code(),
        Code::OutOfRange
    );
}

#[tokio::test]
async fn a_batch_as_large_as_allowed_is_answered_whole() {
    let served = Served::start().await;
    let flows: Vec<_> = (0..100_000_u32)
        .map(|number| {
            flow::tcp(
                format!("10.0.{}.{}", (number / 250) % 250, number % 250),
                "10.9.0.1",
                443,
            )
        })
        .collect();
    let answer = served
        .client
        .batch("t", flows, v1::Detail::Verdict, consistency::newest())
        .await
        .unwrap();
    assert_eq!(answer.items.len(), 100_000);
    assert!(answer.items.iter().all(|item| item.error.is_none()));
}
