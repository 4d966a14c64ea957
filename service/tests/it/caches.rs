//! The cache of answers over gRPC: with it and without it everything is answered alike, at every revision and in every detail; and it is used.

use std::net::Ipv4Addr;

use causeway_client::{Client, consistency};
use causeway_loadtest::estate::{self, Estate};
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

/// The id of a resource that comes beside another one.
fn new_id(id: &str) -> String {
    let (prefix, number) = id.split_once('-').unwrap();
    format!("{prefix}-f{}", number.get(1..).unwrap())
}

/// A new interface in the subnet of one of an estate, at a free address and with the same security groups.
fn neighbour(held: &v1::Resource, number: u32) -> v1::Resource {
    let mut new = held.clone();
    let Some(Kind::NetworkInterface(own)) = &mut new.kind else {
        panic!("{held:?}")
    };
    own.network_interface_id = new_id(&own.network_interface_id);
    own.instance_id = String::new();
    let address = own.private_ip_addresses.first_mut().unwrap();
    // Subnets of interfaces have 128 addresses at least, of which the upper ones are free.
    let first: Ipv4Addr = address.private_ip_address.parse().unwrap();
    let free = (u32::from(first) | 0x7f) - 5 - number;
    address.private_ip_address = Ipv4Addr::from(free).to_string();
    address.public_ip = String::new();
    new
}

/// An Elastic IP address of its own for an interface.
fn public(held: &v1::Resource, number: u32) -> v1::Resource {
    let Some(Kind::NetworkInterface(own)) = &held.kind else {
        panic!("{held:?}")
    };
    let id = new_id(&own.network_interface_id).replacen("eni-", "eipalloc-", 1);
    v1::Resource {
        kind: Some(Kind::Address(v1::Address {
            allocation_id: id,
            public_ip: format!("53.0.0.{}", number + 1),
            network_interface_id: own.network_interface_id.clone(),
            ..v1::Address::default()
        })),
        ..held.clone()
    }
}

#[tokio::test]
async fn answers_survive_interfaces_and_elastic_ip_addresses_that_come_elsewhere() {
    let mut counts = None;
    let served = Served::start_as(|server| {
        counts = Some(server.answer_counts());
        server
    })
    .await;
    let counts = counts.unwrap();
    let estate = Estate::new(1_500);
    let resources: Vec<_> = estate.resources().collect();
    let import = served.client.import("t");
    import.send(resources.clone()).await.unwrap();
    let flows: Vec<_> = estate::flows(estate, 1).take(500).collect();
    let plain = resources.iter().filter(|held| match &held.kind {
        Some(Kind::NetworkInterface(own)) => !own.instance_id.is_empty(),
        _ => false,
    });
    let plain: Vec<_> = plain.step_by(151).collect();
    assert!(plain.len() >= 8, "{}", plain.len());
    let ask = async || {
        let flows = flows.clone();
        let newest = consistency::newest();
        let asked = served.client.batch("t", flows, v1::Detail::Verdict, newest);
        asked.await.unwrap().items
    };
    ask().await;
    for (number, held) in (0..).zip(plain) {
        for new in [neighbour(held, number), public(held, number)] {
            let before = counts.read();
            let mut topologies = served.topologies();
            let changed = topologies.apply_changes(apply(vec![put(new.clone())]));
            changed.await.unwrap();
            ask().await;
            let after = counts.read();
            let carried = after.carried - before.carried;
            let misses = after.misses - before.misses;
            assert!(
                carried * 100 >= (carried + misses) * 80,
                "{new:?}: {carried} are carried over, {misses} are not"
            );
        }
    }
}
