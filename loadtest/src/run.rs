//! `run`: what a scenario says, once or again and again, and what came of it.

mod told;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::arguments::Service;
use crate::caller::Caller;
use crate::ground::Ground;
use crate::progress::Progress;
use crate::report::say;
use crate::results::{self, FORM, Machine, Results, Versions};
use crate::round::Round;
use crate::scenario::{Scenario, stages};
use crate::sides::{Watched, cores};
use crate::{LoadError, arguments, page};

pub(crate) use told::doubts;

/// What to run, and what to watch meanwhile.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where the service is. It may be a proxy before it.
    #[command(flatten)]
    pub service: Service,
    /// Who asks.
    #[command(flatten)]
    pub caller: Caller,
    /// The scenario: a file in TOML. loadtest/README.md tells its keys.
    pub scenario: PathBuf,
    /// How many times to run it: `compare` knows by the repetitions what is noise.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub repeat: u32,
    /// How many seconds each step and each soak lasts, whatever the scenario says.
    #[arg(long, value_parser = arguments::seconds)]
    pub seconds: Option<f64>,
    /// How many connections there are, whatever the scenario says.
    #[arg(long, value_parser = arguments::connections)]
    pub connections: Option<usize>,
    /// How many interfaces the estate that is made up has, whatever the scenario says.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    pub interfaces: Option<u32>,
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

/// What is watched of the service.
#[derive(Debug, Clone, Args)]
pub struct SidesSettings {
    /// The process of the service, if it is on this machine, so that its processor time and memory are told.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// The service's endpoint for Prometheus, as http://127.0.0.1:9464/metrics, so that its version and the hits of its cache are told.
    #[arg(long)]
    pub metrics: Option<String>,
}

/// Runs the scenario, prints what came of it, and writes the files that were asked for.
///
/// # Errors
/// [`LoadError`] if the scenario cannot be read or run, or a file not be written. Calls that fail are figures and no error.
pub async fn run(settings: &Settings) -> Result<(), LoadError> {
    let scenario = settings.scenario()?;
    let started_unix_seconds = now();
    let progress = Progress::new();
    progress.say("making the estate ready");
    let client = settings.caller.client(&settings.service.endpoint)?;
    let ground = Ground::prepare(&scenario, client).await?;
    let stop = stop_at_signal();
    let mut runs = Vec::new();
    let mut version = None;
    for number in 1..=settings.repeat {
        let round = Round {
            asker: &ground.asker,
            stages: stages(&scenario.phases),
            watched: settings.sides.watched(),
            progress: &progress,
            stop: Arc::clone(&stop),
        };
        let ended = round.run().await;
        progress.clear();
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                ground.end().await;
                return Err(error);
            }
        };
        if settings.repeat > 1 {
            say(&format!("run {number} of {}", settings.repeat));
        }
        told::lines(&ended.run).iter().for_each(|line| say(line));
        version = ended.version;
        runs.push(ended.run);
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    ground.end().await;
    let results = Results {
        form: FORM,
        title: settings.title(),
        started_unix_seconds,
        versions: versions(version),
        endpoint: settings.service.endpoint.clone(),
        machine: machine(),
        scenario: results::value(&scenario)?,
        runs,
    };
    settings.write(&results)
}

/// Set at the first interruption from the keyboard: what was measured until then is told. The second one ends the program.
pub(crate) fn stop_at_signal() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if set.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        }
    });
    stop
}

pub(crate) fn versions(service: Option<String>) -> Versions {
    Versions {
        loadtest: env!("CARGO_PKG_VERSION").to_owned(),
        service,
    }
}

pub(crate) fn machine() -> Machine {
    Machine {
        cores: cores(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the rim: when it was is told, and nothing depends on it"
)]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

// === impl Settings ===

impl Settings {
    fn scenario(&self) -> Result<Scenario, LoadError> {
        let mut scenario = Scenario::read(&self.scenario)?;
        if let Some(connections) = self.connections {
            scenario.connections = connections;
        }
        if let Some(interfaces) = self.interfaces {
            scenario.estate.resize(interfaces, &self.scenario)?;
        }
        if let Some(seconds) = self.seconds {
            let phases = scenario.phases.iter_mut();
            phases.for_each(|phase| phase.for_seconds(seconds));
        }
        Ok(scenario)
    }

    fn title(&self) -> String {
        let name = self.scenario.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn write(&self, results: &Results) -> Result<(), LoadError> {
        if let Some(path) = &self.json {
            results::write(path, results)?;
        }
        if let Some(path) = &self.html {
            page::write(path, &page::of_results(results))?;
        }
        Ok(())
    }
}

// === impl SidesSettings ===

impl SidesSettings {
    pub(crate) fn watched(&self) -> Watched {
        Watched {
            pid: self.server_pid,
            metrics: self.metrics.clone(),
        }
    }
}
