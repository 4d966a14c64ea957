//! One call: its deadline, its headers, and its attempts.

use std::time::Duration;

use causeway_proto::v1::ErrorReason;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Request, Response, Status};

use crate::client::Settings;
use crate::{Client, ClientError, Refusal};

/// Name of the header that carries the topology's name.
pub const TOPOLOGY_HEADER: &str = "x-causeway-topology";

/// Name of the header that carries how long a call may take.
const TIMEOUT: &str = "grpc-timeout";

/// Name of the header that carries a bearer token.
const AUTHORIZATION: &str = "authorization";

/// Pause before the first repetition, before it is made random; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long calls may take, and how that is told to the service: as the same text each time, which HTTP/2 sends as one byte once it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    pub(crate) allowed: Duration,
    header: Option<MetadataValue<Ascii>>,
}

/// What the attempts of a call have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Name of the topology it is about; empty for none.
    pub(crate) topology: &'a str,
    /// When it may be repeated.
    pub(crate) repeat: Repeat,
}

/// When a call may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads. It is repeated as what is safe, and may be asked again while it is under way.
    Read,
    /// After any UNAVAILABLE, for running it twice is running it once; and after a refusal of which the service says that nothing was done.
    Safe,
    /// Never.
    Never,
}

/// One attempt at a call.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    topology: &'a str,
    /// How long it may take.
    time: Time<'a>,
    /// The header that shows who calls.
    authorization: Option<&'a MetadataValue<Ascii>>,
}

/// How long an attempt may take.
#[derive(Debug)]
enum Time<'a> {
    /// As long as any call.
    Whole(&'a Deadline),
    /// What those before it have left.
    Left(Duration),
    /// It is a stream without end.
    Endless,
}

// === impl Deadline ===

impl Deadline {
    pub(crate) fn new(allowed: Duration) -> Self {
        let mut request = Request::new(());
        request.set_timeout(allowed);
        let header = request.metadata().get(TIMEOUT).cloned();
        Self { allowed, header }
    }
}

// === impl Call ===

impl<'a> Call<'a> {
    /// A call that reads `topology`.
    pub(crate) fn read(topology: &'a str) -> Self {
        Self {
            topology,
            repeat: Repeat::Read,
        }
    }

    /// A call about `topology` that may be repeated.
    pub(crate) fn safe(topology: &'a str) -> Self {
        Self {
            topology,
            repeat: Repeat::Safe,
        }
    }
}

// === impl Attempt ===

impl<'a> Attempt<'a> {
    /// An attempt at a stream that has no end.
    pub(crate) fn endless(topology: &'a str, settings: &'a Settings) -> Self {
        Self {
            topology,
            time: Time::Endless,
            authorization: settings.authorization.as_ref(),
        }
    }

    /// Wraps `message` with the headers of this attempt.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        match self.time {
            Time::Whole(deadline) => {
                if let Some(value) = &deadline.header {
                    request.metadata_mut().insert(TIMEOUT, value.clone());
                }
            }
            Time::Left(left) => request.set_timeout(left),
            Time::Endless => {}
        }
        // A name that is no header value is no topology's name either; the service says so better.
        if let Ok(value) = MetadataValue::try_from(self.topology)
            && !self.topology.is_empty()
        {
            request.metadata_mut().insert(TOPOLOGY_HEADER, value);
        }
        if let Some(value) = self.authorization {
            request.metadata_mut().insert(AUTHORIZATION, value.clone());
        }
        request
    }
}

// === impl Client ===

impl Client {
    /// Runs `send` until it succeeds, fails for good, or the deadline is there.
    pub(crate) async fn call<A, F, W>(&self, call: Call<'_>, mut send: F) -> Result<A, ClientError>
    where
        F: FnMut(Attempt<'_>) -> W,
        W: Future<Output = Result<Response<A>, Status>>,
    {
        let deadline = Instant::now() + self.settings.deadline.allowed;
        let mut is_first = true;
        let mut begin = || {
            let time = if is_first {
                Time::Whole(&self.settings.deadline)
            } else {
                Time::Left(deadline.saturating_duration_since(Instant::now()))
            };
            is_first = false;
            let sent = send(Attempt {
                topology: call.topology,
                time,
                authorization: self.settings.authorization.as_ref(),
            });
            async move {
                let answer = sent.await.map(Response::into_inner);
                answer.map_err(|status| ClientError::from_status(&status, &self.settings))
            }
        };
        let mut retries = 0;
        loop {
            let outcome = match &self.settings.hedging {
                Some(hedging) if call.repeat == Repeat::Read => {
                    let is_final = |failure: &ClientError| !call.repeat.admits(failure);
                    timeout_at(deadline, hedging.first(&mut begin, is_final)).await
                }
                Some(_) | None => timeout_at(deadline, begin()).await,
            };
            let failure = match outcome {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => failure,
                Err(_elapsed) => return Err(ClientError::deadline(&self.settings)),
            };
            let pause = pause(retries, failure.retry_after());
            // With no time left for another attempt, the failure itself says more than a missed deadline.
            if retries >= self.settings.max_retries
                || !call.repeat.admits(&failure)
                || Instant::now() + pause >= deadline
            {
                return Err(failure);
            }
            retries += 1;
            sleep(pause).await;
        }
    }
}

// === impl Repeat ===

impl Repeat {
    fn admits(self, failure: &ClientError) -> bool {
        match self {
            Self::Read | Self::Safe => {
                let is_passing = failure.code() == Code::Unavailable
                    || matches!(
                        failure.reason(),
                        Some(ErrorReason::ServerOverloaded | ErrorReason::QuotaExceeded)
                    );
                is_passing && !failure.refusal().is_some_and(Refusal::forbids_retries)
            }
            Self::Never => false,
        }
    }
}

/// How long to wait before the next attempt: at random between half of and the whole backoff, so that callers do not come back together, and never
/// sooner than the service asked for.
pub(crate) fn pause(retries: u32, asked: Option<Duration>) -> Duration {
    let backoff = FIRST_PAUSE
        .saturating_mul(2_u32.saturating_pow(retries))
        .min(LONGEST_PAUSE);
    let random = backoff.mul_f64(0.5 + fastrand::f64() / 2.0);
    random.max(asked.unwrap_or_default())
}

#[cfg(test)]
mod tests;
