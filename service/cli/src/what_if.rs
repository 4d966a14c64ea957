//! `--with`: changes that are laid over a revision to ask what would be. Nothing is stored.

use std::path::{Path, PathBuf};

use clap::Args;

use causeway_client::{Client, WhatIf, v1};

use crate::{CliError, apply};

/// What to ask with.
#[derive(Debug, Clone, Default, Args)]
pub struct WithArgs {
    /// What if: changes to lay over the revision for this answer alone, in a file as `apply -f` takes it, of which the changes count; nothing is
    /// stored; `-` reads them from standard input
    #[arg(long, value_name = "FILE")]
    pub with: Option<PathBuf>,
}

/// Changes to ask with.
#[derive(Debug)]
pub(crate) struct With {
    file: String,
    topology: String,
    changes: Vec<v1::Change>,
}

// === impl WithArgs ===

impl WithArgs {
    /// Reads the changes, if there are any.
    pub(crate) fn read(&self, topology: &str) -> Result<Option<With>, CliError> {
        let Some(file) = &self.with else {
            return Ok(None);
        };
        Ok(Some(With {
            file: file.display().to_string(),
            topology: topology.to_owned(),
            changes: apply::document(file, topology)?.changes,
        }))
    }

    /// Refuses to read the changes from where the questions come from.
    pub(crate) fn check_beside(&self, input: &Path) -> Result<(), CliError> {
        let stdin = Path::new("-");
        if input == stdin && self.with.as_deref() == Some(stdin) {
            return Err(CliError::StandardInputTwice);
        }
        Ok(())
    }
}

// === impl With ===

impl With {
    /// The changes of `topology` to ask the service with.
    pub(crate) fn ask<'c>(with: Option<&Self>, client: &'c Client, topology: &str) -> WhatIf<'c> {
        let changes = with.map(|with| with.changes.clone());
        client
            .what_if(topology)
            .changes(changes.unwrap_or_default())
    }

    /// What is to be said beside the answer.
    pub(crate) fn note(&self, revision: u64) -> String {
        let Self {
            file,
            topology,
            changes,
        } = self;
        let changes = match changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        };
        format!(
            "{changes} of `{file}` laid over revision {revision} of `{topology}`, for this answer alone; nothing was stored"
        )
    }
}
