//! `causeway token`: tokens for those who are no workload of a mesh.

use std::io::Write;

use causeway_access::{TokenHash, Tokens, mint};
use clap::{Args, Subcommand};

use crate::error::MainError;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a bearer token, and print it with the lines that let `causeway serve` know it
    ///
    /// The token is printed here and nowhere else: the configuration has its hash. Several tokens may have one name, so that a new one can be given
    /// out before the old one's lines are removed.
    New(NewArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Who is to have it: the name that policies and logs know
    #[arg(long)]
    name: String,
}

/// Does what the command says.
pub(crate) fn run(command: TokenCommand, out: &mut dyn Write) -> Result<(), MainError> {
    let TokenCommand::New(NewArgs { name }) = command;
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(MainError::Random)?;
    let token = mint(random);
    let sha256 = TokenHash::of(&token).to_string();
    // What `serve` would refuse is no use.
    Tokens::default().add(&name, &sha256)?;
    writeln!(
        out,
        "# For whoever calls, in CAUSEWAY_TOKEN or a file for --token-file; it is not shown again:\n{token}\n\
         # For the file of `causeway serve --config`:\n[[identity.tokens]]\nname = \"{name}\"\nsha256 = \"{sha256}\""
    )
    .map_err(MainError::Print)
}
