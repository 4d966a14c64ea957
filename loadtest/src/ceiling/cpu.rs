//! How long processes have computed, from what Linux tells of them. Elsewhere it is not told.

use std::time::Duration;

use crate::LoadError;

/// Linux counts in hundredths of a second, on every machine that it runs on here.
const TICK: Duration = Duration::from_millis(10);

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
            Some(id) => Some(of(id).ok_or(LoadError::NoProcess { id })?),
            None => None,
        };
        Ok(Cpu {
            client: of(std::process::id()),
            service,
            echo: of(self.echo),
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

fn of(process: u32) -> Option<Duration> {
    ticks(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Fields 14 and 15 of the line. The second is the name, which may hold blanks and parentheses.
fn ticks(line: &str) -> Option<Duration> {
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * user.saturating_add(system))
}

#[cfg(test)]
mod tests;
