//! Views: what one answer shows of one resource. Knows where it came from; must not know what the fields mean.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

/// Where a record stands: a file, a top-level key, and the place in its list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, relative to the directory that is imported.
    pub file: Arc<str>,
    /// The top-level key.
    pub key: Arc<str>,
    /// Place in the list under the key, from 0; absent where the record is the whole value.
    pub index: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}`: {}", self.file, self.key)?;
        match self.index {
            Some(index) => write!(out, "[{index}]"),
            None => Ok(()),
        }
    }
}

/// How much an answer shows of a resource. Of two views that stand alike otherwise, the fuller wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// An answer about one side of it: entries, attributes, permissions.
    Part,
    /// A record made for others: embedded in another, or as a consumer sees it.
    Glimpse,
    /// The record of its own describe call.
    Full,
}

/// What one answer shows of one resource.
#[derive(Debug)]
pub(crate) struct View {
    /// The fields, as AWS names them.
    pub(crate) fields: Map<String, Value>,
    /// Where they stand.
    pub(crate) place: Place,
    /// Index of the document.
    pub(crate) source: usize,
    /// How much it shows.
    pub(crate) shape: Shape,
}
