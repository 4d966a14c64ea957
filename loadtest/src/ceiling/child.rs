//! The echo as a process of its own, so that it competes for the machine as the service does.

use std::io::Error;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, BufWriter};
use tokio::process::{self, ChildStdin, Command};

use crate::LoadError;
use crate::echo::{self, Mode};
use crate::method::Method;

use super::calls::Calls;

/// An echo that runs. It ends with the process that started it, however that ends: its standard input is open no longer then.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) endpoint: String,
    /// The number of its process.
    pub(super) id: u32,
    process: process::Child,
    input: ChildStdin,
}

impl Child {
    /// Starts this very program as an echo of the answers.
    pub(super) async fn start<M: Method>(mode: Mode, calls: &Calls<M>) -> Result<Self, LoadError> {
        let program = std::env::current_exe().map_err(failed)?;
        Self::spawn(&program, mode, calls).await.map_err(failed)
    }

    async fn spawn<M: Method>(program: &Path, mode: Mode, calls: &Calls<M>) -> Result<Self, Error> {
        let mode = match mode {
            Mode::Batch => "batch",
            Mode::Single => "single",
        };
        let mut process = Command::new(program)
            .args(["echo", "--mode", mode, "--calls"])
            .arg(calls.len().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let gone = || Error::other("it ended before it listened");
        let input = process.stdin.take().ok_or_else(gone)?;
        let mut input = BufWriter::new(input);
        echo::write(calls.answers(), &mut input).await?;
        let output = process.stdout.take().ok_or_else(gone)?;
        let address = BufReader::new(output).lines().next_line().await?;
        Ok(Self {
            endpoint: format!("http://{}", address.ok_or_else(gone)?),
            id: process.id().ok_or_else(gone)?,
            process,
            input: input.into_inner(),
        })
    }

    /// Ends it, and waits until it is gone.
    pub(super) async fn end(mut self) -> Result<(), LoadError> {
        drop(self.input);
        let status = self.process.wait().await.map_err(failed)?;
        if status.success() {
            Ok(())
        } else {
            Err(failed(Error::other(format!("it ended with {status}"))))
        }
    }
}

fn failed(source: Error) -> LoadError {
    LoadError::Echo { source }
}
