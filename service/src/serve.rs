//! `causeway serve`: opens the store, listens, serves until a signal comes.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;

use causeway_engine::{Engine, Limits};
use causeway_grpc::Server;
use causeway_model::price::PriceBook;
use causeway_store::SledStore;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::error::MainError;
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
    let server = Server::new(engine.clone())
        .drain(config.drain)
        .grace(config.grace)
        .mark_every(config.watch_marks)
        .patience(config.watch_patience);
    server.serve(listener, signals.wait()).await?;
    close(engine).await?;
    tracing::info!("stopped");
    Ok(())
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
