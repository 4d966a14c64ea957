//! The bytes of a model value, and of the resources, changes and times that are made of them.
//!
//! It knows the model's generic view of a resource and no kind of resource: a new field or kind needs no change here.

use std::time::Duration;

use causeway_model::change::Change;
use causeway_model::fields::{Field, FieldName, Value};
use causeway_model::resource::Resource;
use causeway_model::revision::{Timestamp, TraceParent};

use super::codec::{self, Input, RecordError, low_byte};
use super::names;

/// How deep lists and records may be nested. The model's deepest resource needs seven.
pub(crate) const MAX_DEPTH: usize = 32;

const ABSENT: u8 = 0;
const TRUE: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const WORD: u8 = 4;
const LIST: u8 = 5;
const RECORD: u8 = 6;
/// Tags from here to 127 are the numbers from 0 to 63.
const SMALL_NUMBERS: u8 = 0x40;
/// Tags from here to 255 are the first 128 words.
const FIRST_WORDS: u8 = 0x80;

/// The most entries to reserve memory for before they have been read.
const MAX_RESERVED: usize = 256;

/// Writes a value.
pub(crate) fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Absent => out.push(ABSENT),
        Value::True => out.push(TRUE),
        Value::Number(number) => put_whole(out, *number),
        Value::Text(text) => put_word(out, text),
        Value::List(items) => {
            out.push(LIST);
            codec::put_length(out, items.len());
            items.iter().for_each(|item| put_value(out, item));
        }
        Value::Record(fields) => {
            out.push(RECORD);
            codec::put_length(out, fields.len());
            for (name, value) in fields {
                put_name(out, name);
                put_value(out, value);
            }
        }
    }
}

fn put_whole(out: &mut Vec<u8>, number: i64) {
    match u8::try_from(number) {
        Ok(small) if small < FIRST_WORDS - SMALL_NUMBERS => out.push(SMALL_NUMBERS + small),
        Ok(_) | Err(_) => {
            out.push(NUMBER);
            codec::put_signed(out, number);
        }
    }
}

fn put_word(out: &mut Vec<u8>, text: &str) {
    match names::place_of_word(text) {
        Some(place) if place < 0x80 => out.push(FIRST_WORDS | low_byte(place)),
        Some(place) => {
            out.push(WORD);
            codec::put_number(out, place);
        }
        None => {
            out.push(TEXT);
            codec::put_text(out, text);
        }
    }
}

/// Names start with their place in the dictionary and one more, or with 0 and are written in full.
fn put_name(out: &mut Vec<u8>, name: &str) {
    if let Some(place) = names::place_of_name(name) {
        codec::put_number(out, place.saturating_add(1));
    } else {
        codec::put_number(out, 0);
        codec::put_text(out, name);
    }
}

/// Reads a value.
pub(crate) fn take_value(input: &mut Input<'_>) -> Result<Value, RecordError> {
    take_nested(input, MAX_DEPTH)
}

fn take_nested(input: &mut Input<'_>, depth: usize) -> Result<Value, RecordError> {
    let inner = || {
        depth
            .checked_sub(1)
            .ok_or(RecordError::Deep { limit: MAX_DEPTH })
    };
    match input.byte()? {
        ABSENT => Ok(Value::Absent),
        TRUE => Ok(Value::True),
        NUMBER => input.signed().map(Value::Number),
        TEXT => input.text().map(|text| Value::Text(text.to_owned())),
        WORD => {
            let place = input.number()?;
            word(place)
        }
        LIST => take_list(input, inner()?).map(Value::List),
        RECORD => take_record(input, inner()?).map(Value::Record),
        tag @ FIRST_WORDS.. => word(u64::from(tag & 0x7f)),
        tag @ SMALL_NUMBERS.. => Ok(Value::Number(i64::from(tag - SMALL_NUMBERS))),
        tag => Err(RecordError::Tag { tag }),
    }
}

fn word(place: u64) -> Result<Value, RecordError> {
    names::word_at(place)
        .map(|word| Value::Text(word.to_owned()))
        .ok_or(RecordError::Place { place })
}

fn take_list(input: &mut Input<'_>, depth: usize) -> Result<Vec<Value>, RecordError> {
    let count = input.count(1)?;
    let mut items = Vec::with_capacity(count.min(MAX_RESERVED));
    for _ in 0..count {
        items.push(take_nested(input, depth)?);
    }
    Ok(items)
}

fn take_record(
    input: &mut Input<'_>,
    depth: usize,
) -> Result<Vec<(FieldName, Value)>, RecordError> {
    let count = input.count(2)?;
    let mut fields = Vec::with_capacity(count.min(MAX_RESERVED));
    for _ in 0..count {
        fields.push((take_name(input)?, take_nested(input, depth)?));
    }
    Ok(fields)
}

fn take_name(input: &mut Input<'_>) -> Result<FieldName, RecordError> {
    match input.number()?.checked_sub(1) {
        Some(place) => names::name_at(place)
            .map(FieldName::Borrowed)
            .ok_or(RecordError::Place { place }),
        None => input.text().map(|name| FieldName::Owned(name.to_owned())),
    }
}

/// Writes a resource.
pub(crate) fn put_resource(out: &mut Vec<u8>, resource: &Resource) {
    put_value(out, &resource.to_value());
}

/// Reads a resource.
pub(crate) fn take_resource(input: &mut Input<'_>) -> Result<Resource, RecordError> {
    let value = take_value(input)?;
    Resource::from_value(value).map_err(|source| RecordError::Resource { source })
}

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// Writes a change.
pub(crate) fn put_change(out: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Put(resource) => {
            out.push(PUT);
            put_resource(out, resource);
        }
        Change::Delete(id) => {
            out.push(DELETE);
            codec::put_text(out, id.as_str());
        }
    }
}

/// Reads a change.
pub(crate) fn take_change(input: &mut Input<'_>) -> Result<Change, RecordError> {
    match input.byte()? {
        PUT => take_resource(input).map(Change::put),
        DELETE => match input.text()?.parse() {
            Ok(id) => Ok(Change::Delete(id)),
            Err(error) => Err(RecordError::Id {
                reason: format!("{error}"),
            }),
        },
        tag => Err(RecordError::Tag { tag }),
    }
}

/// Writes a moment: seconds, and nanoseconds of the second.
pub(crate) fn put_time(out: &mut Vec<u8>, time: Timestamp) {
    codec::put_number(out, time.0.as_secs());
    codec::put_number(out, time.0.subsec_nanos().into());
}

/// Writes a place in a trace, or that there is none.
pub(crate) fn put_trace(out: &mut Vec<u8>, trace: Option<TraceParent>) {
    out.push(trace.is_some().into());
    if let Some(trace) = trace {
        out.extend_from_slice(&trace.trace_id());
        out.extend_from_slice(&trace.span_id());
        out.push(trace.is_sampled().into());
    }
}

/// Reads a place in a trace.
pub(crate) fn take_trace(input: &mut Input<'_>) -> Result<Option<TraceParent>, RecordError> {
    if !take_flag(input)? {
        return Ok(None);
    }
    let (trace, span) = (input.array()?, input.array()?);
    let parent = TraceParent::new(trace, span, take_flag(input)?);
    // Numbers that are all zeros are no place.
    parent.map(Some).ok_or(RecordError::Tag { tag: 0 })
}

fn take_flag(input: &mut Input<'_>) -> Result<bool, RecordError> {
    match input.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        tag => Err(RecordError::Tag { tag }),
    }
}

/// Reads a moment.
pub(crate) fn take_time(input: &mut Input<'_>) -> Result<Timestamp, RecordError> {
    let seconds = input.number()?;
    let number = input.number()?;
    match u32::try_from(number) {
        Ok(nanoseconds) if nanoseconds < 1_000_000_000 => {
            Ok(Timestamp(Duration::new(seconds, nanoseconds)))
        }
        Ok(_) | Err(_) => Err(RecordError::Range {
            what: "nanoseconds",
            number,
        }),
    }
}
