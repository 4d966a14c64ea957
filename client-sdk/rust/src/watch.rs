//! Watching a topology, over interruptions.

use causeway_proto::v1;
use futures::stream::{self, Stream};
use tokio::time::{sleep, timeout};
use tonic::Streaming;
use v1::watch_revisions_request::Start;
use v1::watch_revisions_response::Event;

use crate::call::{Attempt, pause};
use crate::{Client, ClientError, Code};

/// Where a watch begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WatchFrom {
    /// With the next revision that is made.
    #[default]
    Now,
    /// With the revision after this one; 0 for the first.
    After(u64),
    /// After the event that had this token.
    Token(String),
}

/// What a watch tells, and the token to go on after it with another watch.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchEvent {
    /// What happened.
    pub what: Watched,
    /// What [`WatchFrom::Token`] takes.
    pub resume_token: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// A revision was made: the one after the last that was told.
    Revision(v1::RevisionEvent),
    /// How far the watch has come.
    Mark(v1::ProgressMark),
}

/// A watch between two events.
struct Watching {
    client: Client,
    message: v1::WatchRevisionsRequest,
    events: Option<Streaming<v1::WatchRevisionsResponse>>,
    /// Whether there was an event yet.
    begun: bool,
    /// Attempts since the last event.
    retries: u32,
}

// === impl Client ===

impl Client {
    /// Tells every revision of a topology after one, in order, each once, as they are made; and from time to time how far it has come.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = causeway_client::fake::Fake::start().await?;
    /// # fake.topology("prod");
    /// # let client = fake.client().await?;
    /// # client.apply("prod").delete("vpc-0abc").send().await?;
    /// # let mut left = 1;
    /// use causeway_client::{WatchFrom, Watched};
    /// use futures::TryStreamExt;
    ///
    /// let mut events = std::pin::pin!(client.watch("prod", WatchFrom::After(0)));
    /// while let Some(event) = events.try_next().await? {
    ///     if let Watched::Revision(made) = event.what {
    ///         println!("{:?}", made.revision);
    ///     }
    ///     // Keep `event.resume_token` to go on after it in another process.
    /// #   left -= 1;
    /// #   if left == 0 {
    /// #       break;
    /// #   }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It goes on where it was when the connection is lost, the server stops, or this side was too slow; without end, once it has begun. It ends with
    /// an error alone: NOT_FOUND when the topology is deleted, OUT_OF_RANGE for a beginning that is not there or no longer kept.
    pub fn watch(
        &self,
        topology: &str,
        from: WatchFrom,
    ) -> impl Stream<Item = Result<WatchEvent, ClientError>> + Send + use<> {
        self.watching(topology, from, false)
    }

    /// The same with the changes of each revision, where they are not too many for an event.
    pub fn watch_changes(
        &self,
        topology: &str,
        from: WatchFrom,
    ) -> impl Stream<Item = Result<WatchEvent, ClientError>> + Send + use<> {
        self.watching(topology, from, true)
    }

    fn watching(
        &self,
        topology: &str,
        from: WatchFrom,
        include_changes: bool,
    ) -> impl Stream<Item = Result<WatchEvent, ClientError>> + Send + use<> {
        let start = match from {
            WatchFrom::Now => None,
            WatchFrom::After(revision) => Some(Start::AfterRevision(revision)),
            WatchFrom::Token(token) => Some(Start::ResumeToken(token)),
        };
        let watching = Watching {
            client: self.clone(),
            message: v1::WatchRevisionsRequest {
                topology: topology.to_owned(),
                start,
                include_changes,
            },
            events: None,
            begun: false,
            retries: 0,
        };
        stream::try_unfold(watching, async |mut watching| {
            let event = watching.next().await?;
            Ok(Some((event, watching)))
        })
    }
}

// === impl Watching ===

impl Watching {
    /// The next event, whatever comes in between.
    async fn next(&mut self) -> Result<WatchEvent, ClientError> {
        loop {
            let failure = match self.attempt().await {
                Ok(Some(event)) => return Ok(event),
                // A watch has no end: who ended it without a word was not the service.
                Ok(None) => None,
                Err(failure) => Some(failure),
            };
            self.events = None;
            let asked = failure.as_ref().and_then(ClientError::retry_after);
            if let Some(failure) = failure
                && !self.goes_on_after(&failure)
            {
                return Err(failure);
            }
            sleep(pause(self.retries, asked)).await;
            self.retries = self.retries.saturating_add(1);
        }
    }

    /// The next event of the stream, which is opened if need be; nothing if it ended.
    async fn attempt(&mut self) -> Result<Option<WatchEvent>, ClientError> {
        let request = Attempt::endless(&self.message.topology, &self.client.settings)
            .request(self.message.clone());
        let settings = &self.client.settings;
        let events = match &mut self.events {
            Some(events) => events,
            none => {
                let mut service = self.client.topology_service();
                let opened = service.watch_revisions(request);
                // The watch itself has no deadline, but its beginning has.
                let opened = timeout(settings.deadline.allowed, opened)
                    .await
                    .map_err(|_elapsed| ClientError::deadline(settings))?;
                let opened =
                    opened.map_err(|status| ClientError::from_status(&status, settings))?;
                none.insert(opened.into_inner())
            }
        };
        loop {
            let told = events.message().await;
            let told = told.map_err(|status| ClientError::from_status(&status, settings))?;
            let Some(v1::WatchRevisionsResponse {
                event,
                resume_token,
            }) = told
            else {
                return Ok(None);
            };
            (self.begun, self.retries) = (true, 0);
            self.message.start = Some(Start::ResumeToken(resume_token.clone()));
            let what = match event {
                Some(Event::Revision(revision)) => Watched::Revision(revision),
                Some(Event::Mark(mark)) => Watched::Mark(mark),
                // An event of a later version of the contract.
                None => continue,
            };
            return Ok(Some(WatchEvent { what, resume_token }));
        }
    }

    fn goes_on_after(&self, failure: &ClientError) -> bool {
        let is_interruption = match failure {
            ClientError::Unreachable { .. } | ClientError::Disconnected { .. } => true,
            ClientError::Refused(refusal) => {
                refusal.code == Code::Unavailable
                    || refusal.reason == Some(v1::ErrorReason::WatcherTooSlow)
            }
            // The beginning took too long.
            ClientError::DeadlineExceeded { .. } => self.begun,
            ClientError::InvalidEndpoint { .. }
            | ClientError::InvalidCertificates { .. }
            | ClientError::Incomplete { .. } => false,
        };
        is_interruption && (self.begun || self.retries < self.client.settings.max_retries)
    }
}

// === impl WatchFrom ===

impl From<u64> for WatchFrom {
    fn from(revision: u64) -> Self {
        Self::After(revision)
    }
}

/// Nothing is the next revision that is made.
impl From<Option<u64>> for WatchFrom {
    fn from(revision: Option<u64>) -> Self {
        revision.map_or(Self::Now, Self::After)
    }
}
