//! WatchRevisions: a stream that a task feeds, through a queue of a few events.
//!
//! A reader that is slower than the queue makes the task wait, and one that takes nothing for too long is disconnected. Whatever ends the
//! stream, its status names the last revision that was sent, so that the watch can be resumed after it.

use std::time::Duration;

use causeway_access::Service;
use causeway_engine::{Watch, WatchEvent, WatchPoint, WatchStart};
use causeway_model::change::ChangeSet;
use causeway_model::revision::{Revision, TopologyName};
use causeway_proto::v1;
use prost::Message;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};
use v1::watch_revisions_request::Start;
use v1::watch_revisions_response::Event;

use super::{revision, token};
use crate::access::{Access, Asker};
use crate::error::{CallError, read};
use crate::expiry::Expiry;
use crate::status::{self, WatchEnd};
use crate::telemetry::{Part, note};
use crate::wire::{self, Wire};

/// What a watch answers with.
pub(crate) type Events = ReceiverStream<Result<v1::WatchRevisionsResponse, Status>>;

/// Events that wait for a reader, at most.
const QUEUE: usize = 16;

/// Most changes that one event tells, and most bytes that they may have.
const MOST_CHANGES: u64 = 1_000;
const MOST_CHANGE_BYTES: usize = 1024 * 1024;

/// How watches are served.
#[derive(Debug, Clone)]
pub(crate) struct Watching {
    /// From one mark to the next.
    pub(crate) mark_every: Duration,
    /// How long a reader may take nothing while something waits for it.
    pub(crate) patience: Duration,
    /// Whether the server is about to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// What to watch.
struct Watched {
    topology: TopologyName,
    start: WatchStart,
    most_changes: u64,
}

/// One watch, from its first event to the status at its end.
struct Feed {
    asker: Asker,
    watch: Watch,
    queue: mpsc::Sender<Result<v1::WatchRevisionsResponse, Status>>,
    /// The last place that the reader was sent.
    sent: WatchPoint,
}

/// Begins a watch, and leaves it to a task.
pub(super) async fn run(
    access: &Access,
    watching: Watching,
    request: Request<v1::WatchRevisionsRequest>,
) -> Result<Events, CallError> {
    let headers = request.metadata().clone().into_headers();
    let asker = access.asker_of(&request);
    let expiry = Expiry::of(&headers);
    let Watched {
        topology,
        start,
        most_changes,
    } = Part::Decode.within(|| watched(request.into_inner()))?;
    note(|facts| facts.topology = Some(topology.to_string()));
    let engine = asker.admit(Service::WatchRevisions, &topology)?;
    let begun = engine.watch(&topology, start, most_changes);
    let watch = Part::Snapshot.during(begun).await?;
    let (queue, events) = mpsc::channel(QUEUE);
    let sent = watch.point();
    let feed = Feed {
        asker,
        watch,
        queue,
        sent,
    };
    tokio::spawn(feed.run(watching, expiry));
    Ok(ReceiverStream::new(events))
}

fn watched(wire: v1::WatchRevisionsRequest) -> Result<Watched, CallError> {
    let v1::WatchRevisionsRequest {
        topology,
        start,
        include_changes,
    } = wire;
    read(|faults| {
        let topology = faults.field("topology", |faults| Wire::parse(topology, faults));
        let start = match start {
            None => Some(WatchStart::Now),
            Some(Start::AfterRevision(revision)) => Some(WatchStart::After(Revision(revision))),
            Some(Start::ResumeToken(text)) => faults.field("resume_token", |faults| {
                let point = token::open(&text).map(WatchStart::Resume);
                point.or_else(|| faults.add("is not a token of a watch"))
            }),
        };
        Some(Watched {
            topology: topology?,
            start: start?,
            most_changes: if include_changes { MOST_CHANGES } else { 0 },
        })
    })
}

// === impl Feed ===

impl Feed {
    async fn run(mut self, mut watching: Watching, expiry: Expiry) {
        let queue = self.queue.clone();
        // A place for the status, however full the queue is by then.
        let Ok(last) = queue.clone().reserve_owned().await else {
            return;
        };
        let mut stopping = watching.stopping.clone();
        let end = tokio::select! {
            end = self.feed(&mut watching) => end,
            // A server that is gone without a word has stopped too.
            _ = stopping.wait_for(|stopping| *stopping) => WatchEnd::Stopping,
            _ = expiry.passed() => WatchEnd::Deadline,
            () = queue.closed() => return,
        };
        let token = token::seal(self.sent);
        last.send(Err(status::watch_ended(end, self.sent.revision, token)));
    }

    /// Sends events until there can be no more.
    async fn feed(&mut self, watching: &mut Watching) -> WatchEnd {
        let every = watching.mark_every;
        let mut marks = interval_at(Instant::now() + every, every);
        marks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                event = self.watch.next() => event,
                _ = marks.tick() => Ok(self.watch.mark()),
            };
            let event = match event {
                Ok(event) => event,
                Err(error) => return WatchEnd::Failed(error),
            };
            // What it tells was decided by policies that are no longer in force.
            if !self.asker.is_current() {
                return WatchEnd::PoliciesChanged;
            }
            let point = self.watch.point();
            let response = response(event, point);
            match self
                .queue
                .send_timeout(Ok(response), watching.patience)
                .await
            {
                Ok(()) => self.sent = point,
                Err(SendTimeoutError::Timeout(_)) => return WatchEnd::TooSlow(watching.patience),
                Err(SendTimeoutError::Closed(_)) => return WatchEnd::Stopping,
            }
        }
    }
}

fn response(event: WatchEvent, point: WatchPoint) -> v1::WatchRevisionsResponse {
    let event = match event {
        WatchEvent::Revision { logged, changes } => {
            let changes = changes.as_ref().and_then(changes_of);
            Event::Revision(v1::RevisionEvent {
                has_changes: changes.is_some(),
                changes: changes.unwrap_or_default(),
                revision: Some(revision(logged)),
            })
        }
        WatchEvent::Mark { told, head } => Event::Mark(v1::ProgressMark {
            revision: told.0,
            head_revision: head.0,
        }),
    };
    v1::WatchRevisionsResponse {
        event: Some(event),
        resume_token: token::seal(point),
    }
}

/// The changes, all of them; nothing if they are too large for an event.
fn changes_of(set: &ChangeSet) -> Option<Vec<v1::Change>> {
    let mut bytes = 0_usize;
    let mut changes = Vec::with_capacity(set.changes.len());
    for change in &set.changes {
        let change = wire::change::applied(change);
        bytes = bytes.saturating_add(change.encoded_len());
        if bytes > MOST_CHANGE_BYTES {
            return None;
        }
        changes.push(change);
    }
    Some(changes)
}
