//! Letting go of the past, with the real binary: what a rule keeps is there, what it does not keep is refused wherever a revision can be named.

use std::time::Duration;

use causeway_client::{At, Client, ClientError, Code, WatchFrom, Watched, consistency, flow};
use causeway_proto::v1;
use causeway_store::SledStore;
use futures::{StreamExt, pin_mut};
use tokio::time::timeout;

use crate::ahead::Ahead;
use crate::harness::vpc;

const DAY: u64 = 86_400;

/// A directory with these rules.
fn kept(rules: &str) -> Ahead {
    Ahead::new(&format!(
        "[limits]\ncheckpoint_every = 1\n[retention]\nperiod_seconds = 0.02\n{rules}\n"
    ))
}

/// Makes a revision, by a request of its number, and gives its own.
async fn write(client: &Client, number: u64) -> u64 {
    let apply = client.apply("t").put(vpc(&format!("vpc-{number}")));
    let apply = apply.request_id(format!("r{number}"));
    apply.send().await.unwrap().revision
}

/// Waits until the history of a topology begins at a revision.
async fn begins_at(client: &Client, topology: &str, oldest: u64) {
    let begins = async {
        loop {
            let found = client.get_topology(topology).await.unwrap();
            assert!(
                found.oldest_revision <= oldest,
                "it begins at {}",
                found.oldest_revision
            );
            if found.oldest_revision == oldest {
                return;
            }
        }
    };
    timeout(Duration::from_secs(60), begins).await.unwrap();
}

/// What each way of reading at a revision that is not kept is answered with.
async fn reads(client: &Client, at: u64) -> Vec<(&'static str, ClientError)> {
    let everything = v1::ResourceFilter::default;
    let mut refused = Vec::new();
    let list = client.list_resources("t", at, everything()).await;
    refused.push(("list", list.unwrap_err()));
    let one = client.get_resource("t", "vpc-1", at).await;
    refused.push(("get", one.unwrap_err()));
    let from = client.diff_revisions("t", (at, None), everything()).await;
    refused.push(("diff from", from.unwrap_err()));
    let asked = || flow::tcp("10.0.0.1", "10.0.0.2", 443);
    let exactly = || consistency::exactly(at);
    let path = client.resolve("t", asked(), exactly()).await;
    refused.push(("path", path.unwrap_err()));
    let (flows, detail) = (vec![asked()], v1::Detail::Verdict);
    let batch = client.batch("t", flows, detail, exactly()).await;
    refused.push(("batch", batch.unwrap_err()));
    let fork = client.fork("t", "f").at(at).send().await;
    refused.push(("fork", fork.unwrap_err()));
    let rollback = client.rollback("t", at).send().await;
    refused.push(("rollback", rollback.unwrap_err()));
    let label = client.set_label("t", "late", at).await;
    refused.push(("label", label.unwrap_err()));
    refused
}

/// How a watch ends that begins after a revision; nothing is told before but where it begins.
async fn watch(client: &Client, after: u64) -> ClientError {
    let events = client.watch("t", WatchFrom::After(after));
    pin_mut!(events);
    loop {
        match events.next().await.unwrap() {
            Ok(told) => assert!(matches!(told.what, Watched::Mark(_)), "{told:?}"),
            Err(error) => return error,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_are_let_go_by_their_number() {
    let kept = kept("keep_revisions = 3");
    let (process, client) = kept.serve(0).await;
    client.create_topology("t", "").await.unwrap();
    let early = client.get_topology("t").await.unwrap().create_time.unwrap();
    assert_eq!(write(&client, 1).await, 1);
    client.set_label("t", "good", 1).await.unwrap();
    for number in 2..=6 {
        write(&client, number).await;
    }
    client.fork("t", "kept").at(2).send().await.unwrap();
    // The label holds what comes after it too.
    begins_at(&client, "t", 1).await;
    let at = At::label("good");
    let everything = v1::ResourceFilter::default();
    let labelled = client.list_resources("t", at, everything).await.unwrap();
    assert_eq!((labelled.revision, labelled.resources.len()), (1, 1));
    client.delete_label("t", "good").await.unwrap();
    begins_at(&client, "t", 4).await;
    for revision in 1..=3 {
        let mut refused = reads(&client, revision).await;
        // What comes after revision 3 is all kept.
        if revision < 3 {
            refused.push(("watch", watch(&client, revision).await));
        }
        for (read, error) in refused {
            assert_eq!(error.code(), Code::OutOfRange, "{read}: {error}");
            assert_eq!(
                error.reason(),
                Some(v1::ErrorReason::RevisionNotKept),
                "{read}: {error}"
            );
            let oldest = error.refusal().unwrap().metadata.get("oldest");
            assert_eq!(oldest.map(String::as_str), Some("4"), "{read}");
        }
    }
    let everything = v1::ResourceFilter::default();
    let before = client.list_resources("t", At::Time(early), everything);
    let before = before.await.unwrap_err();
    assert_eq!(before.reason(), Some(v1::ErrorReason::RevisionNotKept));
    for revision in 4..=6 {
        let everything = v1::ResourceFilter::default();
        let list = client.list_resources("t", revision, everything).await;
        assert_eq!(list.unwrap().resources.len() as u64, revision);
    }
    let history = client.list_revisions("t").await.unwrap();
    let numbers = history.iter().map(|revision| revision.revision);
    assert_eq!(numbers.collect::<Vec<_>>(), [6, 5, 4]);
    // What was forked is the fork's own by now.
    let everything = v1::ResourceFilter::default();
    let fork = client.list_resources("kept", 0, everything).await.unwrap();
    assert_eq!(fork.resources.len(), 2);
    // A request is known longer than its revision.
    assert_eq!(write(&client, 1).await, 1);
    process.terminate();
    assert_eq!(SledStore::check(&kept.data()).unwrap().faults, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_and_requests_are_let_go_by_their_age() {
    let kept = kept("keep_days = 10\nrequest_days = 2");
    for (day, number) in [(0, 1), (0, 2), (8, 3), (9, 4)] {
        let (process, client) = kept.serve(day * DAY).await;
        if number == 1 {
            client.create_topology("t", "").await.unwrap();
        }
        assert_eq!(write(&client, number).await, number);
        process.terminate();
    }
    // Revision 2 was the newest until day 8, so that it is kept until day 18; 3 until day 19.
    for (day, oldest) in [(9, 0), (11, 2), (17, 2)] {
        let (process, client) = kept.serve(day * DAY).await;
        begins_at(&client, "t", oldest).await;
        process.terminate();
    }
    let (process, client) = kept.serve(18 * DAY).await;
    let reached = async { while client.get_resource("t", "vpc-1", 2).await.is_ok() {} };
    timeout(Duration::from_secs(60), reached).await.unwrap();
    begins_at(&client, "t", 3).await;
    // What the requests did is known no longer, so that they do it again.
    let again = client.apply("t").delete("vpc-4").request_id("r4");
    assert_eq!(again.send().await.unwrap().revision, 5);
    process.terminate();
}
