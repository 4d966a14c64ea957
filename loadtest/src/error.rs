//! What can go wrong with a load.

use std::path::PathBuf;

use causeway_client::ClientError;
use thiserror::Error;

/// Why a load could not be run to its end.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file of questions cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A line of the file is no question.
    #[error("`{}`, line {line}: {fault}; a line is {example}", path.display(), example = crate::questions::EXAMPLE)]
    NoQuestion {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: String,
    },
    /// The file has no questions.
    #[error("`{}` has no questions; a line is {example}", path.display(), example = crate::questions::EXAMPLE)]
    NoQuestions {
        /// The file.
        path: PathBuf,
    },
    /// The file of questions cannot be written.
    #[error("cannot write `{}`", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The estate was not imported.
    #[error("the estate was not imported")]
    Import {
        /// Why not.
        #[source]
        source: ClientError,
    },
    /// The service cannot be reached.
    #[error(transparent)]
    Connect(ClientError),
    /// A call failed.
    #[error("round {round} was not answered")]
    Call {
        /// Number of the round, from 1.
        round: u32,
        /// Why not.
        #[source]
        source: ClientError,
    },
}
