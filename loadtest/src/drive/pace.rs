//! Waiting for a moment. tokio's timer rounds to whole milliseconds, which is longer than many calls take; a thread of its own does not.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Who waits.
#[derive(Debug)]
pub(crate) enum Pace {
    /// tokio's timer, whose clock a test can hold.
    Timer,
    /// A thread that the system wakes. It ends with this value.
    Thread {
        moments: Sender<std::time::Instant>,
        come: Arc<Notify>,
    },
}

impl Pace {
    /// A thread; tokio's timer, if the system gives none.
    pub(crate) fn precise() -> Self {
        let (moments, received) = channel();
        let come = Arc::new(Notify::new());
        let tell = Arc::clone(&come);
        let spawned = thread::Builder::new()
            .name("pace".to_owned())
            .spawn(move || wait(&received, &tell));
        match spawned {
            Ok(_detached) => Self::Thread { moments, come },
            Err(_) => Self::Timer,
        }
    }

    /// Returns when the moment is there; at once, if it was.
    pub(crate) async fn until(&self, moment: Instant) {
        if moment <= Instant::now() {
            return;
        }
        match self {
            Self::Timer => sleep_until(moment).await,
            Self::Thread { moments, come } => {
                if moments.send(moment.into_std()).is_ok() {
                    come.notified().await;
                }
            }
        }
    }
}

fn wait(moments: &Receiver<std::time::Instant>, come: &Notify) {
    while let Ok(moment) = moments.recv() {
        loop {
            let left = moment.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
        come.notify_one();
    }
}
