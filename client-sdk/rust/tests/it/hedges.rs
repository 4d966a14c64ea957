//! Reads that are asked twice.

use std::time::Duration;

use causeway_client::fake::{self, Asked, Fake, Fault};
use causeway_client::{Client, ClientError, Code, Hedge, consistency, flow, v1};

use crate::fake::Outcome;

/// No test waits longer: what is hedged after this is not hedged.
const NEVER: Duration = Duration::from_secs(3600);

async fn served() -> Result<(Fake, Client), Box<dyn std::error::Error>> {
    let fake = Fake::start().await?;
    fake.topology("prod");
    fake.answer(|_| Ok(fake::reachable([])));
    let client = fake
        .builder()
        .hedge(Hedge::after(Duration::ZERO))
        .max_retries(0);
    Ok((fake, client.connect().await?))
}

async fn resolve(client: &Client) -> Result<v1::PathAnswer, ClientError> {
    let flow = flow::tcp("i-1", "i-2", 443);
    client.resolve("prod", flow, consistency::newest()).await
}

#[tokio::test]
async fn a_read_that_is_held_is_asked_again_and_the_loser_is_cancelled() -> Outcome {
    let (fake, client) = served().await?;
    let mut hold = fake.hold();
    assert_eq!(resolve(&client).await?.verdict(), v1::Verdict::Reachable);
    hold.given_up().await;
    let calls = fake.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].asked, calls[1].asked);
    Ok(())
}

#[tokio::test]
async fn each_delay_brings_another_attempt_up_to_the_most() -> Outcome {
    let (fake, client) = served().await?;
    let client = client.with_hedge(Hedge::after(Duration::ZERO).at_most(3));
    let mut holds = [fake.hold(), fake.hold(), fake.hold(), fake.hold()];
    let asked = tokio::spawn(async move { resolve(&client).await });
    for hold in &mut holds {
        hold.arrived().await;
    }
    let [.., last] = holds;
    last.release();
    assert_eq!(asked.await??.verdict(), v1::Verdict::Reachable);
    assert_eq!(fake.calls().len(), 4);
    Ok(())
}

#[tokio::test]
async fn nothing_is_hedged_unless_it_is_asked_for() -> Outcome {
    let (fake, client) = served().await?;
    for client in [
        client.with_hedge(None),
        client.with_hedge(Hedge::after(NEVER)),
    ] {
        resolve(&client).await?;
    }
    assert_eq!(fake.calls().len(), 2);
    Ok(())
}

/// Makes a read that is hedged for certain, and waits for its second attempt: what would have been hedged before it, has been.
async fn control(fake: &Fake, client: &Client) -> Outcome {
    let (mut first, mut second) = (fake.hold(), fake.hold());
    let client = client.with_hedge(Hedge::after(Duration::ZERO));
    let asked = tokio::spawn(async move { client.get_topology("prod").await });
    first.arrived().await;
    second.arrived().await;
    drop((first, second));
    asked.await??;
    Ok(())
}

#[tokio::test]
async fn a_write_is_never_hedged() -> Outcome {
    let (fake, client) = served().await?;
    let mut hold = fake.hold();
    let applying = tokio::spawn({
        let client = client.clone();
        async move { client.apply("prod").delete("vpc-1").send().await }
    });
    hold.arrived().await;
    control(&fake, &client).await?;
    hold.release();
    assert_eq!(applying.await??.revision, 1);
    let is_write = |call: &fake::Call| matches!(call.asked, Asked::ApplyChanges(_));
    assert_eq!(fake.calls().into_iter().filter(is_write).count(), 1);
    Ok(())
}

#[tokio::test]
async fn after_a_refusal_nothing_is_hedged_until_ten_calls_were_answered() -> Outcome {
    let (fake, client) = served().await?;
    // Two, for the second attempt may be under way when the first is refused.
    fake.refuse([Fault::overloaded(NEVER), Fault::overloaded(NEVER)]);
    let refused = resolve(&client).await.err().ok_or("no error")?;
    assert_eq!(refused.reason(), Some(v1::ErrorReason::ServerOverloaded));
    let before = fake.calls().len();
    if before == 1 {
        // Only one was needed.
        assert!(client.with_hedge(None).get_topology("prod").await.is_err());
    }
    let mut hold = fake.hold();
    let asked = tokio::spawn({
        let client = client.clone();
        async move { resolve(&client).await }
    });
    hold.arrived().await;
    control(&fake, &client).await?;
    hold.release();
    assert!(asked.await?.is_ok());
    let is_path = |call: &fake::Call| matches!(call.asked, Asked::ResolvePath(_));
    let paths = fake.calls().into_iter().skip(before).filter(is_path);
    assert_eq!(paths.count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_refusal_does_not_beat_an_answer_that_is_still_to_come() -> Outcome {
    let (fake, client) = served().await?;
    let (mut first, mut second) = (fake.hold(), fake.hold());
    let asked = tokio::spawn(async move { resolve(&client).await });
    first.arrived().await;
    second.arrived().await;
    drop(second);
    first.release();
    assert_eq!(asked.await??.verdict(), v1::Verdict::Reachable);
    Ok(())
}

#[tokio::test]
async fn an_error_that_is_an_answer_is_told_at_once() -> Outcome {
    let (fake, client) = served().await?;
    let mut hold = fake.hold();
    let asked = client.resolve("other", flow::icmp("a", "b"), consistency::newest());
    let error = asked.await.err().ok_or("no error")?;
    assert_eq!(error.code(), Code::NotFound);
    hold.given_up().await;
    Ok(())
}
