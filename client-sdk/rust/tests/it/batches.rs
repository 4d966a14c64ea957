//! Batches of any number of flows: in order, at one revision, and with bounded memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_client::fake::{self, Asked, Fake, Fault};
use causeway_client::{Answered, Client, ClientError, Code, consistency, flow, v1};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use v1::consistency::Requirement;

use crate::fake::Outcome;

/// A fake whose answer to a flow is a way by the flow's source.
async fn served() -> Result<(Fake, Client), Box<dyn std::error::Error>> {
    let fake = Fake::start().await?;
    fake.topology("prod");
    fake.answer(|flow| match flow.source.as_str() {
        "13" => Err(Fault::new(Code::InvalidArgument, "`13` is no source")),
        source => Ok(fake::reachable([source])),
    });
    let client = fake.client().await?;
    Ok((fake, client))
}

fn flows(count: usize) -> impl Iterator<Item = v1::Flow> + Send + 'static {
    (0..count).map(|number| flow::icmp(number.to_string(), "b"))
}

/// How many flows each call had, and the revision that it asked for.
fn asked(fake: &Fake) -> Vec<(usize, Option<Requirement>)> {
    let calls = fake.calls().into_iter();
    calls
        .filter_map(|call| {
            let Asked::BatchResolvePaths(batch) = call.asked else {
                return None;
            };
            let asked = batch.consistency.and_then(|asked| asked.requirement);
            Some((batch.flows.len(), asked))
        })
        .collect()
}

async fn sources(
    answers: impl Stream<Item = Result<Answered, ClientError>>,
) -> Result<Vec<String>, ClientError> {
    let source = async |answered: Answered| {
        let place = answered.place.to_string();
        match answered.outcome {
            Ok(item) => {
                assert_eq!(item.path.concat(), place);
                Ok(place)
            }
            Err(refusal) => Ok(format!("{place}: {refusal}")),
        }
    };
    answers.and_then(source).try_collect().await
}

#[tokio::test]
async fn answers_come_in_order_whatever_call_is_answered_first() -> Outcome {
    let (fake, client) = served().await?;
    let batch = client.batch("prod", flows(95), v1::Detail::Path, consistency::newest());
    let (first, mut second) = (fake.hold(), fake.hold());
    first.release();
    let mut others = [fake.hold(), fake.hold(), fake.hold()];
    let answers = batch.flows_per_call(10).answers();
    let told = tokio::spawn(sources(answers));
    // Four calls are under way after the first; the second is answered last of them.
    second.arrived().await;
    for hold in &mut others {
        hold.arrived().await;
    }
    drop(others);
    second.release();
    let mut expected: Vec<_> = (0..95).map(|place| place.to_string()).collect();
    expected[13] = "13: `13` is no source".to_owned();
    assert_eq!(told.await??, expected);
    let mut sizes: Vec<_> = asked(&fake).into_iter().map(|(size, _)| size).collect();
    assert_eq!(sizes.pop(), Some(5));
    assert_eq!(sizes, [10; 9]);
    Ok(())
}

#[tokio::test]
async fn all_calls_are_at_the_revision_of_the_first() -> Outcome {
    let (fake, client) = served().await?;
    let batch = client.batch("prod", flows(30), v1::Detail::Path, consistency::newest());
    let mut answers = Box::pin(batch.flows_per_call(10).answers());
    assert_eq!(answers.try_next().await?.map(|one| one.revision), Some(0));
    client.apply("prod").delete("vpc-1").send().await?;
    let rest: Vec<_> = answers.try_collect().await?;
    assert!(rest.len() == 29 && rest.iter().all(|one| one.revision == 0));
    let exact = Some(Requirement::ExactRevision(0));
    assert_eq!(
        asked(&fake),
        [
            (10, Some(Requirement::Newest(true))),
            (10, exact.clone()),
            (10, exact)
        ]
    );
    Ok(())
}

#[tokio::test]
async fn no_more_flows_are_taken_than_the_calls_under_way_have() -> Outcome {
    let (_fake, client) = served().await?;
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let endless = stream::iter(0..).map(move |number: u64| {
        counted.fetch_add(1, Ordering::Relaxed);
        flow::icmp(number.to_string(), "b")
    });
    let batch = client.batch_stream("prod", endless, v1::Detail::Path, consistency::newest());
    let mut answers = Box::pin(batch.flows_per_call(10).calls_at_once(2).answers());
    for place in 0..1000_u64 {
        let answered = answers.try_next().await?.ok_or("no answer")?;
        assert_eq!(answered.place, place);
        let ahead = taken.load(Ordering::Relaxed) - usize::try_from(place)?;
        // The call whose answers are being taken, and two more.
        assert!(ahead <= 30, "{ahead} flows were taken ahead of {place}");
    }
    Ok(())
}

#[tokio::test]
async fn a_batch_ends_with_the_first_call_that_fails() -> Outcome {
    let (fake, client) = served().await?;
    let passing = fake.hold();
    passing.release();
    let batch = client.batch("prod", flows(100), v1::Detail::Path, consistency::newest());
    let mut answers = Box::pin(batch.flows_per_call(10).answers());
    for _ in 0..10 {
        assert!(answers.try_next().await?.is_some());
    }
    fake.refuse(vec![Fault::new(Code::Internal, "broken"); 9]);
    let error = answers.try_next().await.err().ok_or("no error")?;
    assert_eq!(error.to_string(), "broken");
    assert!(answers.next().await.is_none());
    Ok(())
}

#[tokio::test]
async fn each_call_of_a_batch_is_repeated_for_itself() -> Outcome {
    let (fake, client) = served().await?;
    fake.refuse([Fault::unavailable()]);
    let batch = client.batch("prod", flows(20), v1::Detail::Path, consistency::newest());
    let answer = batch.flows_per_call(10).await?;
    let verdicts = answer.items.iter().filter(|item| item.error.is_none());
    assert_eq!((answer.items.len(), verdicts.count()), (20, 19));
    assert_eq!(asked(&fake).len(), 3);
    Ok(())
}

#[tokio::test]
async fn no_flows_have_no_answers_one_by_one_and_are_refused_together() -> Outcome {
    let (fake, client) = served().await?;
    let batch = || client.batch("prod", flows(0), v1::Detail::Path, consistency::newest());
    assert!(sources(batch().answers()).await?.is_empty());
    assert_eq!(fake.calls().len(), 0);
    let error = batch().await.err().ok_or("no error")?;
    assert_eq!(error.reason(), Some(v1::ErrorReason::TooManyItems));
    Ok(())
}
