//! The real binary on a directory of its own, with a clock that is ahead.

use std::path::PathBuf;
use std::process::Command;

use causeway_client::Client;

use crate::harness::{Process, causeway};
use crate::shims;

/// The services of a test, one after the other on the same directory with the same settings.
pub(crate) struct Ahead {
    directory: tempfile::TempDir,
}

impl Ahead {
    /// With this configuration.
    pub(crate) fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("c.toml"), config).unwrap();
        shims::build("clock.rs", &directory.path().join("clock.so"));
        Self { directory }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The command, with a clock that is so many seconds ahead.
    pub(crate) fn command(&self, seconds: u64) -> Command {
        let mut command = causeway();
        command
            .env("LD_PRELOAD", self.directory.path().join("clock.so"))
            .env("SHIM_CLOCK_SECONDS", seconds.to_string())
            .env("CAUSEWAY_CONFIG", self.directory.path().join("c.toml"));
        command
    }

    pub(crate) async fn serve(&self, seconds: u64) -> (Process, Client) {
        let process = Process::start(self.command(seconds), &self.data(), &[]);
        let client = Client::connect(process.endpoint.clone()).await.unwrap();
        (process, client)
    }
}
