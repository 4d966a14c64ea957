//! `causeway topology rollback`: a new revision that holds what an earlier one held.

use clap::Args;

use causeway_client::{At, v1};

use super::place;
use crate::connect::{Author, ConnectArgs, Format, WRITE_SECONDS};
use crate::path::print_json;
use crate::{CliError, Io};

/// What to go back to.
#[derive(Debug, Clone, Args)]
pub struct RollbackArgs {
    /// The topology
    pub name: String,
    /// What to go back to: a revision, a time as 2026-01-31T08:00:00Z, or a label
    #[arg(long, value_name = "REVISION|TIME|LABEL", required_unless_present_any = ["as_of", "label"])]
    pub to: Option<At>,
    /// The same for a time alone
    #[arg(long, value_name = "TIME", value_parser = place::time, conflicts_with = "to")]
    pub as_of: Option<At>,
    /// The same for a label alone
    #[arg(long, value_name = "LABEL", conflicts_with_all = ["to", "as_of"])]
    pub label: Option<String>,
    /// Go back only if the newest revision is this one
    #[arg(long, value_name = "N")]
    pub expect_revision: Option<u64>,
    /// Check alone, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Who goes back, and why [default: what was gone back to]
    #[command(flatten)]
    pub author: Author,
    /// Where the service is, and how to print
    #[command(flatten)]
    pub connect: ConnectArgs,
}

pub(super) async fn run(args: RollbackArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let client = args.connect.client(WRITE_SECONDS).await?;
    let to = place::chosen(args.to, args.as_of, args.label);
    let mut rollback = client
        .rollback(&args.name, to)
        .validate_only(args.dry_run)
        .author(args.author.author)
        .message(args.author.message.unwrap_or_default());
    if let Some(revision) = args.expect_revision {
        rollback = rollback.expected_revision(revision);
    }
    let answer = rollback.send().await?;
    match args.connect.format {
        Format::Json => print_json(&answer, io),
        Format::Text => writeln!(io.out, "{}", text(&args.name, args.dry_run, &answer))
            .map_err(CliError::Output),
    }
}

fn text(name: &str, dry_run: bool, answer: &v1::RollbackTopologyResponse) -> String {
    let v1::RollbackTopologyResponse {
        revision,
        changed,
        put_count: put,
        deleted_count: deleted,
    } = answer;
    if !changed {
        format!("no change: `{name}` holds the same at revision {revision}, its newest one")
    } else if dry_run {
        format!(
            "checked, nothing changed: would put {put} and delete {deleted}, as revision {revision} of `{name}`"
        )
    } else {
        format!("rolled back: put {put} and deleted {deleted}, as revision {revision} of `{name}`")
    }
}
