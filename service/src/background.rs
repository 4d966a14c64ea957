//! Tasks that go on beside the server until they are told to stop.

use std::error::Error;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A task, and how it is stopped.
pub(crate) struct Background {
    what: &'static str,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

// === impl Background ===

impl Background {
    /// Starts a task, named for the log. It ends when what it is given changes.
    pub(crate) fn start<W>(
        what: &'static str,
        work: impl FnOnce(watch::Receiver<bool>) -> W,
    ) -> Self
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(work(stopped));
        Self { what, stop, task }
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(
                error = &error as &dyn Error,
                "{} ended with an error",
                self.what
            );
        }
    }
}
