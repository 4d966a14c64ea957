//! Flags that the commands share: where the service is, how long to wait, how to print, who changes.

use std::time::Duration;

use clap::{Args, ValueEnum};

use causeway_client::Client;

use crate::{CliError, ServiceArgs};

/// Deadline of a call that reads, in seconds, if none is given.
pub(crate) const READ_SECONDS: u64 = 60;
/// Deadline of a call that may carry a whole estate, in seconds, if none is given.
pub(crate) const WRITE_SECONDS: u64 = 900;

/// Where the service is, and how to print what it says.
#[derive(Debug, Clone, Args)]
pub struct ConnectArgs {
    /// Where the service is, and who asks it
    #[command(flatten)]
    pub service: ServiceArgs,
    /// How long a call may take [default: 60; 900 for import and apply]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: Option<u64>,
    /// How to print: for people, or the contract's messages as JSON
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// The contract's messages
    Json,
}

/// Who changes a topology, and why. Kept with the revision.
#[derive(Debug, Clone, Default, Args)]
pub struct Author {
    /// Who makes the change
    #[arg(long, env = "USER", default_value = "", hide_env_values = true)]
    pub author: String,
    /// Why
    #[arg(long, short)]
    pub message: Option<String>,
}

// === impl ConnectArgs ===

impl ConnectArgs {
    /// Connects; `seconds` is the deadline of each call if the user gave none.
    pub(crate) async fn client(&self, seconds: u64) -> Result<Client, CliError> {
        let deadline = Duration::from_secs(self.timeout.unwrap_or(seconds));
        let builder = self.service.builder()?.deadline(deadline);
        Ok(builder.connect().await?)
    }
}
