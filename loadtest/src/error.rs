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
    /// A connection of the comparison cannot be made.
    #[error("cannot reach `{endpoint}`; check the address, and that `causeway serve` runs there")]
    NoConnection {
        /// Where to.
        endpoint: String,
        /// Why not.
        #[source]
        source: tonic::transport::Error,
    },
    /// A call of the comparison failed.
    #[error("call {call} was not answered")]
    Refused {
        /// Number of the call in its turn, from 0.
        call: usize,
        /// Why not.
        #[source]
        source: Box<tonic::Status>,
    },
    /// More flows than a call with whole answers may have.
    #[error("a call with detail full has up to {maximum} flows, not {size}; give --per-call less")]
    CallTooLarge {
        /// What was asked for.
        size: usize,
        /// What may be.
        maximum: usize,
    },
    /// The topology was changed during the comparison.
    #[error(
        "the topology went from revision {before} to {now} meanwhile, so that answers may differ; compare while nobody changes it"
    )]
    Changed {
        /// The revision of the answers that the echo has.
        before: u64,
        /// The revision of an answer after that.
        now: u64,
    },
    /// The echo answers otherwise than the service.
    #[error(
        "the echo's answer to call {call} is not the service's: its figures would mean nothing"
    )]
    NoEcho {
        /// Number of the call in its turn, from 0.
        call: usize,
    },
    /// The echo did not run to its end.
    #[error("the echo failed")]
    Echo {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The process of the service is not there.
    #[error(
        "there is no process {id} of which Linux tells how long it computed; leave --server-pid out, or correct it"
    )]
    NoProcess {
        /// Its number.
        id: u32,
    },
    /// A task of the comparison broke off.
    #[error("a connection's work broke off")]
    Interrupted {
        /// Why.
        #[source]
        source: tokio::task::JoinError,
    },
    /// Times cannot be collected.
    #[error("the times of calls cannot be collected")]
    Histogram {
        /// Why not.
        #[source]
        source: hdrhistogram::CreationError,
    },
    /// Not one batch was answered.
    #[error("no batch was answered; ask one with `causeway-loadtest batch` to see why")]
    NothingAnswered,
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
