//! What differs between two resources, field by field, in the names of the contract.
//!
//! It compares what the contract says of the two, by the contract's own description: a path that is told here is one that a request may
//! have. It knows resources as trees of named values, and of what they mean only which items of lists have a key.

mod list;
mod tree;

use causeway_model::resource::Resource;
use causeway_proto::v1;
use serde_json::Value;

use crate::error::CallError;
use crate::wire::Wire;

/// Every field that differs, in the order of the contract.
pub(crate) fn fields(
    before: &Resource,
    after: &Resource,
) -> Result<Vec<v1::FieldDifference>, CallError> {
    let read = |resource: &Resource| tree::of(&Wire::<v1::Resource>::render(resource));
    let mut found = Found::default();
    found.compare("", &read(before)?, &read(after)?);
    Ok(found.0)
}

/// The differences found so far.
#[derive(Debug, Default)]
struct Found(Vec<v1::FieldDifference>);

impl Found {
    /// Compares two values of one field; a field that is not set is null.
    fn compare(&mut self, path: &str, before: &Value, after: &Value) {
        match (before, after) {
            (before, after) if before == after => {}
            (Value::Object(old), Value::Object(new)) => {
                // Both are the same message, so that they have the same fields in the same order.
                for (name, old) in old {
                    let new = new.get(name).unwrap_or(&Value::Null);
                    self.compare(&join(path, name), old, new);
                }
            }
            (Value::Array(old), Value::Array(new)) => list::compare(self, path, (old, new)),
            (Value::Array(old), Value::Null) => list::compare(self, path, (old, &[])),
            (Value::Null, Value::Array(new)) => list::compare(self, path, (&[], new)),
            (before, after) => self.add(path.to_owned(), before, after),
        }
    }

    fn add(&mut self, path: String, before: &Value, after: &Value) {
        self.0.push(v1::FieldDifference {
            path,
            old_value: tree::message(before),
            new_value: tree::message(after),
        });
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests;
