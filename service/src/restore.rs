//! `causeway restore`: a new data directory from a backup, or a check of the backup alone.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use causeway_model::revision::TopologyName;
use causeway_store::Building;
use causeway_store::backup::{self, BackupError, Contents, RestoredTopology, Selection};

use crate::error::MainError;
use crate::store::Format;

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup; `-` is standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Data directory to make; it must be new or empty, and has its name only when all is restored
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "verify",
        conflicts_with = "verify"
    )]
    data_dir: Option<PathBuf>,
    /// Do nothing if something is in DIR already, and delete what a restore that was killed left beside it: for machines that restore whenever they start.
    /// Nobody else may be restoring into DIR
    #[arg(long, requires = "data_dir")]
    if_absent: bool,
    /// A topology to restore; may be given several times [default: all topologies]
    #[arg(long = "topology", value_name = "NAME", conflicts_with = "verify")]
    topologies: Vec<TopologyName>,
    /// Check the whole backup and restore nothing
    #[arg(long)]
    verify: bool,
    /// How to print
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

/// Restores or checks, and prints what.
pub(crate) async fn run(arguments: RestoreArgs, out: &mut dyn Write) -> Result<(), MainError> {
    let RestoreArgs {
        input,
        data_dir,
        if_absent,
        topologies,
        verify: _,
        format,
    } = arguments;
    if let (true, Some(directory)) = (if_absent, data_dir.clone()) {
        let shown = directory.display().to_string();
        let is_free = spawn_blocking(move || Building::make_way(&directory)).await??;
        if !is_free {
            return writeln!(out, "`{shown}` is there already: nothing restored")
                .map_err(MainError::Print);
        }
    }
    let unusable = |source: BackupError| MainError::Backup {
        file: input.display().to_string(),
        source,
    };
    let (contents, end) = match &data_dir {
        None => {
            let mut source = open(&input)?;
            let checked = spawn_blocking(move || backup::verify(source.as_mut())).await?;
            (checked.map_err(unusable)?, "verified".to_owned())
        }
        Some(directory) => {
            let selection = if topologies.is_empty() {
                Selection::All
            } else {
                Selection::Named(topologies)
            };
            let mut source = open(&input)?;
            let begun = directory.clone();
            let building = spawn_blocking(move || Building::begin(&begun)).await??;
            let restored = backup::restore(source.as_mut(), building.store(), &selection).await;
            let ended = spawn_blocking(move || match restored {
                Ok(contents) => Ok(building.finish().map(|()| contents)?),
                // What was built is removed with it.
                Err(error) => Err(error),
            });
            let contents = ended.await?.map_err(unusable)?;
            (contents, format!("restored into `{}`", directory.display()))
        }
    };
    match format {
        Format::Text => print(&input, &contents, &end, out),
        Format::Json => writeln!(out, "{:#}", render(&contents)),
    }
    .map_err(MainError::Print)
}

fn open(path: &Path) -> Result<Box<dyn Read + Send>, MainError> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(MainError::Backup {
            file: path.display().to_string(),
            source: BackupError::Read(source),
        }),
    }
}

fn print(input: &Path, contents: &Contents, end: &str, out: &mut dyn Write) -> io::Result<()> {
    for topology in &contents.topologies {
        let RestoredTopology {
            name,
            oldest,
            head,
            requests,
            labels,
            resources,
        } = topology;
        writeln!(
            out,
            "topology `{name}` at revision {head}: revisions from {oldest} on, {resources} resources, {labels} labels, {requests} requests"
        )?;
    }
    writeln!(
        out,
        "`{}`: {} topologies and {} deletions {end}",
        input.display(),
        contents.topologies.len(),
        contents.deletions
    )
}

fn render(contents: &Contents) -> Value {
    let topologies = contents.topologies.iter().map(|topology| {
        json!({
            "name": topology.name.as_str(),
            "oldestRevision": topology.oldest.0,
            "revision": topology.head.0,
            "resources": topology.resources,
            "labels": topology.labels,
            "requests": topology.requests,
        })
    });
    json!({
        "topologies": topologies.collect::<Value>(),
        "deletions": contents.deletions,
    })
}
