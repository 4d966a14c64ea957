//! `causeway apply`: a set of changes from a JSON document, which is the contract's ApplyChangesRequest.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use causeway_client::v1;

use crate::connect::{Author, ConnectArgs, Format, WRITE_SECONDS};
use crate::path::print_json;
use crate::{CliError, Io, json};

/// What `apply` is asked.
#[derive(Debug, Clone, Args)]
pub struct ApplyArgs {
    /// The topology
    #[arg(long, value_name = "NAME")]
    pub topology: String,
    /// The changes: {"changes": [{"put": {...}}, {"deleteResourceId": "..."}], "message": "..."}; `-` reads them from standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: PathBuf,
    /// Apply only if the newest revision is this one
    #[arg(long, value_name = "N")]
    pub expect_revision: Option<u64>,
    /// Check alone, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Who changes, and why
    #[command(flatten)]
    pub author: Author,
    /// Where the service is, and how to print
    #[command(flatten)]
    pub connect: ConnectArgs,
}

pub(crate) async fn run(args: ApplyArgs, io: &mut Io<'_>) -> Result<(), CliError> {
    let request = request(&args)?;
    let client = args.connect.client(WRITE_SECONDS).await?;
    let dry_run = request.validate_only;
    let answer = client.apply_request(request).send().await?;
    if args.connect.format == Format::Json {
        return print_json(&answer, io);
    }
    let v1::ApplyChangesResponse {
        revision,
        put_count,
        deleted_count,
    } = answer;
    let text = if put_count == 0 && deleted_count == 0 {
        format!("no change: `{}` is at revision {revision}", args.topology)
    } else if dry_run {
        format!(
            "checked, nothing changed: would put {put_count} and delete {deleted_count}, as revision {revision} of `{}`",
            args.topology
        )
    } else {
        format!(
            "put {put_count} and deleted {deleted_count}, as revision {revision} of `{}`",
            args.topology
        )
    };
    writeln!(io.out, "{text}").map_err(CliError::Output)
}

/// The request in a document, which is for this topology.
pub(crate) fn document(file: &Path, topology: &str) -> Result<v1::ApplyChangesRequest, CliError> {
    let name = file.display().to_string();
    let text = read(file).map_err(|source| CliError::Read {
        path: name.clone(),
        source,
    })?;
    let value = serde_json::from_slice(&text).map_err(|error| CliError::BrokenJson {
        file: name.clone(),
        line: error.line(),
        column: error.column(),
        fault: json::fault(&error),
    })?;
    let mut request: v1::ApplyChangesRequest =
        json::from_value(&value).map_err(|source| CliError::Document {
            file: name.clone(),
            what: "a set of changes",
            source,
        })?;
    if !request.topology.is_empty() && request.topology != topology {
        return Err(CliError::OtherTopology {
            file: name,
            in_file: request.topology,
            wanted: topology.to_owned(),
        });
    }
    topology.clone_into(&mut request.topology);
    Ok(request)
}

/// The request in the document, with what the flags say; a flag wins.
fn request(args: &ApplyArgs) -> Result<v1::ApplyChangesRequest, CliError> {
    let mut request = document(&args.file, &args.topology)?;
    request.expected_revision = args.expect_revision.or(request.expected_revision);
    request.validate_only |= args.dry_run;
    if request.author.is_empty() {
        request.author.clone_from(&args.author.author);
    }
    if let Some(message) = &args.author.message {
        request.message.clone_from(message);
    }
    Ok(request)
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file);
    }
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text)?;
    Ok(text)
}
