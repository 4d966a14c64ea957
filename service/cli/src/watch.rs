//! `causeway watch`: each revision as it is made.

use std::io::{self, Write};
use std::pin::pin;

use clap::Args;
use futures::TryStreamExt;

use causeway_client::{Watched, v1};

use crate::connect::{ConnectArgs, Format, READ_SECONDS};
use crate::error::clean;
use crate::{CliError, Io, json};

/// What to watch.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// The topology
    #[arg(long, value_name = "NAME")]
    pub topology: String,
    /// Begin with the revision after this one; 0 for the first [default: the next one that is made]
    #[arg(long, value_name = "N")]
    pub from_revision: Option<u64>,
    /// Where the service is, and how to print
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// Prints until there is an error, or nobody who reads.
pub(crate) async fn run(args: WatchArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let client = args.connect.client(READ_SECONDS).await?;
    let mut events = pin!(client.watch(&args.topology, args.from_revision.into()));
    let mut is_first = true;
    while let Some(event) = events.try_next().await? {
        match event.what {
            Watched::Revision(v1::RevisionEvent { revision, .. }) => {
                print(&revision.unwrap_or_default(), args.connect.format, io)?;
            }
            Watched::Mark(mark) if is_first && io.progress => {
                let (name, head) = (&args.topology, mark.head_revision);
                writeln!(
                    io.err,
                    "`{name}` is at revision {head}; watching until Ctrl-C"
                )
                .map_err(CliError::Output)?;
            }
            Watched::Mark(_) => {}
        }
        is_first = false;
    }
    Ok(())
}

fn print(revision: &v1::Revision, format: Format, io: &mut Io<'_>) -> Result<(), CliError> {
    match format {
        Format::Json => {
            let value = json::to_value(revision)?;
            writeln!(io.out, "{value}").map_err(CliError::Output)
        }
        Format::Text => line(revision, io.out).map_err(CliError::Output),
    }
}

fn line(revision: &v1::Revision, out: &mut dyn Write) -> io::Result<()> {
    let time = revision
        .create_time
        .map_or_else(|| "-".to_owned(), |time| time.to_string());
    let author = if revision.author.is_empty() {
        "-"
    } else {
        &revision.author
    };
    let (number, put, deleted) = (
        revision.revision,
        revision.put_count,
        revision.deleted_count,
    );
    let message = revision.message.lines().next().unwrap_or("");
    let line = format!("{number}  {time}  {author}  {put} put, {deleted} deleted  {message}");
    writeln!(out, "{}", clean(line.trim_end()))
}
