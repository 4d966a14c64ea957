//! How near the service comes to its ceiling: the same calls in turn to the service and to an echo of it, which decodes and encodes the very same
//! messages and resolves nothing. What the machine, the client and the messages cost is in both, so that the ratio tells what the service itself costs.
//!
//! The service is asked each call once, and the echo answers with what it said. Then they take turns, another one first each time.

mod batch;
mod calls;
mod child;
mod cpu;
mod figures;
mod report;
mod single;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use causeway_client::v1::{BatchResolvePathsRequest, Detail, Flow, ResolvePathRequest};
use causeway_client::{MAX_BATCH, MAX_FULL_BATCH, consistency};
use clap::{Args, ValueEnum};

use crate::arguments::Service;
use crate::echo::Mode;
use crate::method::{Batch, Single};
use crate::questions::{self, Pick};
use crate::report::say;
use crate::{LoadError, arguments};
use calls::Calls;
use child::Child;
use cpu::Processes;
use figures::Compared;
use wire::Wire;

/// What is asked for of each flow of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Asked {
    /// Verdict and codes.
    Verdict,
    /// And the ids of the forward hops.
    Path,
    /// And the whole answer.
    Full,
}

/// What to ask both, and how.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where the service is.
    #[command(flatten)]
    pub service: Service,
    /// The topology to ask about. Nobody may change it meanwhile.
    #[arg(long)]
    pub topology: String,
    /// File of questions, one JSON object a line: {"from": X, "to": Y, "protocol": "tcp", "port": 443}.
    #[arg(long)]
    pub questions: PathBuf,
    /// What is compared: `batch` the throughput of many flows a call, `single` the latency of one flow a call, the two asked in turn.
    #[arg(long, value_enum, default_value = "batch")]
    pub mode: Mode,
    /// How many flows a turn has; with mode `single` as many calls. [default: 200000, with mode single 10000]
    #[arg(long, value_parser = arguments::at_least_one)]
    pub count: Option<usize>,
    /// How many flows a call has, up to 100,000, with detail `full` up to 10,000. The service computes equal flows of one call once.
    #[arg(long, default_value_t = 1_000, value_parser = arguments::call_size)]
    pub per_call: usize,
    /// How much is asked of each flow of a batch. A single answer is always full.
    #[arg(long, value_enum, default_value = "verdict")]
    pub detail: Asked,
    /// Gives each repetition of a question another source port, so that no two flows are equal.
    #[arg(long)]
    pub distinct: bool,
    /// Draws the questions by Zipf's law with this exponent, the first of the file the most often. Without it they are asked in their order.
    #[arg(long, value_parser = arguments::exponent)]
    pub zipf: Option<f64>,
    /// How many connections each of the two has: one row of the report for each. [default: 1,4,16, with mode single 1]
    #[arg(long, value_delimiter = ',', value_parser = arguments::at_least_one)]
    pub connections: Vec<usize>,
    /// How many calls of a batch are under way on each connection. With mode `single` it is one.
    #[arg(long, default_value_t = 4, value_parser = arguments::at_least_one)]
    pub in_flight: usize,
    /// How many rounds each row has; in each both have a turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// The process of the service, if it is on this machine, so that the time it computes is told too.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// File to write the report to, as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// Measures, and prints a line for each number of connections.
///
/// # Errors
/// [`LoadError`] if the questions cannot be read, a call fails, or the topology changes meanwhile.
pub async fn run(settings: &Settings) -> Result<(), LoadError> {
    settings.check()?;
    let flows = settings.flows()?;
    match settings.mode {
        Mode::Batch => measure::<Batch>(settings, settings.batches(&flows)).await,
        Mode::Single => measure::<Single>(settings, settings.singles(flows)).await,
    }
}

async fn measure<M: Compared>(
    settings: &Settings,
    questions: Vec<M::Question>,
) -> Result<(), LoadError> {
    let mut service = Wire::connect(&settings.service.endpoint).await?;
    let calls = Arc::new(Calls::<M>::record(&mut service, questions).await?);
    say(&report::calls(settings, &calls));
    let child = Child::start::<M>(settings.mode, &calls).await?;
    calls
        .check(&mut Wire::connect(&child.endpoint).await?)
        .await?;
    let processes = Processes {
        service: settings.server_pid,
        echo: child.id,
    };
    let mut rows = Vec::new();
    for connections in settings.connections() {
        let sides = [&settings.service.endpoint, &child.endpoint];
        let before = processes.read()?;
        let row = M::row(settings, &calls, sides, connections).await?;
        let row = row.with_cpu(processes.read()?.since(before));
        say(&report::row(settings, &row));
        rows.push(row);
    }
    if let Some(path) = &settings.json {
        let text = report::json(settings, &calls, child.id, &rows);
        std::fs::write(path, text).map_err(|source| LoadError::Unwritable {
            path: path.clone(),
            source,
        })?;
    }
    child.end().await
}

// === impl Settings ===

impl Settings {
    fn check(&self) -> Result<(), LoadError> {
        if self.mode == Mode::Batch && self.detail == Asked::Full && self.per_call > MAX_FULL_BATCH
        {
            return Err(LoadError::CallTooLarge {
                size: self.per_call,
                maximum: MAX_FULL_BATCH,
            });
        }
        Ok(())
    }

    fn flows(&self) -> Result<Vec<Flow>, LoadError> {
        let questions = questions::read(&self.questions)?;
        let standard = match self.mode {
            Mode::Batch => 2 * MAX_BATCH,
            Mode::Single => 10_000,
        };
        let pick = Pick {
            count: self.count.unwrap_or(standard),
            distinct: self.distinct,
            zipf: self.zipf,
        };
        Ok(pick.of(&questions))
    }

    fn batches(&self, flows: &[Flow]) -> Vec<BatchResolvePathsRequest> {
        let detail = match self.detail {
            Asked::Verdict => Detail::Verdict,
            Asked::Path => Detail::Path,
            Asked::Full => Detail::Full,
        };
        let calls = flows.chunks(self.per_call);
        let calls = calls.map(|flows| BatchResolvePathsRequest {
            topology: self.topology.clone(),
            consistency: Some(consistency::newest()),
            flows: flows.to_vec(),
            detail: detail.into(),
            changes: Vec::new(),
        });
        calls.collect()
    }

    fn singles(&self, flows: Vec<Flow>) -> Vec<ResolvePathRequest> {
        let calls = flows.into_iter().map(|flow| ResolvePathRequest {
            topology: self.topology.clone(),
            consistency: Some(consistency::newest()),
            flow: Some(flow),
            changes: Vec::new(),
        });
        calls.collect()
    }

    /// How many flows a call has, the last one perhaps less.
    fn flows_of_call(&self) -> f64 {
        match self.mode {
            // The bound of a call's size is far below what a u32 holds.
            Mode::Batch => u32::try_from(self.per_call).map_or(0.0, f64::from),
            Mode::Single => 1.0,
        }
    }

    fn connections(&self) -> Vec<usize> {
        match (self.connections.as_slice(), self.mode) {
            ([], Mode::Batch) => vec![1, 4, 16],
            ([], Mode::Single) => vec![1],
            (given, _) => given.to_vec(),
        }
    }
}
