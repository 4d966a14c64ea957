//! One time through the stages of a scenario, with everything that is watched meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::LoadError;
use crate::asker::{Asker, revisions};
use crate::drive::{Pace, Record, Recorder, closed, open};
use crate::progress::Progress;
use crate::results::{Measured, Run};
use crate::scenario::{Mode, Stage};
use crate::schedule::Schedule;
use crate::sides::{Sides, Watched};

/// How often memory is read and progress shown.
const LOOK: Duration = Duration::from_millis(250);

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    pub(crate) asker: &'a Arc<Asker>,
    pub(crate) stages: Vec<Stage>,
    pub(crate) watched: Watched,
    pub(crate) progress: &'a Progress,
    /// Set to end it before its time.
    pub(crate) stop: Arc<AtomicBool>,
}

/// What came of it: the figures, and the version that the service told.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) run: Run,
    pub(crate) version: Option<String>,
}

impl Round<'_> {
    /// Runs it.
    ///
    /// # Errors
    /// [`LoadError`] if what is watched is not there, or a call's task broke off. Calls that fail are figures.
    pub(crate) async fn run(self) -> Result<Ended, LoadError> {
        let scenario = &self.asker.scenario;
        let record = Record::new(&self.stages, scenario.mode)?;
        let (watches, watch_events) = self.standing_watches();
        let mut sides = Sides::begin(self.watched.clone()).await?;
        let recorder = Recorder::start(record);
        let over = self.drive(&recorder, scenario.mode);
        let mut over = std::pin::pin!(over);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let driven = loop {
            tokio::select! {
                driven = &mut over => break driven,
                _ = looks.tick() => {
                    sides.look();
                    self.progress.show(&self.stages, &recorder);
                }
            }
        };
        driven?;
        let used = sides.end().await;
        drop(watches);
        let measured = Measured {
            interrupted: self.stop.load(Ordering::Relaxed),
            client: used.client,
            service: used.service,
            cache: used.cache,
            watch_events: watch_events.load(Ordering::Relaxed),
        };
        let run = recorder.read(|record| Run::of(&self.stages, record, measured));
        Ok(Ended {
            run,
            version: used.version,
        })
    }

    async fn drive(&self, recorder: &Recorder, mode: Mode) -> Result<(), LoadError> {
        let scenario = &self.asker.scenario;
        match mode {
            Mode::Closed => closed(self.asker, &self.stages, recorder, &self.stop).await,
            Mode::Open => {
                let stages = self.stages.clone();
                let schedule = Schedule::new(stages, scenario.arrivals, scenario.seed);
                let most = scenario.most_under_way;
                let pace = Pace::precise();
                open(self.asker, schedule, most, &pace, (recorder, &self.stop)).await
            }
        }
    }

    /// Watches that stay; they end with the set.
    fn standing_watches(&self) -> (JoinSet<()>, Arc<AtomicU64>) {
        let mut watches = JoinSet::new();
        let count = Arc::new(AtomicU64::new(0));
        let clients = self.asker.clients.iter().cycle();
        let newest = self.asker.newest.load(Ordering::Relaxed);
        for client in clients.take(self.asker.scenario.watch.standing) {
            let events = revisions(client, &self.asker.topology, newest);
            let count = Arc::clone(&count);
            watches.spawn(events.for_each(move |()| {
                count.fetch_add(1, Ordering::Relaxed);
                std::future::ready(())
            }));
        }
        (watches, count)
    }
}
