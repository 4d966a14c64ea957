//! The fake that users have for their tests.

use causeway_client::fake::{Asked, Fake, Fault};
use causeway_client::{Code, TOPOLOGY_HEADER, WatchFrom, Watched, consistency, flow, v1};
use futures::TryStreamExt;

use crate::fake::Outcome;

#[tokio::test]
async fn what_nobody_has_scripted_is_refused() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.client().await?;
    let ask = || client.resolve("prod", flow::icmp("a", "b"), consistency::newest());
    let unknown = ask().await.err().ok_or("no error")?;
    assert_eq!(unknown.reason(), Some(v1::ErrorReason::TopologyNotFound));
    fake.topology("prod");
    let silent = ask().await.err().ok_or("no error")?;
    assert_eq!(silent.code(), Code::FailedPrecondition);
    assert!(silent.to_string().contains("Fake::answer"), "{silent}");
    let other = client.list_labels("prod").await.err().ok_or("no error")?;
    assert_eq!(other.code(), Code::Unimplemented);
    Ok(())
}

#[tokio::test]
async fn refusals_are_the_services_own() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.client().await?;
    let fault = Fault::new(Code::InvalidArgument, "no good");
    let fault = fault.reason(v1::ErrorReason::InvalidChangeSet);
    fake.refuse([fault.violation("changes[0]", "must exist")]);
    let sent = client.apply("prod").delete("vpc-1").send().await;
    let error = sent.err().ok_or("no error")?;
    assert_eq!(error.reason(), Some(v1::ErrorReason::InvalidChangeSet));
    assert_eq!(error.to_string(), "no good (`changes[0]`: must exist)");
    Ok(())
}

#[tokio::test]
async fn writes_take_effect_once_and_at_the_revision_that_is_expected() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.client().await?;
    client.create_topology("prod", "").await?;
    let twice = client
        .create_topology("prod", "")
        .await
        .err()
        .ok_or("no error")?;
    assert_eq!(twice.reason(), Some(v1::ErrorReason::TopologyAlreadyExists));
    let delete = || client.apply("prod").delete("vpc-1").request_id("mine");
    assert_eq!(delete().send().await?.revision, 1);
    assert_eq!(delete().send().await?.revision, 1);
    let late = client.apply("prod").delete("vpc-1").expected_revision(0);
    let late = late.send().await.err().ok_or("no error")?;
    assert_eq!(late.reason(), Some(v1::ErrorReason::RevisionMismatch));
    let imported = client.import("prod").send(vec![v1::Resource::default()]);
    assert_eq!(imported.await?.revision, 2);
    assert_eq!(client.get_topology("prod").await?.revision, 2);
    assert_eq!(client.list_topologies().await?.len(), 1);
    client.delete_topology("prod").await?;
    assert!(client.get_topology("prod").await.is_err());
    let calls = fake.calls();
    let imports = calls.iter().filter_map(|call| {
        let Asked::ImportResources(header, resources) = &call.asked else {
            return None;
        };
        Some((&*header.topology, resources.len()))
    });
    assert_eq!(imports.collect::<Vec<_>>(), [("prod", 1)]);
    let topology = calls[0].headers.get(TOPOLOGY_HEADER);
    assert_eq!(topology.map(String::as_str), Some("prod"));
    Ok(())
}

#[tokio::test]
async fn a_watch_resumes_by_itself_where_it_was_interrupted() -> Outcome {
    let fake = Fake::start().await?;
    fake.topology("prod");
    let client = fake.client().await?;
    let mut told = Box::pin(client.watch_changes("prod", WatchFrom::After(0)));
    for number in 1..=3 {
        client.apply("prod").delete("vpc-1").send().await?;
        let event = told.try_next().await?.ok_or("no event")?;
        let Watched::Revision(event) = event.what else {
            return Err("not a revision".into());
        };
        assert_eq!(event.changes.len(), 1);
        assert_eq!(event.revision.map(|one| one.revision), Some(number));
        fake.interrupt_watches();
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_is_answered_chunk_by_chunk() -> Outcome {
    let fake = Fake::start().await?;
    fake.topology("prod");
    fake.answer(|_| Ok(v1::PathAnswer::default()));
    let client = fake.client().await?;
    let chunks = futures::stream::iter([vec![flow::icmp("a", "b"); 3], vec![flow::icmp("c", "d")]]);
    let answers = client.stream_paths("prod", chunks, v1::Detail::Verdict, consistency::newest());
    let sizes = answers.await?.map_ok(|chunk| chunk.items.len());
    assert_eq!(sizes.try_collect::<Vec<_>>().await?, [3, 1]);
    Ok(())
}
