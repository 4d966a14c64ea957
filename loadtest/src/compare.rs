//! `compare`: whether one file of results is worse than another, by more than chance.
//!
//! What is chance, the repetitions of each file say (`run --repeat`): the medians are compared, and a figure is worse only if they are apart by more than
//! the repetitions of either side are among themselves, and by more than the tolerance.

mod band;
mod report;

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::LoadError;
use crate::report::say;
use crate::results::{self, Results};

use band::Verdict;

/// What to compare.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Results of `run --json`: those that were before.
    pub before: PathBuf,
    /// Those that are now.
    pub now: PathBuf,
    /// By how many hundredths a figure may be worse in any case.
    #[arg(long, default_value_t = 5.0, value_parser = hundredths)]
    pub tolerance: f64,
    /// Compares runs of different scenarios too.
    #[arg(long)]
    pub any: bool,
    /// File to write the comparison to, as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// Compares, prints a line for each figure, and fails if one is worse.
///
/// # Errors
/// [`LoadError::Worse`] if a figure is worse; another one if the files cannot be read, or are of different scenarios.
pub fn run(settings: &Settings) -> Result<(), LoadError> {
    let before = Results::read(&settings.before)?;
    let now = Results::read(&settings.now)?;
    if !settings.any {
        alike(&before.scenario, &now.scenario)?;
    }
    let compared = band::compare(&before.runs, &now.runs, settings.tolerance / 100.0);
    say(&report::head(&before, &now));
    compared
        .iter()
        .for_each(|figure| say(&report::line(figure)));
    if let Some(path) = &settings.json {
        results::write(path, &compared)?;
    }
    let worse = compared
        .into_iter()
        .filter(|figure| figure.verdict == Verdict::Worse);
    let figures: Vec<String> = worse.map(|figure| figure.name).collect();
    if figures.is_empty() {
        Ok(())
    } else {
        Err(LoadError::Worse { figures })
    }
}

/// That both ran the same. What a scenario says of itself for people is no difference.
fn alike(before: &Value, now: &Value) -> Result<(), LoadError> {
    let (Some(before), Some(now)) = (before.as_object(), now.as_object()) else {
        return Ok(());
    };
    let keys = before.keys().chain(now.keys());
    let mut keys = keys.filter(|key| *key != "description");
    match keys.find(|key| before.get(*key) != now.get(*key)) {
        Some(key) => Err(LoadError::Unlike { key: key.clone() }),
        None => Ok(()),
    }
}

fn hundredths(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|hundredths: &f64| (0.0..=1_000.0).contains(hundredths))
        .ok_or_else(|| "must be a number from 0 to 1000".to_owned())
}

#[cfg(test)]
mod tests;
