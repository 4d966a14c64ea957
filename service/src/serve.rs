//! `causeway serve`: listens, opens the store, serves until a signal comes.

mod certificates;
mod descriptors;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

use causeway_access::Authority;
use causeway_engine::{Engine, Limits};
use causeway_grpc::{Server, Tls};
use causeway_model::price::PriceBook;
use causeway_store::{Observer, SledStore};

use self::certificates::Certificates;
use crate::background::Background;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::error::MainError;
use crate::policies;
use crate::telemetry::{
    Endpoint, StoreMetrics, Telemetry, of_admission, of_connections, of_engine,
};

/// What the process ends with on a second signal, as a shell tells an end by SIGTERM.
const ENDED_AT_ONCE: i32 = 128 + 15;

/// The signals that end the server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(config: Config) -> Result<(), MainError> {
    let telemetry = Telemetry::start(&config)?;
    let served = serve(config, &telemetry).await;
    spawn_blocking(|| telemetry.end()).await?;
    served
}

async fn serve(config: Config, telemetry: &Telemetry) -> Result<(), MainError> {
    let signals = Signals::take().map_err(MainError::Signals)?;
    let policies = config.policies.as_deref();
    let authority = policies.map(policies::open).transpose()?;
    let prices = crate::prices::read(config.prices.as_deref())?;
    let (tls, beside) = Beside::start(&config, authority.as_ref(), telemetry).await?;
    let (listener, address) = listen(config.listen, "--listen").await?;
    let probes = probes(config.probe_listen).await?;
    if authority.is_none() {
        tracing::warn!("there are no policies: whoever reaches {address} may do everything");
    }
    tracing::info!("opening the store; until it is open, calls at {address} are refused");
    let (opened, coming) = oneshot::channel();
    let server = server(&config, coming, authority).tls(tls).probes(probes);
    let (answers, taken_on) = (server.answer_counts(), server.admission_counts());
    of_admission(taken_on);
    of_connections(server.connection_counts());
    let opening = async {
        let metrics = Arc::new(StoreMetrics::new());
        let store = open_store(config.data_dir, metrics).await?;
        let engine = Engine::priced(store, Arc::new(SystemClock), config.limits, prices);
        of_engine(engine.counts_reader(), answers);
        engine.detach_forks();
        engine.warm().await;
        let keeping = keep(&engine, config.retention_period);
        // Who was told to stop meanwhile takes it no more.
        let _ = opened.send(engine.clone());
        Ok::<_, MainError>((engine, keeping))
    };
    let stopping = async {
        signals.wait().await;
        telemetry.flush();
    };
    let (opened, served) = tokio::join!(opening, server.serve(listener, stopping));
    let (engine, keeping) = opened?;
    keeping.stop().await;
    beside.stop().await;
    served?;
    close(engine).await?;
    tracing::info!("stopped");
    Ok(())
}

/// The server as it is configured, for an engine that comes when the store is open.
fn server(
    config: &Config,
    coming: oneshot::Receiver<Engine>,
    authority: Option<Arc<Authority>>,
) -> Server {
    let server = Server::opening(coming)
        .identity(config.identity.clone())
        .admission(config.admission)
        .connections(descriptors::fit(config.connections))
        .drain(config.drain)
        .grace(config.grace)
        .mark_every(config.watch_marks)
        .patience(config.watch_patience)
        .answer_bytes(config.answer_bytes);
    match authority {
        Some(authority) => server.authority(authority),
        None => server,
    }
}

/// What runs beside the server.
struct Beside {
    /// Looks after the files of TLS until it is dropped.
    _certificates: Option<Certificates>,
    metrics: Option<Endpoint>,
    policies: Option<Background>,
}

// === impl Beside ===

impl Beside {
    /// Starts it; and what TLS is spoken by.
    async fn start(
        config: &Config,
        authority: Option<&Arc<Authority>>,
        telemetry: &Telemetry,
    ) -> Result<(Option<Tls>, Self), MainError> {
        let metrics = match config.metrics_listen {
            Some(address) => Some(Endpoint::start(address, telemetry.registry()).await?),
            None => None,
        };
        let (certificates, tls) = match config.tls.clone() {
            None => (None, None),
            Some(files) => {
                let (watched, tls) = Certificates::watch(files, config.tls_period).await?;
                (Some(watched), Some(tls))
            }
        };
        let policies = authority
            .zip(config.policies.clone())
            .map(|(authority, path)| policies::keep(Arc::clone(authority), path));
        let beside = Self {
            _certificates: certificates,
            metrics,
            policies: policies.transpose().map_err(MainError::Signals)?,
        };
        Ok((tls, beside))
    }

    async fn stop(self) {
        if let Some(metrics) = self.metrics {
            metrics.stop().await;
        }
        if let Some(policies) = self.policies {
            policies.stop().await;
        }
    }
}

/// A listener for probes, if there is to be one.
async fn probes(address: Option<SocketAddr>) -> Result<Option<TcpListener>, MainError> {
    let Some(address) = address else {
        return Ok(None);
    };
    let (listener, address) = listen(address, "--probe-listen").await?;
    tracing::info!("health is told at {address}");
    Ok(Some(listener))
}

/// A listener, and the address that it has.
async fn listen(
    address: SocketAddr,
    flag: &'static str,
) -> Result<(TcpListener, SocketAddr), MainError> {
    let failed = |source| MainError::Listen {
        address,
        flag,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Lets go, now and then, of what is not to be kept any more.
fn keep(engine: &Engine, period: Duration) -> Background {
    let engine = engine.clone();
    Background::start(
        "letting go of what is not to be kept",
        move |mut stopped| async move {
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
        },
    )
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

/// The store in a directory, observed.
async fn open_store(
    directory: PathBuf,
    observer: Arc<dyn Observer>,
) -> Result<Arc<SledStore>, MainError> {
    let store = spawn_blocking(move || SledStore::open_observed(&directory, observer)).await?;
    Ok(Arc::new(store?))
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

    /// Waits for a signal. A further one ends the process, whatever it does: what was acknowledged is durable.
    async fn wait(mut self) {
        let name = self.next().await;
        tracing::info!("stopping on {name}; a second signal ends it at once");
        tokio::spawn(async move {
            let name = self.next().await;
            tracing::warn!("ended at once by a second signal, {name}");
            std::process::exit(ENDED_AT_ONCE);
        });
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
