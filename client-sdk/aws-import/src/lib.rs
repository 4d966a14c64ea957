//! Turns the JSON that the AWS CLI and boto3 print into resources of the contract.
//!
//! It knows AWS's names and shapes, and that answers are known by their top-level keys wherever a file lies. It must
//! not know how a topology is served, stored or resolved.
//!
//! The way of an import: files become documents (`document`), whose top-level keys (`keys`) become views of resources
//! (`gather`); the views of one id are laid over each other (`merge`) and read as one resource (`kinds`); what takes
//! more than one resource to tell is filled in last (`finish`, `scope`).

mod document;
mod error;
mod finish;
mod gather;
mod keys;
mod kinds;
mod location;
mod locator;
mod merge;
mod names;
mod notes;
mod record;
mod scope;
mod special;
mod tree;
mod view;
mod warning;

use std::path::Path;

use causeway_proto::v1;

pub use error::{FieldFault, ImportError, RecordFault};
pub use view::Place;
pub use warning::{NotUnderstood, Warning};

use document::Document;
use gather::Gather;

/// What a dump of AWS JSON holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The resources, by kind and then by id; each id once.
    pub resources: Vec<v1::Resource>,
    /// What the dump shows complete: each (account, Region, kind) of which it holds an unbroken listing, an empty one
    /// too. Sorted, each once.
    pub scopes: Vec<v1::ImportScope>,
    /// What a user should look at, each in one line.
    pub warnings: Vec<Warning>,
    /// Everything that was not understood and is therefore not in `resources`.
    pub not_understood: Vec<NotUnderstood>,
    /// What is taken for granted where the dump is silent, a sentence each.
    pub assumptions: Vec<String>,
}

/// Reads every `*.json` file below a directory; other files are listed as not understood. Links to directories are
/// not followed.
///
/// # Errors
/// A file that cannot be read or is not JSON, a record that cannot be a resource, or a resource whose account or
/// Region nothing tells.
pub fn read_dir(dir: &Path) -> Result<Import, ImportError> {
    let mut gather = Gather::default();
    let root = tree::root_location(dir);
    for file in tree::files(dir)? {
        if file.is_json {
            let text = tree::read(&file.path)?;
            let document = Document::parse(&file.name, &text)?.within(&root);
            gather.document(document);
        } else {
            gather
                .not_understood
                .push(NotUnderstood::file(&file.name, 1));
        }
    }
    merge::import(gather)
}

/// Reads documents that are already in memory, each with its name. The folders in a name count as they would on disk:
/// `111111111111/eu-west-1/describe-vpcs.json`.
///
/// # Errors
/// As [`read_dir`], but for reading files.
pub fn read_documents<N, T>(
    documents: impl IntoIterator<Item = (N, T)>,
) -> Result<Import, ImportError>
where
    N: AsRef<str>,
    T: AsRef<str>,
{
    let mut gather = Gather::default();
    for (name, text) in documents {
        gather.document(Document::parse(name.as_ref(), text.as_ref())?);
    }
    merge::import(gather)
}

#[cfg(test)]
mod tests;
