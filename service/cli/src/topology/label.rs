//! `causeway topology label`: names of revisions.

use std::io::{self, Write};

use clap::{Args, Subcommand};

use causeway_client::{At, v1};

use crate::connect::{ConnectArgs, Format, READ_SECONDS};
use crate::path::print_json;
use crate::table::Columns;
use crate::{CliError, Io};

/// Whose labels, and what is done with them.
#[derive(Debug, Clone, Args)]
pub struct LabelArgs {
    /// The topology
    pub name: String,
    /// What to do
    #[command(subcommand)]
    pub command: LabelCommand,
}

/// What can be done with labels.
#[derive(Debug, Clone, Subcommand)]
pub enum LabelCommand {
    /// Give a revision a label; a label that exists is moved
    Set {
        /// The label: 1 to 63 of a-z, 0-9, `-`, `.` and `_`, starting with a letter
        label: String,
        /// The revision: its number, a time as 2026-01-31T08:00:00Z, or another label [default: the newest revision]
        #[arg(long, value_name = "REVISION|TIME|LABEL")]
        at: Option<At>,
        /// Where the service is, and how to print
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Take a label away; its revision stays
    Delete {
        /// The label
        label: String,
        /// Where the service is, and how to print
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// List the labels, by name
    List {
        /// Where the service is, and how to print
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

pub(super) async fn run(args: LabelArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let name = args.name;
    match args.command {
        LabelCommand::Set { label, at, connect } => set((&name, &label), at, &connect, io).await,
        LabelCommand::Delete { label, connect } => delete((&name, &label), &connect, io).await,
        LabelCommand::List { connect } => list(&name, &connect, io).await,
    }
}

async fn set(
    (topology, label): (&str, &str),
    at: Option<At>,
    connect: &ConnectArgs,
    io: &mut Io<'_>,
) -> Result<(), CliError> {
    let client = connect.client(READ_SECONDS).await?;
    let at = at.unwrap_or_default();
    let label = client.set_label(topology, label, at).await?;
    match connect.format {
        Format::Json => print_json(&label, io),
        Format::Text => {
            let v1::RevisionLabel {
                label, revision, ..
            } = label;
            writeln!(io.out, "`{label}` is revision {revision} of `{topology}`")
                .map_err(CliError::Output)
        }
    }
}

async fn delete(
    (topology, label): (&str, &str),
    connect: &ConnectArgs,
    io: &mut Io<'_>,
) -> Result<(), CliError> {
    let client = connect.client(READ_SECONDS).await?;
    client.delete_label(topology, label).await?;
    match connect.format {
        Format::Json => print_json(&v1::DeleteRevisionLabelResponse {}, io),
        Format::Text => {
            writeln!(io.out, "deleted label `{label}` of `{topology}`").map_err(CliError::Output)
        }
    }
}

async fn list(topology: &str, connect: &ConnectArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let labels = connect
        .client(READ_SECONDS)
        .await?
        .list_labels(topology)
        .await?;
    match connect.format {
        Format::Json => {
            let message = v1::ListRevisionLabelsResponse {
                labels,
                next_page_token: String::new(),
            };
            print_json(&message, io)
        }
        Format::Text if labels.is_empty() => {
            writeln!(io.err, "`{topology}` has no labels").map_err(CliError::Output)
        }
        Format::Text => print(&labels, io.out).map_err(CliError::Output),
    }
}

fn print(labels: &[v1::RevisionLabel], out: &mut dyn Write) -> io::Result<()> {
    let mut columns = Columns::new("");
    columns.row(["LABEL", "REVISION", "SET"]);
    for label in labels {
        let time = label
            .set_time
            .map_or_else(String::new, |time| time.to_string());
        columns.row([&label.label, &label.revision.to_string(), &time]);
    }
    columns.print(out)
}
