//! How long the processes of a comparison have computed.

use std::time::Duration;

use crate::{LoadError, process};

/// The processes that a row is about, beside this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Processes {
    pub(super) service: Option<u32>,
    pub(super) echo: u32,
}

/// How long each has computed, user and system together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cpu {
    pub(super) client: Option<Duration>,
    pub(super) service: Option<Duration>,
    pub(super) echo: Option<Duration>,
}

impl Processes {
    pub(super) fn read(self) -> Result<Cpu, LoadError> {
        let service = match self.service {
            Some(id) => Some(process::computed(id).ok_or(LoadError::NoProcess { id })?),
            None => None,
        };
        Ok(Cpu {
            client: process::computed(std::process::id()),
            service,
            echo: process::computed(self.echo),
        })
    }
}

impl Cpu {
    pub(super) fn since(self, before: Self) -> Self {
        let since = |now: Option<Duration>, before| Some(now?.saturating_sub(before?));
        Self {
            client: since(self.client, before.client),
            service: since(self.service, before.service),
            echo: since(self.echo, before.echo),
        }
    }
}
