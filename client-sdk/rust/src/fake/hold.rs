//! Calls that wait until the test lets them go on.

use tokio::sync::oneshot;

/// Holds one call: it is not answered before this is released or dropped.
#[derive(Debug)]
pub struct Hold {
    arrived: Option<oneshot::Receiver<()>>,
    release: oneshot::Sender<()>,
}

/// The side of the call.
#[derive(Debug)]
pub(super) struct Held {
    arrived: oneshot::Sender<()>,
    released: oneshot::Receiver<()>,
}

// === impl Hold ===

impl Hold {
    pub(super) fn new() -> (Self, Held) {
        let (arrived, has_arrived) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let hold = Self {
            arrived: Some(has_arrived),
            release,
        };
        (hold, Held { arrived, released })
    }

    /// Waits until a call is held.
    pub async fn arrived(&mut self) {
        if let Some(arrived) = self.arrived.take() {
            let _dropped: Result<(), _> = arrived.await;
        }
    }

    /// Waits until the call that is held is given up by its caller.
    pub async fn given_up(&mut self) {
        self.release.closed().await;
    }

    /// Lets the call go on.
    pub fn release(self) {
        drop(self);
    }
}

// === impl Held ===

impl Held {
    /// Waits as long as the test wants.
    pub(super) async fn wait(self) {
        let _nobody_looks: Result<(), _> = self.arrived.send(());
        let _dropped: Result<(), _> = self.released.await;
    }
}
