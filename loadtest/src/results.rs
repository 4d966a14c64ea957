//! What a run leaves behind: a file of JSON that `compare` and other programs read, with all times as HDR histograms in the encoding that the tools of
//! HdrHistogram read too (V2, deflated, base64; values in nanoseconds).

mod histogram;
mod make;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::LoadError;
use crate::drive::{Kind, Outcome};
use crate::metrics::Cache;

pub(crate) use make::{Measured, cpu_share};

/// The version of this form. A later one is refused.
pub(crate) const FORM: u32 = 1;

/// The results of `run`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    /// The version of the form of this file.
    pub form: u32,
    /// What was run, for people.
    pub title: String,
    /// When, in seconds since 1970.
    pub started_unix_seconds: u64,
    /// Versions of both sides.
    pub versions: Versions,
    /// Where the service was reached.
    pub endpoint: String,
    /// The machine of the load generator.
    pub machine: Machine,
    /// The settings as they were run, the seed among them.
    pub scenario: Value,
    /// Each repetition.
    pub runs: Vec<Run>,
}

/// Versions of both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Versions {
    /// Of the load generator.
    pub loadtest: String,
    /// Of the service, if its metrics were read.
    pub service: Option<String>,
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// How many cores this process may use.
    pub cores: usize,
    /// The operating system and the architecture.
    pub system: String,
}

/// One repetition.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// All measured stages together.
    pub total: Figures,
    /// The same by the kind of call.
    pub kinds: BTreeMap<Kind, Figures>,
    /// Stage by stage, those that are not measured too.
    pub stages: Vec<StageFigures>,
    /// How much later than intended calls were sent: of the load generator alone.
    pub send_lag: Summary,
    /// The most calls that were under way at once.
    pub most_under_way: u64,
    /// What happened when.
    pub timeline: TimelineFigures,
    /// What the load generator used.
    pub client: Usage,
    /// What the process of the service used, if it was named.
    pub service: Option<Usage>,
    /// What was found in the cache of answers, if the metrics of the service were read.
    pub cache: Option<Cache>,
    /// Events that standing watches were told.
    pub watch_events: u64,
    /// What went wrong, and how often: the first of those that differ in numbers alone.
    pub faults: Vec<FaultFigures>,
}

/// Counts and times of some calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Calls that were to be sent.
    pub intended: u64,
    /// Of them those that were sent.
    pub sent: u64,
    /// Of those, the ones that were sent late.
    pub late: u64,
    /// Calls that were not sent, since too many were under way.
    pub skipped: u64,
    /// Calls that were to be sent, a second.
    pub offered_per_second: f64,
    /// Calls that were answered in that time, a second.
    pub answered_per_second: f64,
    /// Flows, and cells of matrices, that were answered in that time, a second.
    pub flows_per_second: f64,
    /// Flows whose answer was an error of their own.
    pub flow_errors: u64,
    /// Times from the moment at which a call was to be sent to its end.
    pub outcomes: BTreeMap<Outcome, Summary>,
}

/// Times of calls, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// How many there are.
    pub count: u64,
    /// Half took no longer.
    pub p50_seconds: f64,
    /// Nine of ten.
    pub p90_seconds: f64,
    /// 99 of 100.
    pub p99_seconds: f64,
    /// 999 of 1,000.
    pub p999_seconds: f64,
    /// 9,999 of 10,000.
    pub p9999_seconds: f64,
    /// All.
    pub max_seconds: f64,
    /// The times, in nanoseconds, as HdrHistogram encodes them.
    pub histogram: String,
}

/// A stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageFigures {
    /// Its name.
    pub name: String,
    /// The level at its begin and at its end: calls a second, or callers.
    pub levels: [f64; 2],
    /// Whether it counts in the total.
    pub measured: bool,
    /// When it began, in seconds after the begin of the run.
    pub begin_seconds: f64,
    /// What came of it.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What happened when.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineFigures {
    /// How long a point is.
    pub interval_seconds: f64,
    /// One after the other.
    pub points: Vec<Point>,
}

/// What happened in an interval: sends and latency by when calls were to be sent, the rest by when they ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// Calls that were sent.
    pub sent: u64,
    /// Of them those that were late.
    pub late: u64,
    /// Calls that were not sent.
    pub skipped: u64,
    /// Calls that were answered.
    pub ok: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// Calls that failed.
    pub error: u64,
    /// Calls whose time was over.
    pub deadline: u64,
    /// Flows that were answered.
    pub flows: u64,
    /// Latency of those answered; none if none was.
    pub p50_seconds: Option<f64>,
    /// 99 of 100.
    pub p99_seconds: Option<f64>,
    /// The longest.
    pub max_seconds: Option<f64>,
}

/// What a process used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// How long it computed, user and system together, on all cores; none where that is not told.
    pub cpu_seconds: Option<f64>,
    /// That to the length of the run and the cores of the machine: 1 is all of it.
    pub cpu_share: Option<f64>,
    /// Memory at the begin, at most, and at the end.
    pub memory_bytes: Option<[u64; 3]>,
    /// Memory over time, beside its seconds after the begin.
    pub memory_over_time: Vec<(f64, u64)>,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultFigures {
    /// What gRPC calls it.
    pub code: String,
    /// What was said.
    pub message: String,
    /// How often.
    pub count: u64,
}

// === impl Results ===

impl Results {
    /// Reads a file.
    ///
    /// # Errors
    /// [`LoadError`] if it cannot be read, or is no file of results.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let text = std::fs::read_to_string(path).map_err(|source| LoadError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        let no_results = |source| LoadError::NoResults {
            path: path.to_path_buf(),
            source,
        };
        let results: Self = serde_json::from_str(&text).map_err(no_results)?;
        if results.form != FORM {
            let other = format!(
                "its form is {}, and this program reads {FORM}",
                results.form
            );
            let source = <serde_json::Error as serde::de::Error>::custom(other);
            return Err(no_results(source));
        }
        Ok(results)
    }
}

/// Writes something as JSON.
///
/// # Errors
/// [`LoadError`] if the file cannot be written.
pub(crate) fn write(path: &Path, what: &impl Serialize) -> Result<(), LoadError> {
    let text = serde_json::to_string_pretty(what);
    let text = text.map_err(|source| LoadError::Unencodable { source })?;
    std::fs::write(path, text + "\n").map_err(|source| LoadError::Unwritable {
        path: path.to_path_buf(),
        source,
    })
}

/// Settings as they stand in results.
///
/// # Errors
/// [`LoadError`] if they are nothing that JSON has.
pub(crate) fn value(settings: &impl Serialize) -> Result<Value, LoadError> {
    serde_json::to_value(settings).map_err(|source| LoadError::Unencodable { source })
}

#[cfg(test)]
mod tests;
