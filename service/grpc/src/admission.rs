//! Admission: what the process takes on at once, over all connections, decided before the body of a call is read.
//!
//! Limits of a single connection say nothing behind a sidecar, where all callers share a few. What is over a limit is refused at once with
//! RESOURCE_EXHAUSTED, and told when to come again. Batches pass a door, before which they may wait a moment; no queue grows. Health and reflection are
//! always answered.

mod arrival;
mod body;
mod door;
mod held;
mod quota;
mod refusals;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use causeway_access::Principal;
use http::{Request, Response};
use tonic::body::Body;
use tower_layer::Layer;
use tower_service::Service;

pub(crate) use self::door::Door;
use self::held::Held;
use self::quota::{Quotas, Share};
use self::refusals::Refusals;
use crate::connection::Link;
use crate::seats::Busy;
use crate::status::{Refused, refused};

/// What a process takes on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdmissionLimits {
    /// Calls with one answer.
    pub calls: usize,
    /// Calls with a stream: watches, streams of paths, matrices, imports, exports.
    pub streams: usize,
    /// Batches that are resolved at once.
    pub batches: usize,
    /// How long a batch may wait to be one of them.
    pub wait: Duration,
    /// Bytes of requests with one answer, as they came.
    pub request_bytes: u64,
    /// How long a message of a request may take to arrive, and a second more for each 64 KiB of it.
    pub request_time: Duration,
    /// Calls and streams of one principal; none for as many as there are.
    pub principal_calls: Option<usize>,
}

impl Default for AdmissionLimits {
    /// 4,096 calls, 1,024 streams, 4 batches that may wait for 12 ms, and 512 MiB that arrive within 30 s each.
    fn default() -> Self {
        Self {
            calls: 4_096,
            streams: 1_024,
            batches: 4,
            wait: Duration::from_millis(12),
            request_bytes: 512 << 20,
            request_time: Duration::from_secs(30),
            principal_calls: None,
        }
    }
}

/// What tells how much a server has taken on.
#[derive(Debug, Clone)]
pub struct AdmissionCounts {
    pub(crate) admission: Arc<Admission>,
}

/// How much a server has taken on, and how much it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenOn {
    /// Calls with one answer under way, batches among them.
    pub calls: usize,
    /// Calls with a stream under way.
    pub streams: usize,
    /// Batches that are resolved now.
    pub batches: usize,
    /// Bytes of requests under way.
    pub request_bytes: u64,
    /// Calls that were refused, by the name of the limit that they met.
    pub refused: [(&'static str, u64); 6],
}

/// Refuses calls that are too many.
#[derive(Debug, Clone)]
pub(crate) struct AdmissionLayer {
    admission: Arc<Admission>,
}

/// A service of which no more is asked than it can take on.
#[derive(Debug, Clone)]
pub(crate) struct Admitted<S> {
    admission: Arc<Admission>,
    inner: S,
}

/// What is under way.
#[derive(Debug)]
pub(crate) struct Admission {
    limits: AdmissionLimits,
    calls: AtomicUsize,
    streams: AtomicUsize,
    request_bytes: AtomicU64,
    door: Arc<Door>,
    refusals: Arc<Refusals>,
    quotas: Arc<Quotas>,
}

/// How a method weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Call,
    Batch,
    Stream,
}

/// A call that was taken on. It counts until it is dropped.
#[derive(Debug)]
struct Ticket {
    admission: Arc<Admission>,
    weight: Weight,
    request_bytes: Arc<AtomicU64>,
    _share: Option<Share>,
    /// A connection does not give way while it has a call in hand.
    _busy: Option<Busy>,
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

// === impl AdmissionCounts ===

impl AdmissionCounts {
    /// What is so now.
    #[must_use]
    pub fn read(&self) -> TakenOn {
        let admission = &self.admission;
        TakenOn {
            calls: admission.calls.load(Ordering::Acquire),
            streams: admission.streams.load(Ordering::Acquire),
            batches: admission.door.inside(),
            request_bytes: admission.request_bytes.load(Ordering::Acquire),
            refused: admission.refusals.read(),
        }
    }
}

// === impl AdmissionLayer ===

impl AdmissionLayer {
    pub(crate) fn new(admission: Arc<Admission>) -> Self {
        Self { admission }
    }
}

impl<S> Layer<S> for AdmissionLayer {
    type Service = Admitted<S>;

    fn layer(&self, inner: S) -> Admitted<S> {
        Admitted {
            admission: Arc::clone(&self.admission),
            inner,
        }
    }
}

// === impl Admitted ===

impl<S> Service<Request<Body>> for Admitted<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some(weight) = Weight::of(request.uri().path()) else {
            return Box::pin(self.inner.call(request));
        };
        let ticket = match self.admission.take_on(weight, &request) {
            Ok(ticket) => ticket,
            Err(why) => {
                self.admission.refusals.count(why);
                return Box::pin(async move { Ok(refused(why).into_http()) });
            }
        };
        let link = request.extensions().get::<Link>().cloned();
        let tells_itself = tells_itself(request.uri().path());
        let mut request = request.map(|inner| ticket.count(inner));
        if weight == Weight::Batch {
            request
                .extensions_mut()
                .insert(Arc::clone(&self.admission.door));
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            Ok(
                answer
                    .map(|inner| Body::new(Held::new(inner, ticket, tells_itself, link.as_ref()))),
            )
        })
    }
}

// === impl Admission ===

impl Admission {
    pub(crate) fn new(limits: AdmissionLimits) -> Self {
        let refusals = Arc::<Refusals>::default();
        let door = Door::new(limits.batches, limits.wait, Arc::clone(&refusals));
        Self {
            limits,
            calls: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            request_bytes: AtomicU64::new(0),
            door: Arc::new(door),
            refusals,
            quotas: Arc::default(),
        }
    }

    fn take_on(
        self: &Arc<Self>,
        weight: Weight,
        request: &Request<Body>,
    ) -> Result<Ticket, Refused> {
        let (counter, maximum) = self.counter(weight);
        if counter.fetch_add(1, Ordering::AcqRel) >= maximum {
            counter.fetch_sub(1, Ordering::AcqRel);
            return Err(match weight {
                Weight::Call | Weight::Batch => Refused::Calls { maximum },
                Weight::Stream => Refused::Streams { maximum },
            });
        }
        // From here on the count is the ticket's.
        let mut ticket = Ticket {
            admission: Arc::clone(self),
            weight,
            request_bytes: Arc::default(),
            _share: None,
            _busy: None,
        };
        if weight == Weight::Batch {
            self.door.look()?;
        }
        let maximum = self.limits.request_bytes;
        if weight != Weight::Stream && self.request_bytes.load(Ordering::Acquire) >= maximum {
            return Err(Refused::Bytes { maximum });
        }
        if let Some(maximum) = self.limits.principal_calls {
            let principal = request.extensions().get::<Principal>();
            let principal = principal.cloned().unwrap_or(Principal::Anonymous);
            let share = self.quotas.take(principal, maximum);
            ticket._share = Some(share.ok_or(Refused::Quota { maximum })?);
        }
        let link = request.extensions().get::<Link>();
        ticket._busy = link.map(|link| link.line.begin());
        Ok(ticket)
    }

    fn counter(&self, weight: Weight) -> (&AtomicUsize, usize) {
        match weight {
            Weight::Call | Weight::Batch => (&self.calls, self.limits.calls),
            Weight::Stream => (&self.streams, self.limits.streams),
        }
    }
}

// === impl Weight ===

impl Weight {
    /// Nothing for what is not of the contract.
    fn of(path: &str) -> Option<Self> {
        let (_, method) = path.strip_prefix("/causeway.v1.")?.split_once('/')?;
        Some(match method {
            "BatchResolvePaths" => Self::Batch,
            "StreamResolvePaths"
            | "ComputeReachabilityMatrix"
            | "WatchRevisions"
            | "ImportResources"
            | "ExportTopologies" => Self::Stream,
            _ => Self::Call,
        })
    }
}

/// Whether the answer ends by itself if nobody takes it, with a status that tells how to go on. What it has said by then is little, and is kept.
fn tells_itself(path: &str) -> bool {
    matches!(
        path,
        "/causeway.v1.TopologyService/WatchRevisions"
            | "/causeway.v1.BackupService/ExportTopologies"
    )
}

// === impl Ticket ===

impl Ticket {
    /// The request, counted as it is read. What streams in is bounded by its own windows.
    fn count(&self, inner: Body) -> Body {
        let is_single = self.weight != Weight::Stream;
        let allowed = self.admission.limits.request_time;
        let inner = Body::new(arrival::Arriving::new(inner, is_single, allowed));
        if !is_single {
            return inner;
        }
        Body::new(body::Counted {
            inner,
            admission: Arc::clone(&self.admission),
            counted: Arc::clone(&self.request_bytes),
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let bytes = self.request_bytes.load(Ordering::Acquire);
        self.admission
            .request_bytes
            .fetch_sub(bytes, Ordering::AcqRel);
        let (counter, _) = self.admission.counter(self.weight);
        counter.fetch_sub(1, Ordering::AcqRel);
    }
}
