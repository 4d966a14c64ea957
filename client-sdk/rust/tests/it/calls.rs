//! What every call does: headers, deadline, retries, errors.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use causeway_client::{Client, ClientError, Refusal, consistency, flow, v1};

use crate::fake::{Fake, Outcome};

#[tokio::test]
async fn a_call_carries_its_deadline_and_its_topology() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake
        .builder()
        .deadline(Duration::from_secs(20))
        .connect()
        .await?;
    client.get_topology("prod").await?;
    client
        .resolve("prod", flow::tcp("a", "b", 443), consistency::newest())
        .await?;
    let state = fake.state();
    assert_eq!(state.headers.len(), 2);
    for headers in &state.headers {
        assert_eq!(
            headers.get("x-causeway-topology").map(String::as_str),
            Some("prod")
        );
        // Microseconds, a little under 20 seconds: the time since the call began is taken off.
        let timeout = headers.get("grpc-timeout").cloned().unwrap_or_default();
        let micros: u64 = timeout.trim_end_matches('u').parse()?;
        assert!((15_000_000..=20_000_000).contains(&micros), "{timeout}");
    }
    Ok(())
}

#[tokio::test]
async fn a_name_that_is_no_header_value_is_left_to_the_service_to_refuse() -> Outcome {
    let fake = Fake::start().await?;
    fake.builder().connect().await?.get_topology("a\nb").await?;
    let state = fake.state();
    let headers = state.headers.first().ok_or("no call")?;
    assert!(!headers.contains_key("x-causeway-topology"), "{headers:?}");
    Ok(())
}

#[tokio::test]
async fn a_write_is_repeated_after_unavailable_with_the_same_request_id() -> Outcome {
    let fake = Fake::start().await?;
    fake.fail_next([Status::unavailable("busy"), Status::unavailable("busy")]);
    let client = fake.builder().connect().await?;
    let answer = client.apply("prod").delete("vpc-1").send().await?;
    assert_eq!(answer.revision, 7);
    let first_id = {
        let state = fake.state();
        assert_eq!(state.applied.len(), 3);
        let first = state.applied.first().ok_or("no call")?;
        assert!(!first.request_id.is_empty());
        assert!(state.applied.iter().all(|again| again == first));
        first.request_id.clone()
    };
    client.apply("prod").delete("vpc-1").send().await?;
    let state = fake.state();
    let last = state.applied.last().ok_or("no call")?;
    assert_ne!(last.request_id, first_id, "another write has another id");
    Ok(())
}

#[tokio::test]
async fn a_request_id_that_is_given_is_kept() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    client
        .apply("prod")
        .delete("vpc-1")
        .request_id("mine")
        .expected_revision(4)
        .author("me")
        .message("why")
        .send()
        .await?;
    let state = fake.state();
    let request = state.applied.first().ok_or("no call")?;
    assert_eq!(request.request_id, "mine");
    assert_eq!(request.expected_revision, Some(4));
    assert_eq!(
        (request.author.as_str(), request.message.as_str()),
        ("me", "why")
    );
    Ok(())
}

#[tokio::test]
async fn retries_are_bounded_and_the_last_failure_is_told() -> Outcome {
    let fake = Fake::start().await?;
    fake.fail_next(vec![Status::unavailable("busy"); 10]);
    let client = fake.builder().max_retries(2).connect().await?;
    let error = client.get_topology("prod").await.err().ok_or("no error")?;
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(error.to_string(), "busy");
    assert_eq!(fake.state().headers.len(), 3);
    Ok(())
}

#[tokio::test]
async fn nothing_but_unavailable_is_repeated() -> Outcome {
    let fake = Fake::start().await?;
    fake.fail_next([Status::aborted("moved"), Status::resource_exhausted("full")]);
    let client = fake.builder().connect().await?;
    for expected in [Code::Aborted, Code::ResourceExhausted] {
        let error = client.get_topology("prod").await.err().ok_or("no error")?;
        assert_eq!(error.code(), expected);
    }
    assert_eq!(fake.state().headers.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_deletion_is_repeated_with_its_request_id() -> Outcome {
    let fake = Fake::start().await?;
    fake.fail_next([Status::unavailable("busy")]);
    let client = fake.builder().connect().await?;
    client.delete_topology("prod").await?;
    client.delete_topology("prod").await?;
    let state = fake.state();
    let ids: Vec<_> = state.deleted.iter().map(|one| &one.request_id).collect();
    assert_eq!(ids.len(), 3);
    assert!(!ids[0].is_empty() && ids[0] == ids[1], "{ids:?}");
    assert_ne!(ids[1], ids[2], "another deletion has another id");
    Ok(())
}

#[tokio::test]
async fn no_retry_outlives_the_deadline() -> Outcome {
    let fake = Fake::start().await?;
    let mut details = ErrorDetails::new();
    details.set_retry_info(Some(Duration::from_secs(31)));
    fake.fail_next([Status::with_error_details(
        Code::Unavailable,
        "later",
        details,
    )]);
    let client = fake.builder().connect().await?;
    let error = client.get_topology("prod").await.err().ok_or("no error")?;
    assert_eq!(error.to_string(), "later");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(31)));
    Ok(())
}

#[tokio::test]
async fn a_service_that_never_answers_is_a_missed_deadline() -> Outcome {
    let fake = Fake::start().await?;
    fake.state().hang = true;
    let client = fake.builder().connect().await?;
    let error = client
        .with_deadline(Duration::from_millis(250))
        .get_topology("prod")
        .await
        .err()
        .ok_or("no error")?;
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(
        error.to_string(),
        format!(
            "no answer from http://{} within 0.25 s; allow more time, or ask for less at once",
            fake.address
        )
    );
    Ok(())
}

#[tokio::test]
async fn details_of_a_refusal_reach_the_caller() -> Outcome {
    let fake = Fake::start().await?;
    let facts = [("head".to_owned(), "12".to_owned())];
    let mut details = ErrorDetails::with_error_info("INVALID_CHANGE_SET", "causeway.v1", facts);
    details.add_bad_request_violation("changes[0].put.subnet.vpc_id", "`vpc-9` must exist");
    fake.fail_next([Status::with_error_details(
        Code::InvalidArgument,
        "the change set is not well-formed",
        details,
    )]);
    let client = fake.builder().connect().await?;
    let sent = client.apply("prod").delete("vpc-1").send().await;
    let error = sent.err().ok_or("no error")?;
    assert_eq!(error.reason(), Some(v1::ErrorReason::InvalidChangeSet));
    let fields: Vec<_> = error
        .violations()
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(fields, ["changes[0].put.subnet.vpc_id"]);
    let head = error
        .refusal()
        .and_then(|refusal| refusal.metadata.get("head"));
    assert_eq!(head.map(String::as_str), Some("12"));
    assert_eq!(
        error.to_string(),
        "the change set is not well-formed (`changes[0].put.subnet.vpc_id`: `vpc-9` must exist)"
    );
    Ok(())
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_named_with_what_to_do() -> Outcome {
    // The port was free a moment ago, and is given back.
    let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let endpoint = format!("http://{address}");
    let eager = Client::connect(&endpoint).await.err().ok_or("no error")?;
    let lazy = Client::builder()
        .endpoint(&endpoint)
        .max_retries(0)
        .build()?;
    let late = lazy.get_topology("prod").await.err().ok_or("no error")?;
    for error in [eager, late] {
        assert!(
            matches!(error, ClientError::Unreachable { .. }),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            format!(
                "cannot reach {endpoint}; check the address, and that `causeway serve` runs there"
            )
        );
        let cause = std::error::Error::source(&error)
            .ok_or("no cause")?
            .to_string();
        assert!(cause.contains("refused"), "{cause}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_an_endpoint_says_what_one_is() {
    for endpoint in [
        "",
        "localhost:50151",
        "127.0.0.1:50151",
        "ftp://host",
        "http://",
    ] {
        let message = Client::connect(endpoint)
            .await
            .err()
            .map(|error| error.to_string());
        let expected = format!(
            "`{endpoint}` is not an endpoint: write it as http://HOST:PORT or https://HOST:PORT"
        );
        assert_eq!(message, Some(expected));
    }
}

#[tokio::test]
async fn a_token_is_shown_with_every_call_and_never_printed() -> Outcome {
    let fake = Fake::start().await?;
    let builder = fake.builder().token("secret-text\n");
    assert!(!format!("{builder:?}").contains("secret-text"));
    let client = builder.connect().await?;
    assert!(!format!("{client:?}").contains("secret-text"));
    client.get_topology("prod").await?;
    let headers = fake.state().headers.pop();
    let shown = headers.and_then(|mut headers| headers.remove("authorization"));
    assert_eq!(shown.as_deref(), Some("Bearer secret-text"));
    Ok(())
}

#[tokio::test]
async fn a_token_is_not_sent_to_another_machine_in_the_clear() {
    for (endpoint, is_refused) in [
        ("http://192.0.2.1:50151", true),
        ("http://localhost.example.org:50151", true),
        ("http://127.0.0.1:50151", false),
        ("http://[::1]:50151", false),
        ("http://localhost:50151", false),
    ] {
        let built = Client::builder().endpoint(endpoint).token("secret").build();
        assert_eq!(built.is_err(), is_refused, "{endpoint}");
    }
    for bad in ["", "two\nlines", "\u{7}"] {
        let built = Client::builder().token(bad).build();
        let said = built.err().map(|error| error.to_string());
        assert!(said.is_some_and(|said| said.contains("the bearer token for it is not")));
    }
}

#[tokio::test]
async fn the_channel_comes_back_when_the_service_does() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().max_retries(0).connect().await?;
    client.get_topology("prod").await?;
    let address = fake.stop().await?;
    let away = client.get_topology("prod").await.err().ok_or("no error")?;
    assert_eq!(away.code(), Code::Unavailable);
    let _back = Fake::start_at(address).await?;
    client.get_topology("prod").await?;
    Ok(())
}

/// A future that can run on any thread.
fn sendable<F: Future + Send>(_: F) {}

#[tokio::test]
async fn every_call_can_be_spawned() -> Outcome {
    let client = Client::builder().build()?;
    let filter = v1::ResourceFilter::default();
    sendable(Client::connect("http://127.0.0.1:1"));
    sendable(client.create_topology("a", ""));
    sendable(client.get_topology("a"));
    sendable(client.list_topologies());
    sendable(client.delete_topology("a"));
    sendable(client.get_resource("a", "vpc-1", None));
    sendable(client.list_resources("a", None, filter));
    sendable(client.list_revisions("a"));
    sendable(client.apply("a").send());
    sendable(client.fork("a", "b").send());
    sendable(client.rollback("a", 1).send());
    sendable(client.set_label("a", "b", None));
    sendable(client.delete_label("a", "b"));
    sendable(client.list_labels("a"));
    sendable(client.import("a").send(Vec::new()));
    sendable(client.import("a").send_once(std::iter::empty()));
    sendable(client.resolve("a", v1::Flow::default(), consistency::newest()));
    let flows: [v1::Flow; 0] = [];
    let batch = client.batch("a", flows, v1::Detail::Full, consistency::newest());
    sendable(batch.into_future());
    Ok(())
}

#[tokio::test]
async fn a_batch_whose_answer_is_too_large_is_asked_in_halves_at_one_revision() -> Outcome {
    let fake = Fake::start().await?;
    let too_large = || {
        let details = ErrorDetails::with_error_info("ANSWER_TOO_LARGE", "causeway.v1", []);
        Status::with_error_details(Code::ResourceExhausted, "too large", details)
    };
    fake.fail_next([too_large(), too_large()]);
    let client = fake.builder().connect().await?;
    let flows: Vec<_> = (0..9).map(|n| flow::icmp(n.to_string(), "b")).collect();
    let answer = client
        .batch("prod", flows, v1::Detail::Full, consistency::newest())
        .await?;
    let order: Vec<_> = answer.items.iter().map(|item| item.path.concat()).collect();
    assert_eq!(order.concat(), "012345678");
    let asked: Vec<_> = fake
        .state()
        .batches
        .iter()
        .map(|batch| (batch.flows.len(), batch.consistency.clone()))
        .collect();
    let pinned = || Some(consistency::exactly(9));
    assert_eq!(
        asked,
        [
            (2, Some(consistency::newest())),
            (2, pinned()),
            (2, pinned()),
            (2, pinned()),
            (1, pinned())
        ]
    );
    // One flow cannot be halved.
    fake.fail_next([too_large()]);
    let one = vec![flow::icmp("a", "b")];
    let refused = client
        .batch("prod", one, v1::Detail::Full, consistency::newest())
        .await;
    let error = refused.err().ok_or("no error")?;
    assert_eq!(error.reason(), Some(v1::ErrorReason::AnswerTooLarge));
    Ok(())
}

#[tokio::test]
async fn a_batch_is_split_by_what_its_detail_allows() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    for (detail, sizes) in [
        (v1::Detail::Path, vec![10_001]),
        (v1::Detail::Full, vec![10_000, 1]),
    ] {
        let flows = vec![flow::icmp("a", "b"); 10_001];
        let answer = client
            .batch("prod", flows, detail, consistency::newest())
            .await?;
        assert_eq!(answer.items.len(), 10_001);
        let batches = std::mem::take(&mut fake.state().batches);
        let asked: Vec<_> = batches.iter().map(|batch| batch.flows.len()).collect();
        assert_eq!(asked, sizes);
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_gives_each_chunk_as_it_comes_with_its_place() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let chunk = |source: &str| vec![flow::tcp(source, "b", 443)];
    let chunks = futures::stream::iter([chunk("one"), chunk("two")]);
    let answers = client
        .stream_paths("prod", chunks, v1::Detail::Verdict, consistency::newest())
        .await?;
    let answers: Vec<_> = futures::TryStreamExt::try_collect(answers).await?;
    let told: Vec<_> = answers
        .iter()
        .map(|answer| (answer.chunk, answer.revision, &*answer.items[0].path[0]))
        .collect();
    assert_eq!(told, [(1, 9, "two"), (0, 9, "one")]);
    Ok(())
}

#[tokio::test]
async fn pushback_is_honoured() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().connect().await?;
    let pushed = |value: &'static str| {
        let mut status = Status::unavailable("not now");
        let value = MetadataValue::from_static(value);
        status
            .metadata_mut()
            .insert("grpc-retry-pushback-ms", value);
        status
    };
    // A minute does not fit into the deadline, so that it is told and not waited for.
    for (value, after) in [
        ("60000", Some(Duration::from_secs(60))),
        ("-1", None),
        ("soon", None),
    ] {
        fake.state().headers.clear();
        fake.fail_next([pushed(value)]);
        let error = client.get_topology("prod").await.err().ok_or("no error")?;
        assert_eq!(error.retry_after(), after, "{value}");
        let forbids = error.refusal().is_some_and(Refusal::forbids_retries);
        assert_eq!(forbids, after.is_none(), "{value}");
        assert_eq!(fake.state().headers.len(), 1, "{value}");
    }
    fake.fail_next([pushed("1")]);
    client.get_topology("prod").await?;
    assert_eq!(fake.state().headers.len(), 3);
    Ok(())
}

/// A peer that is there and says nothing more is found by its silence, long before the deadline.
#[tokio::test]
async fn a_connection_that_is_dead_is_given_up() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let peer = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await?;
        // Empty settings of HTTP/2, and then silence: no ping is answered.
        socket.write_all(b"\0\0\0\x04\0\0\0\0\0").await?;
        let mut all = Vec::new();
        socket.read_to_end(&mut all).await?;
        std::io::Result::Ok(all)
    });
    let builder = Client::builder().endpoint(endpoint).max_retries(0);
    let client = builder.keep_alive(Duration::from_millis(20)).build()?;
    let error = client.get_topology("prod").await.err().ok_or("no error")?;
    assert!(
        matches!(error, ClientError::Disconnected { .. }),
        "{error:?}"
    );
    assert!(!peer.await??.is_empty());
    Ok(())
}
