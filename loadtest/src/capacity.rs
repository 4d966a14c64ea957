//! `find-capacity`: the highest rate at which a service still keeps a latency.
//!
//! A rate is kept if, of 100 calls that were to be sent, 99 were answered in time: what was refused, failed or skipped was not. It is looked for by doubling
//! until one is not kept, and then between the two.

mod probe;
mod report;
mod search;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::arguments::Service;
use crate::caller::Caller;
use crate::ground::Ground;
use crate::progress::Progress;
use crate::report::say;
use crate::results::{self, Machine, Versions};
use crate::run::{SidesSettings, machine, now, stop_at_signal, versions};
use crate::scenario::{Mode, Scenario};
use crate::{LoadError, arguments, page};

use probe::{Probe, Prober};
use search::Search;

/// What to look for, and how.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where the service is. It may be a proxy before it.
    #[command(flatten)]
    pub service: Service,
    /// Who asks.
    #[command(flatten)]
    pub caller: Caller,
    /// The scenario whose mix is asked: a file in TOML. Its phases do not matter, nor its mode.
    pub scenario: PathBuf,
    /// The latency that 99 of 100 calls must keep, in milliseconds, from when they were to be sent.
    #[arg(long, default_value_t = 50.0, value_parser = milliseconds)]
    pub p99: f64,
    /// The first rate that is tried, in calls a second.
    #[arg(long, default_value_t = 100.0, value_parser = rate)]
    pub from: f64,
    /// How long each rate is measured, in seconds. Before that it is sent for half as long.
    #[arg(long, default_value_t = 3.0, value_parser = arguments::seconds)]
    pub seconds: f64,
    /// How many rates are tried at most.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(2..=100))]
    pub probes: u32,
    /// How near the highest rate that is kept and the lowest that is not must come, in hundredths.
    #[arg(long, default_value_t = 5.0, value_parser = hundredths)]
    pub precision: f64,
    /// How many connections there are: one row for each. [default: what the scenario says]
    #[arg(long, value_delimiter = ',', value_parser = arguments::connections)]
    pub connections: Vec<usize>,
    /// How many interfaces the estate that is made up has: so many rows for each. [default: what the scenario says]
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    pub interfaces: Vec<u32>,
    /// What both sides use is told of these.
    #[command(flatten)]
    pub sides: SidesSettings,
    /// File to write the results to, as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// File to write the results to, as one page for people.
    #[arg(long)]
    pub html: Option<PathBuf>,
}

/// The results.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Capacities {
    title: String,
    started_unix_seconds: u64,
    versions: Versions,
    endpoint: String,
    machine: Machine,
    scenario: Value,
    /// The latency that had to be kept.
    p99_seconds: f64,
    rows: Vec<Row>,
}

/// What was found for one estate and one number of connections.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    /// Interfaces of the estate that was made up; none, if a topology was named.
    interfaces: Option<u32>,
    connections: usize,
    /// The highest rate that was kept; none, if none was.
    calls_per_second: Option<f64>,
    /// Flows that were answered at that rate, a second.
    flows_per_second: Option<f64>,
    /// The lowest rate that was not kept; none, if all were.
    not_kept_at: Option<f64>,
    /// All rates that were tried, in their order.
    probes: Vec<Probe>,
}

/// Looks for the capacity of each row, and prints them as a table.
///
/// # Errors
/// [`LoadError::NoCapacity`] if no rate is kept in a row; another one if the scenario cannot be read or run.
pub async fn run(settings: &Settings) -> Result<(), LoadError> {
    let scenario = settings.scenario()?;
    let mut capacities = Capacities {
        title: settings.title(),
        started_unix_seconds: now(),
        versions: versions(None),
        endpoint: settings.service.endpoint.clone(),
        machine: machine(),
        scenario: results::value(&scenario)?,
        p99_seconds: settings.p99 / 1e3,
        rows: Vec::new(),
    };
    let rows = settings.rows(&scenario)?;
    say(&report::head(settings.p99));
    let stop = stop_at_signal();
    for scenario in rows {
        let (row, version) = settings.row(&scenario, &stop).await?;
        say(&report::row(&row));
        capacities.rows.push(row);
        capacities.versions.service = version;
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    report::doubts(&capacities)
        .iter()
        .for_each(|line| say(line));
    settings.write(&capacities)?;
    let lowest = capacities
        .rows
        .iter()
        .find(|row| row.calls_per_second.is_none());
    match lowest.and_then(|row| row.not_kept_at) {
        Some(rate) => Err(LoadError::NoCapacity {
            limit: settings.p99,
            rate,
        }),
        None => Ok(()),
    }
}

// === impl Settings ===

impl Settings {
    fn scenario(&self) -> Result<Scenario, LoadError> {
        let scenario = Scenario::read(&self.scenario)?;
        Ok(Scenario {
            mode: Mode::Open,
            ..scenario
        })
    }

    fn title(&self) -> String {
        let name = self.scenario.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The scenario of each row.
    fn rows(&self, scenario: &Scenario) -> Result<Vec<Scenario>, LoadError> {
        let mut estates = Vec::new();
        for interfaces in &self.interfaces {
            let mut estate = scenario.clone();
            estate.estate.resize(*interfaces, &self.scenario)?;
            estates.push(estate);
        }
        if estates.is_empty() {
            estates.push(scenario.clone());
        }
        let mut connections = self.connections.clone();
        if connections.is_empty() {
            connections.push(scenario.connections);
        }
        let rows = estates.into_iter().flat_map(|estate| {
            let of_estate = connections.iter().map(|connections| Scenario {
                connections: *connections,
                ..estate.clone()
            });
            of_estate.collect::<Vec<_>>()
        });
        Ok(rows.collect())
    }

    async fn row(
        &self,
        scenario: &Scenario,
        stop: &Arc<AtomicBool>,
    ) -> Result<(Row, Option<String>), LoadError> {
        let progress = Progress::new();
        progress.say("making the estate ready");
        let client = self.caller.client(&self.service.endpoint)?;
        let ground = Ground::prepare(scenario, client).await?;
        let prober = Prober {
            asker: &ground.asker,
            limit: Duration::from_secs_f64(self.p99 / 1e3),
            lasts: Duration::from_secs_f64(self.seconds),
            watched: self.sides.watched(),
            progress: &progress,
            stop,
        };
        let found = self.search(&prober).await;
        progress.clear();
        ground.end().await;
        let (search, probes, version) = found?;
        let kept = probes.iter().filter(|probe| probe.kept);
        let best = kept.max_by(|one, other| one.rate.total_cmp(&other.rate));
        let row = Row {
            interfaces: scenario
                .estate
                .topology
                .is_none()
                .then_some(scenario.estate.interfaces),
            connections: scenario.connections,
            calls_per_second: best.map(|probe| probe.rate),
            flows_per_second: best.map(|probe| probe.figures.flows_per_second),
            not_kept_at: search.not_kept(),
            probes,
        };
        Ok((row, version))
    }

    async fn search(
        &self,
        prober: &Prober<'_>,
    ) -> Result<(Search, Vec<Probe>, Option<String>), LoadError> {
        let mut search = Search::new(self.from, self.precision / 100.0);
        let (mut probes, mut told) = (Vec::new(), None);
        for _ in 0..self.probes {
            let Some(rate) = search.next() else {
                break;
            };
            let (probe, version) = prober.probe(rate).await?;
            if prober.stop.load(Ordering::Relaxed) {
                break;
            }
            search.found(rate, probe.kept);
            probes.push(probe);
            told = version;
        }
        Ok((search, probes, told))
    }

    fn write(&self, capacities: &Capacities) -> Result<(), LoadError> {
        if let Some(path) = &self.json {
            results::write(path, capacities)?;
        }
        if let Some(path) = &self.html {
            page::write(path, &report::page(capacities))?;
        }
        Ok(())
    }
}

fn milliseconds(text: &str) -> Result<f64, String> {
    bounded(text, 0.01, 3_600_000.0)
}

fn rate(text: &str) -> Result<f64, String> {
    bounded(text, 0.1, 1e6)
}

fn hundredths(text: &str) -> Result<f64, String> {
    bounded(text, 0.1, 100.0)
}

fn bounded(text: &str, least: f64, most: f64) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|value: &f64| (least..=most).contains(value))
        .ok_or_else(|| format!("must be a number from {least} to {most}"))
}
