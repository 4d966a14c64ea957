//! Reads at a time, over gRPC: wherever a revision can be named, a time can.

use causeway_client::{At, Timestamp, consistency, flow};
use causeway_proto::v1;
use tonic::Code;

use crate::harness::{Served, apply, put, vpc};

/// A topology in which revision N brought `vpc-N`; and the times of its creation and its revisions.
async fn grown() -> (Served, Vec<Timestamp>) {
    let served = Served::start().await;
    for number in 1..=3 {
        let change = apply(vec![put(vpc(&format!("vpc-{number}")))]);
        served.topologies().apply_changes(change).await.unwrap();
    }
    let created = served.client.get_topology("t").await.unwrap().create_time;
    let mut times: Vec<_> = served.client.list_revisions("t").await.unwrap();
    times.reverse();
    let times = times.into_iter().map(|revision| revision.create_time);
    (
        served,
        [created]
            .into_iter()
            .chain(times)
            .map(Option::unwrap)
            .collect(),
    )
}

#[tokio::test]
async fn a_time_may_stand_wherever_a_revision_may() {
    let (served, times) = grown().await;
    for (revision, time) in (0_u64..).zip(&times) {
        let at = || At::Time(*time);
        let list = served
            .client
            .list_resources("t", at(), v1::ResourceFilter::default());
        assert_eq!(list.await.unwrap().revision, revision);
        let found = served.client.get_resource("t", "vpc-2", at()).await;
        assert_eq!(found.is_ok(), revision >= 2);
        let diff = served
            .client
            .diff_revisions("t", (at(), None), v1::ResourceFilter::default());
        let diff = diff.await.unwrap();
        assert_eq!((diff.from, diff.to), (revision, 3));
        let diff = served
            .client
            .diff_revisions("t", (0, at()), v1::ResourceFilter::default());
        assert_eq!(diff.await.unwrap().to, revision);
        let batch = served.client.batch(
            "t",
            vec![flow::tcp("10.0.0.1", "10.0.0.2", 443)],
            v1::Detail::Verdict,
            consistency::as_of(*time),
        );
        assert_eq!(batch.await.unwrap().revision, revision);
        let request = v1::ListRevisionsRequest {
            topology: "t".to_owned(),
            as_of: Some(*time),
            ..v1::ListRevisionsRequest::default()
        };
        let listed = served.topologies().list_revisions(request).await.unwrap();
        let first = listed
            .into_inner()
            .revisions
            .first()
            .map_or(0, |first| first.revision);
        assert_eq!(first, revision);
    }
}

#[tokio::test]
async fn a_time_before_the_creation_is_out_of_range_and_says_since_when_there_is_history() {
    let (served, times) = grown().await;
    let early = Timestamp {
        seconds: times[0].seconds - 1,
        nanos: 0,
    };
    let refused = served
        .client
        .get_resource("t", "vpc-1", early)
        .await
        .unwrap_err();
    let refusal = refused.refusal().unwrap();
    assert_eq!(refusal.code, Code::OutOfRange);
    assert_eq!(refusal.reason, Some(v1::ErrorReason::BeforeCreation));
    assert_eq!(
        refusal.metadata.get("create_time"),
        Some(&times[0].to_string())
    );
}

#[tokio::test]
async fn a_revision_and_a_time_together_are_refused_and_so_is_a_time_that_is_none() {
    let (served, times) = grown().await;
    let ask = |revision, as_of| v1::GetResourceRequest {
        topology: "t".to_owned(),
        resource_id: "vpc-1".to_owned(),
        revision,
        as_of: Some(as_of),
        label: String::new(),
    };
    for (request, fault) in [
        (
            ask(Some(1), times[1]),
            "as_of: stands beside a revision; give one of the two",
        ),
        (
            ask(
                None,
                Timestamp {
                    seconds: -1,
                    nanos: 0,
                },
            ),
            "as_of: is before 1970",
        ),
        (
            ask(
                None,
                Timestamp {
                    seconds: 1,
                    nanos: 1_000_000_000,
                },
            ),
            "as_of: has nanos that are not 0 to 999999999",
        ),
    ] {
        let refused = served.topologies().get_resource(request).await.unwrap_err();
        assert_eq!(
            refused.message(),
            format!("the request has 1 fault: {fault}")
        );
    }
}
