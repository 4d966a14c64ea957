//! One rate, tried.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use crate::LoadError;
use crate::asker::Asker;
use crate::drive::Outcome;
use crate::progress::Progress;
use crate::results::{Figures, Run};
use crate::round::Round;
use crate::run::doubts;
use crate::scenario::Stage;
use crate::sides::Watched;

/// Calls of a hundred that may miss the limit.
const MAY_MISS: u64 = 1;

/// Who tries rates.
#[derive(Debug)]
pub(super) struct Prober<'a> {
    pub(super) asker: &'a Arc<Asker>,
    pub(super) limit: Duration,
    pub(super) lasts: Duration,
    pub(super) watched: Watched,
    pub(super) progress: &'a Progress,
    pub(super) stop: &'a Arc<AtomicBool>,
}

/// A rate that was tried, and what came of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Probe {
    /// Calls a second that were to be sent.
    pub(super) rate: f64,
    /// Whether 99 of 100 were answered in time.
    pub(super) kept: bool,
    /// Calls that were answered in time.
    pub(super) in_time: u64,
    /// What both used, as shares of the machine.
    pub(super) client_cpu_share: Option<f64>,
    pub(super) service_cpu_share: Option<f64>,
    /// Why the figures may be those of the load generator.
    pub(super) doubts: Vec<String>,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

impl Prober<'_> {
    /// Sends at this rate, first for half of the time without counting.
    pub(super) async fn probe(&self, rate: f64) -> Result<(Probe, Option<String>), LoadError> {
        let stage = |name: &str, lasts, measured| Stage {
            name: format!("{name} at {rate:.0} calls/s"),
            levels: [rate; 2],
            lasts,
            measured,
        };
        let stages = vec![
            stage("warm", self.lasts / 2, false),
            stage("measured", self.lasts, true),
        ];
        let round = Round {
            asker: self.asker,
            stages,
            watched: self.watched.clone(),
            progress: self.progress,
            stop: Arc::clone(self.stop),
        };
        let ended = round.run().await?;
        Ok((Probe::of(rate, self.limit, &ended.run), ended.version))
    }
}

impl Probe {
    fn of(rate: f64, limit: Duration, run: &Run) -> Self {
        let figures = run.total.clone();
        let ok = figures.outcomes.get(&Outcome::Ok);
        let times = ok.and_then(|summary| summary.times());
        let in_time = times.map_or(0, |times| times.count_within(limit));
        let missed = figures.intended.saturating_sub(in_time);
        let share = |usage: &crate::results::Usage| usage.cpu_share;
        Self {
            rate,
            kept: figures.intended > 0 && missed * 100 <= figures.intended * MAY_MISS,
            in_time,
            client_cpu_share: share(&run.client),
            service_cpu_share: run.service.as_ref().and_then(share),
            doubts: doubts(run),
            figures,
        }
    }
}
