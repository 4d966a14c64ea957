//! Items that are at hand: found where the call is, since another thread takes longer to wake up than they take.

use causeway_engine::Paths;
use prost::bytes::Bytes;
use tokio::task::yield_now;

use super::items::{Items, Room};
use crate::error::CallError;
use crate::numbering::{Number, Numbering};
use crate::path_service::answers::Answers;
use crate::telemetry::{Part, Stage, is_traced};
use crate::wire::answer::Detail;

/// Most flows of a call that are looked up so. More of them go to the compute pool at once.
const FEW: usize = 1_024;

/// Flows after which others have their turn: some ten microseconds.
const TURN: usize = 128;

/// What is at hand of some flows.
pub(super) struct Looked {
    /// Their items, with places left for those that are not at hand; none if nobody looked.
    pub(super) found: Option<Items>,
    /// The flows that are not at hand, in order.
    pub(super) missing: Vec<Bytes>,
    /// How many distinct flows they all are, if the call is traced and somebody looked.
    pub(super) distinct: usize,
    /// The part of the call that began with looking, and goes on with the walks of what is missing.
    pub(super) stage: Option<Stage>,
}

/// Looks for the items of flows, if there may be some, they are few, and their detail has no traces.
pub(super) async fn look(
    (answers, paths): (&Answers, &Paths),
    detail: Detail,
    flows: Vec<Bytes>,
    room: &Room,
) -> Result<Looked, CallError> {
    let has_traces = match detail {
        Detail::Verdict | Detail::Path => false,
        Detail::Full => true,
    };
    if has_traces || flows.len() > FEW || answers.items_at_hand(paths, detail).is_none() {
        return Ok(Looked {
            found: None,
            missing: flows,
            distinct: 0,
            stage: None,
        });
    }
    let stage = Stage::begin(Part::Walk);
    let distinct = if is_traced() { distinct(&flows) } else { 0 };
    let (mut items, mut missing) = (Items::with_capacity(flows.len()), Vec::new());
    for turn in flows.chunks(TURN) {
        let Some(mut answers) = answers.items_at_hand(paths, detail) else {
            continue;
        };
        for flow in turn {
            match answers.look(flow) {
                Some(item) => items.push_written(None, &item)?,
                None => {
                    items.leave();
                    missing.push(flow.clone());
                }
            }
        }
        drop(answers);
        yield_now().await;
    }
    if missing.is_empty() {
        room.take(items.bytes.len())?;
    }
    Ok(Looked {
        found: Some(items),
        missing,
        distinct,
        stage: Some(stage),
    })
}

fn distinct(flows: &[Bytes]) -> usize {
    let mut known = Numbering::with_capacity(flows.len());
    let numbers = flows.iter().map(|flow| known.of(flow.as_ref()));
    numbers
        .filter(|number| matches!(number, Number::New(_)))
        .count()
}
