//! The server: services, health, reflection and layers on one listener, health alone on another one, and how it begins and ends.

mod probed;
mod within;

use std::future::pending;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Response;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};
use tonic::body::Body;
use tonic::service::Routes;
use tonic_reflection::server::Builder as Reflection;
use tower::util::{BoxCloneService, MapResponseLayer};
use tower_layer::{Identity as NoLayer, Layer as _, Stack};

use causeway_access::Authority;
use causeway_engine::{Engine, MemoryCounts};
use causeway_proto::FILE_DESCRIPTOR_SET;
use causeway_proto::v1::backup_service_server::BackupServiceServer;
use causeway_proto::v1::topology_service_server::TopologyServiceServer;

use self::probed::Probed;
pub use self::within::Within;
use crate::accept::{Reception, connections};
use crate::access::{Access, StandIn};
use crate::admission::{Admission, AdmissionCounts, AdmissionLayer, AdmissionLimits};
use crate::deadline::DeadlineLayer;
use crate::gate::GateLayer;
use crate::health::Health;
use crate::identity::{Identity, IdentityLayer};
use crate::path_service::{Answers, PathService};
use crate::seats::{ConnectionCounts, ConnectionLimits, Seats};
use crate::starting::Starting;
use crate::status::completed;
use crate::telemetry::TelemetryLayer;
use crate::tls::Tls;
use crate::topology_service::Watching;
use crate::{backup_service, topology_service};

/// Most bytes of a request, and of an answer.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of answers that are kept.
const ANSWER_BYTES: u64 = 256 * 1024 * 1024;

/// HTTP/2 windows: large enough for a batch to arrive without waiting for the other side.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// Age at which a connection is closed for a mesh to balance anew, and what each process adds so that not all do so at once.
const CONNECTION_AGE: Duration = Duration::from_secs(30 * 60);
const MOST_JITTER_SECONDS: u64 = 10 * 60;

/// Bytes of the headers of a call, as HTTP/2 counts them.
const HEADER_BYTES: u32 = 16 * 1024;

/// Streams that a client has reset before they were looked at, and that we have reset for its faults: who makes more is cut off.
const MOST_RESET_UNSEEN: usize = 20;
const MOST_RESET_FAULTY: usize = 1_024;

/// The layers of every call, the innermost first.
type Layers = Stack<
    MapResponseLayer<fn(Response<Body>) -> Response<Body>>,
    Stack<
        AdmissionLayer,
        Stack<
            GateLayer,
            Stack<DeadlineLayer, Stack<TelemetryLayer, Stack<IdentityLayer, NoLayer>>>,
        >,
    >,
>;

/// How serving ends.
type Served = Result<(), tonic::transport::Error>;

/// Why the server stopped, or did not start.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The description of the contract cannot be served.
    #[error("the description of the contract cannot be read")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("the server cannot go on serving")]
    Transport(#[source] tonic::transport::Error),
}

/// What tells how a server's cache of answers is doing.
#[derive(Debug, Clone)]
pub struct AnswerCounts {
    answers: Arc<Answers>,
}

impl AnswerCounts {
    /// How often what happened until now.
    #[must_use]
    pub fn read(&self) -> MemoryCounts {
        self.answers.counts()
    }
}

/// A server of the contract.
#[derive(Debug)]
pub struct Server {
    engine: oneshot::Receiver<Engine>,
    answers: Arc<Answers>,
    tls: Option<Tls>,
    identity: Identity,
    probes: Option<TcpListener>,
    connection_age: Duration,
    drain: Duration,
    grace: Duration,
    mark_every: Duration,
    patience: Duration,
    admission: Arc<Admission>,
    connections: ConnectionLimits,
    seats: Seats,
    authority: Option<Arc<Authority>>,
    stand_in: Option<StandIn>,
}

impl Server {
    /// A server for an engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let (opened, coming) = oneshot::channel();
        // It cannot fail: the other end is still here.
        let _ = opened.send(engine);
        Self::opening(coming)
    }

    /// A server for an engine that is still to come. Until then it says that it is not ready, and refuses calls; if it does not come, serving ends.
    #[must_use]
    pub fn opening(engine: oneshot::Receiver<Engine>) -> Self {
        Self {
            engine,
            answers: Arc::new(Answers::new(ANSWER_BYTES)),
            tls: None,
            identity: Identity::default(),
            probes: None,
            connection_age: CONNECTION_AGE.saturating_add(jitter()),
            drain: Duration::ZERO,
            grace: Duration::from_secs(10),
            mark_every: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            admission: Arc::new(Admission::new(AdmissionLimits::default())),
            connections: ConnectionLimits::default(),
            seats: Seats::new(ConnectionLimits::default().maximum),
            authority: None,
            stand_in: None,
        }
    }

    /// Who decides what callers may do; without, everybody may do everything.
    #[must_use]
    pub fn authority(self, authority: Arc<Authority>) -> Self {
        Self {
            authority: Some(authority),
            ..self
        }
    }

    /// Takes callers for who their headers say they are. For tests: whoever reaches the server can be anybody.
    #[must_use]
    pub fn principals_by(self, stand_in: StandIn) -> Self {
        Self {
            stand_in: Some(stand_in),
            ..self
        }
    }

    /// What it takes on at once.
    #[must_use]
    pub fn admission(self, limits: AdmissionLimits) -> Self {
        let admission = Arc::new(Admission::new(limits));
        Self { admission, ..self }
    }

    /// Tells, also while it serves, how much is taken on and refused.
    #[must_use]
    pub fn admission_counts(&self) -> AdmissionCounts {
        AdmissionCounts {
            admission: Arc::clone(&self.admission),
        }
    }

    /// How many connections there may be, and what each of them may do.
    #[must_use]
    pub fn connections(self, connections: ConnectionLimits) -> Self {
        Self {
            connections,
            seats: Seats::new(connections.maximum),
            ..self
        }
    }

    /// Tells, also while it serves, how many connections there are.
    #[must_use]
    pub fn connection_counts(&self) -> ConnectionCounts {
        ConnectionCounts::of(&self.seats)
    }

    /// Speaks TLS, as it stands in the files by the time of a connection. In the clear by default.
    #[must_use]
    pub fn tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// How callers become known. By default there are only certificates, and everyone is let in.
    #[must_use]
    pub fn identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// Tells its health, and nothing else, on a listener in the clear too.
    #[must_use]
    pub fn probes(self, probes: Option<TcpListener>) -> Self {
        Self { probes, ..self }
    }

    /// How many bytes of answers are kept, to be given again where nothing has changed that they were computed from; 0 for none. 256 MiB by default.
    #[must_use]
    pub fn answer_bytes(self, bytes: u64) -> Self {
        Self {
            answers: Arc::new(Answers::new(bytes)),
            ..self
        }
    }

    /// Tells, also while it serves, how the cache of answers is doing.
    #[must_use]
    pub fn answer_counts(&self) -> AnswerCounts {
        AnswerCounts {
            answers: Arc::clone(&self.answers),
        }
    }

    /// How often a watch tells how far it has come. Every 10 seconds by default.
    #[must_use]
    pub fn mark_every(self, mark_every: Duration) -> Self {
        // A timer cannot have a period of nothing.
        let mark_every = mark_every.max(Duration::from_millis(1));
        Self { mark_every, ..self }
    }

    /// How long who watches or exports may take nothing while something waits for it; then it is disconnected. Any other answer is given up after twice the time or a
    /// little more. 30 seconds by default.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How old a connection gets before it is told to go elsewhere; calls on it end in peace. From 30 to 40 minutes by default, each server another time.
    #[must_use]
    pub fn connection_age(self, connection_age: Duration) -> Self {
        Self {
            connection_age,
            ..self
        }
    }

    /// How long it stays open for new calls after it says that it is no longer ready. None by default.
    #[must_use]
    pub fn drain(self, drain: Duration) -> Self {
        Self { drain, ..self }
    }

    /// How long calls in hand may take to their end after that; then they are cut off. 10 seconds by default.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Serves until `shutdown` comes, and the calls in hand have ended.
    ///
    /// # Errors
    /// [`ServeError`] if the listener or the contract's description cannot be used.
    pub async fn serve(
        mut self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let health = Health::starting().await;
        let (probes, grace) = (self.probes.take(), self.grace);
        // Who probes is answered until the end.
        let _probed = probes.map(|listener| Probed::start(listener, &health, self.connections));
        let (stop, stopped) = oneshot::channel::<()>();
        let (end_watches, stopping) = watch::channel(false);
        let early = early(&health)?;
        let whole = Arc::new(OnceLock::new());
        let routes = Starting::new(early.clone(), Arc::clone(&whole));
        let address = listener.local_addr();
        let reception = Reception {
            tls: self.tls.clone(),
            seats: self.seats.clone(),
            begin_within: self.connections.handshake,
            look_every: self.look_every(),
        };
        let serving = self.transport().serve_with_incoming_shutdown(
            routes,
            connections(listener, reception),
            async {
                // A sender that is gone means the same as one that has sent.
                stopped.await.unwrap_or_default();
            },
        );
        tokio::pin!(serving, shutdown);
        let living = async {
            if let Some(engine) = self.begin(shutdown.as_mut()).await {
                // It is set nowhere else.
                let _ = whole.set(self.routes(early, &engine, stopping));
                health.set_ready(true).await;
                if let Ok(address) = address {
                    // Scripts read the port out of this line, and may call then.
                    tracing::info!("listening on {address}");
                }
                shutdown.await;
                health.set_ready(false).await;
                sleep(self.drain).await;
            }
        };
        tokio::select! {
            // An engine that is there already is served from the first connection on.
            biased;
            () = living => {}
            ended = &mut serving => return ended.map_err(ServeError::Transport),
        }
        drop(stop);
        // Watches never end by themselves. Who resumes one finds this server gone, and another one.
        end_watches.send_replace(true);
        end(serving, grace).await
    }

    /// The server without a transport, once its engine is there; none if it does not come. For those who call it within their process, to try it with what no client
    /// would send.
    ///
    /// # Errors
    /// [`ServeError`] if the contract's description cannot be used.
    pub async fn within(mut self) -> Result<Option<Within>, ServeError> {
        let early = early(&Health::starting().await)?;
        let engine = self.begin(pin!(pending())).await;
        let (stop, stopping) = watch::channel(false);
        Ok(engine.map(|engine| {
            let routes = self.routes(early, &engine, stopping);
            Within {
                service: BoxCloneService::new(self.layers().layer(routes)),
                _stop: Arc::new(stop),
            }
        }))
    }

    /// The transport with its layers; the first sees a call first, and its answer last.
    fn transport(&self) -> tonic::transport::Server<Stack<Layers, NoLayer>> {
        bounded(self.connections)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_connection_age(self.connection_age)
            .layer(self.layers())
    }

    /// Watches and exports tell themselves that nobody takes them, and how to go on; all answers are given up after about twice the time.
    fn look_every(&self) -> Duration {
        (self.patience / 2).max(Duration::from_millis(1))
    }

    fn layers(&self) -> Layers {
        let gate = GateLayer {
            requires: self.identity.require,
        };
        let completed = MapResponseLayer::new(completed as fn(Response<Body>) -> Response<Body>);
        let identity = Stack::new(IdentityLayer::new(self.identity.clone()), NoLayer::new());
        let telemetry = Stack::new(TelemetryLayer::new(), identity);
        let gate = Stack::new(gate, Stack::new(DeadlineLayer, telemetry));
        Stack::new(
            completed,
            Stack::new(AdmissionLayer::new(Arc::clone(&self.admission)), gate),
        )
    }

    /// Waits for the engine; none if it does not come, or the server is to stop before.
    async fn begin(&mut self, shutdown: Pin<&mut impl Future<Output = ()>>) -> Option<Engine> {
        tokio::select! {
            biased;
            engine = &mut self.engine => engine.ok(),
            () = shutdown => None,
        }
    }

    /// All that is served once the engine is there.
    fn routes(&self, early: Routes, engine: &Engine, stopping: watch::Receiver<bool>) -> Routes {
        let watching = Watching {
            mark_every: self.mark_every,
            patience: self.patience,
            stopping: stopping.clone(),
        };
        let access = Access::new(engine.clone(), self.authority.clone(), self.stand_in);
        let backups = BackupServiceServer::new(backup_service::Handlers {
            access: access.clone(),
            watching: watching.clone(),
        });
        let topologies = TopologyServiceServer::new(topology_service::Handlers {
            access: access.clone(),
            watching,
        })
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let paths = PathService::new(access, Arc::clone(&self.answers), stopping);
        early
            .add_service(topologies)
            .add_service(paths)
            .add_service(backups)
    }
}

/// What is served from the beginning.
fn early(health: &Health) -> Result<Routes, ServeError> {
    let reflects = reflection().build_v1().map_err(ServeError::Reflection)?;
    // What most tools still ask first.
    let reflects_as_before = reflection()
        .build_v1alpha()
        .map_err(ServeError::Reflection)?;
    Ok(Routes::new(health.service())
        .add_service(reflects)
        .add_service(reflects_as_before))
}

/// Waits for the calls in hand, but not for ever: a client that ignores GOAWAY must not hold the process.
async fn end(
    serving: Pin<&mut impl Future<Output = Served>>,
    grace: Duration,
) -> Result<(), ServeError> {
    match timeout(grace, serving).await {
        Ok(ended) => ended.map_err(ServeError::Transport),
        Err(_) => {
            tracing::warn!(
                grace_seconds = grace.as_secs_f64(),
                "calls were cut off, they took longer than the grace period"
            );
            Ok(())
        }
    }
}

/// What both versions of reflection tell of.
fn reflection() -> Reflection<'static> {
    Reflection::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// A transport that bounds what one connection may do. Where tonic says nothing, some of it would have no bound.
fn bounded(limits: ConnectionLimits) -> tonic::transport::Server {
    tonic::transport::Server::builder()
        .max_concurrent_streams(limits.streams)
        .http2_max_header_list_size(HEADER_BYTES)
        .http2_max_pending_accept_reset_streams(Some(MOST_RESET_UNSEEN))
        .http2_max_local_error_reset_streams(Some(MOST_RESET_FAULTY))
        .http2_keepalive_interval(Some(limits.ping))
        .http2_keepalive_timeout(Some(limits.ping_wait))
}

/// Something between nothing and the most. Ids of processes do not tell servers apart: in a container each is 1.
fn jitter() -> Duration {
    // Its keys are random.
    let random = RandomState::new().build_hasher().finish();
    Duration::from_secs(random % MOST_JITTER_SECONDS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::{MOST_JITTER_SECONDS, jitter};

    #[test]
    fn servers_that_start_together_close_their_connections_at_different_times() {
        let found: BTreeSet<Duration> = (0..50).map(|_| jitter()).collect();
        assert!(found.len() > 10, "{found:?}");
        assert!(
            found
                .iter()
                .all(|time| time.as_secs() < MOST_JITTER_SECONDS)
        );
    }
}
