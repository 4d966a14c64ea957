//! `causeway topology`: making, forking, listing, showing and deleting topologies, and their history.

pub mod diff;
pub mod fork;
pub mod label;
pub mod place;
pub mod rollback;

use std::io::{self, Write};

use clap::Subcommand;
use futures::TryStreamExt;

use causeway_client::{At, v1};

use crate::connect::{ConnectArgs, Format, READ_SECONDS};
use crate::path::print_json;
use crate::table::Columns;
use crate::{CliError, Io};

/// What can be done with topologies.
#[derive(Debug, Clone, Subcommand)]
pub enum TopologyCommand {
    /// Make an empty topology
    Create {
        /// Name: 1 to 63 of a-z, 0-9 and `-`, starting with a letter
        name: String,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// Where the service is, and how to print
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Make a topology that begins with what another one holds; the two go on apart from each other
    Fork(fork::ForkArgs),
    /// List all topologies
    List {
        /// Where the service is, and how to print
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Show one topology
    Show {
        /// Its name
        name: String,
        /// Where the service is, and how to print
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Delete a topology with all its revisions, for good; on a terminal it asks first
    Delete {
        /// Its name
        name: String,
        /// Delete it without asking. Without a terminal on standard input nothing is asked either
        #[arg(long)]
        yes: bool,
        /// Where the service is, and how to print
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// List the revisions of a topology, newest first
    History {
        /// Its name
        name: String,
        /// How many at most [default: all that are kept]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        limit: Option<u32>,
        /// Where to begin: a revision, a time as 2026-01-31T08:00:00Z, or a label [default: the newest revision]
        #[arg(long, value_name = "REVISION|TIME|LABEL")]
        at: Option<At>,
        /// Where the service is, and how to print
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Tell what differs between two revisions, by resource and field
    Diff(diff::DiffArgs),
    /// Make a new revision that holds what an earlier one held; the revisions in between stay
    Rollback(rollback::RollbackArgs),
    /// Name revisions: a label can stand wherever a revision can
    Label(label::LabelArgs),
}

pub(crate) async fn run(command: TopologyCommand, io: &mut Io<'_>) -> Result<(), CliError> {
    match command {
        TopologyCommand::Create {
            name,
            description,
            connect,
        } => create(&name, &description, &connect, io).await,
        TopologyCommand::Fork(args) => fork::run(args, io).await,
        TopologyCommand::List { connect } => list(&connect, io).await,
        TopologyCommand::Show { name, connect } => show(&name, &connect, io).await,
        TopologyCommand::Delete { name, yes, connect } => {
            if !yes && !confirmed(&name, io).map_err(CliError::Output)? {
                return Err(CliError::Unconfirmed { topology: name });
            }
            delete(&name, &connect, io).await
        }
        TopologyCommand::History {
            name,
            limit,
            at,
            connect,
        } => history(&name, (at, limit), &connect, io).await,
        TopologyCommand::Diff(args) => diff::run(args, io).await,
        TopologyCommand::Rollback(args) => rollback::run(args, io).await,
        TopologyCommand::Label(args) => label::run(args, io).await,
    }
}

async fn create(
    name: &str,
    description: &str,
    connect: &ConnectArgs,
    io: &mut Io<'_>,
) -> Result<(), CliError> {
    let client = connect.client(READ_SECONDS).await?;
    let topology = client.create_topology(name, description).await?;
    match connect.format {
        Format::Json => print_json(&topology, io),
        Format::Text => {
            writeln!(io.out, "created topology `{}`", topology.name).map_err(CliError::Output)
        }
    }
}

async fn list(connect: &ConnectArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let topologies = connect
        .client(READ_SECONDS)
        .await?
        .list_topologies()
        .await?;
    match connect.format {
        Format::Json => {
            let message = v1::ListTopologiesResponse {
                topologies,
                next_page_token: String::new(),
            };
            print_json(&message, io)
        }
        Format::Text if topologies.is_empty() => {
            writeln!(io.err, "there are no topologies").map_err(CliError::Output)
        }
        Format::Text => print_topologies(&topologies, io.out).map_err(CliError::Output),
    }
}

async fn show(name: &str, connect: &ConnectArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let topology = connect
        .client(READ_SECONDS)
        .await?
        .get_topology(name)
        .await?;
    match connect.format {
        Format::Json => print_json(&topology, io),
        Format::Text => print_topology(&topology, io.out).map_err(CliError::Output),
    }
}

/// Asks whoever sits at the terminal, if there is one: only `y` or `yes` is a yes.
fn confirmed(name: &str, io: &mut Io<'_>) -> io::Result<bool> {
    let Some(answers) = &mut io.answers else {
        return Ok(true);
    };
    write!(
        io.err,
        "delete `{name}` with all its revisions, for good? [y/N] "
    )?;
    io.err.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

async fn delete(name: &str, connect: &ConnectArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    connect
        .client(READ_SECONDS)
        .await?
        .delete_topology(name)
        .await?;
    match connect.format {
        Format::Json => print_json(&v1::DeleteTopologyResponse {}, io),
        Format::Text => writeln!(io.out, "deleted topology `{name}`").map_err(CliError::Output),
    }
}

async fn history(
    name: &str,
    (at, limit): (Option<At>, Option<u32>),
    connect: &ConnectArgs,
    io: &mut Io<'_>,
) -> Result<(), CliError> {
    let client = connect.client(READ_SECONDS).await?;
    let limit = limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let mut revisions = Vec::new();
    let mut stream = std::pin::pin!(client.stream_revisions(name, at.unwrap_or_default()));
    while revisions.len() < limit {
        let Some(revision) = stream.try_next().await? else {
            break;
        };
        revisions.push(revision);
    }
    match connect.format {
        Format::Json => {
            let message = v1::ListRevisionsResponse {
                revisions,
                next_page_token: String::new(),
            };
            print_json(&message, io)
        }
        Format::Text if revisions.is_empty() => {
            writeln!(io.err, "`{name}` was never changed").map_err(CliError::Output)
        }
        Format::Text => print_revisions(&revisions, io.out).map_err(CliError::Output),
    }
}

fn print_topologies(topologies: &[v1::Topology], out: &mut dyn Write) -> io::Result<()> {
    let mut columns = Columns::new("");
    columns.row(["NAME", "REVISION", "RESOURCES", "CREATED", "DESCRIPTION"]);
    for topology in topologies {
        columns.row([
            &topology.name,
            &topology.revision.to_string(),
            &topology.resource_count.to_string(),
            &created(topology),
            &topology.description,
        ]);
    }
    columns.print(out)
}

fn print_topology(topology: &v1::Topology, out: &mut dyn Write) -> io::Result<()> {
    let mut columns = Columns::new("");
    columns.row(["name", &topology.name]);
    columns.row(["revision", &topology.revision.to_string()]);
    columns.row(["resources", &topology.resource_count.to_string()]);
    columns.row(["created", &created(topology)]);
    if topology.oldest_revision > 0 {
        columns.row(["oldest", &topology.oldest_revision.to_string()]);
    }
    if let Some(origin) = &topology.forked_from {
        columns.row(["forked from", &fork::origin(origin)]);
    }
    if !topology.description.is_empty() {
        columns.row(["description", &topology.description]);
    }
    columns.print(out)
}

fn print_revisions(revisions: &[v1::Revision], out: &mut dyn Write) -> io::Result<()> {
    let mut columns = Columns::new("");
    columns.row([
        "REVISION", "APPLIED", "AUTHOR", "PUT", "DELETED", "LABELS", "MESSAGE",
    ]);
    for revision in revisions {
        let time = revision
            .create_time
            .map_or_else(String::new, |time| time.to_string());
        columns.row([
            &revision.revision.to_string(),
            &time,
            &revision.author,
            &revision.put_count.to_string(),
            &revision.deleted_count.to_string(),
            &revision.labels.join(","),
            revision.message.lines().next().unwrap_or(""),
        ]);
    }
    columns.print(out)
}

fn created(topology: &v1::Topology) -> String {
    topology
        .create_time
        .map_or_else(String::new, |time| time.to_string())
}
