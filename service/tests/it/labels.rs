//! Labels over gRPC: wherever a revision can be named, a label can; and deletions that are repeated.

use causeway_client::{At, consistency, flow};
use causeway_proto::v1;
use tonic::Code;

use crate::harness::{Served, apply, put, vpc};

/// A topology in which revision N brought `vpc-N`, up to 4.
async fn grown() -> Served {
    let served = Served::start().await;
    for number in 1..=4 {
        let change = apply(vec![put(vpc(&format!("vpc-{number}")))]);
        served.topologies().apply_changes(change).await.unwrap();
    }
    served
}

/// The revisions that reads at a label show, one for each way of reading.
async fn read_at(served: &Served, label: &str) -> Result<Vec<u64>, causeway_client::ClientError> {
    let (client, at) = (&served.client, || At::label(label));
    let filter = v1::ResourceFilter::default;
    let list = client.list_resources("t", at(), filter()).await?.revision;
    let request = v1::GetResourceRequest {
        topology: "t".to_owned(),
        resource_id: "vpc-1".to_owned(),
        label: label.to_owned(),
        ..v1::GetResourceRequest::default()
    };
    let one = served.topologies().get_resource(request).await;
    let from = client.diff_revisions("t", (at(), None), filter()).await?;
    let to = client.diff_revisions("t", (0, at()), filter()).await?;
    let asked = || flow::tcp("10.0.0.1", "10.0.0.2", 443);
    let batch = client
        .batch(
            "t",
            vec![asked()],
            v1::Detail::Verdict,
            consistency::label(label),
        )
        .await?;
    let path = client.resolve("t", asked(), consistency::label(label));
    let request = v1::ListRevisionsRequest {
        topology: "t".to_owned(),
        label: label.to_owned(),
        ..v1::ListRevisionsRequest::default()
    };
    let history = served.topologies().list_revisions(request).await;
    let history = history.unwrap().into_inner().revisions;
    Ok(vec![
        list,
        one.unwrap().into_inner().revision,
        from.from,
        to.to,
        batch.revision,
        path.await?.revision,
        history.first().map_or(0, |first| first.revision),
    ])
}

#[tokio::test]
async fn a_label_may_stand_wherever_a_revision_may() {
    let mut served = grown().await;
    for (at, revision) in [(At::Revision(2), 2), (At::Newest, 4), (At::Revision(1), 1)] {
        let set = served.client.set_label("t", "good", at).await.unwrap();
        assert_eq!((set.label.as_str(), set.revision), ("good", revision));
        assert!(set.set_time.is_some());
        served = served.restart().await;
        assert_eq!(read_at(&served, "good").await.unwrap(), [revision; 7]);
    }
}

#[tokio::test]
async fn a_label_that_no_revision_has_is_not_found_everywhere() {
    let served = grown().await;
    served.client.set_label("t", "good", 2).await.unwrap();
    served.client.delete_label("t", "good").await.unwrap();
    let requests = [
        served
            .client
            .get_resource("t", "vpc-1", At::label("good"))
            .await
            .err(),
        read_at(&served, "good").await.err(),
        served.client.delete_label("t", "good").await.err(),
        served
            .client
            .set_label("t", "other", At::label("good"))
            .await
            .err(),
        served
            .client
            .resolve(
                "t",
                flow::tcp("10.0.0.1", "10.0.0.2", 443),
                consistency::label("good"),
            )
            .await
            .err(),
    ];
    for refused in requests {
        let refused = refused.unwrap();
        let refusal = refused.refusal().unwrap();
        assert_eq!(refusal.code, Code::NotFound);
        assert_eq!(refusal.reason, Some(v1::ErrorReason::LabelNotFound));
        assert_eq!(refusal.metadata["label"], "good");
    }
}

#[tokio::test]
async fn labels_are_listed_in_pages_and_with_their_revisions() {
    let served = grown().await;
    for (label, revision) in [("b", 2), ("a", 2), ("c.1_x", 3), ("begin", 0)] {
        served.client.set_label("t", label, revision).await.unwrap();
    }
    let mut request = v1::ListRevisionLabelsRequest {
        topology: "t".to_owned(),
        page_size: 3,
        page_token: String::new(),
    };
    let mut pages = Vec::new();
    for _ in 0..2 {
        let page = served
            .topologies()
            .list_revision_labels(request.clone())
            .await
            .unwrap()
            .into_inner();
        let labels = page.labels.iter();
        let told = labels.map(|one| format!("{}={}", one.label, one.revision));
        pages.push(told.collect::<Vec<_>>().join(" "));
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages, ["a=2 b=2 begin=0", "c.1_x=3"]);
    assert_eq!(request.page_token, "");
    let revisions = served.client.list_revisions("t").await.unwrap();
    let told = revisions.iter().map(|one| one.labels.join(" "));
    assert_eq!(told.collect::<Vec<_>>(), ["", "c.1_x", "a b", ""]);
}

#[tokio::test]
async fn repeated_requests_about_labels_give_the_first_success_again() {
    let served = grown().await;
    let set = v1::SetRevisionLabelRequest {
        topology: "t".to_owned(),
        label: "good".to_owned(),
        at: None,
        request_id: "r1".to_owned(),
    };
    let send = async |request: v1::SetRevisionLabelRequest| {
        let answer = served.topologies().set_revision_label(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let first = send(set.clone()).await.unwrap();
    let change = apply(vec![put(vpc("vpc-5"))]);
    served.topologies().apply_changes(change).await.unwrap();
    assert_eq!(send(set.clone()).await.unwrap(), first);
    let other = v1::SetRevisionLabelRequest {
        label: "bad".to_owned(),
        ..set.clone()
    };
    assert_eq!(send(other).await.unwrap_err().code(), Code::InvalidArgument);
    let delete = v1::DeleteRevisionLabelRequest {
        topology: "t".to_owned(),
        label: "good".to_owned(),
        request_id: "r2".to_owned(),
    };
    let mut topologies = served.topologies();
    topologies
        .delete_revision_label(delete.clone())
        .await
        .unwrap();
    served.client.set_label("t", "good", 3).await.unwrap();
    topologies.delete_revision_label(delete).await.unwrap();
    let labels = served.client.list_labels("t").await.unwrap();
    assert_eq!(labels.len(), 1, "the one that was set since stays");
}

#[tokio::test]
async fn what_is_no_label_and_two_places_at_once_are_refused_by_field() {
    let served = grown().await;
    let set = |label: &str| v1::SetRevisionLabelRequest {
        topology: "t".to_owned(),
        label: label.to_owned(),
        ..v1::SetRevisionLabelRequest::default()
    };
    let long = "a".repeat(64);
    for label in ["7", "Good", "a b", "a/b", "", &long, "ä"] {
        let refused = served.topologies().set_revision_label(set(label)).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{label}");
        let begin = "the request has 1 fault: label: ";
        assert!(refused.message().starts_with(begin), "{refused:?}");
    }
    let request = v1::GetResourceRequest {
        topology: "t".to_owned(),
        resource_id: "vpc-1".to_owned(),
        revision: Some(1),
        label: "good".to_owned(),
        ..v1::GetResourceRequest::default()
    };
    let refused = served.topologies().get_resource(request).await;
    assert_eq!(
        refused.unwrap_err().message(),
        "the request has 1 fault: label: stands beside a revision or a time; give one of them"
    );
}

/// A deletion that is repeated after the topology was made again must leave the new one alone.
#[tokio::test]
async fn a_repeated_deletion_deletes_once() {
    let served = grown().await;
    let delete = async |name: &str, id: &str| {
        let request = v1::DeleteTopologyRequest {
            name: name.to_owned(),
            request_id: id.to_owned(),
        };
        served.topologies().delete_topology(request).await
    };
    delete("t", "r1").await.unwrap();
    delete("t", "r1").await.unwrap();
    assert_eq!(delete("t", "r2").await.unwrap_err().code(), Code::NotFound);
    served.client.create_topology("t", "").await.unwrap();
    delete("t", "r1").await.unwrap();
    assert_eq!(served.client.get_topology("t").await.unwrap().revision, 0);
    // The id of another write of the topology.
    let change = v1::ApplyChangesRequest {
        request_id: "r3".to_owned(),
        ..apply(vec![put(vpc("vpc-1"))])
    };
    served.topologies().apply_changes(change).await.unwrap();
    let reused = delete("t", "r3").await.unwrap_err();
    assert_eq!(reused.code(), Code::InvalidArgument);
    assert_eq!(served.client.get_topology("t").await.unwrap().revision, 1);
    delete("t", "r4").await.unwrap();
    assert!(served.client.get_topology("t").await.is_err());
}
