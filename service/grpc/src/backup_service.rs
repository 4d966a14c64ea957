//! `causeway.v1.BackupService`.

mod stream;

use causeway_proto::v1::{self, backup_service_server::BackupService};
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::topology_service::Watching;

/// The handlers.
#[derive(Debug, Clone)]
pub(crate) struct Handlers {
    pub(crate) access: Access,
    /// How long a reader may take nothing, and whether the server is about to stop: the same as for watches.
    pub(crate) watching: Watching,
}

#[tonic::async_trait]
impl BackupService for Handlers {
    type ExportTopologiesStream = stream::Chunks;

    async fn export_topologies(
        &self,
        request: Request<v1::ExportTopologiesRequest>,
    ) -> Result<Response<stream::Chunks>, Status> {
        let chunks = stream::run(&self.access, self.watching.clone(), request).await?;
        Ok(Response::new(chunks))
    }
}
