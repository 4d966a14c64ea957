//! Lists: pages of one revision, newest first where it is history.

use causeway_proto::v1;

use crate::harness::{Served, apply, put, vpc};

#[tokio::test]
async fn all_pages_of_a_list_show_the_revision_of_the_first() {
    let served = Served::start().await;
    let changes = (1..=3)
        .map(|number| put(vpc(&format!("vpc-{number}"))))
        .collect();
    served
        .topologies()
        .apply_changes(apply(changes))
        .await
        .unwrap();
    let mut request = v1::ListResourcesRequest {
        topology: "t".to_owned(),
        page_size: 2,
        ..v1::ListResourcesRequest::default()
    };
    let first = served
        .topologies()
        .list_resources(request.clone())
        .await
        .unwrap()
        .into_inner();
    served
        .topologies()
        .apply_changes(apply(vec![put(vpc("vpc-4"))]))
        .await
        .unwrap();
    request.page_token = first.next_page_token;
    let last = served
        .topologies()
        .list_resources(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((first.revision, first.resources.len()), (1, 2));
    assert_eq!(
        (last.revision, last.resources, last.next_page_token.as_str()),
        (1, vec![vpc("vpc-3")], "")
    );
}

#[tokio::test]
async fn history_is_told_newest_first_with_who_and_why() {
    let served = Served::start().await;
    for number in 1..=3 {
        let request = v1::ApplyChangesRequest {
            author: "me".to_owned(),
            message: format!("number {number}"),
            ..apply(vec![put(vpc(&format!("vpc-{number}")))])
        };
        served.topologies().apply_changes(request).await.unwrap();
    }
    let mut request = v1::ListRevisionsRequest {
        topology: "t".to_owned(),
        page_size: 2,
        ..v1::ListRevisionsRequest::default()
    };
    let first = served
        .topologies()
        .list_revisions(request.clone())
        .await
        .unwrap()
        .into_inner();
    request.page_token = first.next_page_token;
    let last = served
        .topologies()
        .list_revisions(request)
        .await
        .unwrap()
        .into_inner();
    let told: Vec<_> = first
        .revisions
        .iter()
        .chain(&last.revisions)
        .map(|revision| {
            (
                revision.revision,
                revision.message.as_str(),
                revision.put_count,
            )
        })
        .collect();
    assert_eq!(
        told,
        [(3, "number 3", 1), (2, "number 2", 1), (1, "number 1", 1)]
    );
    assert!(last.next_page_token.is_empty() && first.revisions[0].create_time.is_some());
}

#[tokio::test]
async fn topologies_are_listed_by_name_with_their_sizes() {
    let served = Served::start().await;
    served
        .client
        .create_topology("a", "the first")
        .await
        .unwrap();
    served
        .topologies()
        .apply_changes(apply(vec![put(vpc("vpc-1"))]))
        .await
        .unwrap();
    let found = served.client.list_topologies().await.unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|topology| {
            (
                topology.name.as_str(),
                topology.revision,
                topology.resource_count,
                topology.description.as_str(),
            )
        })
        .collect();
    assert_eq!(told, [("a", 0, 0, "the first"), ("t", 1, 1, "")]);
}

#[tokio::test]
async fn a_page_of_more_items_than_allowed_is_refused() {
    let served = Served::start().await;
    let request = v1::ListTopologiesRequest {
        page_size: 1_001,
        page_token: String::new(),
    };
    let status = served
        .topologies()
        .list_topologies(request)
        .await
        .unwrap_err();
    assert_eq!(
        status.message(),
        "the request has 1 fault: page_size: `1001` is too many for a page, the maximum is 1000"
    );
}
