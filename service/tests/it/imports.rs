//! Imports: streams taken whole or not at all.

use causeway_proto::v1::{self, import_resources_request::Part};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::harness::{Served, apply, put, subnet, vpc};

fn header() -> v1::ImportHeader {
    let scope = |kind: v1::ResourceKind| v1::ImportScope {
        owner_id: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        kind: kind.into(),
    };
    v1::ImportHeader {
        topology: "t".to_owned(),
        scopes: vec![
            scope(v1::ResourceKind::Vpc),
            scope(v1::ResourceKind::Subnet),
        ],
        ..v1::ImportHeader::default()
    }
}

fn chunk(resources: Vec<v1::Resource>) -> Part {
    Part::Chunk(v1::ImportChunk { resources })
}

async fn import(served: &Served, parts: Vec<Part>) -> Result<v1::ImportResourcesResponse, Status> {
    let messages = parts
        .into_iter()
        .map(|part| v1::ImportResourcesRequest { part: Some(part) });
    let answer = served
        .topologies()
        .import_resources(tokio_stream::iter(messages.collect::<Vec<_>>()))
        .await;
    answer.map(tonic::Response::into_inner)
}

fn fields(status: &Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument);
    status
        .get_error_details()
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect()
}

#[tokio::test]
async fn a_stream_is_one_revision_however_it_is_cut() {
    let served = Served::start().await;
    let (one, other) = (vpc("vpc-1"), subnet("subnet-1", "vpc-1"));
    let first = import(
        &served,
        vec![
            Part::Header(header()),
            chunk(vec![one.clone()]),
            chunk(vec![other.clone()]),
        ],
    )
    .await
    .unwrap();
    assert_eq!(
        first,
        v1::ImportResourcesResponse {
            revision: 1,
            changed: true,
            created_count: 2,
            ..v1::ImportResourcesResponse::default()
        }
    );
    let again = import(
        &served,
        vec![Part::Header(header()), chunk(vec![other, one])],
    )
    .await
    .unwrap();
    assert_eq!(
        again,
        v1::ImportResourcesResponse {
            revision: 1,
            unchanged_count: 2,
            ..v1::ImportResourcesResponse::default()
        }
    );
}

#[tokio::test]
async fn a_request_is_the_same_however_its_stream_is_cut() {
    let served = Served::start().await;
    let header = v1::ImportHeader {
        request_id: "r1".to_owned(),
        ..header()
    };
    let first = import(
        &served,
        vec![
            Part::Header(header.clone()),
            chunk(vec![vpc("vpc-1"), vpc("vpc-2")]),
        ],
    )
    .await
    .unwrap();
    served
        .topologies()
        .apply_changes(apply(vec![put(vpc("vpc-3"))]))
        .await
        .unwrap();
    let again = import(
        &served,
        vec![
            Part::Header(header),
            chunk(vec![vpc("vpc-1")]),
            chunk(vec![vpc("vpc-2")]),
        ],
    )
    .await
    .unwrap();
    assert_eq!(again, first);
}

#[tokio::test]
async fn what_a_scope_held_and_the_stream_lacks_is_deleted_and_nothing_else() {
    let served = Served::start().await;
    let elsewhere = v1::Resource {
        region: "us-east-1".to_owned(),
        ..vpc("vpc-9")
    };
    served
        .topologies()
        .apply_changes(apply(vec![
            put(vpc("vpc-1")),
            put(vpc("vpc-2")),
            put(elsewhere),
        ]))
        .await
        .unwrap();
    let answer = import(
        &served,
        vec![Part::Header(header()), chunk(vec![vpc("vpc-1")])],
    )
    .await
    .unwrap();
    assert_eq!((answer.deleted_count, answer.unchanged_count), (1, 1));
    let left = served
        .client
        .list_resources("t", None, v1::ResourceFilter::default())
        .await
        .unwrap();
    assert_eq!(left.resources.len(), 2);
}

#[tokio::test]
async fn faults_name_the_chunk_and_the_place_in_it() {
    let served = Served::start().await;
    let bad = v1::Resource {
        owner_id: "me".to_owned(),
        ..vpc("vpc-3")
    };
    let twice = v1::Resource {
        region: "us-east-1".to_owned(),
        ..vpc("vpc-1")
    };
    let status = import(
        &served,
        vec![
            Part::Header(header()),
            chunk(vec![vpc("vpc-1"), bad]),
            chunk(vec![vpc("vpc-1"), twice]),
        ],
    )
    .await
    .unwrap_err();
    assert_eq!(
        fields(&status),
        ["chunks[0].resources[1].owner_id", "chunks[1].resources[1]"]
    );
    let status = import(
        &served,
        vec![
            Part::Header(header()),
            chunk(vec![vpc("vpc-1")]),
            chunk(vec![subnet("subnet-1", "vpc-2")]),
        ],
    )
    .await
    .unwrap_err();
    assert_eq!(fields(&status), ["chunks[1].resources[0].subnet.vpc_id"]);
    assert_eq!(served.client.get_topology("t").await.unwrap().revision, 0);
}

#[tokio::test]
async fn the_header_comes_first_and_once() {
    let served = Served::start().await;
    let none = import(&served, vec![chunk(vec![vpc("vpc-1")])])
        .await
        .unwrap_err();
    let empty = import(&served, vec![]).await.unwrap_err();
    let twice = import(
        &served,
        vec![Part::Header(header()), Part::Header(header())],
    )
    .await
    .unwrap_err();
    assert_eq!(
        [fields(&none), fields(&empty), fields(&twice)],
        [["header"], ["header"], ["header"]]
    );
}

#[tokio::test]
async fn a_chunk_that_is_too_large_is_refused_with_its_size() {
    let served = Served::start().await;
    let resources = (0..60_000)
        .map(|number| vpc(&format!("vpc-{number:0>32}")))
        .collect();
    let status = import(&served, vec![Part::Header(header()), chunk(resources)])
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["chunks[0]"]);
    assert!(
        status.message().contains("the maximum is 4194304"),
        "{}",
        status.message()
    );
}
