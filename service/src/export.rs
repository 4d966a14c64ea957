//! `causeway export`: topologies into a backup, from a service that runs or from the directory of one that is stopped.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::task::spawn_blocking;

use causeway_model::revision::TopologyName;
use causeway_store::SledStore;
use causeway_store::backup::{self, Passing, Selection};

use crate::error::MainError;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// A topology to export; may be given several times [default: all topologies]
    #[arg(long = "topology", value_name = "NAME")]
    topologies: Vec<TopologyName>,
    /// Where the backup goes; `-` is standard output
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    service: causeway_cli::ServiceArgs,
    /// Export from this data directory, while nobody serves it, instead of asking a service
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// A backup on its way to where it is kept. It is checked as it passes.
struct Destination<'a> {
    passing: Passing,
    bytes: u64,
    out: Box<dyn Write + Send + 'a>,
    file: Option<Unfinished>,
    /// Whether how far it has come is shown on stderr.
    shows_progress: bool,
}

/// A file that has its name only when it is whole.
struct Unfinished {
    path: PathBuf,
    partial: PathBuf,
    file: File,
    is_finished: bool,
}

/// Exports, and prints what.
pub(crate) async fn run(
    arguments: ExportArgs,
    out: &mut (dyn Write + Send),
) -> Result<(), MainError> {
    let ExportArgs {
        topologies,
        output,
        service,
        data_dir,
    } = arguments;
    // Who cannot be asked is known before a file is made.
    match data_dir {
        Some(directory) => {
            let store = spawn_blocking(move || SledStore::open_existing(&directory)).await??;
            let selection = if topologies.is_empty() {
                Selection::All
            } else {
                Selection::Named(topologies)
            };
            let mut destination = Destination::open(&output, out)?;
            let written = backup::write(&store, &selection, &mut destination).await;
            spawn_blocking(move || drop(store)).await?;
            written?;
            destination.finish()
        }
        None => {
            let client = service.builder()?.connect().await?;
            let names = topologies.iter().map(ToString::to_string).collect();
            let mut export = client.export(names).await?;
            let mut destination = Destination::open(&output, out)?;
            while let Some(chunk) = export.next().await? {
                destination.put(&chunk).map_err(MainError::WriteBackup)?;
            }
            destination.finish()
        }
    }
}

// === impl Destination ===

impl<'a> Destination<'a> {
    fn open(path: &Path, out: &'a mut (dyn Write + Send)) -> Result<Self, MainError> {
        let file = if path == Path::new("-") {
            None
        } else {
            Some(Unfinished::create(path).map_err(MainError::WriteBackup)?)
        };
        Ok(Self {
            passing: Passing::new(),
            bytes: 0,
            out: Box::new(out),
            file,
            shows_progress: io::stderr().is_terminal(),
        })
    }

    fn put(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.passing.push(chunk).map_err(io::Error::other)?;
        match &mut self.file {
            Some(unfinished) => unfinished.file.write_all(chunk)?,
            None => self.out.write_all(chunk)?,
        }
        let count = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(count);
        self.show_progress()
    }

    fn show_progress(&self) -> io::Result<()> {
        if self.shows_progress {
            let (topologies, revisions) = self.passing.passed();
            let mebibytes = self.bytes >> 20;
            write!(
                io::stderr(),
                "\r{topologies} topologies, {revisions} revisions, {mebibytes} MiB"
            )?;
            io::stderr().flush()?;
        }
        Ok(())
    }

    /// Gives the file its name, once its end has passed.
    fn finish(mut self) -> Result<(), MainError> {
        let (topologies, revisions) = self.passing.passed();
        if self.shows_progress {
            writeln!(io::stderr()).map_err(MainError::Print)?;
        }
        let ended = self.passing.finish().map_err(io::Error::other);
        ended.map_err(MainError::WriteBackup)?;
        match self.file {
            Some(unfinished) => {
                let path = unfinished.path.clone();
                unfinished.finish().map_err(MainError::WriteBackup)?;
                writeln!(
                    self.out,
                    "`{}`: {topologies} topologies exported, {revisions} revisions, {} bytes",
                    path.display(),
                    self.bytes
                )
            }
            None => self.out.flush(),
        }
        .map_err(MainError::Print)
    }
}

impl backup::Sink for Destination<'_> {
    fn take(&mut self, bytes: Vec<u8>) -> backup::Taking<'_> {
        Box::pin(std::future::ready(self.put(&bytes)))
    }
}

// === impl Unfinished ===

impl Unfinished {
    fn create(path: &Path) -> io::Result<Self> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        Ok(Self {
            path: path.to_owned(),
            file: File::create(&partial)?,
            partial,
            is_finished: false,
        })
    }

    /// Makes the file durable under its name.
    fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.partial, &self.path)?;
        self.is_finished = true;
        let directory = self
            .path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or_else(|| Path::new(".")))?.sync_all()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // What is left of it is no backup, and says so; nothing more can be done.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}
