//! The load generator: asks a running service many paths and tells how fast they are answered.
//!
//! It knows the client, the contract and a clock. It must not know what a path means.

pub mod arguments;
pub mod batch;
pub mod ceiling;
pub mod echo;
mod error;
pub mod estate;
mod method;
pub mod overload;
pub mod questions;
pub mod report;
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
    /// What `ceiling` starts: answers calls with what standard input gives.
    #[command(hide = true)]
    Echo(echo::Settings),
    /// Makes up an estate of any size, imports it, and writes questions about it.
    Estate(estate::Settings),
    /// Asks for more batches than the service can resolve, and tells what becomes of them.
    Overload(overload::Settings),
}

/// Does what the arguments say.
///
/// # Errors
/// [`LoadError`] if the questions cannot be read, or a call fails. A flow that has no answer is counted, and is no error.
pub async fn run(arguments: Arguments) -> Result<(), LoadError> {
    match arguments.command {
        Command::Batch(settings) => batch::run(&settings).await,
        Command::Ceiling(settings) => ceiling::run(&settings).await,
        Command::Echo(settings) => echo::run(&settings).await,
        Command::Estate(settings) => estate::run(&settings).await,
        Command::Overload(settings) => overload::run(&settings).await,
    }
}
