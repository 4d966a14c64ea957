//! `causeway store`: what is done to a data directory while nobody serves it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use causeway_store::{Fault, Report, SledStore, TopologyReport};

use crate::error::MainError;

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Walk the whole store and verify it; exits 1 if something is damaged
    ///
    /// No service may hold the directory meanwhile. Every record is read and compared with its checksum, logs must have no gaps,
    /// and checkpoints must be what their logs come to.
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Directory that keeps the topologies
    #[arg(
        long,
        env = "CAUSEWAY_DATA_DIR",
        value_name = "DIR",
        default_value = "causeway-data"
    )]
    data_dir: PathBuf,
    /// How to print
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// Does what the command says; its exit code tells whether all is well.
pub(crate) async fn run(command: StoreCommand, out: &mut dyn Write) -> Result<ExitCode, MainError> {
    let StoreCommand::Check(arguments) = command;
    let directory = arguments.data_dir.clone();
    let report = spawn_blocking(move || SledStore::check(&directory)).await??;
    match arguments.format {
        Format::Text => print(&arguments.data_dir, &report, out),
        Format::Json => writeln!(out, "{:#}", render(&report)),
    }
    .map_err(MainError::Print)?;
    Ok(ExitCode::from(u8::from(!report.faults.is_empty())))
}

fn print(directory: &Path, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for topology in &report.topologies {
        let TopologyReport {
            name,
            head,
            oldest,
            revisions,
            checkpoints,
            compared,
            labels,
            requests,
        } = topology;
        writeln!(
            out,
            "topology `{name}` at revision {head}, kept from {oldest} on: {revisions} revisions, {checkpoints} checkpoints ({compared} compared with the log), {labels} labels, {requests} requests"
        )?;
    }
    if report.leftovers > 0 {
        writeln!(
            out,
            "{} records are left of interrupted work; serving the store removes them",
            report.leftovers
        )?;
    }
    for fault in &report.faults {
        writeln!(out, "fault: {}: {}", fault.what, fault.detail)?;
    }
    writeln!(
        out,
        "`{}`: {} topologies checked, {} faults",
        directory.display(),
        report.topologies.len(),
        report.faults.len()
    )
}

fn render(report: &Report) -> Value {
    let topologies = report.topologies.iter().map(|topology| {
        json!({
            "name": topology.name,
            "revision": topology.head.0,
            "oldestRevision": topology.oldest.0,
            "revisions": topology.revisions,
            "checkpoints": topology.checkpoints,
            "comparedCheckpoints": topology.compared,
            "labels": topology.labels,
            "requests": topology.requests,
        })
    });
    json!({
        "topologies": topologies.collect::<Value>(),
        "leftovers": report.leftovers,
        "faults": report.faults.iter().map(render_fault).collect::<Value>(),
    })
}

fn render_fault(fault: &Fault) -> Value {
    let Fault {
        topology,
        revision,
        what,
        detail,
    } = fault;
    let given = [
        ("topology", topology.as_ref().map(|name| json!(name))),
        ("revision", revision.map(|revision| json!(revision.0))),
        ("what", Some(json!(what))),
        ("detail", Some(json!(detail))),
    ];
    let given = given
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(given.collect())
}
