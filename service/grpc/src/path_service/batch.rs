//! BatchResolvePaths: many flows at one revision. Flows are read, resolved and their items written on the compute pool, piece by piece.

use std::collections::HashMap;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_engine::{Consistency, Depth, Engine, EngineError, Paths};
use causeway_model::revision::TopologyName;
use causeway_proto::v1;
use http_body::Body as HttpBody;
use prost::Message;
use prost::bytes::Bytes;
use prost::encoding::{message, uint64};
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

use super::pieces::{BatchRequest, ReadOnly, Written};
use crate::error::{CallError, read};
use crate::server::MAX_MESSAGE_BYTES;
use crate::status;
use crate::wire::answer::{self, Detail};
use crate::wire::{Wire, flow};

/// Most flows of a batch that asks for detail FULL, of which a message could not hold more.
const MAX_FULL_FLOWS: usize = 10_000;

/// Fields of BatchResolvePathsResponse.
const REVISION: u32 = 1;
const ITEMS: u32 = 2;

/// Flows that one thread resolves before another caller has its turn: some hundred microseconds of work.
const PIECE: usize = 256;
const FULL_PIECE: usize = 32;

/// Answers a call.
pub(super) async fn answer<B>(engine: Engine, request: http::Request<B>) -> http::Response<Body>
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    let written = Written::default();
    let call = Call {
        engine,
        written: written.clone(),
    };
    let mut grpc = Grpc::new(ReadOnly::default()).max_decoding_message_size(MAX_MESSAGE_BYTES);
    let response = grpc.unary(call, request).await;
    match written.into_body() {
        Some(body) => response.map(|_| Body::new(body)),
        None => response,
    }
}

/// One call.
struct Call {
    engine: Engine,
    written: Written,
}

impl UnaryService<BatchRequest> for Call {
    type Response = ();
    type Future = Pin<Box<dyn Future<Output = Result<Response<()>, Status>> + Send>>;

    fn call(&mut self, request: Request<BatchRequest>) -> Self::Future {
        let (engine, written) = (self.engine.clone(), self.written.clone());
        Box::pin(async move {
            written.put(resolve(&engine, request.into_inner()).await?);
            Ok(Response::new(()))
        })
    }
}

/// What a batch asks, beside its flows.
struct Asked {
    topology: TopologyName,
    consistency: Consistency,
    detail: Detail,
}

async fn resolve(engine: &Engine, wire: BatchRequest) -> Result<Vec<Bytes>, CallError> {
    check_count(engine, wire.flows.len(), wire.detail())?;
    let Asked {
        topology,
        consistency,
        detail,
    } = asked(&wire)?;
    let paths = engine.paths(&topology, consistency).await?;
    let distinct = if wire.flows.len() <= PIECE {
        Distinct::of(wire.flows)
    } else {
        engine.run(move || Distinct::of(wire.flows)).await?
    };
    let Distinct { flows, places } = distinct;
    let most = if detail == Detail::Full {
        FULL_PIECE
    } else {
        PIECE
    };
    let mut head = Vec::new();
    uint64::encode(REVISION, &paths.revision().0, &mut head);
    let room = Arc::new(Room::new(head.len()));
    let counted = (places.is_none()).then(|| Arc::clone(&room));
    let items = paths
        .in_pieces(pieces_of(flows, most), move |paths, piece| {
            items(paths, &piece, detail, counted.as_deref())
        })
        .await?;
    let mut message = vec![Bytes::from(head)];
    match places {
        None => message.extend(items.into_iter().map(|items| items.bytes)),
        Some(places) => message.push(
            engine
                .run(move || repeated(&items, &places, &room))
                .await??,
        ),
    }
    Ok(message)
}

/// Refuses a batch of more flows than its detail allows, before any of them is looked at.
fn check_count(engine: &Engine, count: usize, detail: v1::Detail) -> Result<(), CallError> {
    engine.check_batch(count)?;
    if detail == v1::Detail::Full && count > MAX_FULL_FLOWS {
        return Err(CallError::Engine(EngineError::TooManyItems {
            what: "flows with detail FULL",
            count,
            maximum: MAX_FULL_FLOWS,
        }));
    }
    Ok(())
}

fn asked(wire: &BatchRequest) -> Result<Asked, CallError> {
    read(|faults| {
        let topology = faults.field("topology", |faults| {
            Wire::parse(wire.topology.clone(), faults)
        });
        let consistency = faults.field("consistency", |faults| {
            Wire::parse(wire.consistency, faults)
        });
        let detail = faults.field("detail", |faults| Detail::parse(wire.detail, faults));
        if wire.flows.is_empty() {
            faults.field("flows", |faults| faults.missing::<()>("at least one flow"));
        }
        Some(Asked {
            topology: topology?,
            consistency: consistency?,
            detail: detail?,
        })
    })
}

/// The flows of a batch, each once: what is written alike is asked alike.
struct Distinct {
    flows: Vec<Bytes>,
    /// For each flow of the batch its place among them; none if all are distinct.
    places: Option<Vec<usize>>,
}

impl Distinct {
    fn of(flows: Vec<Bytes>) -> Self {
        let mut known: HashMap<&[u8], usize> = HashMap::with_capacity(flows.len());
        let mut places = Vec::with_capacity(flows.len());
        for flow in &flows {
            let next = known.len();
            places.push(*known.entry(flow.as_ref()).or_insert(next));
        }
        if known.len() == flows.len() {
            drop(known);
            return Self {
                flows,
                places: None,
            };
        }
        let mut distinct = Vec::with_capacity(known.len());
        for (flow, place) in flows.iter().zip(&places) {
            if *place == distinct.len() {
                distinct.push(flow.clone());
            }
        }
        Self {
            flows: distinct,
            places: Some(places),
        }
    }
}

fn pieces_of(flows: Vec<Bytes>, most: usize) -> Vec<Vec<Bytes>> {
    let mut pieces = Vec::with_capacity(flows.len().div_ceil(most));
    let mut rest = flows.into_iter().peekable();
    while rest.peek().is_some() {
        pieces.push(rest.by_ref().take(most).collect());
    }
    pieces
}

/// The items of some flows, written as fields of the answer.
struct Items {
    bytes: Bytes,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Items {
    fn range(&self, item: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(item)?;
        let begin = item.checked_sub(1).and_then(|before| self.ends.get(before));
        Some(begin.copied().unwrap_or_default()..end)
    }
}

/// Reads, resolves and writes some flows. If an answer of all pieces grows larger than a message may be, it is given up at once.
fn items(
    paths: &Paths,
    flows: &[Bytes],
    detail: Detail,
    room: Option<&Room>,
) -> Result<Items, CallError> {
    let (mut bytes, mut ends) = (
        Vec::with_capacity(flows.len() * 8),
        Vec::with_capacity(flows.len()),
    );
    for flow in flows {
        let begin = bytes.len();
        message::encode(ITEMS, &item(paths, flow, detail)?, &mut bytes);
        ends.push(bytes.len());
        if let Some(room) = room {
            room.take(bytes.len().saturating_sub(begin))?;
        }
    }
    Ok(Items {
        bytes: bytes.into(),
        ends,
    })
}

fn item(paths: &Paths, flow: &Bytes, detail: Detail) -> Result<v1::BatchItem, CallError> {
    let wire =
        v1::Flow::decode(flow.as_ref()).map_err(|source| CallError::Unreadable { source })?;
    Ok(match read(|faults| flow::parse(wire, faults)) {
        Ok(flow) => {
            let found = paths.resolve(&flow, detail.into());
            answer::item(&found, paths.revision(), detail)
        }
        Err(error) => v1::BatchItem {
            error: Some(status::unreadable(error)),
            ..v1::BatchItem::default()
        },
    })
}

/// The items at all of their places.
fn repeated(items: &[Items], places: &[usize], room: &Room) -> Result<Bytes, CallError> {
    let all: Vec<&[u8]> = items
        .iter()
        .flat_map(|items| {
            let ranges = (0..items.ends.len()).filter_map(|item| items.range(item));
            ranges.filter_map(|range| items.bytes.get(range))
        })
        .collect();
    let mut bytes = Vec::new();
    for place in places {
        let item = all.get(*place).copied().unwrap_or_default();
        room.take(item.len())?;
        bytes.extend_from_slice(item);
    }
    Ok(bytes.into())
}

/// The bytes that an answer has taken of those that a message may have.
struct Room {
    taken: AtomicUsize,
}

impl Room {
    fn new(taken: usize) -> Self {
        Self {
            taken: AtomicUsize::new(taken),
        }
    }

    fn take(&self, bytes: usize) -> Result<(), CallError> {
        let before = self.taken.fetch_add(bytes, Ordering::Relaxed);
        let size = before.saturating_add(bytes);
        if size > MAX_MESSAGE_BYTES {
            return Err(CallError::AnswerTooLarge {
                size,
                maximum: MAX_MESSAGE_BYTES,
            });
        }
        Ok(())
    }
}

impl From<Detail> for Depth {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Verdict => Self::Verdict,
            Detail::Path | Detail::Full => Self::Full,
        }
    }
}

#[cfg(test)]
mod tests;
