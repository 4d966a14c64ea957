//! Many flows at one revision: split into calls, some of which are under way at once, and put together again in order.

pub(crate) mod flows;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_proto::v1;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use self::flows::{Coming, Each, Flows};
use crate::call::Call;
use crate::traces::put_back;
use crate::{Client, ClientError, Refusal, consistency};

/// How many flows one call of a batch may have.
pub const MAX_BATCH: usize = 100_000;

/// How many flows one call of a batch with detail FULL may have.
pub const MAX_FULL_BATCH: usize = 10_000;

/// What part of the most that a call may have it has, where answers are taken one by one.
const STREAMED_SHARE: usize = 10;

/// How many calls are under way at once.
const CALLS_AT_ONCE: usize = 4;

const METHOD: &str = "/causeway.v1.PathService/BatchResolvePaths";
const CALL: &str = "BatchResolvePaths";

/// Many flows to be asked at one revision. Await it for all answers at once, or take them one by one with [`Batch::answers`].
///
/// A fault of one flow is the error of its answer, and fails no other one. The calls after the first are asked at the very revision of the first: they fail with
/// OUT_OF_RANGE if it is dropped in between. Calls whose answers would be larger than a message may be are made again with half as many flows. The
/// deadline holds for each of the calls, and each is repeated for itself.
#[derive(Debug)]
#[must_use = "nothing is asked before it is awaited, or its answers are taken"]
pub struct Batch<S> {
    asker: Asker,
    flows: S,
    flows_per_call: Option<usize>,
    calls_at_once: usize,
}

/// The answer to one flow of a batch.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The place of its flow among all that were asked, from 0. Answers come in this order.
    pub place: u64,
    /// The revision that all answers of the batch are computed at.
    pub revision: u64,
    /// The answer, or why this flow has none.
    pub outcome: Result<v1::BatchItem, Refusal>,
}

/// What the calls of a batch have in common.
#[derive(Debug, Clone)]
struct Asker {
    client: Client,
    /// All but the flows.
    message: v1::BatchResolvePathsRequest,
    /// How many flows a call may have, as far as is known: less where answers were too large.
    most: Arc<AtomicUsize>,
}

/// The answers of one call.
struct Part {
    revision: u64,
    items: Vec<v1::BatchItem>,
}

// === impl Client ===

impl Client {
    /// Asks for any number of flows at one revision, in their order.
    ///
    /// Awaited, it gives all answers together, asked in as few calls as the service takes ([`MAX_BATCH`] flows each, with detail FULL [`MAX_FULL_BATCH`]). With
    /// [`Batch::answers`] they come one by one, and memory is bounded, however many there are.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = causeway_client::fake::Fake::start().await?;
    /// # fake.topology("prod");
    /// # fake.answer(|_| Ok(causeway_client::fake::reachable([])));
    /// # let client = fake.client().await?;
    /// use causeway_client::{consistency, flow, v1};
    /// use futures::TryStreamExt;
    ///
    /// // All together.
    /// let flows = (1..=200).map(|last| flow::tcp("i-0abc", format!("10.0.0.{last}"), 443));
    /// let answer = client.batch("prod", flows, v1::Detail::Path, consistency::newest()).await?;
    /// assert_eq!(answer.items.len(), 200);
    ///
    /// // One by one: however many there are, they are never in memory together.
    /// let flows = (0..30_000_u32).map(|n| flow::tcp("i-0abc", std::net::Ipv4Addr::from(n).to_string(), 443));
    /// let batch = client.batch("prod", flows, v1::Detail::Verdict, consistency::newest());
    /// let mut answers = std::pin::pin!(batch.answers());
    /// while let Some(answered) = answers.try_next().await? {
    ///     match answered.outcome {
    ///         Ok(item) => assert_eq!(item.verdict(), v1::Verdict::Reachable),
    ///         Err(refusal) => println!("{}: {refusal}", answered.place),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// NOT_FOUND for a topology that does not exist; OUT_OF_RANGE for a revision that is not there; RESOURCE_EXHAUSTED for a flow whose answer alone is too
    /// large.
    pub fn batch<I>(
        &self,
        topology: &str,
        flows: I,
        detail: v1::Detail,
        consistency: v1::Consistency,
    ) -> Batch<Each<I::IntoIter>>
    where
        I: IntoIterator<Item: Into<v1::Flow>>,
    {
        let message = question(topology, detail, consistency);
        self.batch_of(message, Each(flows.into_iter()))
    }

    /// The same for flows that come as a stream, which is asked for more only as answers are taken.
    pub fn batch_stream<S>(
        &self,
        topology: &str,
        flows: S,
        detail: v1::Detail,
        consistency: v1::Consistency,
    ) -> Batch<Coming<S>>
    where
        S: Stream<Item: Into<v1::Flow>>,
    {
        let message = question(topology, detail, consistency);
        self.batch_of(message, Coming(flows))
    }

    /// The batch whose calls are like `message`.
    pub(crate) fn batch_of<S>(&self, message: v1::BatchResolvePathsRequest, flows: S) -> Batch<S> {
        let most = Arc::new(AtomicUsize::new(most_flows(message.detail())));
        Batch {
            asker: Asker {
                client: self.clone(),
                message,
                most,
            },
            flows,
            flows_per_call: None,
            calls_at_once: CALLS_AT_ONCE,
        }
    }
}

// === impl Batch ===

impl<S> Batch<S> {
    /// How many flows a call has, at least 1 and at most what the service takes. Default: the most where the batch is awaited, and a tenth of it where
    /// answers are taken one by one.
    pub fn flows_per_call(mut self, flows: usize) -> Self {
        self.flows_per_call = Some(flows);
        self
    }

    /// How many calls are under way at once, after the first one; at least 1. Default: 4.
    pub fn calls_at_once(mut self, calls: usize) -> Self {
        self.calls_at_once = calls;
        self
    }
}

impl<S: Flows> Batch<S> {
    /// The answers one by one, in the order of the flows. In memory are the flows and answers of the calls that are under way, and of those that are done out of turn, and no
    /// more: while nobody takes answers, no more is asked. It ends with the first call that fails.
    pub fn answers(self) -> impl Stream<Item = Result<Answered, ClientError>> + Send + use<S> {
        let places = 0..;
        let items = self.parts(STREAMED_SHARE).map_ok(|part| {
            let revision = part.revision;
            stream::iter(part.items).map(move |item| Ok((revision, item)))
        });
        stream::iter(places)
            .zip(items.try_flatten())
            .map(|(place, item)| {
                let (revision, mut item) = item?;
                let outcome = match item.error.take() {
                    None => Ok(item),
                    Some(error) => Err(Refusal::from(&error)),
                };
                Ok(Answered {
                    place,
                    revision,
                    outcome,
                })
            })
    }

    async fn whole(self) -> Result<v1::BatchResolvePathsResponse, ClientError> {
        let nothing = self.asker.clone();
        let mut parts = std::pin::pin!(self.parts(1));
        let mut all = match parts.try_next().await? {
            Some(first) => first,
            // The service says what is wrong with that.
            None => nothing.ask(Vec::new()).await?,
        };
        while let Some(part) = parts.try_next().await? {
            all.items.extend(part.items);
        }
        Ok(v1::BatchResolvePathsResponse {
            revision: all.revision,
            items: all.items,
            traces: None,
        })
    }

    /// The answers call by call, until one fails.
    fn parts(self, share: usize) -> impl Stream<Item = Result<Part, ClientError>> + Send + use<S> {
        let Self {
            asker,
            flows,
            flows_per_call,
            calls_at_once,
        } = self;
        let most = most_flows(asker.message.detail());
        let flows_per_call = flows_per_call.unwrap_or(most / share).clamp(1, most);
        let chunks = Box::pin(flows.chunks(flows_per_call));
        let parts = stream::once(begin(asker, chunks, calls_at_once.max(1))).try_flatten();
        stream::try_unfold(Box::pin(parts), async |mut parts| {
            let part = parts.try_next().await?;
            Ok(part.map(|part| (part, parts)))
        })
    }
}

impl<S: Flows> IntoFuture for Batch<S> {
    type Output = Result<v1::BatchResolvePathsResponse, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.whole())
    }
}

/// The first call goes alone, for it finds the revision of all.
async fn begin<C>(
    mut asker: Asker,
    mut chunks: C,
    calls_at_once: usize,
) -> Result<impl Stream<Item = Result<Part, ClientError>> + Send, ClientError>
where
    C: Stream<Item = Vec<v1::Flow>> + Send + Unpin,
{
    let first = match chunks.next().await {
        Some(flows) => Some(asker.ask(flows).await?),
        None => None,
    };
    if let Some(first) = &first {
        asker.message.consistency = Some(consistency::exactly(first.revision));
    }
    let later = chunks.map(move |flows| {
        let asker = asker.clone();
        async move { asker.ask(flows).await }
    });
    Ok(stream::iter(first.map(Ok)).chain(later.buffered(calls_at_once)))
}

// === impl Asker ===

impl Asker {
    /// Asks for some flows, in one call if the answers fit.
    async fn ask(&self, mut rest: Vec<v1::Flow>) -> Result<Part, ClientError> {
        let mut message = self.message.clone();
        let mut items = Vec::new();
        loop {
            let most = self.most.load(Ordering::Relaxed).max(1);
            let later = rest.split_off(rest.len().min(most));
            message.flows = std::mem::replace(&mut rest, later);
            let asked = Arc::new(message);
            let outcome = self.client.batch_once(&asked).await;
            // Nobody else holds it once the call is over, so that nothing is copied.
            message = Arc::unwrap_or_clone(asked);
            let revision = match outcome {
                // One call alone gives its answers on as they are.
                Ok(part) if items.is_empty() => {
                    items = part.items;
                    part.revision
                }
                Ok(part) => {
                    items.extend(part.items);
                    part.revision
                }
                Err(error) if is_too_large(&error) && message.flows.len() > 1 => {
                    self.most
                        .fetch_min(message.flows.len() / 2, Ordering::Relaxed);
                    message.flows.append(&mut rest);
                    rest = std::mem::take(&mut message.flows);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if rest.is_empty() {
                return Ok(Part { revision, items });
            }
            message.consistency = Some(consistency::exactly(revision));
        }
    }
}

impl Client {
    async fn batch_once(
        &self,
        message: &Arc<v1::BatchResolvePathsRequest>,
    ) -> Result<v1::BatchResolvePathsResponse, ClientError> {
        let mut answer: v1::BatchResolvePathsResponse = self
            .call(Call::read(&message.topology), |attempt| {
                let request = attempt.request(Arc::clone(message));
                async move { self.send_shared(METHOD, request).await }
            })
            .await?;
        if answer.items.len() != message.flows.len() {
            return Err(ClientError::Incomplete {
                call: CALL,
                what: "an item for each flow",
            });
        }
        let traces = answer.traces.take();
        put_back(CALL, &mut answer.items, traces)?;
        Ok(answer)
    }
}

fn question(
    topology: &str,
    detail: v1::Detail,
    consistency: v1::Consistency,
) -> v1::BatchResolvePathsRequest {
    v1::BatchResolvePathsRequest {
        topology: topology.to_owned(),
        consistency: Some(consistency),
        flows: Vec::new(),
        detail: detail.into(),
        changes: Vec::new(),
    }
}

/// How many flows one call may have.
pub(crate) fn most_flows(detail: v1::Detail) -> usize {
    match detail {
        v1::Detail::Full => MAX_FULL_BATCH,
        v1::Detail::Unspecified | v1::Detail::Verdict | v1::Detail::Path => MAX_BATCH,
    }
}

fn is_too_large(error: &ClientError) -> bool {
    error.reason() == Some(v1::ErrorReason::AnswerTooLarge)
}
