//! Exporting topologies as a backup.

use causeway_proto::v1;
use tonic::Streaming;

use crate::call::{Attempt, Call};
use crate::{Client, ClientError};

/// A backup on its way, in chunks of bytes.
#[derive(Debug)]
pub struct Export {
    client: Client,
    chunks: Streaming<v1::ExportTopologiesResponse>,
}

// === impl Client ===

impl Client {
    /// Begins to export topologies, all of them if none is named. The stream has no deadline, and goes as fast as it is read.
    ///
    /// # Errors
    /// NOT_FOUND if a topology does not exist; RESOURCE_EXHAUSTED if too many exports are under way.
    pub async fn export(&self, topologies: Vec<String>) -> Result<Export, ClientError> {
        // One topology's export may go where its calls go.
        let topology = match topologies.as_slice() {
            [one] => one.clone(),
            _ => String::new(),
        };
        let message = v1::ExportTopologiesRequest { topologies };
        let opened = self.call(Call::safe(&topology), |_bounded| {
            let request = Attempt::endless(&topology, &self.settings).request(message.clone());
            let mut service = self.backup_service();
            async move { service.export_topologies(request).await }
        });
        Ok(Export {
            chunks: opened.await?,
            client: self.clone(),
        })
    }
}

// === impl Export ===

impl Export {
    /// The next bytes; nothing at the end. What came is a backup only if the end has come.
    ///
    /// # Errors
    /// ABORTED if old revisions of a topology were dropped meanwhile, and what else can happen to a call. An export that failed is begun anew.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        let settings = &self.client.settings;
        let told = self.chunks.message().await;
        let told = told.map_err(|status| ClientError::from_status(&status, settings))?;
        Ok(told.map(|response| response.chunk))
    }
}
