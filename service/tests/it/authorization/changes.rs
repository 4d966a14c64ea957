//! What a change takes: of every change of a set, at the state that it is made of.

use causeway_proto::v1::import_resources_request::Part;
use tokio_stream::iter;

use super::*;

/// Somebody who may read and may change what is of team red.
const RED: &str = r#"
    permit(principal == Token::"red", action in Action::"Read", resource);
    permit(principal == Token::"red", action in Action::"Change", resource)
    when { resource.hasTag("team") && resource.getTag("team") == "red" };"#;

async fn changed(
    served: &Served,
    who: &'static str,
    changes: Vec<v1::Change>,
) -> Result<v1::ApplyChangesResponse, Status> {
    let applied = served
        .topologies()
        .apply_changes(by(who, apply(changes)))
        .await;
    applied.map(tonic::Response::into_inner)
}

async fn head(served: &Served) -> u64 {
    served.client.get_topology("t").await.unwrap().revision
}

#[tokio::test]
async fn who_may_describe_endpoints_cannot_create_one() {
    let (served, _) = guarded(
        r#"permit(principal == Token::"x", action in [Action::"ReadTopology", Action::"DescribeVpcEndpoints", Action::"DescribeVpcs"], resource);"#,
    )
    .await;
    given(&served, vec![put(vpc("vpc-1"))]).await;
    let endpoint = resource(v1::resource::Kind::VpcEndpoint(v1::VpcEndpoint {
        vpc_endpoint_id: "vpce-1".to_owned(),
        vpc_id: "vpc-1".to_owned(),
        service_name: "com.amazonaws.eu-west-1.s3".to_owned(),
        vpc_endpoint_type: v1::VpcEndpointType::Gateway.into(),
        ..v1::VpcEndpoint::default()
    }));
    let made = changed(&served, "x", vec![put(endpoint.clone())]).await;
    let status = refused(made, "CreateVpcEndpoint");
    assert!(status.message().contains("CreateVpcEndpoint"));
    given(&served, vec![put(endpoint)]).await;
    let gone = changed(&served, "x", vec![delete("vpce-1")]).await;
    refused(gone, "DeleteVpcEndpoints");
}

#[tokio::test]
async fn nobody_takes_or_gives_away_what_they_may_not_touch() {
    let (served, _) = guarded(RED).await;
    let red = |id| put(tagged(vpc(id), "team", "red"));
    let blue = |id| put(tagged(vpc(id), "team", "blue"));
    given(&served, vec![blue("vpc-blue"), put(vpc("vpc-bare"))]).await;
    changed(&served, "red", vec![red("vpc-red")]).await.unwrap();
    // What was somebody else's is not theirs by its new tag, and theirs does not become somebody else's.
    for stolen in ["vpc-blue", "vpc-bare"] {
        let taken = changed(&served, "red", vec![red(stolen)]).await;
        refused(taken, "ModifyVpcAttribute");
    }
    let given_away = changed(&served, "red", vec![blue("vpc-red")]).await;
    refused(given_away, "ModifyVpcAttribute");
    let gone = changed(&served, "red", vec![delete("vpc-blue")]).await;
    refused(gone, "DeleteVpc");
    changed(&served, "red", vec![delete("vpc-red")])
        .await
        .unwrap();
}

#[tokio::test]
async fn one_change_that_is_refused_refuses_the_set_and_nothing_is_changed() {
    let (served, _) = guarded(RED).await;
    let changes = vec![
        put(tagged(vpc("vpc-red"), "team", "red")),
        put(tagged(vpc("vpc-blue"), "team", "blue")),
    ];
    refused(changed(&served, "red", changes.clone()).await, "CreateVpc");
    assert_eq!(head(&served).await, 0);
    let checked = v1::ApplyChangesRequest {
        validate_only: true,
        ..apply(changes)
    };
    let checked = served.topologies().apply_changes(by("red", checked)).await;
    refused(checked, "CreateVpc");
}

#[tokio::test]
async fn what_is_put_as_it_is_asks_for_the_same_as_what_changes() {
    let (served, _) = guarded(RED).await;
    given(&served, vec![put(tagged(vpc("vpc-blue"), "team", "blue"))]).await;
    let same = changed(
        &served,
        "red",
        vec![put(tagged(vpc("vpc-blue"), "team", "blue"))],
    )
    .await;
    refused(same, "ModifyVpcAttribute");
}

#[tokio::test]
async fn a_patch_asks_for_what_was_there_and_for_what_comes_of_it() {
    let (served, _) = guarded(RED).await;
    given(
        &served,
        vec![
            put(tagged(vpc("vpc-red"), "team", "red")),
            put(tagged(vpc("vpc-blue"), "team", "blue")),
        ],
    )
    .await;
    let patch = |id: &str, team: &str| v1::Change {
        action: Some(v1::change::Action::Patch(v1::ResourcePatch {
            resource_id: id.to_owned(),
            resource: Some(tagged(v1::Resource::default(), "team", team)),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["tags".to_owned()],
            }),
        })),
    };
    for (id, team) in [("vpc-blue", "red"), ("vpc-red", "blue"), ("vpc-blue", "x")] {
        let patched = changed(&served, "red", vec![patch(id, team)]).await;
        refused(patched, "ModifyVpcAttribute");
    }
    let kept = changed(&served, "red", vec![patch("vpc-red", "red")]).await;
    kept.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_set_is_told_only_to_who_may_make_it() {
    let (served, _) = guarded(RED).await;
    let orphan = put(subnet("subnet-1", "vpc-9"));
    let outcome = changed(&served, "red", vec![orphan, v1::Change::default()]).await;
    refused(outcome, "CreateSubnet");
    // A change that cannot be read tells of its own faults alone.
    let unread = changed(&served, "red", vec![v1::Change::default()]).await;
    check(
        &unread.unwrap_err(),
        Code::InvalidArgument,
        "INVALID_REQUEST",
    );
}

/// Somebody who sees and changes account 222222222222 alone.
const TWO: &str = r#"
    permit(principal == Token::"two", action in [Action::"ReadTopology", Action::"ImportResources", Action::"RollbackTopology"], resource);
    permit(principal == Token::"two", action in [Action::"Describe", Action::"Change"], resource)
    when { resource.account == "222222222222" };"#;

fn two(resource: v1::Resource) -> v1::Resource {
    owned(resource, "222222222222")
}

#[tokio::test]
async fn nothing_is_put_into_what_its_caller_does_not_see() {
    let (served, _) = guarded(TWO).await;
    given(&served, vec![put(vpc("vpc-1"))]).await;
    let mut told = Vec::new();
    for container in ["vpc-1", "vpc-9"] {
        let into = put(two(subnet("subnet-1", container)));
        let status = changed(&served, "two", vec![into]).await.unwrap_err();
        check(&status, Code::InvalidArgument, "INVALID_CHANGE_SET");
        told.push(status.message().replace(container, "_"));
    }
    assert_eq!(
        told[0], told[1],
        "a hidden container is as one that is not there"
    );
}

#[tokio::test]
async fn a_deletion_of_what_is_hidden_is_as_one_of_what_is_not_there() {
    let (served, _) = guarded(TWO).await;
    given(&served, vec![put(vpc("vpc-1"))]).await;
    let mut told = Vec::new();
    for id in ["vpc-1", "vpc-9"] {
        let status = changed(&served, "two", vec![delete(id)]).await.unwrap_err();
        check(&status, Code::PermissionDenied, "NOT_ALLOWED");
        told.push(format!("{status:?}").replace(id, "_").len());
        assert_eq!(fact(&status, "resource_id"), id);
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_fault_does_not_name_what_its_caller_does_not_see() {
    let (served, _) = guarded(TWO).await;
    given(
        &served,
        vec![
            put(two(vpc("vpc-2"))),
            put(subnet("subnet-secret", "vpc-2")),
        ],
    )
    .await;
    let status = changed(&served, "two", vec![delete("vpc-2")]).await;
    let status = status.unwrap_err();
    check(&status, Code::InvalidArgument, "INVALID_CHANGE_SET");
    assert!(!format!("{status:?}").contains("secret"), "{status:?}");
}

async fn imported(
    served: &Served,
    resources: Vec<v1::Resource>,
    scopes: Vec<v1::ImportScope>,
) -> Result<v1::ImportResourcesResponse, Status> {
    let header = v1::ImportHeader {
        topology: "t".to_owned(),
        scopes,
        ..v1::ImportHeader::default()
    };
    let chunks: Vec<Part> = resources
        .chunks(10_000)
        .map(|some| {
            Part::Chunk(v1::ImportChunk {
                resources: some.to_vec(),
            })
        })
        .collect();
    let parts = std::iter::once(Part::Header(header)).chain(chunks);
    let parts: Vec<_> = parts
        .map(|part| v1::ImportResourcesRequest { part: Some(part) })
        .collect();
    let answer = served
        .topologies()
        .import_resources(by("two", iter(parts)))
        .await;
    answer.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn an_import_takes_what_each_of_its_changes_takes() {
    let (served, _) = guarded(TWO).await;
    given(&served, vec![put(vpc("vpc-1"))]).await;
    imported(&served, vec![two(vpc("vpc-2"))], Vec::new())
        .await
        .unwrap();
    let foreign = imported(&served, vec![two(vpc("vpc-3")), vpc("vpc-4")], Vec::new()).await;
    refused(foreign, "CreateVpc");
    let scope = v1::ImportScope {
        owner_id: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        kind: v1::ResourceKind::Vpc.into(),
    };
    // Whoever declares a scope complete deletes what it does not name.
    let emptied = imported(&served, Vec::new(), vec![scope]).await;
    let status = refused(emptied, "DeleteVpc");
    assert!(!format!("{status:?}").contains("vpc-1"), "{status:?}");
    assert_eq!(head(&served).await, 2);
}

#[tokio::test]
async fn what_is_alike_is_decided_once() {
    let (served, authority) = guarded(TWO).await;
    let before = authority.rules().evaluations();
    let many = (0..3_000).map(|number| {
        let vpc = two(vpc(&format!("vpc-{number:08x}")));
        tagged(vpc, "Name", &number.to_string())
    });
    let imported = imported(&served, many.collect(), Vec::new()).await.unwrap();
    assert_eq!(imported.created_count, 3_000);
    let asked = authority.rules().evaluations() - before;
    assert!(asked < 100, "{asked} decisions for 3000 resources");
}

#[tokio::test]
async fn going_back_takes_what_the_changes_back_take() {
    let (served, _) = guarded(TWO).await;
    given(&served, vec![put(vpc("vpc-1"))]).await;
    given(&served, vec![put(two(vpc("vpc-2")))]).await;
    let back = |to, validate_only| {
        let request = v1::RollbackTopologyRequest {
            topology: "t".to_owned(),
            to: Some(v1::rollback_topology_request::To::ToRevision(to)),
            validate_only,
            ..v1::RollbackTopologyRequest::default()
        };
        by("two", request)
    };
    for validate_only in [true, false] {
        let outcome = served
            .topologies()
            .rollback_topology(back(0, validate_only))
            .await;
        refused(outcome, "DeleteVpc");
    }
    let own = served.topologies().rollback_topology(back(1, false)).await;
    own.unwrap();
}

#[tokio::test]
async fn a_fork_takes_both_names_and_the_sight_of_all() {
    let (served, _) = guarded(
        r#"permit(principal, action in Action::"Describe", resource) when { resource.account == "222222222222" };
           permit(principal, action == Action::"ForkTopology", resource == Topology::"t");
           permit(principal, action == Action::"CreateTopology", resource) when { resource.name like "two-*" };"#,
    )
    .await;
    let fork = |name: &str| {
        let request = v1::CreateTopologyRequest {
            name: name.to_owned(),
            source: Some(v1::TopologySource {
                topology: "t".to_owned(),
                at: None,
            }),
            ..v1::CreateTopologyRequest::default()
        };
        by("two", request)
    };
    given(&served, vec![put(two(vpc("vpc-2")))]).await;
    let elsewhere = served.topologies().create_topology(fork("one")).await;
    refused(elsewhere, "CreateTopology");
    let whole = served.topologies().create_topology(fork("two-a")).await;
    whole.unwrap();
    given(&served, vec![put(vpc("vpc-1"))]).await;
    let partly = served.topologies().create_topology(fork("two-b")).await;
    refused(partly, "Describe");
}

#[tokio::test]
async fn a_request_of_somebody_else_is_not_repeated_under_its_id() {
    let (served, _) = guarded(r#"permit(principal == Token::"x", action, resource);"#).await;
    let request = || v1::ApplyChangesRequest {
        request_id: "once".to_owned(),
        ..apply(vec![put(vpc("vpc-1"))])
    };
    let first = served.topologies().apply_changes(by("x", request())).await;
    assert_eq!(first.unwrap().into_inner().put_count, 1);
    let other = served.topologies().apply_changes(request()).await;
    assert_eq!(other.unwrap().into_inner().put_count, 0);
}
