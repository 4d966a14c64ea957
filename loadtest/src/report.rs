//! What is told of a load: counts of verdicts, and how fast they came.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use causeway_client::v1::{
    BatchResolvePathsResponse, ImportResourcesResponse, PathAnswer, Verdict,
};

/// What the answers of a round say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    flows: u64,
    /// By the name that people know, as `REACHABLE`; flows without an answer under `errors`.
    counts: BTreeMap<&'static str, u64>,
    /// The first flow without an answer: its place in the round, from 1, and why.
    first_error: Option<(u64, String)>,
    /// The first and the last revision that answered.
    revisions: Option<(u64, u64)>,
}

// === impl Tally ===

impl Tally {
    /// Counts the answers of one call.
    pub fn add(&mut self, answer: &BatchResolvePathsResponse) {
        self.add_revision(answer.revision);
        for item in &answer.items {
            match &item.error {
                Some(error) => {
                    self.add_flow("errors");
                    self.first_error
                        .get_or_insert_with(|| (self.flows, error.message.clone()));
                }
                None => self.add_flow(name(item.verdict())),
            }
        }
    }

    /// Counts the answer of a call that asks for one path.
    pub fn add_path(&mut self, answer: &PathAnswer) {
        self.add_revision(answer.revision);
        self.add_flow(name(answer.verdict()));
    }

    /// How many flows there were.
    #[must_use]
    pub fn flows(&self) -> u64 {
        self.flows
    }

    /// How many flows ended how, by the name that people know; flows without an answer under `errors`.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    fn add_revision(&mut self, revision: u64) {
        let (first, _) = self.revisions.unwrap_or((revision, revision));
        self.revisions = Some((first, revision));
    }

    fn add_flow(&mut self, name: &'static str) {
        self.flows = self.flows.saturating_add(1);
        let count = self.counts.entry(name).or_default();
        *count = count.saturating_add(1);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match self.revisions {
            Some((first, last)) if first == last => parts.push(format!("revision {first}")),
            Some((first, last)) => parts.push(format!("revisions {first} to {last}")),
            None => {}
        }
        parts.extend(
            self.counts
                .iter()
                .map(|(name, count)| format!("{name} {count}")),
        );
        to.write_str(&parts.join(", "))?;
        match &self.first_error {
            Some((place, message)) => write!(to, " (the first is flow {place}: {message})"),
            None => Ok(()),
        }
    }
}

fn name(verdict: Verdict) -> &'static str {
    let name = verdict.as_str_name();
    name.strip_prefix("VERDICT_").unwrap_or(name)
}

/// The seconds that something took, and how many there were in each.
#[expect(
    clippy::cast_precision_loss,
    reason = "a rate for people to read needs no more than 52 bits of a count"
)]
fn rate(count: u64, wall: Duration) -> (f64, f64) {
    let seconds = wall.as_secs_f64().max(1e-9);
    (seconds, count as f64 / seconds)
}

/// An import in one line: what it made, and how fast.
#[must_use]
pub fn import(wall: Duration, answer: &ImportResourcesResponse) -> String {
    let changed = answer.created_count.saturating_add(answer.updated_count);
    let count = changed.saturating_add(answer.unchanged_count);
    let (seconds, rate) = rate(count, wall);
    let revision = answer.revision;
    format!(
        "revision {revision}: {count} resources, {changed} of them new or changed, in {seconds:.3} s, {rate:.0} resources/s"
    )
}

/// A round in one line: wall time, rate, counts.
#[must_use]
pub fn round(number: u32, wall: Duration, tally: &Tally) -> String {
    let (seconds, rate) = rate(tally.flows, wall);
    let flows = tally.flows;
    format!("round {number}: {flows} flows in {seconds:.3} s, {rate:.0} flows/s, {tally}")
}

/// Prints a line of the report.
#[expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]
pub fn say(line: &str) {
    println!("{line}");
}

/// Prints an error with its causes, to standard error.
#[expect(
    clippy::print_stderr,
    reason = "this is the one place where the program tells why it failed"
)]
pub fn complain(error: &dyn Error) {
    let mut line = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(&format!(": {error}"));
        cause = error.source();
    }
    eprintln!("{line}");
}

#[cfg(test)]
mod tests;
