//! Faults of a request, each with the path of its field in the contract's names. Nothing stops at the first.

use std::fmt::Write as _;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldFault {
    /// The field, as `changes[3].put.subnet.cidr_blocks[0]`.
    pub(crate) field: String,
    /// What is wrong with it, in plain words.
    pub(crate) description: String,
}

/// How many faults are kept: no answer could carry more. Further ones are counted.
pub(crate) const KEPT: usize = 1_000;

/// The faults found so far, and where in the request the reader is.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    path: Vec<Segment>,
    found: Vec<FieldFault>,
    count: usize,
}

#[derive(Debug, Clone, Copy)]
enum Segment {
    Field(&'static str),
    Item(usize),
}

impl Faults {
    /// Reads a field.
    pub(crate) fn field<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.within(Segment::Field(name), read)
    }

    /// Reads an item of the list that the reader is at.
    pub(crate) fn item<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        self.within(Segment::Item(index), read)
    }

    /// Notes a fault of the field that the reader is at. Always `None`, to be returned in place of a value.
    pub(crate) fn add<T>(&mut self, description: impl Into<String>) -> Option<T> {
        self.count = self.count.saturating_add(1);
        if self.found.len() < KEPT {
            self.found.push(FieldFault {
                field: self.here(),
                description: description.into(),
            });
        }
        None
    }

    /// Notes that the field is missing.
    pub(crate) fn missing<T>(&mut self, expected: &str) -> Option<T> {
        self.add(format!("is required, expected {expected}"))
    }

    /// How many faults were found, those included that were not kept.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The faults that were kept.
    pub(crate) fn into_found(self) -> Vec<FieldFault> {
        self.found
    }

    fn within<T>(&mut self, segment: Segment, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment);
        let value = read(self);
        self.path.pop();
        value
    }

    fn here(&self) -> String {
        let mut path = String::new();
        for segment in &self.path {
            match segment {
                Segment::Field(name) => {
                    let dot = if path.is_empty() { "" } else { "." };
                    // Names that are words of Rust too, as `type`.
                    let name = name.strip_prefix("r#").unwrap_or(name);
                    let _ = write!(path, "{dot}{name}");
                }
                Segment::Item(index) => {
                    let _ = write!(path, "[{index}]");
                }
            }
        }
        path
    }
}
