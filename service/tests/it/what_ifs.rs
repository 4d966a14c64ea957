//! What if, over gRPC: changes that are laid over a revision of the example estate for one call.

use causeway_client::{WhatIf, consistency, flow};
use causeway_proto::v1;
use futures::stream::{self, TryStreamExt};
use tonic::{Code, Status};
use v1::change::Action;
use v1::stream_resolve_paths_request::Part;

use crate::acme;
use crate::errors::{check, fact, violations};
use crate::harness::{Served, apply, put, subnet, vpc};

const APP_GROUP: &str = "sg-0557574f3cf4bffe9";
const S3_ENDPOINT: &str = "vpce-46a9362b717fa40b9";
/// The route table of the subnet from which the endpoint is the only way.
const ISOLATED_TABLE: &str = "rtb-e476046f7b92dfd42";

async fn acme() -> Served {
    let served = Served::start().await;
    acme::import(&served.client).await;
    served
}

/// A flow that the app's group denies: only the web tier may.
fn denied() -> v1::Flow {
    flow::tcp("i-2b9b33fb3df096b1d", "i-f36d3a46a2feaecd0", 8080)
}

/// A flow that takes the gateway endpoint, and has no other way.
fn by_endpoint() -> v1::Flow {
    flow::tcp("i-304d8062995d101f9", "s3.eu-west-1.amazonaws.com", 443)
}

/// The app's group open to everybody, as a patch of its rules.
fn opened() -> v1::Resource {
    let all = v1::IpPermission {
        ip_protocol: "-1".to_owned(),
        ip_ranges: vec!["0.0.0.0/0".to_owned()],
        ..v1::IpPermission::default()
    };
    let group = v1::SecurityGroup {
        ip_permissions: vec![all],
        ..v1::SecurityGroup::default()
    };
    v1::Resource {
        kind: Some(v1::resource::Kind::SecurityGroup(group)),
        ..v1::Resource::default()
    }
}

fn open(served: &Served) -> WhatIf<'_> {
    let paths = ["security_group.ip_permissions"];
    served.client.what_if("t").patch(APP_GROUP, opened(), paths)
}

async fn verdict(served: &Served, flow: v1::Flow) -> v1::Verdict {
    let answer = served.client.resolve("t", flow, consistency::newest());
    answer.await.unwrap().verdict()
}

#[tokio::test]
async fn a_rule_that_is_added_opens_a_way_in_its_call_alone() {
    let served = acme().await;
    assert_eq!(verdict(&served, denied()).await, v1::Verdict::Unreachable);
    // By turns, so that an answer that was kept of the other would show.
    for _ in 0..2 {
        let with = open(&served)
            .resolve(denied(), consistency::newest())
            .await
            .unwrap();
        assert_eq!(
            (with.verdict(), with.revision),
            (v1::Verdict::Reachable, 1),
            "{with:#?}"
        );
        assert_eq!(verdict(&served, denied()).await, v1::Verdict::Unreachable);
    }
    let held = served.client.get_topology("t").await.unwrap();
    assert_eq!(held.revision, 1);
}

#[tokio::test]
async fn a_deletion_breaks_a_way_in_its_call_alone() {
    let served = acme().await;
    let without = served.client.what_if("t").delete(ISOLATED_TABLE);
    let newest = consistency::newest();
    let broken = without.resolve(by_endpoint(), newest).await.unwrap();
    assert_eq!(broken.verdict(), v1::Verdict::Unreachable, "{broken:#?}");
    assert_eq!(
        verdict(&served, by_endpoint()).await,
        v1::Verdict::Reachable
    );
    let held = served.client.get_resource("t", ISOLATED_TABLE, None).await;
    held.unwrap();
}

#[tokio::test]
async fn every_way_of_asking_answers_as_after_the_changes_are_applied() {
    let served = acme().await;
    let flows: Vec<_> = acme::questions().iter().map(acme::flow_of).collect();
    let (full, newest) = (v1::Detail::Full, consistency::newest());
    let what_if = open(&served).delete(S3_ENDPOINT);
    let batch = what_if
        .batch(flows.clone(), full, newest.clone())
        .await
        .unwrap();
    assert_eq!(batch.revision, 1);
    let streamed = what_if
        .stream_paths(stream::iter([flows.clone()]), full, newest.clone())
        .await
        .unwrap();
    let streamed: Vec<_> = streamed.try_collect().await.unwrap();
    assert_eq!(
        (streamed[0].revision, &streamed[0].items),
        (1, &batch.items)
    );
    let first = what_if.resolve(flows[0].clone(), newest.clone()).await;
    assert_eq!(batch.items[0].answer, Some(first.unwrap()));
    let before = served
        .client
        .batch("t", flows.clone(), full, newest.clone());
    assert_ne!(before.await.unwrap().items, batch.items);
    let applied = served
        .client
        .apply("t")
        .patch(APP_GROUP, opened(), ["security_group.ip_permissions"])
        .delete(S3_ENDPOINT);
    assert_eq!(applied.send().await.unwrap().revision, 2);
    let after = served.client.batch("t", flows, full, newest).await.unwrap();
    let mut items = after.items;
    for answer in items.iter_mut().filter_map(|item| item.answer.as_mut()) {
        answer.revision = 1;
    }
    assert_eq!(items, batch.items);
}

#[tokio::test]
async fn changes_are_laid_over_the_revision_that_is_asked_for() {
    let served = acme().await;
    let deletion = served.client.apply("t").delete(S3_ENDPOINT);
    deletion.send().await.unwrap();
    let answer = open(&served)
        .resolve(by_endpoint(), consistency::exactly(1))
        .await
        .unwrap();
    assert_eq!(
        (answer.verdict(), answer.revision),
        (v1::Verdict::Reachable, 1)
    );
    // At revision 2 there is nothing to delete any more.
    let again = served.client.what_if("t").delete(S3_ENDPOINT);
    let refused = again.resolve(by_endpoint(), consistency::newest()).await;
    assert_eq!(
        refused.unwrap_err().reason(),
        Some(v1::ErrorReason::InvalidChangeSet)
    );
}

fn delete(id: &str) -> v1::Change {
    v1::Change {
        action: Some(Action::DeleteResourceId(id.to_owned())),
    }
}

/// How a call to resolve one flow, and a stream, refuse these changes.
async fn refusals(served: &Served, changes: Vec<v1::Change>) -> [Status; 2] {
    let request = v1::ResolvePathRequest {
        topology: "t".to_owned(),
        flow: Some(denied()),
        changes: changes.clone(),
        ..v1::ResolvePathRequest::default()
    };
    let alone = served.paths().resolve_path(request).await.unwrap_err();
    let header = Part::Header(v1::StreamHeader {
        topology: "t".to_owned(),
        changes,
        ..v1::StreamHeader::default()
    });
    let parts = [v1::StreamResolvePathsRequest { part: Some(header) }];
    let mut paths = served.paths();
    let opened = paths.stream_resolve_paths(stream::iter(parts)).await;
    [alone, opened.unwrap_err()]
}

fn fields(status: &Status) -> Vec<String> {
    let found = violations(status).into_iter();
    found.map(|(field, _)| field).collect()
}

#[tokio::test]
async fn changes_that_do_not_fit_are_told_as_apply_tells_them() {
    let served = Served::start().await;
    let changes = vec![
        put(vpc("vpc-1")),
        put(subnet("subnet-1", "vpc-2")),
        delete("vpc-9"),
    ];
    let mut topologies = served.topologies();
    let applied = topologies.apply_changes(apply(changes.clone())).await;
    let applied = applied.unwrap_err();
    let [alone, streamed] = refusals(&served, changes).await;
    check(&alone, Code::InvalidArgument, "INVALID_CHANGE_SET");
    check(&streamed, Code::InvalidArgument, "INVALID_CHANGE_SET");
    assert_eq!(
        (alone.message(), violations(&alone)),
        (applied.message(), violations(&applied))
    );
    assert_eq!(
        fields(&streamed),
        [
            "header.changes[1].put.subnet.vpc_id",
            "header.changes[2].delete_resource_id"
        ]
    );
}

#[tokio::test]
async fn all_that_cannot_be_read_is_told_with_what_does_not_fit() {
    let served = Served::start().await;
    let mut bad = vpc("vpc-1");
    bad.owner_id = "me".to_owned();
    let request = v1::BatchResolvePathsRequest {
        topology: "t".to_owned(),
        detail: 99,
        changes: vec![
            put(bad),
            v1::Change::default(),
            delete("vpc-9"),
            // Nothing is known of this VPC, so nothing is said of what is in it.
            put(subnet("subnet-1", "vpc-1")),
        ],
        ..v1::BatchResolvePathsRequest::default()
    };
    let call = served.paths().batch_resolve_paths(request).await;
    let status = call.unwrap_err();
    check(&status, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(
        fields(&status),
        [
            "flows",
            "detail",
            "changes[0].put.owner_id",
            "changes[1].action",
            "changes[2].delete_resource_id"
        ]
    );
}

#[tokio::test]
async fn more_changes_than_may_be_laid_over_are_refused() {
    let served = Served::start().await;
    for status in refusals(&served, vec![delete("vpc-1"); 10_001]).await {
        check(&status, Code::InvalidArgument, "TOO_MANY_ITEMS");
        let counts = [fact(&status, "count"), fact(&status, "maximum")];
        assert_eq!(counts, ["10001", "10000"]);
    }
}
