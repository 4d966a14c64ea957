//! The cache of answers over gRPC: with it and without it everything is answered alike, at every revision and in every detail; and it is used.

use causeway_client::{Client, consistency};
use causeway_proto::v1;
use v1::resource::Kind;

use crate::acme;
use crate::harness::{Served, apply, put};

/// Every answer to the questions of the example estate, in every detail and alone, at the newest revision.
async fn all(client: &Client) -> Vec<v1::BatchResolvePathsResponse> {
    let flows: Vec<_> = acme::questions().iter().map(acme::flow_of).collect();
    let mut told = Vec::new();
    for detail in [v1::Detail::Verdict, v1::Detail::Path, v1::Detail::Full] {
        let answers = client.batch("t", flows.clone(), detail, consistency::newest());
        told.push(answers.await.unwrap());
    }
    let mut items = Vec::new();
    let mut revision = 0;
    for flow in flows {
        let answer = client
            .resolve("t", flow, consistency::newest())
            .await
            .unwrap();
        revision = answer.revision;
        items.push(v1::BatchItem {
            answer: Some(answer),
            ..v1::BatchItem::default()
        });
    }
    told.push(v1::BatchResolvePathsResponse {
        revision,
        items,
        traces: None,
    });
    told
}

/// Changes of the estate, one revision each: of what the questions' ways pass, and of what they do not.
async fn changes(client: &Client) -> Vec<v1::Change> {
    let list = client.list_resources("t", None, v1::ResourceFilter::default());
    let estate = list.await.unwrap().resources;
    let mut changes = Vec::new();
    for (number, resource) in estate.iter().enumerate() {
        let mut changed = resource.clone();
        match &mut changed.kind {
            Some(Kind::SecurityGroup(group)) => _ = group.ip_permissions.pop(),
            Some(Kind::NetworkAcl(acl)) if number % 2 == 0 => _ = acl.entries.pop(),
            Some(Kind::RouteTable(table)) if number % 3 == 0 => _ = table.routes.pop(),
            Some(Kind::Instance(instance)) if number % 4 == 0 => {
                instance.state = v1::InstanceState::Stopped.into();
            }
            _ if number % 16 == 0 => changed.tags.push(v1::Tag {
                key: "Name".to_owned(),
                value: format!("renamed {number}"),
            }),
            _ => continue,
        }
        if changed != *resource {
            changes.push(put(changed));
        }
    }
    changes
}

#[tokio::test]
async fn with_a_cache_and_without_one_everything_is_answered_alike_at_every_revision() {
    let mut counts = None;
    let with = Served::start_as(|server| {
        counts = Some(server.answer_counts());
        server
    })
    .await;
    let without = Served::start_as(|server| server.answer_bytes(0)).await;
    acme::import(&with.client).await;
    acme::import(&without.client).await;
    let changes = changes(&with.client).await;
    assert!(changes.len() > 20, "{}", changes.len());
    for change in changes {
        let mut applied = 0;
        for served in [&with, &without] {
            let mut topologies = served.topologies();
            let outcome = topologies.apply_changes(apply(vec![change.clone()]));
            applied += usize::from(outcome.await.is_ok());
        }
        assert!(applied != 1, "one took it, and the other did not");
        assert_eq!(all(&with.client).await, all(&without.client).await);
    }
    let counts = counts.unwrap().read();
    assert!(counts.carried > 100, "{counts:?}");
    assert!(counts.invalidated > 100, "{counts:?}");
}

#[tokio::test]
async fn what_is_asked_again_is_not_computed_again_and_an_unrelated_change_does_not_matter() {
    let mut counts = None;
    let served = Served::start_as(|server| {
        counts = Some(server.answer_counts());
        server
    })
    .await;
    let counts = counts.unwrap();
    acme::import(&served.client).await;
    let first = all(&served.client).await;
    let computed = counts.read().misses;
    assert_eq!(counts.read().hits, 0);
    assert_eq!(all(&served.client).await, first);
    assert_eq!(counts.read().misses, computed);
    assert_eq!(counts.read().hits, computed);
    // Flows of another topology are no questions of this one.
    served.client.create_topology("other", "").await.unwrap();
    let flow = acme::flow_of(&acme::questions()[0]);
    let asked = served.client.resolve("other", flow, consistency::newest());
    assert!(asked.await.is_err());
    assert_eq!(counts.read().misses, computed + 1);
}
