//! Why a backup cannot be written, or read.

use std::io;

use causeway_model::revision::TopologyName;
use thiserror::Error;

use crate::port::StoreError;

/// Why a backup cannot be written. What was written until then is no backup.
#[derive(Debug, Error)]
pub enum ExportError {
    /// There is no such topology, or no longer.
    #[error("topology `{name}` does not exist, or was deleted meanwhile")]
    NoTopology {
        /// Its name.
        name: TopologyName,
    },
    /// A topology that should be in it is damaged.
    #[error(
        "topology `{name}` is damaged, and a backup of all topologies would lack it; name the others to export them without it"
    )]
    Damaged {
        /// Its name.
        name: TopologyName,
    },
    /// Old revisions were dropped before they were written.
    #[error("old revisions of topology `{name}` were dropped while it was exported; export again")]
    Overtaken {
        /// Its name.
        name: TopologyName,
    },
    /// Something is larger than a frame of a backup.
    #[error("{what} has {bytes} bytes, which is more than a backup can hold")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        bytes: usize,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backup cannot be written to where it should go.
    #[error("cannot write the backup")]
    Write(#[source] io::Error),
}

/// Why a backup cannot be read, or a store not be filled from it.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The file is something else.
    #[error("it is no backup: it does not begin as one")]
    Foreign,
    /// A newer version of the program wrote the file.
    #[error(
        "it is a backup of format {found}, and this version of the program reads format {known} only; use a newer one"
    )]
    Format {
        /// The format of the file.
        found: u32,
        /// The format that can be read.
        known: u32,
    },
    /// A frame is damaged, or is not what has to stand there.
    #[error("frame {frame}, at byte {byte}: {fault}")]
    Frame {
        /// Its number, from 1.
        frame: u64,
        /// Where it begins.
        byte: u64,
        /// What is wrong with it.
        fault: String,
    },
    /// The end is missing.
    #[error(
        "it is cut off: it ends at byte {bytes}, within or before frame {frame}, which begins at byte {byte}"
    )]
    CutOff {
        /// The frame that should follow, or go on, from 1.
        frame: u64,
        /// Where that frame begins.
        byte: u64,
        /// How many bytes there are.
        bytes: u64,
    },
    /// Something follows the end.
    #[error("something follows its end at byte {byte}; two files may have been joined")]
    Follows {
        /// Where the end is.
        byte: u64,
    },
    /// The backup lacks a topology that is asked for.
    #[error("the backup has no topology `{name}`, it has {known}")]
    NoTopology {
        /// Its name.
        name: TopologyName,
        /// Those that it has.
        known: String,
    },
    /// The bytes cannot be read.
    #[error("cannot read the backup")]
    Read(#[source] io::Error),
    /// The store cannot be filled.
    #[error(transparent)]
    Store(#[from] StoreError),
}
