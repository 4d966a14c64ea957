//! The commands, as typed, against a service that runs in the same process.

mod changes;
mod fake;
mod forks;
mod history;
mod matrix;
mod paths;
mod topologies;
mod what_ifs;

use std::error::Error;

use clap::Parser;

use causeway_cli::{CliError, Command, Io, Outcome};

use crate::fake::Fake;

/// What a test gives back; an error ends it.
type Tested = Result<(), Box<dyn Error>>;

/// The command line as the binary has it.
#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// How a command ended and what it printed.
#[derive(Debug)]
struct Ran {
    /// The exit code; an error is 1.
    code: u8,
    out: String,
    err: String,
}

/// Runs a command against the service, with nobody there to be asked; its words are split at spaces.
async fn run(fake: &Fake, words: &str) -> Result<Ran, Box<dyn Error>> {
    run_at(fake, words, None).await
}

/// Runs a command against the service, at a terminal where this is typed.
async fn run_typing(fake: &Fake, words: &str, typed: &str) -> Result<Ran, Box<dyn Error>> {
    run_at(fake, words, Some(typed)).await
}

async fn run_at(fake: &Fake, words: &str, typed: Option<&str>) -> Result<Ran, Box<dyn Error>> {
    let endpoint = format!("http://{}", fake.address);
    let words = words.split_whitespace();
    let words = ["causeway"]
        .into_iter()
        .chain(words)
        .chain(["--endpoint", &endpoint]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut terminal = typed.map(str::as_bytes);
    let mut io = Io {
        out: &mut out,
        err: &mut err,
        progress: false,
        answers: match &mut terminal {
            Some(terminal) => Some(terminal),
            None => None,
        },
    };
    let ended = causeway_cli::run(Line::try_parse_from(words)?.command, &mut io).await;
    let code = match &ended {
        Ok(outcome) => Outcome::exit_code(*outcome),
        Err(error) => {
            CliError::report(error, &mut err)?;
            1
        }
    };
    Ok(Ran {
        code,
        out: String::from_utf8(out)?,
        err: String::from_utf8(err)?,
    })
}
