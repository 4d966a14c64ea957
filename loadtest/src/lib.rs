//! The load generator: asks a running service many paths and tells how fast they are answered.
//!
//! It knows the client and a clock. It must not know what a path or a resource means.

pub mod batch;
mod error;
pub mod estate;
pub mod questions;
pub mod report;

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
    /// Makes up an estate of any size, imports it, and writes questions about it.
    Estate(estate::Settings),
}

/// Does what the arguments say.
///
/// # Errors
/// [`LoadError`] if the questions cannot be read, or a call fails. A flow that has no answer is counted, and is no error.
pub async fn run(arguments: Arguments) -> Result<(), LoadError> {
    match arguments.command {
        Command::Batch(settings) => batch::run(&settings).await,
        Command::Estate(settings) => estate::run(&settings).await,
    }
}
