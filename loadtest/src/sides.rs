//! What both sides use while calls are under way: processor and memory of the two processes, and the service's cache.

use std::time::Duration;

use tokio::time::Instant;

use crate::metrics::{self, Told};
use crate::results::{Usage, cpu_share};
use crate::{LoadError, process};

/// How many readings of memory are kept; then every other one is let go, and it is read half as often.
const MOST_READINGS: usize = 240;

/// What is watched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    /// The process of the service.
    pub(crate) pid: Option<u32>,
    /// The service's endpoint for Prometheus.
    pub(crate) metrics: Option<String>,
}

/// Both sides from a moment on.
#[derive(Debug)]
pub(crate) struct Sides {
    watched: Watched,
    begin: Instant,
    client: Process,
    service: Option<Process>,
    told: Option<Told>,
}

/// A process from a moment on.
#[derive(Debug)]
struct Process {
    id: u32,
    computed: Option<Duration>,
    memory: Vec<(f64, u64)>,
    /// How many readings are passed over between two that are kept, and how many were.
    every: usize,
    passed: usize,
}

/// What both used.
#[derive(Debug, Clone)]
pub(crate) struct Used {
    pub(crate) client: Usage,
    pub(crate) service: Option<Usage>,
    pub(crate) cache: Option<metrics::Cache>,
    pub(crate) version: Option<String>,
}

impl Sides {
    /// Begins now.
    ///
    /// # Errors
    /// [`LoadError`] if there is no such process, or no metrics.
    pub(crate) async fn begin(watched: Watched) -> Result<Self, LoadError> {
        let service = match watched.pid {
            Some(id) if process::computed(id).is_none() => {
                return Err(LoadError::NoProcess { id });
            }
            Some(id) => Some(Process::begin(id)),
            None => None,
        };
        let told = match &watched.metrics {
            Some(url) => Some(metrics::read(url).await?),
            None => None,
        };
        let mut sides = Self {
            watched,
            begin: Instant::now(),
            client: Process::begin(std::process::id()),
            service,
            told,
        };
        sides.look();
        Ok(sides)
    }

    /// Reads the memory of both; some hundred times in a run, at any distance.
    pub(crate) fn look(&mut self) {
        let at = self.begin.elapsed().as_secs_f64();
        self.client.look(at);
        if let Some(service) = &mut self.service {
            service.look(at);
        }
    }

    /// What was used since the begin. Of a service that is gone meanwhile it is not known, and what was measured of its calls still stands.
    pub(crate) async fn end(mut self) -> Used {
        let lasted = self.begin.elapsed();
        self.look();
        let now = match &self.watched.metrics {
            Some(url) => metrics::read(url).await.ok(),
            None => None,
        };
        let cache = now
            .as_ref()
            .zip(self.told.as_ref())
            .map(|(now, before)| now.since(before));
        Used {
            client: self.client.usage(lasted),
            service: self.service.map(|service| service.usage(lasted)),
            cache,
            version: self.told.and_then(|told| told.version),
        }
    }
}

impl Process {
    fn begin(id: u32) -> Self {
        Self {
            id,
            computed: process::computed(id),
            memory: Vec::new(),
            every: 1,
            passed: 0,
        }
    }

    fn look(&mut self, at: f64) {
        self.passed += 1;
        if self.passed < self.every && !self.memory.is_empty() {
            return;
        }
        self.passed = 0;
        let Some(memory) = process::memory(self.id) else {
            return;
        };
        self.memory.push((at, memory));
        if self.memory.len() > MOST_READINGS {
            let mut keep = false;
            self.memory.retain(|_| {
                keep = !keep;
                keep
            });
            self.every *= 2;
        }
    }

    fn usage(self, lasted: Duration) -> Usage {
        let computed = process::computed(self.id)
            .zip(self.computed)
            .map(|(now, before)| now.saturating_sub(before));
        let first = self.memory.first().map(|(_, memory)| *memory);
        let last = self.memory.last().map(|(_, memory)| *memory);
        let most = self.memory.iter().map(|(_, memory)| *memory).max();
        Usage {
            cpu_seconds: computed.map(|computed| computed.as_secs_f64()),
            cpu_share: computed.map(|computed| cpu_share(computed, lasted, cores())),
            memory_bytes: first
                .zip(most)
                .zip(last)
                .map(|((first, most), last)| [first, most, last]),
            memory_over_time: self.memory,
        }
    }
}

/// How many cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
