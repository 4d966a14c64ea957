//! Some flows of a call, resolved: what BatchResolvePaths does once, and StreamResolvePaths for each chunk.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_engine::{Engine, Paths};
use causeway_proto::v1;
use prost::bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, message, uint64};

use super::Asking;
use super::answers::Answers;
use crate::error::CallError;
use crate::numbering::{Number, Numbering};
use crate::server::MAX_MESSAGE_BYTES;
use crate::telemetry::{Part, Stage, note};
use crate::wire::answer::{self, Detail, Sharing, Table};

/// Fields of BatchResolvePathsResponse and of StreamResolvePathsResponse.
const REVISION: u32 = 1;
const ITEMS: u32 = 2;
const TRACES: u32 = 3;

/// Flows that one thread resolves before another caller has its turn: some hundred microseconds of work.
const PIECE: usize = 256;
const FULL_PIECE: usize = 32;

/// Reads, resolves and writes flows on the compute pool, piece by piece: the fields of an answer that both methods have, in byte strings that
/// follow each other.
pub(super) async fn resolve(
    Asking {
        asker,
        answers,
        stopping: _,
    }: &Asking,
    paths: &Paths,
    detail: Detail,
    flows: Vec<Bytes>,
) -> Result<Vec<Bytes>, CallError> {
    let (engine, asked) = (asker.work(), flows.len());
    let Distinct { flows, places } = if flows.len() <= PIECE {
        Distinct::of(flows)
    } else {
        engine.run(move || Distinct::of(flows)).await?
    };
    let distinct = flows.len();
    let mut head = Vec::new();
    uint64::encode(REVISION, &paths.revision().0, &mut head);
    let room = Arc::new(Room::new(head.len()));
    let counted = places.is_none().then(|| Arc::clone(&room));
    let answers = Arc::clone(answers);
    let (items, traces) = match detail {
        Detail::Verdict | Detail::Path => {
            let work = move |paths: &Paths, piece: Vec<Bytes>| {
                short(&answers, paths, &piece, detail, counted.as_deref())
            };
            let _stage = Stage::begin(Part::Walk);
            let items = paths.in_pieces(pieces_of(flows, PIECE), work).await?;
            (items, Bytes::new())
        }
        Detail::Full => whole(engine, answers, paths, flows, counted).await?,
    };
    note(|facts| {
        *facts.flows.get_or_insert_default() += asked;
        *facts.distinct_flows.get_or_insert_default() += distinct;
        facts.cache_hits = paths.hits();
    });
    let _stage = Stage::begin(Part::Encode);
    room.take(traces.len())?;
    let mut message = vec![Bytes::from(head)];
    match places {
        None => message.extend(items.into_iter().map(|items| items.bytes.into())),
        Some(places) => {
            let repeat = move || repeated(&items, &places, &room);
            message.push(engine.run(repeat).await??);
        }
    }
    message.push(traces);
    Ok(message)
}

/// Whole answers: resolved in pieces, their traces taken together in one, and written in pieces.
async fn whole(
    engine: &Engine,
    answers: Arc<Answers>,
    paths: &Paths,
    flows: Vec<Bytes>,
    room: Option<Arc<Room>>,
) -> Result<(Vec<Items>, Bytes), CallError> {
    let walk = move |paths: &Paths, piece: Vec<Bytes>| full(&answers, paths, &piece);
    let stage = Stage::begin(Part::Walk);
    let pieces = paths.in_pieces(pieces_of(flows, FULL_PIECE), walk).await?;
    drop(stage);
    let _stage = Stage::begin(Part::Encode);
    let share = move || {
        let mut table = Table::default();
        let pieces = pieces.into_iter();
        let pieces: Vec<_> = pieces
            .map(|(items, sharing)| (items, table.take(sharing)))
            .collect();
        (pieces, table.into_field(TRACES))
    };
    let (pieces, traces) = engine.run(share).await?;
    let write = move |_: &Paths, (mut items, places): (Vec<v1::BatchItem>, Vec<u32>)| {
        for item in &mut items {
            answer::renumber(item, &places);
        }
        let mut written = Items::with_capacity(items.len());
        for item in items {
            written.push(room.as_deref(), |bytes| {
                message::encode(ITEMS, &item, bytes)
            })?;
        }
        Ok::<_, CallError>(written)
    };
    Ok((paths.in_pieces(pieces, write).await?, traces))
}

/// The flows of a call, each once: what is written alike is asked alike.
struct Distinct {
    flows: Vec<Bytes>,
    /// For each flow of the call its place among them; none if all are distinct.
    places: Option<Vec<u32>>,
}

impl Distinct {
    fn of(flows: Vec<Bytes>) -> Self {
        let mut known = Numbering::with_capacity(flows.len());
        let places: Vec<Number> = flows.iter().map(|flow| known.of(flow.as_ref())).collect();
        drop(known);
        let is_new = |place: &&Number| matches!(place, Number::New(_));
        if places.iter().filter(is_new).count() == flows.len() {
            return Self {
                flows,
                places: None,
            };
        }
        let distinct = flows.into_iter().zip(&places);
        let distinct = distinct.filter(|(_, place)| is_new(place));
        Self {
            flows: distinct.map(|(flow, _)| flow).collect(),
            places: Some(places.into_iter().map(Number::get).collect()),
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

/// Reads, resolves and writes some flows whose items have no traces.
fn short(
    answers: &Answers,
    paths: &Paths,
    flows: &[Bytes],
    detail: Detail,
    room: Option<&Room>,
) -> Result<Items, CallError> {
    let mut items = Items::with_capacity(flows.len());
    for flow in flows {
        let item = answers.item(paths, flow, detail)?;
        items.push(room, |bytes| {
            encode_key(ITEMS, WireType::LengthDelimited, bytes);
            encode_varint(u64::try_from(item.len()).unwrap_or(u64::MAX), bytes);
            bytes.extend_from_slice(&item);
        })?;
    }
    Ok(items)
}

/// Reads and resolves some flows: a whole item for each, and the traces that they name.
fn full(
    answers: &Answers,
    paths: &Paths,
    flows: &[Bytes],
) -> Result<(Vec<v1::BatchItem>, Sharing), CallError> {
    let mut sharing = Sharing::default();
    let items = flows
        .iter()
        .map(|flow| answers.whole(paths, flow, &mut sharing));
    let items: Result<Vec<_>, CallError> = items.collect();
    Ok((items?, sharing))
}

/// Items, written as fields of the answer.
struct Items {
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Items {
    fn with_capacity(items: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(items.saturating_mul(12)),
            ends: Vec::with_capacity(items),
        }
    }

    /// Writes an item. If those of all pieces grow larger than a message may be, they are given up at once.
    fn push(
        &mut self,
        room: Option<&Room>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), CallError> {
        let begin = self.bytes.len();
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
        match room {
            Some(room) => room.take(self.bytes.len().saturating_sub(begin)),
            None => Ok(()),
        }
    }

    fn range(&self, item: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(item)?;
        let begin = item.checked_sub(1).and_then(|before| self.ends.get(before));
        Some(begin.copied().unwrap_or_default()..end)
    }
}

/// The items at all of their places.
fn repeated(items: &[Items], places: &[u32], room: &Room) -> Result<Bytes, CallError> {
    let all: Vec<&[u8]> = items
        .iter()
        .flat_map(|items| {
            let ranges = (0..items.ends.len()).filter_map(|item| items.range(item));
            ranges.filter_map(|range| items.bytes.get(range))
        })
        .collect();
    let mut bytes = Vec::new();
    for place in places {
        let item = usize::try_from(*place)
            .ok()
            .and_then(|place| all.get(place));
        let item = item.copied().unwrap_or_default();
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

#[cfg(test)]
mod tests;
