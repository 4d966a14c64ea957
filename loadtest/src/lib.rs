//! The load generator: asks a running service many paths and tells how fast they are answered.
//!
//! It knows the client, the contract and a clock. It must not know what a path means.

pub mod arguments;
mod asker;
pub mod batch;
pub mod caller;
pub mod capacity;
pub mod ceiling;
pub mod compare;
pub mod drive;
pub mod echo;
mod error;
pub mod estate;
mod ground;
mod method;
pub mod metrics;
pub mod overload;
mod page;
mod pool;
mod process;
mod progress;
pub mod questions;
pub mod report;
pub mod results;
mod round;
pub mod run;
pub mod scenario;
mod schedule;
mod sides;
mod zipf;

use clap::{Parser, Subcommand};

pub use crate::error::LoadError;

/// Asks a running Causeway service many paths, and tells how fast it answers.
#[derive(Debug, Parser)]
#[command(name = "causeway-loadtest", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the load generator can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Asks batches of paths, one call after the other.
    Batch(batch::Settings),
    /// Compares the service with an echo that decodes and encodes the same messages and resolves nothing.
    Ceiling(ceiling::Settings),
    /// Compares two files of results: ends with 2 if the second is worse by more than noise.
    Compare(compare::Settings),
    /// What `ceiling` starts: answers calls with what standard input gives.
    #[command(hide = true)]
    Echo(echo::Settings),
    /// Makes up an estate of any size, imports it, and writes questions about it.
    Estate(estate::Settings),
    /// Asks for more batches than the service can resolve, and tells what becomes of them.
    Overload(overload::Settings),
    /// Finds the highest rate at which the service keeps a latency, for estates and connections.
    FindCapacity(capacity::Settings),
    /// Runs a scenario out of a file, and tells how fast its calls are answered.
    Run(run::Settings),
}

/// Does what the arguments say.
///
/// # Errors
/// [`LoadError`] if the questions cannot be read, or a call fails. A flow that has no answer is counted, and is no error.
pub async fn run(arguments: Arguments) -> Result<(), LoadError> {
    match arguments.command {
        Command::Batch(settings) => batch::run(&settings).await,
        Command::Ceiling(settings) => ceiling::run(&settings).await,
        Command::Compare(settings) => compare::run(&settings),
        Command::Echo(settings) => echo::run(&settings).await,
        Command::Estate(settings) => estate::run(&settings).await,
        Command::Overload(settings) => overload::run(&settings).await,
        Command::FindCapacity(settings) => capacity::run(&settings).await,
        Command::Run(settings) => run::run(&settings).await,
    }
}
