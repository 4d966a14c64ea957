//! Some flows of a call, resolved: what BatchResolvePaths does once, and StreamResolvePaths for each chunk.

mod at_hand;
mod distinct;
mod items;

use std::sync::Arc;

use causeway_engine::{Engine, Paths};
use causeway_proto::v1;
use prost::bytes::Bytes;
use prost::encoding::{message, uint64};

use super::Asking;
use super::answers::Answers;
use crate::error::CallError;
use crate::telemetry::{Part, Stage, note};
use crate::wire::answer::{self, Detail, Sharing, Table};
use at_hand::Looked;
use distinct::Distinct;
use items::{Items, Room, woven};

/// Fields of BatchResolvePathsResponse and of StreamResolvePathsResponse.
const REVISION: u32 = 1;
const ITEMS: u32 = 2;
const TRACES: u32 = 3;

/// Flows that one thread resolves before another caller has its turn: some hundred microseconds of work.
const PIECE: usize = 256;
const FULL_PIECE: usize = 32;

/// Reads, resolves and writes flows on the compute pool, piece by piece, but for few that are at hand: the fields of an answer that both methods have, in
/// byte strings that follow each other.
pub(super) async fn resolve(
    asking: &Asking,
    paths: &Paths,
    detail: Detail,
    flows: Vec<Bytes>,
) -> Result<Vec<Bytes>, CallError> {
    let (engine, asked) = (asking.asker.work(), flows.len());
    let mut head = Vec::new();
    uint64::encode(REVISION, &paths.revision().0, &mut head);
    let room = Arc::new(Room::new(head.len()));
    let mut message = vec![Bytes::from(head)];
    let Looked {
        found,
        missing,
        distinct,
        stage,
    } = at_hand::look((&asking.answers, paths), detail, flows, &room).await?;
    if missing.is_empty() {
        drop(stage);
        let _stage = Stage::begin(Part::Encode);
        told(paths, asked, distinct);
        message.extend(found.map(|found| Bytes::from(found.bytes)));
        return Ok(message);
    }
    let Distinct { flows, places } = if missing.len() <= PIECE {
        Distinct::of(missing)
    } else {
        engine.run(move || Distinct::of(missing)).await?
    };
    let distinct = found.as_ref().map_or(flows.len(), |_| distinct);
    let is_in_order = found.is_none() && places.is_none();
    let counted = is_in_order.then(|| Arc::clone(&room));
    let answers = Arc::clone(&asking.answers);
    let (items, traces) = match detail {
        Detail::Verdict | Detail::Path => {
            let work = move |paths: &Paths, piece: Vec<Bytes>| {
                short(&answers, paths, &piece, detail, counted.as_deref())
            };
            let _stage = stage.unwrap_or_else(|| Stage::begin(Part::Walk));
            let items = paths.in_pieces(pieces_of(flows, PIECE), work).await?;
            (items, Bytes::new())
        }
        Detail::Full => whole(engine, answers, paths, flows, counted).await?,
    };
    told(paths, asked, distinct);
    let _stage = Stage::begin(Part::Encode);
    room.take(traces.len())?;
    if is_in_order {
        message.extend(items.into_iter().map(|items| items.bytes.into()));
    } else {
        let weave = move || woven(found.as_ref(), &items, places.as_deref(), &room);
        message.push(engine.run(weave).await??);
    }
    message.push(traces);
    Ok(message)
}

/// Adds to what is known of the call.
fn told(paths: &Paths, asked: usize, distinct: usize) {
    note(|facts| {
        *facts.flows.get_or_insert_default() += asked;
        *facts.distinct_flows.get_or_insert_default() += distinct;
        facts.cache_hits = paths.hits();
    });
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
        items.push_written(room, &item)?;
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

#[cfg(test)]
mod tests;
