//! Errors as callers see them: codes, reasons, facts and faults.

use causeway_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::harness::{Served, apply, put, subnet, vpc};

#[track_caller]
pub(crate) fn check(status: &Status, code: Code, reason: &str) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(
        (status.code(), info.reason.as_str(), info.domain.as_str()),
        (code, reason, "causeway.v1"),
        "{status:?}"
    );
    assert!(
        details.retry_info().is_none(),
        "the same request can never succeed: {status:?}"
    );
}

/// Fields that are at fault, with what is wrong with them.
pub(crate) fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let found = details.bad_request().unwrap().field_violations.iter();
    found
        .map(|violation| (violation.field.clone(), violation.description.clone()))
        .collect()
}

pub(crate) fn fact(status: &Status, key: &str) -> String {
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

/// What is wrong with the owner of [`unreadable`].
const NO_ACCOUNT: &str =
    "`me` holds a character that no id has, expected an account id of twelve digits";

/// Puts the resource, with an owner that is no account.
fn unreadable(resource: v1::Resource) -> v1::Change {
    put(v1::Resource {
        owner_id: "me".to_owned(),
        ..resource
    })
}

fn delete(id: &str) -> v1::Change {
    v1::Change {
        action: Some(v1::change::Action::DeleteResourceId(id.to_owned())),
    }
}

#[tokio::test]
async fn changes_that_can_be_read_are_checked_though_others_cannot() {
    let served = Served::start().await;
    served
        .topologies()
        .apply_changes(apply(vec![
            put(vpc("vpc-8")),
            put(subnet("subnet-8", "vpc-8")),
            put(vpc("vpc-7")),
            put(subnet("subnet-7", "vpc-7")),
        ]))
        .await
        .unwrap();
    let mut moved = vpc("vpc-7");
    if let Some(v1::resource::Kind::Vpc(vpc)) = &mut moved.kind {
        vpc.cidr_blocks = vec!["10.9.0.0/16".to_owned()];
    }
    let changes = vec![
        // Cannot be read: nothing is said of what is in it,
        unreadable(vpc("vpc-1")),
        put(subnet("subnet-1", "vpc-1")),
        // nor of where it is now.
        unreadable(subnet("subnet-8", "vpc-1")),
        delete("vpc-8"),
        // The rest is checked, and told at its places in the whole set.
        put(subnet("subnet-2", "vpc-9")),
        delete("subnet-9"),
        put(vpc("vpc-2")),
        delete("vpc-2"),
        // A container that what cannot be read may fit into again.
        unreadable(subnet("subnet-7", "vpc-7")),
        put(moved),
    ];
    let status = served
        .topologies()
        .apply_changes(apply(changes))
        .await
        .unwrap_err();
    check(&status, Code::InvalidArgument, "INVALID_REQUEST");
    let expected = [
        ("changes[0].put.owner_id", NO_ACCOUNT),
        ("changes[2].put.owner_id", NO_ACCOUNT),
        ("changes[8].put.owner_id", NO_ACCOUNT),
        (
            "changes[4].put.subnet.vpc_id",
            "`subnet-2`: `vpc-9` does not exist in the topology; put it in the same change set or before",
        ),
        (
            "changes[5].delete_resource_id",
            "`subnet-9`: there is no such resource to delete",
        ),
        (
            "changes[7]",
            "`vpc-2`: change 6 of the same set says something else of this id; give each id once",
        ),
    ];
    assert_eq!(
        violations(&status),
        expected.map(|(field, description)| (field.to_owned(), description.to_owned()))
    );
    assert_eq!(fact(&status, "count"), "6");
    assert_eq!(served.client.get_topology("t").await.unwrap().revision, 1);
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
        as_of: None,
        label: String::new(),
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
async fn whole_answers_are_given_to_fewer_flows() {
    let served = Served::start().await;
    let request = |detail: v1::Detail| v1::BatchResolvePathsRequest {
        topology: "none".to_owned(),
        flows: vec![v1::Flow::default(); 10_001],
        detail: detail.into(),
        ..v1::BatchResolvePathsRequest::default()
    };
    let mut paths = served.paths();
    let status = paths.batch_resolve_paths(request(v1::Detail::Full)).await;
    let status = status.unwrap_err();
    check(&status, Code::InvalidArgument, "TOO_MANY_ITEMS");
    assert_eq!(
        status.message(),
        "10001 flows with detail FULL are too many for one call, the maximum is 10000"
    );
    assert_eq!(
        (fact(&status, "count"), fact(&status, "maximum")),
        ("10001".to_owned(), "10000".to_owned())
    );
    let status = paths.batch_resolve_paths(request(v1::Detail::Path)).await;
    check(&status.unwrap_err(), Code::NotFound, "TOPOLOGY_NOT_FOUND");
}

#[tokio::test]
async fn what_never_reached_a_handler_has_a_reason_too() {
    let served = Served::start().await;
    // A message that is too large, though never sent whole.
    let change = v1::Change {
        action: Some(v1::change::Action::DeleteResourceId(
            "a".repeat(64 * 1024 * 1024),
        )),
    };
    let status = served
        .topologies()
        .apply_changes(apply(vec![change]))
        .await
        .unwrap_err();
    check(&status, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fact(&status, "maximum"), "67108864");
    assert!(fact(&status, "size").parse::<usize>().unwrap() > 64 * 1024 * 1024);
    // A message that is none of its type: the text in its first field is no UTF-8.
    let status = raw(&served, "/causeway.v1.PathService/ResolvePath", 300).await;
    check(&status, Code::InvalidArgument, "INVALID_REQUEST");
    assert!(
        status
            .message()
            .starts_with("the request cannot be read: failed to decode"),
        "{status:?}"
    );
    for path in [
        "/causeway.v1.PathService/Guess",
        "/causeway.v0.PathService/ResolvePath",
    ] {
        let status = raw(&served, path, 1).await;
        check(&status, Code::Unimplemented, "UNKNOWN_METHOD");
        assert_eq!(status.message(), "the service has no such method");
    }
}

/// Sends bytes that are not of UTF-8 as the field `name` or `topology` of whatever the method takes.
async fn raw(served: &Served, path: &'static str, length: usize) -> Status {
    let mut client = tonic::client::Grpc::new(served.channel.clone());
    client.ready().await.unwrap();
    let message = Bytes1 {
        bytes: vec![0xff; length],
    };
    let codec = tonic_prost::ProstCodec::<Bytes1, Bytes1>::default();
    let path = tonic::codegen::http::uri::PathAndQuery::from_static(path);
    client
        .unary(tonic::Request::new(message), path, codec)
        .await
        .unwrap_err()
}

/// A message whose first field is bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct Bytes1 {
    #[prost(bytes = "vec", tag = "1")]
    bytes: Vec<u8>,
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
    request.set_timeout(std::time::Duration::from_millis(500));
    let channel = tonic::transport::Channel::from_shared(served.endpoint.clone())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut client = v1::topology_service_client::TopologyServiceClient::new(channel);
    let status = client.import_resources(request).await.unwrap_err();
    check(&status, Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
    assert!(
        status.message().contains("the write may have taken effect"),
        "{status:?}"
    );
}
