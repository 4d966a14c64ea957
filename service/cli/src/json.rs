//! The contract's messages as JSON, both ways, from the contract's own description: whatever is added to the contract is here at once.
//!
//! Names are lowerCamelCase, enum values go without their prefix (`REACHABLE`), and 64-bit numbers are numbers. Fields that cannot be absent are always
//! there, also when empty (an enum that was not given is `UNSPECIFIED`); absent ones are left out. Input may also use snake_case names, enum values with
//! their prefix, numbers as text, and `null` for what is absent; a field that the message does not have is an error that says where.

mod read;
mod write;

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, MessageDescriptor};
use serde_json::Value;

use causeway_proto::{FILE_DESCRIPTOR_SET, v1};

pub(crate) use self::read::describe;

/// A message of the contract, with its name there.
pub trait Contract: Message + Default {
    /// Its name inside `causeway.v1`.
    const NAME: &'static str;
}

/// Why JSON and a message do not go together.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The contract's description lacks a message, or is broken: a fault of the build.
    #[error("the contract's description has no message `{name}`")]
    Contract {
        /// Name of the message.
        name: &'static str,
    },
    /// A message and the contract's description differ.
    #[error("the message does not match the contract's description")]
    Mismatch(#[from] prost::DecodeError),
    /// A value is wrong.
    #[error("{}{fault}", place(.path))]
    Value {
        /// Where, as `changes[0].put.vpc.cidrBlocks`; empty for the whole document.
        path: String,
        /// What is wrong there.
        fault: Fault,
    },
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A field that the message does not have.
    #[error("there is no such field in {message}; it has {}", list(.known))]
    UnknownField {
        /// The message.
        message: String,
        /// Its fields, those that are most like it first.
        known: Vec<String>,
    },
    /// A value of another type.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A word that is not a value of the enum.
    #[error("`{found}` is none of {}", list(.known))]
    UnknownValue {
        /// What it is.
        found: String,
        /// What it may be, those that are most like it first.
        known: Vec<String>,
    },
    /// A field stands twice, or two fields of which only one may stand.
    #[error("stands beside `{other}`; only one of them may be given")]
    OneOnly {
        /// The other one.
        other: String,
    },
    /// A value of a well-known type that cannot be read.
    #[error("{message}")]
    WellKnown {
        /// What is wrong with it.
        message: String,
    },
}

/// A message as JSON.
///
/// # Errors
/// Only if the contract's description is not of this build.
pub fn to_value<M: Contract>(message: &M) -> Result<Value, JsonError> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>()?);
    dynamic.transcode_from(message)?;
    Ok(write::message(&dynamic))
}

/// A message from JSON.
///
/// # Errors
/// [`JsonError::Value`] for the first value that is wrong.
pub fn from_value<M: Contract>(value: &Value) -> Result<M, JsonError> {
    let dynamic = read::message(value, &descriptor::<M>()?)?;
    Ok(dynamic.transcode_to()?)
}

/// What a JSON parser said, without the place, which is given as line and column.
pub(crate) fn fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((fault, _place)) => fault.to_owned(),
        None => text,
    }
}

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        $(impl Contract for v1::$name {
            const NAME: &'static str = stringify!($name);
        })*
    };
}

contract! {
    ApplyChangesRequest, ApplyChangesResponse, CreateTopologyRequest, DeleteRevisionLabelResponse, DeleteTopologyResponse, DiffRevisionsResponse,
    ImportResourcesResponse, ListResourcesResponse, ListRevisionLabelsResponse, ListRevisionsResponse, ListTopologiesResponse, PathAnswer, Resource,
    Revision, RevisionLabel, RollbackTopologyResponse, Topology,
}

fn descriptor<M: Contract>() -> Result<MessageDescriptor, JsonError> {
    static POOL: LazyLock<Option<DescriptorPool>> =
        LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).ok());
    let name = format!("causeway.v1.{}", M::NAME);
    let pool = POOL.as_ref();
    pool.and_then(|pool| pool.get_message_by_name(&name))
        .ok_or(JsonError::Contract { name: M::NAME })
}

/// The prefix that the values of an enum share: the name of the zero value without its last word.
fn prefix(descriptor: &EnumDescriptor) -> String {
    let zero = descriptor.default_value();
    let name = zero.name();
    name.strip_suffix("UNSPECIFIED").unwrap_or("").to_owned()
}

fn place(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("`{path}`: ")
    }
}

/// The first words, and how many more there are.
fn list(words: &[String]) -> String {
    const SHOWN: usize = 6;
    let quoted: Vec<_> = words
        .iter()
        .take(SHOWN)
        .map(|word| format!("`{word}`"))
        .collect();
    match words.len().checked_sub(SHOWN) {
        None | Some(0) if quoted.is_empty() => "none".to_owned(),
        None | Some(0) => quoted.join(", "),
        Some(more) => format!("{} and {more} more", quoted.join(", ")),
    }
}

#[cfg(test)]
mod tests;
