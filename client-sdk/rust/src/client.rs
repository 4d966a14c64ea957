//! The client itself: a channel and the settings of its calls. What it can be asked is in the files beside this one.

use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};

use causeway_proto::v1::backup_service_client::BackupServiceClient;
use causeway_proto::v1::path_service_client::PathServiceClient;
use causeway_proto::v1::topology_service_client::TopologyServiceClient;

use crate::call::Deadline;
use crate::hedge::Hedging;
use crate::traced::Traced;
use crate::{ClientBuilder, ClientError, Hedge};

/// A connection to a Causeway service. Clones share the connection, which is made again by itself when it was lost.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) channel: Traced,
    pub(crate) settings: Arc<Settings>,
}

/// What holds for every call of a client.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// As the caller wrote it, for messages.
    pub(crate) endpoint: String,
    /// How long a call may take, all attempts together.
    pub(crate) deadline: Deadline,
    /// How often a call is repeated at most.
    pub(crate) max_retries: u32,
    /// Largest answer taken, in bytes.
    pub(crate) max_decoding_bytes: usize,
    /// Largest message sent, in bytes.
    pub(crate) max_encoding_bytes: usize,
    /// The header that shows the bearer token. It is marked as sensitive, so that it is not printed.
    pub(crate) authorization: Option<MetadataValue<Ascii>>,
    /// How reads are hedged, if they are.
    pub(crate) hedging: Option<Arc<Hedging>>,
}

// === impl Client ===

impl Client {
    /// Connects to `endpoint`, as `http://127.0.0.1:50151`, with the default settings.
    ///
    /// # Errors
    /// [`ClientError::InvalidEndpoint`] if that is not an endpoint, [`ClientError::Unreachable`] if nobody answers there.
    pub async fn connect(endpoint: impl Into<String>) -> Result<Self, ClientError> {
        Self::builder().endpoint(endpoint).connect().await
    }

    /// Begins a client with settings of its own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The same connection with another deadline for each call, all attempts of the call together.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        let settings = Settings {
            deadline: Deadline::new(deadline),
            ..Settings::clone(&self.settings)
        };
        Self {
            channel: self.channel.clone(),
            settings: Arc::new(settings),
        }
    }

    /// The same connection with other hedging of its reads; with `None`, without any.
    ///
    /// ```
    /// use std::time::Duration;
    /// use causeway_client::{Client, Hedge};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), causeway_client::ClientError> {
    /// let client = Client::builder().build()?;
    /// let interactive = client.with_hedge(Hedge::after(Duration::from_millis(50)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_hedge(&self, hedge: impl Into<Option<Hedge>>) -> Self {
        let hedging = hedge.into().map(|hedge| Arc::new(Hedging::new(hedge)));
        let settings = Settings {
            hedging,
            ..Settings::clone(&self.settings)
        };
        Self {
            channel: self.channel.clone(),
            settings: Arc::new(settings),
        }
    }

    /// Where this client connects to.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.settings.endpoint
    }

    pub(crate) fn topology_service(&self) -> TopologyServiceClient<Traced> {
        TopologyServiceClient::new(self.channel.clone())
            .max_decoding_message_size(self.settings.max_decoding_bytes)
            .max_encoding_message_size(self.settings.max_encoding_bytes)
    }

    pub(crate) fn backup_service(&self) -> BackupServiceClient<Traced> {
        BackupServiceClient::new(self.channel.clone())
            .max_decoding_message_size(self.settings.max_decoding_bytes)
    }

    pub(crate) fn path_service(&self) -> PathServiceClient<Traced> {
        PathServiceClient::new(self.channel.clone())
            .max_decoding_message_size(self.settings.max_decoding_bytes)
            .max_encoding_message_size(self.settings.max_encoding_bytes)
    }
}
