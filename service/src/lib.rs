//! The command `causeway` from its arguments to its exit code: wiring, and nothing that a room could know.

mod background;
mod clock;
pub mod config;
mod config_check;
mod demo;
mod error;
mod export;
mod health;
mod policies;
mod policy;
mod prices;
mod restore;
mod serve;
mod store;
mod telemetry;
mod token;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::error::MainError;

/// Whether a packet gets from here to there in an AWS network, by which way, and what stops it
#[derive(Debug, Parser)]
#[command(name = "causeway", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve topologies until SIGTERM or SIGINT
    Serve(config::ServeArgs),
    /// Check the settings of `serve` without serving
    #[command(subcommand)]
    Config(config_check::ConfigCommand),
    /// Serve an example estate from a temporary store, ask it a batch of paths, print the answers
    Demo,
    /// Look after a data directory while nobody serves it
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Check the policies that tell who may do what, or print what they can speak of
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Export topologies into a backup, from a running service or from the data directory of a stopped one
    ///
    /// The backup holds all that is kept of each topology: states, history, labels, requests. The file has its name only when it is whole;
    /// its checksums are verified as it comes. See docs/backup-format.md.
    Export(export::ExportArgs),
    /// Make a new data directory from a backup, or check the backup alone (--verify); exits 1 if anything is wrong with it
    ///
    /// Everything is verified: checksums, records, and that the revisions of each topology come to the state that it had. The directory is built
    /// as DIR.restoring beside it, and has its name only when all is restored and synced.
    Restore(restore::RestoreArgs),
    /// Ask a service for its health, in the clear, as a probe does; exits 0 if it is SERVING, 1 on anything else
    Health(health::HealthArgs),
    /// Make bearer tokens, for callers that are no workload with a certificate
    #[command(subcommand)]
    Token(token::TokenCommand),
    #[command(flatten)]
    Client(causeway_cli::Command),
}

/// Runs the command that the arguments name, and tells its exit code: 1 for any error, one in the arguments too.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and the version go to stdout and are no errors. If they cannot be printed, nothing can.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    let outcome = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(dispatch(arguments.command)),
        Err(error) => Err(MainError::Runtime(error)),
    };
    outcome.unwrap_or_else(|error| {
        let _ = error.report(&mut io::stderr());
        ExitCode::FAILURE
    })
}

async fn dispatch(command: Command) -> Result<ExitCode, MainError> {
    match command {
        Command::Serve(arguments) => serve::run(Config::read(arguments)?).await?,
        Command::Config(command) => config_check::run(command, &mut io::stdout())?,
        Command::Demo => demo::run(&mut io::stdout()).await?,
        Command::Store(command) => return store::run(command, &mut io::stdout()).await,
        Command::Policy(command) => return policy::run(command, &mut io::stdout()),
        Command::Export(arguments) => export::run(arguments, &mut io::stdout()).await?,
        Command::Restore(arguments) => restore::run(arguments, &mut io::stdout()).await?,
        Command::Health(arguments) => health::run(arguments, &mut io::stdout()).await?,
        Command::Token(command) => token::run(command, &mut io::stdout())?,
        Command::Client(command) => return client(command).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn client(command: causeway_cli::Command) -> Result<ExitCode, MainError> {
    let progress = io::stderr().is_terminal();
    let mut terminal = io::BufReader::new(io::stdin());
    let mut io = causeway_cli::Io {
        out: &mut io::stdout(),
        err: &mut io::stderr(),
        progress,
        answers: if io::stdin().is_terminal() {
            Some(&mut terminal)
        } else {
            None
        },
    };
    let until_interrupted = matches!(command, causeway_cli::Command::Watch(_));
    tokio::select! {
        outcome = causeway_cli::run(command, &mut io) => Ok(ExitCode::from(outcome?.exit_code())),
        // How a watch is ended is no error.
        interrupted = interrupted(until_interrupted) => {
            interrupted.map_err(MainError::Signals)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Waits for SIGINT, if it is not left to do what it does by default.
async fn interrupted(is_awaited: bool) -> io::Result<()> {
    if is_awaited {
        tokio::signal::ctrl_c().await
    } else {
        std::future::pending().await
    }
}
