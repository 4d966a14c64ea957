//! Forks over gRPC, on a real store: they begin with a state of another topology, and nothing that becomes of that one changes them.

use causeway_client::{At, Client};
use causeway_proto::v1;
use causeway_store::SledStore;
use futures::future::join_all;
use tonic::Code;

use crate::harness::{Process, Served, apply, put, vpc};

/// A topology `t` in which revision N brought `vpc-N`, up to 3; its revision 2 is labelled `good`.
async fn grown() -> Served {
    let served = Served::start().await;
    for number in 1..=3 {
        let change = apply(vec![put(vpc(&format!("vpc-{number}")))]);
        served.topologies().apply_changes(change).await.unwrap();
    }
    served.client.set_label("t", "good", 2).await.unwrap();
    served
}

/// The ids that a topology holds.
async fn ids(client: &Client, topology: &str, at: impl Into<At>) -> Vec<String> {
    let list = client.list_resources(topology, at, v1::ResourceFilter::default());
    let list = list.await.unwrap();
    let ids = list.resources.into_iter().map(|resource| {
        let Some(v1::resource::Kind::Vpc(vpc)) = resource.kind else {
            panic!("no VPC")
        };
        vpc.vpc_id
    });
    ids.collect()
}

async fn fork_request(served: &Served, at: Option<v1::topology_source::At>) -> v1::Topology {
    let request = v1::CreateTopologyRequest {
        name: "f".to_owned(),
        request_id: "r1".to_owned(),
        source: Some(v1::TopologySource {
            topology: "t".to_owned(),
            at,
        }),
        ..v1::CreateTopologyRequest::default()
    };
    let answer = served.topologies().create_topology(request).await.unwrap();
    answer.into_inner().topology.unwrap()
}

#[tokio::test]
async fn a_fork_is_made_at_a_revision_a_time_or_a_label() {
    let served = grown().await;
    let time = served.client.list_revisions("t").await.unwrap()[2].create_time;
    for (name, at, revision) in [
        ("newest", At::Newest, 3),
        ("old", At::Revision(1), 1),
        ("empty", At::Revision(0), 0),
        ("time", At::Time(time.unwrap()), 1),
        ("label", At::label("good"), 2),
    ] {
        let fork = served.client.fork("t", name).at(at).description("what if");
        let made = fork.send().await.unwrap();
        assert_eq!(
            (made.revision, made.resource_count, made.oldest_revision),
            (0, revision, 0)
        );
        let origin = v1::ForkOrigin {
            topology: "t".to_owned(),
            revision,
        };
        assert_eq!(made.forked_from, Some(origin));
        assert_eq!(made.description, "what if");
        assert_eq!(served.client.get_topology(name).await.unwrap(), made);
        assert_eq!(
            ids(&served.client, name, 0).await.len() as u64,
            revision,
            "{name}"
        );
    }
    let whole = served.client.get_topology("t").await.unwrap();
    assert_eq!(whole.forked_from, None);
}

#[tokio::test]
async fn a_fork_has_a_history_of_its_own_that_begins_with_what_was_forked() {
    let served = grown().await;
    served.client.fork("t", "f").at(2).send().await.unwrap();
    let change = served.client.apply("f").put(vpc("vpc-9"));
    assert_eq!(change.send().await.unwrap().revision, 1);
    let change = served.client.apply("t").delete("vpc-1");
    assert_eq!(change.send().await.unwrap().revision, 4);
    assert_eq!(
        ids(&served.client, "f", None).await,
        ["vpc-1", "vpc-2", "vpc-9"]
    );
    assert_eq!(ids(&served.client, "t", None).await, ["vpc-2", "vpc-3"]);
    let history = served.client.list_revisions("f").await.unwrap();
    assert_eq!(history.len(), 1);
    let filter = v1::ResourceFilter::default;
    let diff = served.client.diff_revisions("f", (0, None), filter());
    let diff = diff.await.unwrap();
    let changed = diff.resources.iter().map(|one| one.resource_id.as_str());
    assert_eq!(changed.collect::<Vec<_>>(), ["vpc-9"]);
    // Its time begins when it is made, also for what was there before.
    let created = served.client.get_topology("f").await.unwrap().create_time;
    let created = created.unwrap();
    assert_eq!(
        ids(&served.client, "f", At::Time(created)).await,
        ["vpc-1", "vpc-2"]
    );
    let before = At::Time(causeway_client::Timestamp {
        seconds: created.seconds - 1,
        ..created
    });
    let early = served.client.list_resources("f", before, filter()).await;
    assert_eq!(
        early.unwrap_err().reason(),
        Some(v1::ErrorReason::BeforeCreation)
    );
}

#[tokio::test]
async fn what_cannot_be_forked_is_told_apart() {
    let served = grown().await;
    for (source, at, code, reason) in [
        (
            "u",
            At::Newest,
            Code::NotFound,
            v1::ErrorReason::TopologyNotFound,
        ),
        (
            "t",
            At::Revision(4),
            Code::OutOfRange,
            v1::ErrorReason::RevisionNotReached,
        ),
        (
            "t",
            At::label("bad"),
            Code::NotFound,
            v1::ErrorReason::LabelNotFound,
        ),
        (
            "t",
            At::label("Bad"),
            Code::InvalidArgument,
            v1::ErrorReason::InvalidRequest,
        ),
    ] {
        let refused = served.client.fork(source, "f").at(at).send().await;
        let refused = refused.unwrap_err();
        assert_eq!((refused.code(), refused.reason()), (code, Some(reason)));
    }
    let taken = served.client.fork("t", "t").send().await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    let request = v1::CreateTopologyRequest {
        name: "f".to_owned(),
        source: Some(v1::TopologySource::default()),
        ..v1::CreateTopologyRequest::default()
    };
    let refused = served.topologies().create_topology(request).await;
    assert_eq!(
        refused.unwrap_err().message(),
        "the request has 1 fault: source.topology: is required, expected the name of a topology: 1 to 63 of `a-z`, `0-9` and `-`"
    );
}

#[tokio::test]
async fn a_repeated_fork_gives_the_first_success_again() {
    use v1::topology_source::At as Wire;
    let served = grown().await;
    let first = fork_request(&served, Some(Wire::Revision(2))).await;
    let change = served.client.apply("f").put(vpc("vpc-9"));
    change.send().await.unwrap();
    served.client.delete_topology("t").await.unwrap();
    assert_eq!(fork_request(&served, Some(Wire::Revision(2))).await, first);
    for source in [
        None,
        Some(v1::TopologySource {
            topology: "t".to_owned(),
            at: Some(Wire::Revision(1)),
        }),
    ] {
        let request = v1::CreateTopologyRequest {
            name: "f".to_owned(),
            request_id: "r1".to_owned(),
            source,
            ..v1::CreateTopologyRequest::default()
        };
        let refused = served.topologies().create_topology(request).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn forks_outlive_their_sources_and_restarts() {
    let served = grown().await;
    for (source, name) in [("t", "f"), ("f", "g")] {
        served
            .client
            .fork(source, name)
            .at(None)
            .send()
            .await
            .unwrap();
        let change = served.client.apply(name).put(vpc(&format!("vpc-{name}")));
        change.send().await.unwrap();
    }
    for source in ["t", "f"] {
        served.client.delete_topology(source).await.unwrap();
    }
    let expected = ["vpc-1", "vpc-2", "vpc-3", "vpc-f", "vpc-g"];
    assert_eq!(ids(&served.client, "g", None).await, expected);
    let served = served.restart().await;
    assert_eq!(ids(&served.client, "g", None).await, expected);
    assert_eq!(ids(&served.client, "g", 0).await, expected[..4]);
    let origin = served.client.get_topology("g").await.unwrap().forked_from;
    assert_eq!(origin.unwrap().topology, "f");
}

/// The process is killed as soon as a fork is acknowledged: most of them have no state of their own by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_that_is_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut forks = Vec::new();
    for round in 0..5 {
        let process = Process::serve(directory.path(), &[]);
        let client = Client::connect(process.endpoint.clone()).await.unwrap();
        if round == 0 {
            client.create_topology("t", "").await.unwrap();
            let all = (0..500).map(|number| vpc(&format!("vpc-{number}")));
            let import = client.import("t").send(all.collect());
            import.await.unwrap();
        }
        let names: Vec<_> = (0..4).map(|number| format!("f{round}-{number}")).collect();
        // Forks of forks too.
        let source = forks.last().cloned().unwrap_or_else(|| "t".to_owned());
        let made = names.iter().map(|name| client.fork(&source, name).send());
        for made in join_all(made).await {
            assert_eq!(made.unwrap().resource_count, 500);
        }
        process.kill();
        forks.extend(names);
    }
    let process = Process::serve(directory.path(), &[]);
    let client = Client::connect(process.endpoint.clone()).await.unwrap();
    client.delete_topology("t").await.unwrap();
    for name in &forks {
        assert_eq!(ids(&client, name, 0).await.len(), 500, "{name}");
    }
    process.terminate();
    let report = SledStore::check(directory.path()).unwrap();
    assert_eq!(report.faults, []);
}
