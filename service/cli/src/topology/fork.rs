//! `causeway topology fork`: a topology that begins with what another one holds.

use clap::Args;

use causeway_client::{At, v1};

use super::place;
use crate::connect::{ConnectArgs, Format, READ_SECONDS};
use crate::path::print_json;
use crate::{CliError, Io};

/// What to fork.
#[derive(Debug, Clone, Args)]
pub struct ForkArgs {
    /// The topology that is forked
    pub name: String,
    /// Name of the new topology
    pub new: String,
    /// Where to fork: a revision, a time as 2026-01-31T08:00:00Z, or a label [default: the newest revision]
    #[arg(long, value_name = "REVISION|TIME|LABEL")]
    pub at: Option<At>,
    /// The same for a time alone
    #[arg(long, value_name = "TIME", value_parser = place::time, conflicts_with = "at")]
    pub as_of: Option<At>,
    /// The same for a label alone
    #[arg(long, value_name = "LABEL", conflicts_with_all = ["at", "as_of"])]
    pub label: Option<String>,
    /// What the new topology is for
    #[arg(long, default_value = "")]
    pub description: String,
    /// Where the service is, and how to print
    #[command(flatten)]
    pub connect: ConnectArgs,
}

pub(super) async fn run(args: ForkArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let client = args.connect.client(READ_SECONDS).await?;
    let at = place::chosen(args.at, args.as_of, args.label);
    let fork = client.fork(&args.name, &args.new).at(at);
    let topology = fork.description(args.description).send().await?;
    match args.connect.format {
        Format::Json => print_json(&topology, io),
        Format::Text => {
            let of = topology.forked_from.as_ref().map(origin);
            let (name, of) = (&topology.name, of.unwrap_or_default());
            writeln!(io.out, "created topology `{name}`, a fork of {of}").map_err(CliError::Output)
        }
    }
}

/// Where a topology was forked from.
pub(super) fn origin(origin: &v1::ForkOrigin) -> String {
    format!("`{}` at revision {}", origin.topology, origin.revision)
}
