//! Settings of a client, checked when it is built.

use std::sync::Arc;
use std::time::Duration;

use tonic::transport::Endpoint;

use crate::client::Settings;
use crate::error::Cause;
use crate::traced::Traced;
use crate::{Client, ClientError};

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:50151";
const MIB: usize = 1024 * 1024;
/// Flow-control windows wide enough that an answer of many megabytes does not wait for window updates.
const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 16 * 1024 * 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Settings of a [`Client`]. Each has a default that suits most callers.
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientBuilder {
    connect_timeout: Duration,
    settings: Settings,
}

// === impl ClientBuilder ===

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            settings: Settings {
                endpoint: DEFAULT_ENDPOINT.to_owned(),
                deadline: Duration::from_secs(30),
                max_retries: 3,
                max_decoding_bytes: 256 * MIB,
                max_encoding_bytes: 64 * MIB,
            },
        }
    }
}

impl ClientBuilder {
    /// Where the service is, as `http://HOST:PORT`. Default: `http://127.0.0.1:50151`.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.settings.endpoint = endpoint.into();
        self
    }

    /// How long making a connection may take. Default: 5 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a call may take, all its attempts together. Default: 30 seconds.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// How often a call is repeated at most after UNAVAILABLE. Default: 3.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.settings.max_retries = retries;
        self
    }

    /// Largest answer taken, in bytes. Default: 256 MiB, for big batches in full detail.
    pub fn max_decoding_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_decoding_bytes = bytes;
        self
    }

    /// Largest message sent, in bytes. Default: 64 MiB. The service has its own limit, which may be lower.
    pub fn max_encoding_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_encoding_bytes = bytes;
        self
    }

    /// Connects now, so that a wrong address is known at once.
    ///
    /// # Errors
    /// [`ClientError::InvalidEndpoint`] if the endpoint cannot be read, [`ClientError::Unreachable`] if nobody answers there.
    pub async fn connect(self) -> Result<Client, ClientError> {
        let endpoint = self.parsed()?;
        let connected = endpoint.connect().await;
        let channel = connected.map_err(|error| ClientError::Unreachable {
            endpoint: self.settings.endpoint.clone(),
            source: Cause::of(&error),
        })?;
        Ok(Client {
            channel: Traced::new(channel, &self.settings.endpoint),
            settings: Arc::new(self.settings),
        })
    }

    /// Connects with the first call. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`ClientError::InvalidEndpoint`] if the endpoint cannot be read.
    pub fn build(self) -> Result<Client, ClientError> {
        let channel = self.parsed()?.connect_lazy();
        Ok(Client {
            channel: Traced::new(channel, &self.settings.endpoint),
            settings: Arc::new(self.settings),
        })
    }

    fn parsed(&self) -> Result<Endpoint, ClientError> {
        let invalid = |fault| ClientError::InvalidEndpoint {
            endpoint: self.settings.endpoint.clone(),
            fault,
        };
        let endpoint = Endpoint::from_shared(self.settings.endpoint.clone())
            .map_err(|_not_a_uri| invalid("write it as http://HOST:PORT"))?;
        match endpoint.uri().scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(invalid(
                    "this client speaks plaintext and leaves TLS to the mesh; write it as http://HOST:PORT",
                ));
            }
            _ => return Err(invalid("write it as http://HOST:PORT")),
        }
        let endpoint = endpoint
            .user_agent(concat!("causeway-client/", env!("CARGO_PKG_VERSION")))
            .map_err(|_not_a_header| invalid("the user agent is not a header value"))?;
        Ok(endpoint
            .connect_timeout(self.connect_timeout)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .http2_keep_alive_interval(KEEP_ALIVE))
    }
}
