//! The compute pool: work that takes long runs on so many threads at once, never on the threads that serve calls.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::Semaphore;

use crate::counts::Counted;
use crate::error::EngineError;

/// A bounded number of threads for walks, compilations and large edits. Who waits for one is served in turn.
#[derive(Debug)]
pub(crate) struct Compute {
    permits: Arc<Semaphore>,
    threads: usize,
    waiting: Arc<AtomicU64>,
}

impl Compute {
    pub(crate) fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        Self {
            permits: Arc::new(Semaphore::new(threads)),
            threads,
            waiting: Arc::default(),
        }
    }

    /// How many of them work now.
    pub(crate) fn running(&self) -> usize {
        let free = self.permits.available_permits();
        self.threads.saturating_sub(free)
    }

    /// How much work waits for one of them now.
    pub(crate) fn waiting(&self) -> &AtomicU64 {
        &self.waiting
    }

    /// How many threads there are.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs the work on a thread of the pool. If the caller goes away, work that waits is dropped, and work that runs ends by itself.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        // The semaphore is never closed; without a permit the work would still be right.
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => {
                let _waiting = Counted::new(&self.waiting);
                Arc::clone(&self.permits).acquire_owned().await.ok()
            }
        };
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        task.await
            .map_err(|source| EngineError::Interrupted { source })
    }
}
