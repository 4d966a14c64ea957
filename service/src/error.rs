//! Why the command failed, and how that is printed.

use std::error::Error;
use std::io::{self, Write};

use thiserror::Error;

use crate::config::ConfigError;
use crate::policy::PolicyTestError;
use crate::prices::PriceError;
use crate::telemetry::TelemetryError;

/// Why the command failed.
#[derive(Debug, Error)]
pub(crate) enum MainError {
    /// The threads that do the work could not be started.
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] causeway_grpc::TlsError),
    /// A token cannot be what it should be.
    #[error(transparent)]
    Token(#[from] causeway_access::TokenError),
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    /// The price file is wrong.
    #[error(transparent)]
    Prices(#[from] PriceError),
    /// The policies are wrong.
    #[error(transparent)]
    Policies(#[from] causeway_access::PolicyError),
    /// Test cases of policies cannot be used.
    #[error(transparent)]
    PolicyTests(#[from] PolicyTestError),
    /// Logs or traces cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] causeway_store::StoreError),
    /// What the store has cannot be exported.
    #[error(transparent)]
    Export(#[from] causeway_store::backup::ExportError),
    /// A backup cannot be written to where it should go, or is damaged on its way there.
    #[error("cannot write the backup")]
    WriteBackup(#[source] io::Error),
    /// A backup cannot be used.
    #[error("backup `{file}` cannot be used; nothing was restored")]
    Backup {
        /// As the user named it.
        file: String,
        /// What is wrong, and where.
        source: causeway_store::backup::BackupError,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; choose another address with {flag}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// The flag that it comes from.
        flag: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The address cannot be listened on for who asks for metrics.
    #[error("cannot listen on {address} for metrics; choose another address with --metrics-listen")]
    ListenForMetrics {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Signals cannot be taken.
    #[error("cannot take the signals that end the server")]
    Signals(#[source] io::Error),
    /// The server failed.
    #[error(transparent)]
    Serve(#[from] causeway_grpc::ServeError),
    /// A task ended before it was done.
    #[error("a task ended before it was done")]
    Task(#[from] tokio::task::JoinError),
    /// Health cannot be asked for.
    #[error("cannot ask {endpoint} for its health: {detail}")]
    Health {
        /// As the user named it.
        endpoint: String,
        /// What came instead of an answer.
        detail: String,
    },
    /// The service says that it is not healthy.
    #[error("{0}")]
    Unhealthy(&'static str),
    /// A client's command failed.
    #[error(transparent)]
    Cli(#[from] causeway_cli::CliError),
    /// What was found cannot be printed.
    #[error("cannot print what was found")]
    Print(#[source] io::Error),
    /// The demonstration has no place for its store.
    #[error("cannot make a temporary directory")]
    Temporary(#[source] io::Error),
    /// The example estate cannot be read.
    #[error("the example estate cannot be read")]
    Estate(#[from] causeway_aws_import::ImportError),
    /// The demonstration's server does not do what its client asks.
    #[error(transparent)]
    Client(#[from] causeway_client::ClientError),
}

impl MainError {
    /// Prints the error with its causes, in one line where it is one.
    pub(crate) fn report(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Self::Cli(error) = self {
            return error.report(out);
        }
        write!(out, "error: {self}")?;
        for cause in std::iter::successors(self.source(), |&cause| cause.source()) {
            write!(out, ": {cause}")?;
        }
        writeln!(out)
    }
}
