//! Imports and batches: cutting, order, repeating.

use tonic::{Code, Status};

use causeway_client::{MAX_BATCH, consistency, flow, v1};
use v1::consistency::Requirement;
use v1::import_resources_request::Part;

use crate::fake::{Fake, Outcome};

fn vpcs(count: usize) -> impl Iterator<Item = v1::Resource> + Send + 'static {
    (0..count).map(|n| v1::Resource {
        owner_id: "111111111111".to_owned(),
        kind: Some(v1::resource::Kind::Vpc(v1::Vpc {
            vpc_id: format!("vpc-{n:08}"),
            ..v1::Vpc::default()
        })),
        ..v1::Resource::default()
    })
}

fn resources(messages: &[v1::ImportResourcesRequest]) -> Vec<v1::Resource> {
    let parts = messages.iter().filter_map(|message| message.part.as_ref());
    let chunks = parts.filter_map(|part| match part {
        Part::Chunk(chunk) => Some(chunk.resources.clone()),
        Part::Header(_) => None,
    });
    chunks.flatten().collect()
}

#[tokio::test]
async fn an_import_is_a_header_and_chunks_that_hold_everything_in_order() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let scope = v1::ImportScope {
        owner_id: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        kind: v1::ResourceKind::Vpc.into(),
    };
    let sent: Vec<_> = vpcs(20_000).collect();
    let answer = client
        .import("prod")
        .scopes([scope.clone()])
        .author("me")
        .send(sent.clone())
        .await?;
    assert_eq!(answer.revision, 3);
    let state = fake.state();
    let messages = state.imports.first().ok_or("no import")?;
    let Some(Part::Header(header)) = messages.first().and_then(|first| first.part.clone()) else {
        return Err("the first message is not a header".into());
    };
    assert_eq!(header.topology, "prod");
    assert_eq!(header.scopes, [scope]);
    assert_eq!(header.author, "me");
    assert!(!header.request_id.is_empty());
    assert!(messages.len() > 3, "{}", messages.len());
    assert!(resources(messages) == sent);
    Ok(())
}

#[tokio::test]
async fn an_import_is_repeated_whole_with_the_same_request_id() -> Outcome {
    let fake = Fake::start().await?;
    fake.fail_next([Status::unavailable("busy")]);
    let client = fake.builder().connect().await?;
    client.import("prod").send(vpcs(3).collect()).await?;
    let state = fake.state();
    assert_eq!(state.imports.len(), 2);
    assert_eq!(state.imports.first(), state.imports.last());
    Ok(())
}

#[tokio::test]
async fn an_import_whose_resources_are_there_once_is_not_repeated() -> Outcome {
    let fake = Fake::start().await?;
    fake.fail_next([Status::unavailable("busy")]);
    let client = fake.builder().connect().await?;
    let first = client.import("prod").send_once(vpcs(3)).await;
    assert_eq!(
        first.err().map(|error| error.code()),
        Some(Code::Unavailable)
    );
    client.import("prod").send_once(vpcs(3)).await?;
    let state = fake.state();
    assert_eq!(state.imports.len(), 2);
    assert_eq!(state.imports.last().map(|m| resources(m).len()), Some(3));
    Ok(())
}

#[tokio::test]
async fn a_batch_over_the_limit_is_split_and_pinned_to_the_first_revision() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let count = MAX_BATCH + 2;
    let flows: Vec<_> = (0..count)
        .map(|n| flow::tcp(n.to_string(), "b", 1))
        .collect();
    let answer = client
        .batch("prod", flows, v1::Detail::Path, consistency::at_least(4))
        .await?;
    assert_eq!(answer.revision, 9);
    let order = answer.items.iter().map(|item| item.path.join(""));
    assert!(order.eq((0..count).map(|n| n.to_string())));
    let state = fake.state();
    let calls: Vec<_> = state
        .batches
        .iter()
        .map(|batch| {
            (
                batch.flows.len(),
                batch.detail(),
                batch.consistency.clone().and_then(|c| c.requirement),
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            (
                MAX_BATCH,
                v1::Detail::Path,
                Some(Requirement::AtLeastRevision(4))
            ),
            (2, v1::Detail::Path, Some(Requirement::ExactRevision(9))),
        ]
    );
    Ok(())
}
