//! Rollbacks over gRPC: a new revision with an old state, once, and only from where it was expected.

use causeway_client::{At, WatchFrom, Watched};
use causeway_proto::v1;
use futures::{TryStreamExt, pin_mut};
use tonic::Code;
use v1::rollback_topology_request::To;

use crate::harness::{Served, apply, put, subnet, vpc};

/// Revision 1: `vpc-1` and `vpc-2`; 2: `vpc-2` is gone, a subnet is there; 3: `vpc-1` is the default.
async fn changed() -> Served {
    let served = Served::start().await;
    let mut default = vpc("vpc-1");
    if let Some(v1::resource::Kind::Vpc(vpc)) = &mut default.kind {
        vpc.is_default = true;
    }
    let delete = v1::Change {
        action: Some(v1::change::Action::DeleteResourceId("vpc-2".to_owned())),
    };
    for changes in [
        vec![put(vpc("vpc-1")), put(vpc("vpc-2"))],
        vec![put(subnet("subnet-1", "vpc-1")), delete],
        vec![put(default)],
    ] {
        let set = apply(changes);
        served.topologies().apply_changes(set).await.unwrap();
    }
    served
}

async fn state(served: &Served, revision: u64) -> Vec<v1::Resource> {
    let list = served
        .client
        .list_resources("t", revision, v1::ResourceFilter::default());
    list.await.unwrap().resources
}

async fn newest(served: &Served) -> v1::Revision {
    let mut revisions = served.client.list_revisions("t").await.unwrap();
    revisions.remove(0)
}

fn ask(to: To) -> v1::RollbackTopologyRequest {
    v1::RollbackTopologyRequest {
        topology: "t".to_owned(),
        to: Some(to),
        ..v1::RollbackTopologyRequest::default()
    }
}

#[tokio::test]
async fn a_rollback_and_its_own_rollback_are_revisions_of_the_history() {
    let served = changed().await;
    let back = served.client.rollback("t", 1).author("me");
    let back = back.send().await.unwrap();
    assert_eq!(
        (
            back.revision,
            back.changed,
            back.put_count,
            back.deleted_count
        ),
        (4, true, 2, 1)
    );
    assert_eq!(state(&served, 4).await, state(&served, 1).await);
    let told = newest(&served).await;
    assert_eq!(
        (told.author.as_str(), told.message.as_str()),
        ("me", "rolled back to revision 1")
    );
    assert_eq!((told.put_count, told.deleted_count), (2, 1));
    let again = served.client.rollback("t", 3).message("it was good");
    assert_eq!(again.send().await.unwrap().revision, 5);
    assert_eq!(state(&served, 5).await, state(&served, 3).await);
    assert_eq!(newest(&served).await.message, "it was good");
    // What is in between is still there, and a watch tells all of it.
    let served = served.restart().await;
    assert_eq!(state(&served, 4).await, state(&served, 1).await);
    let events = served.client.watch("t", WatchFrom::After(3));
    pin_mut!(events);
    let mut told = Vec::new();
    while told.len() < 2 {
        match events.try_next().await.unwrap().unwrap().what {
            Watched::Revision(event) => told.push(event.revision.unwrap().revision),
            Watched::Mark(_) => {}
        }
    }
    assert_eq!(told, [4, 5]);
}

#[tokio::test]
async fn a_rollback_leads_to_a_revision_a_time_or_a_label() {
    let served = changed().await;
    served.client.set_label("t", "good", 2).await.unwrap();
    let time = newest(&served).await.create_time.unwrap();
    for (to, revision) in [
        (At::label("good"), 2),
        (At::Time(time), 3),
        (At::Revision(0), 0),
        (At::Revision(1), 1),
    ] {
        let back = served.client.rollback("t", to).send().await.unwrap();
        assert_eq!(
            state(&served, back.revision).await,
            state(&served, revision).await
        );
        let message = format!("rolled back to revision {revision}");
        assert_eq!(newest(&served).await.message, message);
    }
    // To where it is: no revision is made, and the answer says so.
    for to in [1, 7] {
        let nothing = served.client.rollback("t", to).send().await.unwrap();
        assert_eq!(
            nothing,
            v1::RollbackTopologyResponse {
                revision: 7,
                ..v1::RollbackTopologyResponse::default()
            }
        );
    }
}

#[tokio::test]
async fn a_rollback_from_elsewhere_than_expected_changes_nothing() {
    let served = changed().await;
    for check in [false, true] {
        let stale = served.client.rollback("t", 1).expected_revision(2);
        let refused = stale.validate_only(check).send().await.unwrap_err();
        assert_eq!(refused.code(), Code::Aborted);
        assert_eq!(refused.refusal().unwrap().metadata["head"], "3");
    }
    let right = served.client.rollback("t", 1).expected_revision(3);
    let would = right.clone().validate_only(true).send().await.unwrap();
    assert_eq!(newest(&served).await.revision, 3);
    assert_eq!(right.send().await.unwrap(), would);
    assert_eq!(newest(&served).await.revision, 4);
}

#[tokio::test]
async fn a_repeated_rollback_gives_the_first_success_again() {
    let served = changed().await;
    let request = v1::RollbackTopologyRequest {
        request_id: "r1".to_owned(),
        ..ask(To::ToRevision(1))
    };
    let send = async |request: v1::RollbackTopologyRequest| {
        let answer = served.topologies().rollback_topology(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let first = send(request.clone()).await.unwrap();
    send(ask(To::ToRevision(3))).await.unwrap();
    assert_eq!(send(request.clone()).await.unwrap(), first);
    assert_eq!(newest(&served).await.revision, 5);
    for other in [
        v1::RollbackTopologyRequest {
            to: Some(To::ToRevision(2)),
            ..request.clone()
        },
        v1::RollbackTopologyRequest {
            expected_revision: Some(5),
            ..request
        },
    ] {
        let refused = send(other).await.unwrap_err();
        assert_eq!(
            refused.message(),
            "request id `r1` came before with another body; give each request an id of its own"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_gone_back_to_is_told_apart() {
    let served = changed().await;
    let whole = ask(To::ToRevision(1));
    for (request, code, message) in [
        (
            ask(To::ToRevision(4)),
            Code::OutOfRange,
            "revision 4 does not exist yet, the newest is 3",
        ),
        (
            ask(To::ToLabel("good".to_owned())),
            Code::NotFound,
            "topology `t` has no label `good`",
        ),
        (
            v1::RollbackTopologyRequest {
                to: None,
                ..whole.clone()
            },
            Code::InvalidArgument,
            "the request has 1 fault: to: is required, expected a revision, a time or a label",
        ),
        (
            v1::RollbackTopologyRequest {
                topology: "u".to_owned(),
                ..whole
            },
            Code::NotFound,
            "there is no topology `u`",
        ),
    ] {
        let refused = served.topologies().rollback_topology(request).await;
        let refused = refused.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (code, message));
    }
}
