//! The server: services, health, reflection and layers on one listener, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, HealthService};
use tonic_reflection::server::Builder as Reflection;
use tower::util::MapResponseLayer;
use tower_layer::{Identity, Stack};

use causeway_access::Authority;
use causeway_engine::{Engine, MemoryCounts};
use causeway_proto::FILE_DESCRIPTOR_SET;
use causeway_proto::v1::backup_service_server::{
    BackupServiceServer, SERVICE_NAME as BACKUP_SERVICE,
};
use causeway_proto::v1::path_service_server::SERVICE_NAME as PATH_SERVICE;
use causeway_proto::v1::topology_service_server::{
    SERVICE_NAME as TOPOLOGY_SERVICE, TopologyServiceServer,
};

use crate::access::{Access, StandIn};
use crate::deadline::DeadlineLayer;
use crate::path_service::{Answers, PathService};
use crate::status::completed;
use crate::telemetry::TelemetryLayer;
use crate::topology_service::Watching;
use crate::{backup_service, topology_service};

/// Most bytes of a request, and of an answer.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of answers that are kept.
const ANSWER_BYTES: u64 = 256 * 1024 * 1024;

/// What health is told of: the server as a whole, and each service.
const SERVICES: [&str; 4] = ["", TOPOLOGY_SERVICE, PATH_SERVICE, BACKUP_SERVICE];

/// HTTP/2 windows: large enough for a batch to arrive without waiting for the other side.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// Age at which a connection is closed for a mesh to balance anew, and what each process adds so that not all do so at once.
const CONNECTION_AGE: Duration = Duration::from_secs(30 * 60);
const MOST_JITTER_SECONDS: u64 = 10 * 60;

/// How often a silent connection is asked whether it lives.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// The layers of every call, the innermost first.
type Layers = Stack<
    MapResponseLayer<fn(Response<Body>) -> Response<Body>>,
    Stack<DeadlineLayer, Stack<TelemetryLayer, Identity>>,
>;

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
    engine: Engine,
    answers: Arc<Answers>,
    drain: Duration,
    grace: Duration,
    mark_every: Duration,
    patience: Duration,
    authority: Option<Arc<Authority>>,
    stand_in: Option<StandIn>,
}

impl Server {
    /// A server for an engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            answers: Arc::new(Answers::new(ANSWER_BYTES)),
            drain: Duration::ZERO,
            grace: Duration::from_secs(10),
            mark_every: Duration::from_secs(10),
            patience: Duration::from_secs(30),
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

    /// How long who watches or exports may take nothing while something waits for it; then it is disconnected. 30 seconds by default.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
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
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let health = HealthReporter::new();
        set_health(&health, ServingStatus::NotServing).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let (end_watches, stopping) = watch::channel(false);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let serving = transport()
            .add_routes(self.routes(&health, stopping)?)
            .serve_with_incoming_shutdown(incoming, async {
                // A sender that is gone means the same as one that has sent.
                stopped.await.unwrap_or_default();
            });
        tokio::pin!(serving);
        set_health(&health, ServingStatus::Serving).await;
        tokio::select! {
            ended = &mut serving => return ended.map_err(ServeError::Transport),
            () = shutdown => {}
        }
        set_health(&health, ServingStatus::NotServing).await;
        tokio::select! {
            ended = &mut serving => return ended.map_err(ServeError::Transport),
            () = sleep(self.drain) => {}
        }
        drop(stop);
        // Watches never end by themselves. Who resumes one finds this server gone, and another one.
        end_watches.send_replace(true);
        // A client that ignores GOAWAY must not hold the process.
        match timeout(self.grace, serving).await {
            Ok(ended) => ended.map_err(ServeError::Transport),
            Err(_) => {
                tracing::warn!(
                    grace_seconds = self.grace.as_secs_f64(),
                    "calls were cut off, they took longer than the grace period"
                );
                Ok(())
            }
        }
    }

    fn routes(
        &self,
        health: &HealthReporter,
        stopping: watch::Receiver<bool>,
    ) -> Result<Routes, ServeError> {
        let watching = Watching {
            mark_every: self.mark_every,
            patience: self.patience,
            stopping,
        };
        let access = Access::new(self.engine.clone(), self.authority.clone(), self.stand_in);
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
        let paths = PathService::new(access, Arc::clone(&self.answers));
        let reflects = reflection().build_v1().map_err(ServeError::Reflection)?;
        // What most tools still ask first.
        let reflects_as_before = reflection()
            .build_v1alpha()
            .map_err(ServeError::Reflection)?;
        let health = tonic_health::pb::health_server::HealthServer::new(
            HealthService::from_health_reporter(health.clone()),
        );
        Ok(Routes::new(topologies)
            .add_service(paths)
            .add_service(backups)
            .add_service(reflects)
            .add_service(reflects_as_before)
            .add_service(health))
    }
}

/// What both versions of reflection tell of.
fn reflection() -> Reflection<'static> {
    Reflection::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// The transport with its layers; the first sees a call first, and its answer last.
fn transport() -> tonic::transport::Server<Layers> {
    let jitter = Duration::from_secs(u64::from(std::process::id()) % MOST_JITTER_SECONDS);
    tonic::transport::Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .max_connection_age(CONNECTION_AGE.saturating_add(jitter))
        .layer(TelemetryLayer::new())
        .layer(DeadlineLayer)
        .layer(MapResponseLayer::new(
            completed as fn(Response<Body>) -> Response<Body>,
        ))
}

async fn set_health(health: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        health.set_service_status(service, status).await;
    }
}
