//! Watches that are interrupted.

use causeway_client::{ClientError, Code, WatchEvent, WatchFrom, Watched, v1};
use futures::{Stream, StreamExt, pin_mut};
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt};
use v1::watch_revisions_request::Start;
use v1::watch_revisions_response::Event;

use crate::fake::{Fake, Outcome};

type Told = Result<v1::WatchRevisionsResponse, Status>;

fn revision(number: u64) -> Told {
    let revision = v1::Revision {
        revision: number,
        ..v1::Revision::default()
    };
    Ok(v1::WatchRevisionsResponse {
        event: Some(Event::Revision(v1::RevisionEvent {
            revision: Some(revision),
            ..v1::RevisionEvent::default()
        })),
        resume_token: format!("after {number}"),
    })
}

fn status(code: Code, reason: &str) -> Told {
    let details = ErrorDetails::with_error_info(reason, "causeway.v1", []);
    Err(Status::with_error_details(code, reason, details))
}

/// The numbers of the revisions up to the error, and the error.
async fn all(
    events: impl Stream<Item = Result<WatchEvent, ClientError>>,
) -> (Vec<u64>, Option<ClientError>) {
    pin_mut!(events);
    let mut numbers = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(WatchEvent {
                what: Watched::Revision(event),
                ..
            }) => {
                numbers.extend(event.revision.map(|revision| revision.revision));
            }
            Ok(_) => {}
            Err(error) => return (numbers, Some(error)),
        }
    }
    (numbers, None)
}

#[tokio::test]
async fn a_watch_goes_on_after_the_last_event_whatever_interrupts_it() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().max_retries(1).connect().await?;
    fake.fail_next([Status::unavailable("not yet")]);
    fake.state().watched.extend([
        vec![
            revision(5),
            revision(6),
            status(Code::Unavailable, "SERVER_STOPPING"),
        ],
        vec![
            revision(7),
            status(Code::ResourceExhausted, "WATCHER_TOO_SLOW"),
        ],
        // One that ends without a word, and two that tell nothing: more than one retry.
        vec![],
        vec![status(Code::Unavailable, "SERVER_STOPPING")],
        vec![status(Code::Unavailable, "SERVER_STOPPING")],
        vec![revision(8), status(Code::NotFound, "TOPOLOGY_NOT_FOUND")],
    ]);
    let (numbers, error) = all(client.watch("prod", WatchFrom::After(4))).await;
    assert_eq!(numbers, [5, 6, 7, 8]);
    assert_eq!(error.map(|error| error.code()), Some(Code::NotFound));
    let state = fake.state();
    let starts = state.watches.iter().filter_map(|watch| watch.start.clone());
    let starts: Vec<_> = starts
        .map(|start| match start {
            Start::AfterRevision(revision) => revision.to_string(),
            Start::ResumeToken(token) => token,
        })
        .collect();
    assert_eq!(
        starts,
        [
            "4", "4", "after 6", "after 7", "after 7", "after 7", "after 7"
        ]
    );
    assert!(
        state
            .headers
            .iter()
            .all(|headers| !headers.contains_key("grpc-timeout"))
    );
    Ok(())
}

#[tokio::test]
async fn a_watch_that_cannot_begin_fails_after_some_attempts() -> Outcome {
    let fake = Fake::start().await?;
    let client = fake.builder().max_retries(2).connect().await?;
    fake.fail_next(vec![Status::unavailable("no"); 9]);
    let (numbers, error) = all(client.watch("prod", WatchFrom::Now)).await;
    assert!(numbers.is_empty());
    assert_eq!(error.map(|error| error.code()), Some(Code::Unavailable));
    assert_eq!(fake.state().watches.len(), 3);
    Ok(())
}
