//! The client subcommands of `causeway`, on the SDK: what they ask the service, and how they print it.
//!
//! This room knows flags, files, text and JSON; it must not know the model or how paths are found. It prints only to the writers it is handed,
//! and never ends the process.

pub mod apply;
pub mod batch;
mod connect;
pub mod demo;
mod error;
pub mod import;
pub mod json;
pub mod matrix;
pub mod path;
mod question;
pub mod render;
mod service;
mod table;
pub mod topology;
pub mod watch;
pub mod what_if;
mod words;

use std::fmt;
use std::io::{self, BufRead, Write};

use clap::Subcommand;

pub use crate::connect::{Author, ConnectArgs, Format};
pub use crate::demo::demo;
pub use crate::error::CliError;
pub use crate::service::{Secret, ServiceArgs};

/// The subcommands that talk to a running service.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create, list, show and delete topologies, and look back at their revisions
    #[command(subcommand)]
    Topology(topology::TopologyCommand),
    /// Import a whole estate as one revision
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Apply a set of changes as one revision, or none of them
    Apply(apply::ApplyArgs),
    /// Ask for one path; exits 0 if REACHABLE, 2 if UNREACHABLE, 3 if AMBIGUOUS or UNDETERMINED, 1 on any error
    Path(path::PathArgs),
    /// Ask for many paths, one JSON object a line; exits 0 also if single lines have an error, which stands in their `error`
    Batch(batch::BatchArgs),
    /// Ask for the verdicts from many sources to many destinations; exits 0 whatever they are
    Matrix(matrix::MatrixArgs),
    /// Print each revision of a topology as it is made, one a line, until SIGINT
    Watch(watch::WatchArgs),
}

/// Where a command prints.
pub struct Io<'a> {
    /// Answers.
    pub out: &'a mut (dyn Write + Send),
    /// Warnings and progress.
    pub err: &'a mut (dyn Write + Send),
    /// Whether `err` is a terminal, on which long work shows its progress.
    pub progress: bool,
    /// The terminal that answers questions; none if nobody is there to be asked.
    pub answers: Option<&'a mut (dyn BufRead + Send)>,
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was asked.
    Done,
    /// `path`: the verdict is REACHABLE.
    Reachable,
    /// `path`: the verdict is UNREACHABLE.
    Unreachable,
    /// `path`: the verdict is AMBIGUOUS or UNDETERMINED.
    Unsettled,
}

/// Runs a command to its end.
///
/// # Errors
/// See [`CliError`]; [`CliError::report`] prints one. That nobody reads the output any more (`causeway ... | head`) is no error.
pub async fn run(command: Command, io: &mut Io<'_>) -> Result<Outcome, CliError> {
    let ended = match command {
        Command::Topology(command) => topology::run(command, io).await.map(|()| Outcome::Done),
        Command::Import(command) => import::run(command, io).await.map(|()| Outcome::Done),
        Command::Apply(args) => apply::run(args, io).await.map(|()| Outcome::Done),
        Command::Path(args) => path::run(args, io).await,
        Command::Batch(args) => batch::run(args, io).await.map(|()| Outcome::Done),
        Command::Matrix(args) => matrix::run(args, io).await.map(|()| Outcome::Done),
        Command::Watch(args) => watch::run(args, io).await.map(|()| Outcome::Done),
    };
    match ended {
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(Outcome::Done)
        }
        ended => ended,
    }
}

// === impl Outcome ===

impl Outcome {
    /// The exit code of the process; an error exits 1.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done | Self::Reachable => 0,
            Self::Unreachable => 2,
            Self::Unsettled => 3,
        }
    }
}

// === impl Io ===

impl fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io")
            .field("progress", &self.progress)
            .field("answers", &self.answers.is_some())
            .finish_non_exhaustive()
    }
}
