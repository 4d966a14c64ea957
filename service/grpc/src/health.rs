//! What health tells, and of what: readiness of the server and of each service, and that the process lives.

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use causeway_proto::v1::backup_service_server::SERVICE_NAME as BACKUP_SERVICE;
use causeway_proto::v1::path_service_server::SERVICE_NAME as PATH_SERVICE;
use causeway_proto::v1::topology_service_server::SERVICE_NAME as TOPOLOGY_SERVICE;

/// What is ready or not: the server as a whole, which has no name, and each service.
const READY: [&str; 4] = ["", TOPOLOGY_SERVICE, PATH_SERVICE, BACKUP_SERVICE];

/// What is well for as long as the process can answer: who asks about it restarts the process, and not for being slow to start or stop.
const LIVENESS: &str = "liveness";

/// Tells of the server's health.
#[derive(Clone)]
pub(crate) struct Health {
    reporter: HealthReporter,
}

impl Health {
    /// That of a server that is not ready.
    pub(crate) async fn starting() -> Self {
        let health = Self {
            reporter: HealthReporter::new(),
        };
        health.set_ready(false).await;
        let reporter = &health.reporter;
        reporter
            .set_service_status(LIVENESS, ServingStatus::Serving)
            .await;
        health
    }

    /// Whether the server is ready.
    pub(crate) async fn set_ready(&self, is_ready: bool) {
        let status = if is_ready {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        for service in READY {
            self.reporter.set_service_status(service, status).await;
        }
    }

    /// What answers those who ask.
    pub(crate) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }
}
