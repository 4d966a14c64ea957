//! The certificate, its key and the authorities of clients, looked at now and then and on SIGHUP.

use std::error::Error;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::MissedTickBehavior;

use causeway_grpc::{Tls, TlsError, TlsFiles};

use crate::error::MainError;

/// The task that reads the files again. It ends with this.
pub(super) struct Certificates {
    task: JoinHandle<()>,
}

impl Certificates {
    /// Reads the files, and goes on looking at them.
    pub(super) async fn watch(files: TlsFiles, period: Duration) -> Result<(Self, Tls), MainError> {
        let tls = spawn_blocking(|| Tls::read(files)).await??;
        let hangup = signal(SignalKind::hangup()).map_err(MainError::Signals)?;
        let task = tokio::spawn(keep(tls.clone(), hangup, period));
        Ok((Self { task }, tls))
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(tls: Tls, mut hangup: Signal, period: Duration) {
    let mut rounds = tokio::time::interval(period);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let tls = tls.clone();
        let outcome = tokio::select! {
            _ = rounds.tick() => spawn_blocking(move || tls.look_again()).await,
            _ = hangup.recv() => spawn_blocking(move || tls.read_again()).await,
        };
        tell(outcome);
    }
}

fn tell(outcome: Result<Result<bool, TlsError>, JoinError>) {
    match outcome {
        Ok(Ok(true)) => tracing::info!("new connections use the certificates that were read anew"),
        Ok(Ok(false)) => {}
        Ok(Err(error)) => tracing::error!(
            error = &error as &dyn Error,
            "the files of TLS have changed and cannot be used; new connections use what was read before"
        ),
        Err(error) => tracing::error!(
            error = &error as &dyn Error,
            "reading the files of TLS ended with an error"
        ),
    }
}
