//! Why an import fails. Knows places in files; must not know kinds of resources.

use std::fmt;

use crate::view::Place;

/// Why a dump cannot be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file or directory cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file or directory.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("cannot parse `{file}` as JSON, line {line}, column {column}")]
    Broken {
        /// The file.
        file: String,
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, from 1.
        column: usize,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// Records that cannot be resources.
    #[error("{}", first_of(.faults))]
    Records {
        /// All the faults, in the order of the files; at least one.
        faults: Vec<RecordFault>,
    },
    /// Nothing tells the account or the Region of a resource.
    #[error(
        "cannot tell the {what} of `{id}` in `{file}`, put the file into a folder `<account>/<region>/`"
    )]
    Unlocated {
        /// `account` or `Region`.
        what: &'static str,
        /// The resource.
        id: String,
        /// A file that shows it.
        file: String,
    },
}

/// One field that keeps a record from being a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordFault {
    /// The record.
    pub place: Place,
    /// The field, with the fields and indexes above it: `Routes[2].DestinationCidrBlock`.
    pub field: String,
    /// What is wrong with it.
    pub fault: FieldFault,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldFault {
    /// It is not there.
    Missing,
    /// It is of another type than AWS gives it; the word says which it should be.
    NotA(&'static str),
    /// Its value is not of the form that the word names.
    Malformed {
        /// What it should be: `CIDR block`, `address`, `number in range`.
        form: &'static str,
        /// What it is.
        value: String,
    },
}

impl fmt::Display for RecordFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: field `{}` {}", self.place, self.field, self.fault)
    }
}

impl fmt::Display for FieldFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("is missing"),
            Self::NotA(form) => write!(out, "is not a {form}"),
            Self::Malformed { form, value } => write!(out, "is `{value}`, which is not a {form}"),
        }
    }
}

fn first_of(faults: &[RecordFault]) -> String {
    match faults {
        [] => "a record cannot be a resource".to_owned(),
        [only] => format!("{only}"),
        [first, rest @ ..] => format!("{first} (and {} more faults)", rest.len()),
    }
}
