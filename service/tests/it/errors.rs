//! Errors as callers see them: codes, reasons, facts and faults.

use causeway_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::harness::{Served, apply, put, subnet, vpc};

#[track_caller]
fn check(status: &Status, code: Code, reason: &str) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(
        (status.code(), info.reason.as_str(), info.domain.as_str()),
        (code, reason, "causeway.v1"),
        "{status:?}"
    );
    assert_eq!(
        code == Code::Aborted,
        details.retry_info().is_some(),
        "a retry helps after ABORTED alone"
    );
}

/// Fields that are at fault, with what is wrong with them.
fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let found = details.bad_request().unwrap().field_violations.iter();
    found
        .map(|violation| (violation.field.clone(), violation.description.clone()))
        .collect()
}

fn fact(status: &Status, key: &str) -> String {
    let details = status.get_error_details();
    details
        .error_info()
        .unwrap()
        .metadata
        .get(key)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_request_that_cannot_be_read_names_every_field() {
    let served = Served::start().await;
    let mut bad = vpc("vpc-1");
    bad.owner_id = "me".to_owned();
    let request = v1::ApplyChangesRequest {
        author: "a".repeat(257),
        ..apply(vec![put(bad), v1::Change::default()])
    };
    let status = served
        .topologies()
        .apply_changes(request)
        .await
        .unwrap_err();
    check(&status, Code::InvalidArgument, "INVALID_REQUEST");
    let fields: Vec<_> = violations(&status)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(
        fields,
        ["author", "changes[0].put.owner_id", "changes[1].action"]
    );
}

#[tokio::test]
async fn a_change_set_that_does_not_fit_names_every_fault_and_changes_nothing() {
    let served = Served::start().await;
    let gone = v1::Change {
        action: Some(v1::change::Action::DeleteResourceId("vpc-9".to_owned())),
    };
    let request = apply(vec![
        put(vpc("vpc-1")),
        put(subnet("subnet-1", "vpc-2")),
        gone,
    ]);
    let status = served
        .topologies()
        .apply_changes(request)
        .await
        .unwrap_err();
    check(&status, Code::InvalidArgument, "INVALID_CHANGE_SET");
    let expected = [
        (
            "changes[1].put.subnet.vpc_id",
            "`subnet-1`: `vpc-2` does not exist in the topology; put it in the same change set or before",
        ),
        (
            "changes[2].delete_resource_id",
            "`vpc-9`: there is no such resource to delete",
        ),
    ];
    assert_eq!(
        violations(&status),
        expected.map(|(field, description)| (field.to_owned(), description.to_owned()))
    );
    assert_eq!(served.client.get_topology("t").await.unwrap().revision, 0);
}

#[tokio::test]
async fn a_stale_expected_revision_is_aborted_and_tells_the_head() {
    let served = Served::start().await;
    served
        .topologies()
        .apply_changes(apply(vec![put(vpc("vpc-1"))]))
        .await
        .unwrap();
    let stale = v1::ApplyChangesRequest {
        expected_revision: Some(0),
        ..apply(vec![put(vpc("vpc-2"))])
    };
    let status = served.topologies().apply_changes(stale).await.unwrap_err();
    check(&status, Code::Aborted, "REVISION_MISMATCH");
    assert_eq!(fact(&status, "head"), "1");
}

#[tokio::test]
async fn a_request_id_with_another_body_is_refused() {
    let served = Served::start().await;
    let request = v1::ApplyChangesRequest {
        request_id: "r1".to_owned(),
        ..apply(vec![put(vpc("vpc-1"))])
    };
    let first = served
        .topologies()
        .apply_changes(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        served
            .topologies()
            .apply_changes(request)
            .await
            .unwrap()
            .into_inner(),
        first
    );
    let other = v1::ApplyChangesRequest {
        request_id: "r1".to_owned(),
        ..apply(vec![put(vpc("vpc-2"))])
    };
    let status = served.topologies().apply_changes(other).await.unwrap_err();
    check(&status, Code::InvalidArgument, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let served = Served::start().await;
    let missing = v1::GetTopologyRequest {
        name: "u".to_owned(),
    };
    check(
        &served.topologies().get_topology(missing).await.unwrap_err(),
        Code::NotFound,
        "TOPOLOGY_NOT_FOUND",
    );
    let taken = v1::CreateTopologyRequest {
        name: "t".to_owned(),
        ..v1::CreateTopologyRequest::default()
    };
    check(
        &served
            .topologies()
            .create_topology(taken)
            .await
            .unwrap_err(),
        Code::AlreadyExists,
        "TOPOLOGY_ALREADY_EXISTS",
    );
    let resource = v1::GetResourceRequest {
        topology: "t".to_owned(),
        resource_id: "vpc-1".to_owned(),
        revision: None,
    };
    check(
        &served
            .topologies()
            .get_resource(resource.clone())
            .await
            .unwrap_err(),
        Code::NotFound,
        "RESOURCE_NOT_FOUND",
    );
    let future = v1::GetResourceRequest {
        revision: Some(5),
        ..resource
    };
    let status = served.topologies().get_resource(future).await.unwrap_err();
    check(&status, Code::OutOfRange, "REVISION_NOT_REACHED");
    assert_eq!(fact(&status, "head"), "0");
}

#[tokio::test]
async fn a_page_token_belongs_to_its_request_alone() {
    let served = Served::start().await;
    served
        .topologies()
        .apply_changes(apply(vec![put(vpc("vpc-1")), put(vpc("vpc-2"))]))
        .await
        .unwrap();
    let first = v1::ListResourcesRequest {
        topology: "t".to_owned(),
        page_size: 1,
        ..v1::ListResourcesRequest::default()
    };
    let token = served
        .topologies()
        .list_resources(first.clone())
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    let filter = Some(v1::ResourceFilter {
        owner_id: "111111111111".to_owned(),
        ..v1::ResourceFilter::default()
    });
    for request in [
        v1::ListResourcesRequest {
            page_token: token.clone(),
            filter,
            ..first.clone()
        },
        v1::ListResourcesRequest {
            page_token: format!("{token}AA"),
            revision: Some(1),
            ..first.clone()
        },
        v1::ListResourcesRequest {
            page_token: "next, please".to_owned(),
            ..first.clone()
        },
    ] {
        let status = served
            .topologies()
            .list_resources(request)
            .await
            .unwrap_err();
        check(&status, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
        assert_eq!(violations(&status)[0].0, "page_token");
    }
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_told_count_and_maximum() {
    let served = Served::start().await;
    let request = v1::BatchResolvePathsRequest {
        topology: "t".to_owned(),
        flows: vec![v1::Flow::default(); 100_001],
        ..v1::BatchResolvePathsRequest::default()
    };
    let status = served
        .paths()
        .batch_resolve_paths(request)
        .await
        .unwrap_err();
    check(&status, Code::InvalidArgument, "TOO_MANY_ITEMS");
    assert_eq!(
        (fact(&status, "count"), fact(&status, "maximum")),
        ("100001".to_owned(), "100000".to_owned())
    );
    assert_eq!(
        status.message(),
        "100001 flows are too many for one call, the maximum is 100000"
    );
}

#[tokio::test]
async fn thousands_of_faults_reach_the_caller_as_one_error() {
    let served = Served::start().await;
    let changes = (0..20_000)
        .map(|number| put(subnet(&format!("subnet-{number}"), "vpc-9")))
        .collect();
    let status = served
        .topologies()
        .apply_changes(apply(changes))
        .await
        .unwrap_err();
    check(&status, Code::InvalidArgument, "INVALID_CHANGE_SET");
    assert_eq!(fact(&status, "count"), "20000");
}

#[tokio::test]
async fn a_deadline_that_passes_is_told_as_such() {
    let served = Served::start().await;
    let mut request = tonic::Request::new(tokio_stream::pending());
    request.set_timeout(std::time::Duration::from_millis(50));
    let channel = tonic::transport::Channel::from_shared(served.endpoint.clone())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut client = v1::topology_service_client::TopologyServiceClient::new(channel);
    let status = client.import_resources(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
}
