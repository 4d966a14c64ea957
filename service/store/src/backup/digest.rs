//! The digest of a state: the same for equal states, whatever version of the program made it.
//!
//! It is over names and texts in full, not over stored bytes: those change when a dictionary grows.

use causeway_model::fields::{Field as _, Value};
use causeway_model::snapshot::Snapshot;
use sha2::{Digest as _, Sha256};

/// What the digest begins with, so that it is the digest of nothing else.
const OPENING: &[u8] = b"causeway state 1\n";

/// The digest of a state.
pub(super) fn of(snapshot: &Snapshot) -> [u8; 32] {
    let (mut sum, mut bytes) = (Sha256::new(), Vec::new());
    sum.update(OPENING);
    for resource in snapshot.iter() {
        bytes.clear();
        put(&mut bytes, &resource.to_value());
        sum.update(&bytes);
    }
    sum.finalize().into()
}

/// Writes a value in its one form: lengths and numbers have eight bytes, the lowest first, and the fields of a record are in the order of their names.
fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Absent => out.push(0),
        Value::True => out.push(1),
        Value::Number(number) => {
            out.push(2);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Text(text) => {
            out.push(3);
            put_text(out, text);
        }
        Value::List(items) => {
            out.push(4);
            put_length(out, items.len());
            items.iter().for_each(|item| put(out, item));
        }
        Value::Record(fields) => {
            out.push(5);
            put_length(out, fields.len());
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (name, value) in fields {
                put_text(out, name);
                put(out, value);
            }
        }
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    out.extend_from_slice(&length.to_le_bytes());
}
