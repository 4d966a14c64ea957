//! What if: what is sent with each way of asking.

use futures::stream::{self, TryStreamExt};
use tonic::Status;

use causeway_client::{consistency, flow, v1};
use v1::change::Action;

use crate::fake::{Fake, Outcome};

fn one() -> v1::Flow {
    flow::tcp("a", "b", 443)
}

#[tokio::test]
async fn every_way_of_asking_carries_the_changes() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let what_if = client
        .what_if("prod")
        .put(v1::Resource::default())
        .delete("vpc-1")
        .patch("vpc-2", v1::Resource::default(), ["tags"])
        .changes([v1::Change::default()]);
    fake.fail_next([Status::unavailable("busy")]);
    what_if.resolve(one(), consistency::newest()).await?;
    let (detail, exactly) = (v1::Detail::Path, consistency::exactly(7));
    what_if.batch(vec![one()], detail, exactly.clone()).await?;
    let chunks = stream::iter([vec![one()]]);
    let answers = what_if
        .stream_paths(chunks, detail, exactly.clone())
        .await?;
    let answers: Vec<_> = answers.try_collect().await?;
    assert_eq!(answers.len(), 1);
    let state = fake.state();
    let ([alone], [batch], [header]) = (
        state.resolved.as_slice(),
        state.batches.as_slice(),
        state.streams.as_slice(),
    ) else {
        return Err("not one call each".into());
    };
    let patch = v1::ResourcePatch {
        resource_id: "vpc-2".to_owned(),
        resource: Some(v1::Resource::default()),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["tags".to_owned()],
        }),
    };
    let actions: Vec<_> = alone.changes.iter().map(|one| one.action.clone()).collect();
    assert_eq!(
        actions,
        [
            Some(Action::Put(v1::Resource::default())),
            Some(Action::DeleteResourceId("vpc-1".to_owned())),
            Some(Action::Patch(patch)),
            None,
        ]
    );
    assert_eq!(alone.flow, Some(one()));
    assert_eq!(
        (&batch.changes, &header.changes),
        (&alone.changes, &alone.changes)
    );
    assert_eq!(
        [&batch.consistency, &header.consistency],
        [&Some(exactly.clone()), &Some(exactly)]
    );
    assert_eq!([batch.detail(), header.detail()], [detail, detail]);
    Ok(())
}
