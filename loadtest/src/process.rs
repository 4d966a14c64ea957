//! What Linux tells of a process: how long it has computed, and how much memory it has. Elsewhere it is not told.

use std::time::Duration;

/// Linux counts in hundredths of a second, on every machine that it runs on here.
const TICK: Duration = Duration::from_millis(10);

/// How long a process has computed, user and system together.
pub(crate) fn computed(process: u32) -> Option<Duration> {
    ticks(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The memory that a process has in RAM, in bytes.
pub(crate) fn memory(process: u32) -> Option<u64> {
    resident(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

/// Fields 14 and 15 of the line. The second is the name, which may hold blanks and parentheses.
fn ticks(line: &str) -> Option<Duration> {
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * user.saturating_add(system))
}

fn resident(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests;
