//! Why a command failed, and how that is printed.

use std::error::Error;
use std::io::{self, Write};

use causeway_aws_import::ImportError;
use causeway_client::ClientError;

use crate::json::JsonError;

/// Why a command failed. [`CliError::report`] prints it with its causes.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The service could not be reached, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A file could not be read.
    #[error("cannot read `{path}`")]
    Read {
        /// As the user named it.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write `{path}`")]
    Write {
        /// As the user named it.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The answer could not be printed.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
    /// A file is not JSON.
    #[error("{file}:{line}:{column}: {fault}")]
    BrokenJson {
        /// As the user named it.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser said.
        fault: String,
    },
    /// A file is JSON, but not of the form that it must have.
    #[error("`{file}` is not {what}")]
    Document {
        /// As the user named it.
        file: String,
        /// What it must be.
        what: &'static str,
        /// Where it differs.
        source: JsonError,
    },
    /// A part of a selector is no condition.
    #[error(
        "`{condition}` is no condition, or given twice; expected vpc:ID, subnet:ID, sg:ID, account:ID, region:NAME, tag:KEY or tag:KEY=VALUE, and `instances` for instances"
    )]
    Selector {
        /// The part.
        condition: String,
    },
    /// A text is no service.
    #[error(
        "`{text}` is no service, expected a port as 443 or 53/udp, or a protocol without ports as icmp"
    )]
    Service {
        /// As the user wrote it.
        text: String,
    },
    /// A message cannot be printed as JSON.
    #[error("the answer cannot be printed as JSON")]
    Json(#[from] JsonError),
    /// A folder of AWS JSON could not be read.
    #[error("cannot import `{dir}`")]
    Import {
        /// As the user named it.
        dir: String,
        /// What the importer said.
        source: ImportError,
    },
    /// A folder has nothing to import.
    #[error("`{dir}` holds no AWS JSON that is understood; nothing was imported")]
    NothingToImport {
        /// As the user named it.
        dir: String,
    },
    /// An import failed, and the topology that was made for it is still there.
    #[error(
        "the empty topology `{topology}` that was made for an import that failed could not be deleted again"
    )]
    LeftBehind {
        /// The topology.
        topology: String,
        /// Why the import failed.
        source: ClientError,
    },
    /// A deletion was not confirmed.
    #[error(
        "`{topology}` was not deleted: the question was not answered with `y`; --yes asks nothing"
    )]
    Unconfirmed {
        /// The topology.
        topology: String,
    },
    /// A flow lacks its port.
    #[error("{protocol} needs a destination port; add --port N")]
    MissingPort {
        /// Its protocol.
        protocol: String,
    },
    /// A change set names another topology than the flag.
    #[error("`{file}` is for topology `{in_file}`, not `{wanted}`")]
    OtherTopology {
        /// As the user named it.
        file: String,
        /// The topology in the file.
        in_file: String,
        /// The topology of the flag.
        wanted: String,
    },
    /// Questions and changes are both to come from standard input.
    #[error("`--input -` and `--with -` cannot both read standard input; give one of them a file")]
    StandardInputTwice,
    /// A question of the demonstration cannot be read.
    #[error("question {line}: {fault}")]
    Question {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: String,
    },
}

// === impl CliError ===

impl CliError {
    /// Prints the error for people: one line with its causes, then every fault that the service named, one a line.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn report(&self, err: &mut dyn Write) -> io::Result<()> {
        let faults = self.faults();
        // One fault fits into the line; several are listed below it instead.
        match (self, faults.as_slice()) {
            (Self::Client(ClientError::Refused(refusal)), [first, _, ..]) => {
                let headline = headline(&refusal.message, first);
                writeln!(err, "error: {}", clean(headline))?;
            }
            (_, [_, _, ..]) => writeln!(err, "error: {self}: {} faults", faults.len())?,
            (_, [] | [_]) => return self.report_chain(err),
        }
        for fault in faults {
            writeln!(err, "  {}", clean(&fault))?;
        }
        Ok(())
    }

    fn report_chain(&self, err: &mut dyn Write) -> io::Result<()> {
        write!(err, "error: {self}")?;
        for cause in std::iter::successors(self.source(), |&cause| cause.source()) {
            write!(err, ": {}", clean(&cause.to_string()))?;
        }
        writeln!(err)
    }

    /// The single faults that an error is about, where it is about several.
    fn faults(&self) -> Vec<String> {
        match self {
            Self::Client(error) | Self::LeftBehind { source: error, .. } => error
                .violations()
                .iter()
                .map(|violation| format!("{}: {}", violation.field, violation.description))
                .collect(),
            Self::Import {
                source: ImportError::Records { faults },
                ..
            } => faults.iter().map(ToString::to_string).collect(),
            Self::Import { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Output(_)
            | Self::BrokenJson { .. }
            | Self::Document { .. }
            | Self::Json(_)
            | Self::NothingToImport { .. }
            | Self::Unconfirmed { .. }
            | Self::MissingPort { .. }
            | Self::OtherTopology { .. }
            | Self::StandardInputTwice
            | Self::Selector { .. }
            | Self::Service { .. }
            | Self::Question { .. } => Vec::new(),
        }
    }
}

/// The message of a refusal without its first fault, which is listed below it.
fn headline<'m>(message: &'m str, first: &str) -> &'m str {
    let field = first.split_inclusive(": ").next().unwrap_or(first);
    let told = message.find(&format!(": {field}"));
    told.and_then(|at| message.get(..at)).unwrap_or(message)
}

/// Text from elsewhere as one line that cannot steer a terminal.
pub(crate) fn clean(text: &str) -> String {
    text.replace(char::is_control, " ")
}
