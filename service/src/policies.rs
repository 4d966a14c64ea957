//! The policies of a running service: read at the start, and again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use causeway_access::{Authority, Policies, PolicyError, Rules, Stamp};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

use crate::background::Background;

/// How often it is looked whether the files have changed.
const LOOK: Duration = Duration::from_secs(5);

/// What decides by the policies at a path.
pub(crate) fn open(path: &Path) -> Result<Arc<Authority>, PolicyError> {
    let rules = read(path)?;
    Ok(Arc::new(Authority::new(rules)))
}

fn read(path: &Path) -> Result<Rules, PolicyError> {
    let policies = Policies::read(path)?;
    tracing::info!(policies = policies.len(), path = %path.display(), "policies were read");
    Rules::new(policies)
}

/// The files, and what they were when they were read.
#[derive(Debug, Clone)]
struct Watched {
    path: PathBuf,
    /// None if they could not be looked at.
    stamp: Option<Stamp>,
}

/// Reads the policies again when their files change, or on SIGHUP.
pub(crate) fn keep(authority: Arc<Authority>, path: PathBuf) -> std::io::Result<Background> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut watched = Watched {
        stamp: Policies::stamp(&path).ok(),
        path,
    };
    let work = move |mut stopped: watch::Receiver<bool>| async move {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_asked = tokio::select! {
                is_asked = wanted(&mut looks, &mut hangup) => is_asked,
                _ = stopped.changed() => return,
            };
            let (held, authority) = (watched.clone(), Arc::clone(&authority));
            if let Ok(now) = spawn_blocking(move || held.look(&authority, is_asked)).await {
                watched = now;
            }
        }
    };
    Ok(Background::start("reading the policies again", work))
}

/// Waits until it is time to look, and tells whether somebody asked to read them whatever they look like.
async fn wanted(looks: &mut tokio::time::Interval, hangup: &mut Signal) -> bool {
    tokio::select! {
        _ = looks.tick() => false,
        _ = hangup.recv() => true,
    }
}

// === impl Watched ===

impl Watched {
    /// Reads the files if they have changed. What is wrong with them leaves those in force that were there before.
    fn look(self, authority: &Authority, is_asked: bool) -> Self {
        let Self { path, stamp } = self;
        let now = Policies::stamp(&path).ok();
        if now != stamp || is_asked {
            match read(&path) {
                Ok(rules) => authority.replace(rules),
                Err(error) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the new policies are not used, those before stay in force"
                ),
            }
        }
        Self { path, stamp: now }
    }
}
