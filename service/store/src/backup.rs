//! Backups: all that a store keeps, in one file that any backend is filled from again.
//!
//! docs/backup-format.md has the form of the file, so that others can read it too. It is written from a store and read into one through the port
//! alone, in both ways as a stream: what is in memory is one state, one change set and one frame. This part of the room knows nothing of any backend.
//!
//! Invariant: whatever is wrong with a file is an error with its place, before the end of the reading; what was read of it until then means nothing.

mod digest;
mod error;
mod format;
mod frames;
mod passing;
mod pieces;
mod records;
mod replay;
mod restore;
mod write;

pub use self::error::{BackupError, ExportError};
pub use self::passing::Passing;
pub use self::replay::{Contents, RestoredTopology};
pub use self::restore::{restore, verify};
pub use self::write::{Sink, Taking, write};

use causeway_model::revision::TopologyName;

/// Which topologies of a store or of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// All of them.
    #[default]
    All,
    /// Those with these names, of which none may be missing.
    Named(Vec<TopologyName>),
}

impl Selection {
    /// Whether a topology belongs to it.
    #[must_use]
    pub fn has(&self, name: &TopologyName) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(name),
        }
    }
}
