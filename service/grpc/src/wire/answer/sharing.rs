//! Traces of many answers in a table, equal ones and equal parts of them once.
//!
//! Each piece of a call has a [`Sharing`] of its own, so that pieces are made at once. A [`Table`] takes them together in the order of the pieces, so that the
//! same flows make the same table.

use causeway_model::trace::{Header, Hop, Step, Trace};
use causeway_proto::v1;
use prost::Message;
use prost::bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, uint32};

use super::{header, named};
use crate::numbering::{Number, Numbering};
use crate::wire::Wire;

/// Fields of TraceTable, and of SharedTrace.
const TRACES: u32 = 1;
const HOPS: u32 = 2;
const HOPS_OF_TRACE: u32 = 1;

/// The traces of some answers.
#[derive(Debug, Default)]
pub(crate) struct Sharing {
    traces: Vec<Parts>,
    places: Numbering<Parts>,
    hops: Distinct,
}

/// A trace: places of its hops, and the rest of it as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Parts {
    hops: Vec<u32>,
    rest: Bytes,
}

/// The traces of all answers of a message.
#[derive(Debug, Default)]
pub(crate) struct Table {
    traces: Distinct,
    hops: Distinct,
}

/// Written messages, each once, by their places.
#[derive(Debug, Default)]
struct Distinct {
    written: Vec<Bytes>,
    places: Numbering<Bytes>,
}

// === impl Sharing ===

impl Sharing {
    /// The place of a trace among those of these answers.
    pub(super) fn place(&mut self, trace: &Trace) -> u32 {
        let mut headers = Headers::default();
        let hops = trace.hops.iter().map(|hop| {
            let written = shared_hop(hop, &mut headers).encode_to_vec();
            self.hops.place(written.into())
        });
        let hops = hops.collect();
        let rest = v1::SharedTrace {
            hops: Vec::new(),
            headers: headers.0.into_iter().map(header).collect(),
            disposition: trace.disposition.render(),
        };
        let parts = Parts {
            hops,
            rest: rest.encode_to_vec().into(),
        };
        let number = self.places.of(parts.clone());
        if let Number::New(_) = number {
            self.traces.push(parts);
        }
        number.get()
    }
}

/// The headers of a trace, each once, in the order of their first use.
#[derive(Default)]
struct Headers<'t>(Vec<&'t Header>);

impl<'t> Headers<'t> {
    fn place(&mut self, header: &'t Header) -> u32 {
        // There are two or three; the last one is met most.
        let known = self.0.iter().rposition(|held| *held == header);
        let place = known.unwrap_or_else(|| {
            self.0.push(header);
            self.0.len().saturating_sub(1)
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}

fn shared_hop<'t>(hop: &'t Hop, headers: &mut Headers<'t>) -> v1::SharedHop {
    let Hop {
        resource,
        account,
        steps,
    } = hop;
    let (resource_id, resource_kind, name) = named(resource.as_ref());
    v1::SharedHop {
        resource_id,
        resource_kind,
        name,
        steps: steps
            .iter()
            .map(|step| shared_step(step, headers))
            .collect(),
        account: account
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

fn shared_step<'t>(step: &'t Step, headers: &mut Headers<'t>) -> v1::SharedStep {
    let Step {
        stage,
        resource,
        rule,
        action,
        code,
        before,
        after,
    } = step;
    v1::SharedStep {
        stage: stage.render(),
        resource_id: resource
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        rule: rule.clone().into_owned(),
        action: action.render(),
        code: code.render(),
        before: headers.place(before),
        after: after.as_ref().map(|after| headers.place(after)),
    }
}

// === impl Table ===

impl Table {
    /// Takes traces in, and tells for each its place here.
    pub(crate) fn take(&mut self, sharing: Sharing) -> Vec<u32> {
        let hops = sharing.hops.written.into_iter();
        let moved: Vec<u32> = hops.map(|hop| self.hops.place(hop)).collect();
        let traces = sharing.traces.into_iter();
        traces
            .map(|Parts { hops, rest }| {
                let hops = hops.iter().filter_map(|hop| at(&moved, *hop));
                let mut written = Vec::with_capacity(rest.len() + 16);
                uint32::encode_packed(HOPS_OF_TRACE, &hops.collect::<Vec<_>>(), &mut written);
                written.extend_from_slice(&rest);
                self.traces.place(written.into())
            })
            .collect()
    }

    /// The table as this field of a message; nothing if it is empty.
    pub(crate) fn into_field(self, field: u32) -> Bytes {
        let mut body = Vec::new();
        let traces = self.traces.written.iter().map(|trace| (TRACES, trace));
        let hops = self.hops.written.iter().map(|hop| (HOPS, hop));
        for (part, written) in traces.chain(hops) {
            put_message(part, written, &mut body);
        }
        let mut whole = Vec::with_capacity(body.len() + 8);
        if !body.is_empty() {
            put_message(field, &body, &mut whole);
        }
        whole.into()
    }
}

/// Names the traces of an item by their places in a table.
pub(crate) fn renumber(item: &mut v1::BatchItem, places: &[u32]) {
    let Some(answer) = &mut item.answer else {
        return;
    };
    let alternatives = answer.alternatives.iter_mut();
    let others = alternatives.flat_map(|other| [&mut other.forward_trace, &mut other.return_trace]);
    for place in [&mut answer.forward_trace, &mut answer.return_trace]
        .into_iter()
        .chain(others)
    {
        *place = place.and_then(|old| at(places, old));
    }
}

fn at(places: &[u32], place: u32) -> Option<u32> {
    places.get(usize::try_from(place).ok()?).copied()
}

fn put_message(field: u32, written: &[u8], out: &mut Vec<u8>) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(u64::try_from(written.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(written);
}

// === impl Distinct ===

impl Distinct {
    fn place(&mut self, written: Bytes) -> u32 {
        let number = self.places.of(written.clone());
        if let Number::New(_) = number {
            self.written.push(written);
        }
        number.get()
    }
}
