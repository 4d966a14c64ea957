//! What a run asks, out of a file in TOML: the estate, the mix of calls, and how much of them when. It says nothing of where the service is.
//!
//! A key that is not known, a value that is out of its bounds and phases without a measured one are errors that name the file and the place.

mod check;
mod phase;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::LoadError;

pub use phase::Phase;
pub(crate) use phase::{Stage, stages};

/// The settings of a file. Those that are left out have the values of [`Scenario::default`].
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "camelCase"))]
pub struct Scenario {
    /// What the scenario is for, for people.
    pub description: String,
    /// What everything is drawn from: the same seed asks the same calls in the same order.
    pub seed: u64,
    /// Whether calls are sent on a schedule, or each after the one before.
    pub mode: Mode,
    /// How many connections carry the calls.
    pub connections: usize,
    /// How long a call may take.
    pub deadline_seconds: f64,
    /// How many calls may be under way at once with an open loop: what is to be sent beyond is skipped, and counted.
    pub most_under_way: usize,
    /// How the sends of a schedule follow each other.
    pub arrivals: Arrivals,
    /// Which revision is asked for.
    pub consistency: Consistency,
    /// What is asked about.
    pub estate: Estate,
    /// How many of all calls are of each kind.
    pub mix: Mix,
    /// How flows are drawn.
    pub flows: Flows,
    /// Calls of the kind `batch`.
    pub batch: Batch,
    /// Calls of the kind `stream`.
    pub stream: Stream,
    /// Calls of the kind `matrix`.
    pub matrix: Matrix,
    /// Calls of the kind `mutate`.
    pub mutate: Mutate,
    /// Calls of the kind `watch`, and watches that stay.
    pub watch: Watch,
    /// How much is asked, one phase after the other.
    pub phases: Vec<Phase>,
}

/// Who decides when the next call is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A schedule, whatever becomes of the calls before: the level of a phase is calls a second.
    Open,
    /// The answer to the call before: the level of a phase is how many callers ask.
    Closed,
}

/// How the sends of a schedule follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// With the same time between them.
    Even,
    /// At random, as those of many callers who know nothing of each other (a Poisson process).
    Random,
}

/// Which revision is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// The newest one.
    Newest,
    /// One that has all changes that this run has made.
    OwnWrites,
    /// The one that was the newest when the run began.
    Pinned,
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "camelCase"))]
pub struct Estate {
    /// How many interfaces the estate has that is made up. It is imported into the topology `loadtest-<interfaces>`.
    pub interfaces: u32,
    /// A topology that is there, as `causeway import` has made it. Then nothing is made up.
    pub topology: Option<String>,
    /// File of questions about that topology, beside the scenario. Without one they are made up from its interfaces.
    pub questions: Option<PathBuf>,
    /// How many questions are made up, or read.
    pub count: usize,
}

/// How many of all calls are of each kind, as weights.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mix {
    /// One flow, in full.
    pub single: f64,
    /// Many flows at once.
    pub batch: f64,
    /// A stream of chunks of flows.
    pub stream: f64,
    /// A matrix of verdicts.
    pub matrix: f64,
    /// A change set.
    pub mutate: f64,
    /// A watch, from its beginning to its first event.
    pub watch: f64,
}

/// How flows are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flows {
    /// The exponent of Zipf's law that sources are drawn by; 0 draws all alike.
    pub zipf: f64,
    /// Gives each flow a source port at random, so that hardly any was asked before.
    pub distinct: bool,
}

/// How much is asked of each flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Verdict and codes.
    Verdict,
    /// And the ids of the forward hops.
    Path,
    /// And the whole answer.
    Full,
}

/// Calls of the kind `batch`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Batch {
    /// How many flows a batch may have. One of these is drawn for each; to have one more often, write it more often.
    pub sizes: Vec<usize>,
    /// How much is asked of each flow.
    pub detail: Detail,
}

/// Calls of the kind `stream`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "camelCase"))]
pub struct Stream {
    /// How many chunks a stream has.
    pub chunks: usize,
    /// How many flows a chunk has.
    pub chunk_flows: usize,
    /// How much is asked of each flow.
    pub detail: Detail,
}

/// Calls of the kind `matrix`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matrix {
    /// How many sources are drawn.
    pub sources: usize,
    /// How many destinations are drawn.
    pub destinations: usize,
    /// Ports of TCP.
    pub ports: Vec<u16>,
}

/// What a change set changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A rule that no flow of the run meets is put beside those of a security group: answers over it are computed again.
    Rules,
    /// A tag of a security group, which no answer depends on.
    Tags,
}

/// Calls of the kind `mutate`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mutate {
    /// How many resources a change set changes.
    pub changes: usize,
    /// What of them.
    pub what: What,
}

/// Watches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Watch {
    /// How many watches are there from the beginning to the end, beside those of the mix; their events are counted.
    pub standing: usize,
}

// === impl Scenario ===

impl Default for Scenario {
    fn default() -> Self {
        Self {
            description: String::new(),
            seed: 1,
            mode: Mode::Open,
            connections: 4,
            deadline_seconds: 10.0,
            most_under_way: 1_000,
            arrivals: Arrivals::Even,
            consistency: Consistency::Newest,
            estate: Estate::default(),
            mix: Mix::default(),
            flows: Flows::default(),
            batch: Batch::default(),
            stream: Stream::default(),
            matrix: Matrix::default(),
            mutate: Mutate::default(),
            watch: Watch::default(),
            phases: Vec::new(),
        }
    }
}

impl Scenario {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`LoadError`] if the file cannot be read, is not TOML, has a key that is not known or a value that cannot be.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let text = std::fs::read_to_string(path).map_err(|source| LoadError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        let mut scenario = Self::parse(&text).map_err(|fault| LoadError::NoScenario {
            path: path.to_path_buf(),
            fault,
        })?;
        // A file of questions lies beside the scenario, wherever the run is started.
        if let (Some(questions), Some(folder)) = (&mut scenario.estate.questions, path.parent()) {
            *questions = folder.join(&questions);
        }
        Ok(scenario)
    }

    /// Reads and checks the text of a file; an error says what is wrong and where.
    fn parse(text: &str) -> Result<Self, String> {
        let scenario: Self = toml::from_str(text).map_err(|error| place(text, &error))?;
        scenario.check()?;
        Ok(scenario)
    }
}

/// What is wrong, and on which line.
fn place(text: &str, error: &toml::de::Error) -> String {
    let begin = error.span().map_or(0, |span| span.start);
    let before = text.bytes().take(begin);
    let line = 1 + before.filter(|byte| *byte == b'\n').count();
    let message = error.message().replace('\n', " ");
    format!("line {line}: {message}")
}

// === impl parts ===

impl Default for Estate {
    fn default() -> Self {
        Self {
            interfaces: 1_000,
            topology: None,
            questions: None,
            count: 20_000,
        }
    }
}

impl Estate {
    /// Another number of interfaces, for an estate that is made up.
    pub(crate) fn resize(&mut self, interfaces: u32, path: &Path) -> Result<(), LoadError> {
        if let Some(topology) = &self.topology {
            return Err(LoadError::NoScenario {
                path: path.to_path_buf(),
                fault: format!(
                    "it names the topology `{topology}`, which has the interfaces that it has; leave --interfaces out"
                ),
            });
        }
        self.interfaces = interfaces;
        Ok(())
    }
}

impl Default for Mix {
    /// Nothing: a file that leaves the mix out is told so.
    fn default() -> Self {
        Self {
            single: 0.0,
            batch: 0.0,
            stream: 0.0,
            matrix: 0.0,
            mutate: 0.0,
            watch: 0.0,
        }
    }
}

impl Default for Flows {
    fn default() -> Self {
        Self {
            zipf: 1.0,
            distinct: false,
        }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            sizes: vec![1_000],
            detail: Detail::Verdict,
        }
    }
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            chunks: 4,
            chunk_flows: 250,
            detail: Detail::Verdict,
        }
    }
}

impl Default for Matrix {
    fn default() -> Self {
        Self {
            sources: 20,
            destinations: 20,
            ports: vec![443],
        }
    }
}

impl Default for Mutate {
    fn default() -> Self {
        Self {
            changes: 1,
            what: What::Rules,
        }
    }
}

#[cfg(test)]
mod tests;
