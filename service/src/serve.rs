//! `causeway serve`: opens the store, listens, serves until a signal comes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::MissedTickBehavior;

use causeway_engine::{Engine, Limits};
use causeway_grpc::Server;
use causeway_model::price::PriceBook;
use causeway_store::SledStore;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::error::MainError;
use crate::policies::{self, Reloading};
use crate::telemetry::Telemetry;

/// The signals that end the server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(config: Config) -> Result<(), MainError> {
    let telemetry = Telemetry::start(&config)?;
    let served = serve(config).await;
    spawn_blocking(|| telemetry.flush()).await?;
    served
}

async fn serve(config: Config) -> Result<(), MainError> {
    let mut signals = Signals::take().map_err(MainError::Signals)?;
    let policies = config.policies.clone();
    let authority = policies.as_deref().map(policies::open).transpose()?;
    let prices = crate::prices::read(config.prices.as_deref())?;
    let engine = open(config.data_dir, config.limits, prices).await?;
    engine.detach_forks();
    let listen = |source| MainError::Listen {
        address: config.listen,
        source,
    };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    // Scripts read the port out of this line.
    tracing::info!("listening on {address}");
    let mut server = Server::new(engine.clone())
        .drain(config.drain)
        .grace(config.grace)
        .mark_every(config.watch_marks)
        .patience(config.watch_patience)
        .answer_bytes(config.answer_bytes);
    match &authority {
        Some(authority) => server = server.authority(Arc::clone(authority)),
        None => {
            tracing::warn!("there are no policies: whoever reaches {address} may do everything")
        }
    }
    let reloading = authority
        .zip(policies)
        .map(|(authority, path)| Reloading::start(authority, path))
        .transpose()
        .map_err(MainError::Signals)?;
    let keeping = Keeping::start(&engine, config.retention_period);
    let served = server.serve(listener, signals.wait()).await;
    keeping.stop().await;
    if let Some(reloading) = reloading {
        reloading.stop().await;
    }
    served?;
    close(engine).await?;
    tracing::info!("stopped");
    Ok(())
}

/// The task that lets go, now and then, of what is not to be kept any more.
struct Keeping {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

// === impl Keeping ===

impl Keeping {
    fn start(engine: &Engine, period: Duration) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let engine = engine.clone();
        let task = tokio::spawn(async move {
            let mut rounds = tokio::time::interval(period);
            // After a long round there is a pause as after a short one.
            rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let round = async {
                    rounds.tick().await;
                    engine.let_go().await;
                };
                // What a round has begun, the store ends.
                tokio::select! {
                    () = round => {}
                    _ = stopped.changed() => return,
                }
            }
        });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "letting go of what is not to be kept ended with an error"
            );
        }
    }
}

/// An engine on the store in a directory.
pub(crate) async fn open(
    directory: PathBuf,
    limits: Limits,
    prices: PriceBook,
) -> Result<Engine, MainError> {
    let store = spawn_blocking(move || SledStore::open(&directory)).await?;
    let (store, clock) = (Arc::new(store?), Arc::new(SystemClock));
    Ok(Engine::priced(store, clock, limits, prices))
}

/// Closes the store once nobody uses it any more: it writes to its end, which blocks.
pub(crate) async fn close(engine: Engine) -> Result<(), MainError> {
    Ok(spawn_blocking(move || drop(engine)).await?)
}

impl Signals {
    fn take() -> Result<Self, std::io::Error> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn wait(&mut self) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        };
        tracing::info!("stopping on {name}");
    }
}
