//! Settings of a client, checked when it is built.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Endpoint;

use crate::call::Deadline;
use crate::client::Settings;
use crate::error::Cause;
use crate::hedge::Hedging;
#[cfg(feature = "tls")]
use crate::tls::Certificates;
use crate::traced::Traced;
use crate::{Client, ClientError, Hedge};

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:50151";
/// How an endpoint is written.
const FORM: &str = "write it as http://HOST:PORT or https://HOST:PORT";
const MIB: usize = 1024 * 1024;
/// Flow-control windows wide enough that an answer of many megabytes does not wait for window updates.
const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 16 * 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(30);
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long the answer to a ping may take.
const LONGEST_SILENCE: Duration = Duration::from_secs(20);

/// Settings of a [`Client`]. Each has a default that suits most callers.
///
/// ```
/// use std::time::Duration;
/// use causeway_client::{Client, Hedge};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), causeway_client::ClientError> {
/// let client = Client::builder()
///     .endpoint("http://127.0.0.1:50151")
///     .deadline(Duration::from_secs(5))
///     .max_retries(2)
///     .hedge(Hedge::after(Duration::from_millis(100)))
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// With the feature `tls`, to another machine:
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = causeway_client::Client::builder()
///     .endpoint("https://causeway.example.org:50151")
///     .ca_certificates(std::fs::read("ca.crt")?)
///     .client_certificate(std::fs::read("job.crt")?, std::fs::read("job.key")?)
///     .token(&std::fs::read_to_string("token")?)
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientBuilder {
    connect_timeout: Duration,
    keep_alive: Duration,
    settings: Settings,
    /// What was given as a token is none.
    has_bad_token: bool,
    #[cfg(feature = "tls")]
    certificates: Certificates,
}

// === impl ClientBuilder ===

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            settings: Settings {
                endpoint: DEFAULT_ENDPOINT.to_owned(),
                deadline: Deadline::new(DEADLINE),
                max_retries: 3,
                max_decoding_bytes: 256 * MIB,
                max_encoding_bytes: 64 * MIB,
                authorization: None,
                hedging: None,
            },
            keep_alive: KEEP_ALIVE,
            has_bad_token: false,
            #[cfg(feature = "tls")]
            certificates: Certificates::default(),
        }
    }
}

impl ClientBuilder {
    /// Where the service is, as `http://HOST:PORT`, or with the feature `tls` as `https://HOST:PORT`. Default: `http://127.0.0.1:50151`.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.settings.endpoint = endpoint.into();
        self
    }

    /// How long making a connection may take. Default: 5 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How often the other side is asked for a sign of life, by a ping of HTTP/2, while calls are under way and between them. Without one for as long, or 20 seconds if that is less, the
    /// connection is taken as lost: its calls end as after UNAVAILABLE, and the next ones make another connection. Default: 30 seconds, sooner than load balancers
    /// forget a connection that is silent.
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.keep_alive = interval;
        self
    }

    /// How long a call may take, all its attempts together. Default: 30 seconds.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = Deadline::new(deadline);
        self
    }

    /// How often a call is repeated at most after UNAVAILABLE. Default: 3.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.settings.max_retries = retries;
        self
    }

    /// Hedges reads: one that takes long is asked again, and the first answer counts. Default: nothing is hedged.
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.settings.hedging = Some(Arc::new(Hedging::new(hedge)));
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

    /// Shows this bearer token with each call. It is sent within TLS, or to this machine, and never printed. Default: none.
    pub fn token(mut self, token: &str) -> Self {
        let value: Result<MetadataValue<Ascii>, _> = format!("Bearer {}", token.trim()).parse();
        self.has_bad_token = value.is_err() || token.trim().is_empty();
        self.settings.authorization = value.ok().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        self
    }

    /// Trusts the servers whose certificates are of these authorities, in PEM form. An endpoint with `https://` needs it.
    #[cfg(feature = "tls")]
    pub fn ca_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.certificates.authorities = Some(pem.as_ref().to_vec());
        self
    }

    /// Shows this certificate to the server, with its key; both in PEM form. Default: none.
    #[cfg(feature = "tls")]
    pub fn client_certificate(
        mut self,
        certificate: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Self {
        let pair = (certificate.as_ref().to_vec(), key.as_ref().to_vec());
        self.certificates.own = Some(pair);
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
            .map_err(|_not_a_uri| invalid(FORM))?;
        if self.has_bad_token {
            return Err(invalid(
                "the bearer token for it is not one line of ASCII characters",
            ));
        }
        let is_tls = match endpoint.uri().scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(invalid(FORM)),
        };
        if self.settings.authorization.is_some() && !is_tls && !is_loopback(&endpoint) {
            return Err(invalid(
                "a bearer token is not sent to another machine in the clear; use https://",
            ));
        }
        let endpoint = endpoint
            .user_agent(concat!("causeway-client/", env!("CARGO_PKG_VERSION")))
            .map_err(|_not_a_header| invalid("the user agent is not a header value"))?;
        let endpoint = endpoint
            .connect_timeout(self.connect_timeout)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .http2_keep_alive_interval(self.keep_alive)
            .keep_alive_timeout(self.keep_alive.min(LONGEST_SILENCE))
            .keep_alive_while_idle(true);
        self.with_tls(endpoint, is_tls)
    }

    #[cfg(feature = "tls")]
    fn with_tls(&self, endpoint: Endpoint, is_tls: bool) -> Result<Endpoint, ClientError> {
        self.certificates
            .apply(endpoint, is_tls, &self.settings.endpoint)
    }

    #[cfg(not(feature = "tls"))]
    fn with_tls(&self, endpoint: Endpoint, is_tls: bool) -> Result<Endpoint, ClientError> {
        if !is_tls {
            return Ok(endpoint);
        }
        Err(ClientError::InvalidEndpoint {
            endpoint: self.settings.endpoint.clone(),
            fault: "this client is built without the feature `tls`, and leaves TLS to the mesh; write it as http://HOST:PORT",
        })
    }
}

/// Whether the endpoint is on this machine.
fn is_loopback(endpoint: &Endpoint) -> bool {
    let host = endpoint.uri().host().unwrap_or_default();
    let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
