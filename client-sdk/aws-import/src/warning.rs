//! What an import tells its user beside the resources. Knows words; must not know how the facts were found.

use std::fmt;
use std::sync::Arc;

use crate::view::Place;

/// Something that a user should look at. Its `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Two files show the same resource and differ in a field; the first is taken.
    Conflict {
        /// The resource.
        resource_id: String,
        /// The field, as AWS names it.
        field: String,
        /// The file whose view is taken.
        taken: Arc<str>,
        /// The file whose view is not.
        other: Arc<str>,
    },
    /// An answer does not say whom it is about: neither a sibling key nor the file's name tells. It is left out.
    ParentUnknown {
        /// The answer.
        place: Place,
    },
    /// An answer is about a resource that the dump does not describe. It is left out.
    ParentMissing {
        /// The answer.
        place: Place,
        /// The resource it is about.
        parent_id: String,
    },
    /// An answer has more pages, or AWS says that there is more.
    Incomplete {
        /// The answer.
        place: Place,
    },
    /// What one call would tell about a resource is not in the dump.
    DetailMissing {
        /// The resource.
        resource_id: String,
        /// What is not known of it, with its verb: `its allowed principals are`.
        what: &'static str,
        /// The call that tells it: `describe-vpc-endpoint-service-permissions`.
        call: &'static str,
    },
    /// A word of AWS that this importer does not know.
    UnknownValue {
        /// The record.
        place: Place,
        /// The field.
        field: String,
        /// The word.
        value: String,
        /// What it is taken for, a value that carries no traffic where there is one; nothing when the record is left out.
        taken_for: Option<String>,
    },
    /// A record is understood, but is no resource of the contract.
    LeftOut {
        /// The record.
        place: Place,
        /// The resource.
        resource_id: String,
        /// Why.
        reason: &'static str,
    },
    /// A resource lies in something that the dump does not hold. A topology takes it only if it holds that already.
    ContainerMissing {
        /// A file that shows the resource.
        file: Arc<str>,
        /// The resource.
        resource_id: String,
        /// What it lies in.
        container_id: String,
        /// Whether the resource is left out, for AWS says that it is gone too.
        is_left_out: bool,
    },
    /// Neither the record nor its folder tells an account or a Region: it is taken from the files around.
    LocationAssumed {
        /// The file.
        file: Arc<str>,
        /// The resource.
        resource_id: String,
        /// `account` or `Region`.
        what: &'static str,
        /// What it is taken to be.
        value: String,
    },
    /// A listing is not taken to be complete, for whose it is cannot be told: nothing is deleted on its strength.
    ScopeUnknown {
        /// The listing.
        place: Place,
    },
}

impl fmt::Display for Warning {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each warning, and each arm is one sentence"
    )]
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict {
                resource_id: id,
                field,
                taken,
                other,
            } => {
                write!(
                    out,
                    "`{id}`: `{taken}` and `{other}` differ in {field}; taken from `{taken}`"
                )
            }
            Self::ParentUnknown { place } => {
                write!(
                    out,
                    "{place}: no sibling key and no id in the file's name tells whom it is about; left out"
                )
            }
            Self::ParentMissing { place, parent_id } => {
                write!(
                    out,
                    "{place}: is about `{parent_id}`, which the dump does not describe; left out"
                )
            }
            Self::Incomplete { place } => {
                write!(
                    out,
                    "{place}: there is more than this file holds; not taken to be complete"
                )
            }
            Self::DetailMissing {
                resource_id: id,
                what,
                call,
            } => {
                write!(
                    out,
                    "`{id}`: {what} not known, the dump has no whole answer to {call}"
                )
            }
            Self::UnknownValue {
                place,
                field,
                value,
                taken_for,
            } => {
                write!(out, "{place}: {field} `{value}` is not known; ")?;
                match taken_for {
                    Some(taken) => write!(out, "taken for {taken}"),
                    None => write!(out, "the record is left out"),
                }
            }
            Self::LeftOut {
                place,
                resource_id: id,
                reason,
            } => {
                write!(out, "{place}: `{id}` left out: {reason}")
            }
            Self::ContainerMissing {
                file,
                resource_id: id,
                container_id,
                is_left_out,
            } => {
                let end = if *is_left_out {
                    "; it is deleted, failed or terminated itself, and left out"
                } else {
                    ""
                };
                write!(
                    out,
                    "`{file}`: `{id}` lies in `{container_id}`, which the dump does not hold{end}"
                )
            }
            Self::LocationAssumed {
                file,
                resource_id: id,
                what,
                value,
            } => {
                write!(
                    out,
                    "`{file}`: the {what} of `{id}` is not given; taken to be {value}, as in the files around"
                )
            }
            Self::ScopeUnknown { place } => {
                write!(
                    out,
                    "{place}: whose listing this is cannot be told; nothing is deleted on its strength"
                )
            }
        }
    }
}

/// Something of a dump that was not understood. Its `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotUnderstood {
    /// The file.
    pub file: String,
    /// The top-level key; absent when nothing in the file was understood.
    pub key: Option<String>,
    /// How many records stand under the key, or how many top-level keys the file has; 1 for what cannot be counted.
    pub count: usize,
}

impl NotUnderstood {
    pub(crate) fn file(file: &str, count: usize) -> Self {
        Self {
            file: file.to_owned(),
            key: None,
            count,
        }
    }

    pub(crate) fn key(file: &str, key: &str, count: usize) -> Self {
        Self {
            file: file.to_owned(),
            key: Some(key.to_owned()),
            count,
        }
    }
}

impl fmt::Display for NotUnderstood {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(out, "`{}`: key `{key}` ({} records)", self.file, self.count),
            None => write!(out, "`{}`: the whole file", self.file),
        }
    }
}
