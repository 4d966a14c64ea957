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
    /// The file of a scenario says something that cannot be run.
    #[error("`{}`: {fault}", path.display())]
    NoScenario {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        fault: String,
    },
    /// The service does not give what a scenario needs before it begins.
    #[error("topology `{topology}` is not ready to be asked about")]
    Ground {
        /// Its name.
        topology: String,
        /// Why not.
        #[source]
        source: ClientError,
    },
    /// The topology has nothing that a scenario needs.
    #[error("topology `{topology}` has no {what}; {advice}")]
    Bare {
        /// Its name.
        topology: String,
        /// What is missing.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The service's metrics cannot be read.
    #[error(
        "no metrics of the service at `{url}`; start it with --metrics-listen, or leave --metrics out"
    )]
    NoMetrics {
        /// Where they were looked for.
        url: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file is no result of this program.
    #[error("`{}` holds no results of `causeway-loadtest run`", path.display())]
    NoResults {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// Results that cannot be told as JSON.
    #[error("the results cannot be written as JSON")]
    Unencodable {
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// Two files are of different scenarios.
    #[error(
        "the results are of different scenarios: `{key}` differs; compare runs of one scenario, or say --any"
    )]
    Unlike {
        /// The first setting that differs.
        key: String,
    },
    /// Results are worse than those that they were compared with.
    #[error("{} worse, by more than noise: {}", figures.len(), figures.join(", "))]
    Worse {
        /// What is worse.
        figures: Vec<String>,
    },
    /// No rate was found at which the service is fast enough.
    #[error(
        "the service does not keep a p99 of {limit} ms at {rate:.1} calls a second, the lowest rate tried"
    )]
    NoCapacity {
        /// The limit.
        limit: f64,
        /// The lowest rate.
        rate: f64,
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

// === impl LoadError ===

impl LoadError {
    /// What the program ends with: 2 if all was measured, and is not as it should be; 1 if it could not be measured.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Worse { .. } | Self::NoCapacity { .. }) {
            2
        } else {
            1
        }
    }
}
