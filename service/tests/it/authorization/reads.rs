//! What is told of a topology to somebody who may not see all of it.

use tonic_types::StatusExt as _;
use v1::watch_revisions_response::Event;

use super::*;

/// Somebody who reads, and sees account 222222222222 alone.
const TWO: &str = r#"
    permit(principal == Token::"two", action in [Action::"ReadTopology", Action::"WatchRevisions"], resource == Topology::"t");
    permit(principal == Token::"two", action in Action::"Describe", resource in Topology::"t")
    when { resource.account == "222222222222" };"#;

fn two(resource: v1::Resource) -> v1::Resource {
    owned(resource, "222222222222")
}

async fn estate() -> Served {
    let (served, _) = guarded(TWO).await;
    let resources = ["vpc-1", "vpc-3"].map(vpc).into_iter();
    let others = ["vpc-2", "vpc-4"].map(|id| two(vpc(id))).into_iter();
    given(&served, resources.chain(others).map(put).collect()).await;
    served
}

#[tokio::test]
async fn a_list_has_what_its_caller_sees_and_its_pages_are_full() {
    let served = estate().await;
    let mut request = v1::ListResourcesRequest {
        topology: "t".to_owned(),
        page_size: 1,
        ..v1::ListResourcesRequest::default()
    };
    let mut found = Vec::new();
    loop {
        let page = served
            .topologies()
            .list_resources(by("two", request.clone()))
            .await;
        let page = page.unwrap().into_inner();
        assert_eq!(page.resources.len(), 1);
        found.extend(page.resources);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, [two(vpc("vpc-2")), two(vpc("vpc-4"))]);
}

#[tokio::test]
async fn what_is_hidden_is_told_like_what_is_not_there() {
    let served = estate().await;
    let get = |id: &str| {
        let request = v1::GetResourceRequest {
            topology: "t".to_owned(),
            resource_id: id.to_owned(),
            ..v1::GetResourceRequest::default()
        };
        by("two", request)
    };
    served
        .topologies()
        .get_resource(get("vpc-2"))
        .await
        .unwrap();
    let mut told = Vec::new();
    for id in ["vpc-1", "vpc-9"] {
        let status = served.topologies().get_resource(get(id)).await.unwrap_err();
        check(&status, Code::PermissionDenied, "NOT_ALLOWED");
        told.push(status.message().replace(id, "_"));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_difference_is_that_of_what_its_caller_sees() {
    let served = estate().await;
    // One goes, one comes into sight, one goes out of it.
    let changes = vec![
        delete("vpc-1"),
        put(two(vpc("vpc-3"))),
        put(vpc("vpc-4")),
        put(vpc("vpc-5")),
    ];
    given(&served, changes).await;
    let request = v1::DiffRevisionsRequest {
        topology: "t".to_owned(),
        from: Some(v1::diff_revisions_request::From::FromRevision(1)),
        ..v1::DiffRevisionsRequest::default()
    };
    let told = served.topologies().diff_revisions(by("two", request)).await;
    let told = told.unwrap().into_inner().differences;
    let told: Vec<_> = told
        .iter()
        .map(|difference| (difference.resource_id.as_str(), difference.r#type()))
        .collect();
    assert_eq!(
        told,
        [
            ("vpc-3", v1::DifferenceType::Created),
            ("vpc-4", v1::DifferenceType::Deleted)
        ]
    );
}

#[tokio::test]
async fn a_watch_tells_the_changes_that_its_watcher_sees() {
    let served = estate().await;
    let request = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        start: Some(v1::watch_revisions_request::Start::AfterRevision(1)),
        include_changes: true,
    };
    let changes = vec![
        delete("vpc-1"),
        delete("vpc-2"),
        put(vpc("vpc-4")),
        put(vpc("vpc-5")),
        put(two(vpc("vpc-6"))),
    ];
    given(&served, changes).await;
    let watch = served
        .topologies()
        .watch_revisions(by("two", request))
        .await;
    let mut events = watch.unwrap().into_inner();
    let told = loop {
        let event = events.message().await.unwrap().unwrap().event;
        if let Some(Event::Revision(told)) = event {
            break told;
        }
    };
    assert!(told.has_changes);
    let expected = [delete("vpc-2"), delete("vpc-4"), put(two(vpc("vpc-6")))];
    assert_eq!(told.changes, expected);
}

#[tokio::test]
async fn a_watch_ends_when_other_policies_are_in_force() {
    let (served, authority) = guarded(TWO).await;
    let request = v1::WatchRevisionsRequest {
        topology: "t".to_owned(),
        ..v1::WatchRevisionsRequest::default()
    };
    let watch = served
        .topologies()
        .watch_revisions(by("two", request))
        .await;
    let mut events = watch.unwrap().into_inner();
    events.message().await.unwrap().unwrap();
    authority.replace(rules(""));
    given(&served, vec![put(two(vpc("vpc-2")))]).await;
    let status = loop {
        match events.message().await {
            Ok(told) => assert!(matches!(told.unwrap().event, Some(Event::Mark(_)))),
            Err(status) => break status,
        }
    };
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(
        (status.code(), info.reason.as_str()),
        (Code::Unavailable, "POLICIES_CHANGED")
    );
    assert!(info.metadata.contains_key("resume_token"));
}

#[tokio::test]
async fn a_list_of_topologies_has_those_that_its_caller_may_read() {
    let served = estate().await;
    for name in ["a", "u", "v"] {
        served.client.create_topology(name, "").await.unwrap();
    }
    let request = v1::ListTopologiesRequest {
        page_size: 1,
        ..v1::ListTopologiesRequest::default()
    };
    let list = served
        .topologies()
        .list_topologies(by("two", request))
        .await;
    let list = list.unwrap().into_inner();
    let names: Vec<_> = list
        .topologies
        .iter()
        .map(|found| found.name.as_str())
        .collect();
    assert_eq!((names, list.next_page_token.as_str()), (vec!["t"], ""));
}
