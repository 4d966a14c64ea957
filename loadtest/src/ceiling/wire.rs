//! A connection to the service or to its echo: the generated client on a channel of its own, for both alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use causeway_proto::v1::path_service_client::PathServiceClient;
use tokio::time::sleep;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::LoadError;
use crate::echo::CALL_HEADER;
use crate::method::{MAX_MESSAGE_BYTES, Method};

/// HTTP/2 windows: those of the client for Rust.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// How long a call may take. The client for Rust gives as much.
const DEADLINE: Duration = Duration::from_secs(30);

/// What the service says with a call that it does not take on: when to make it again.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// A connection. Clones share it, and count together.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    client: PathServiceClient<Channel>,
    refused: Arc<AtomicU64>,
}

impl Wire {
    /// Makes a connection.
    pub(super) async fn connect(endpoint: &str) -> Result<Self, LoadError> {
        let failed = |source| LoadError::NoConnection {
            endpoint: endpoint.to_owned(),
            source,
        };
        let channel = Endpoint::from_shared(endpoint.to_owned())
            .map_err(failed)?
            .tcp_nodelay(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .connect()
            .await
            .map_err(failed)?;
        Ok(Self {
            client: PathServiceClient::new(channel)
                .max_decoding_message_size(MAX_MESSAGE_BYTES)
                .max_encoding_message_size(MAX_MESSAGE_BYTES),
            refused: Arc::new(AtomicU64::new(0)),
        })
    }

    /// So many connections.
    pub(super) async fn connect_all(endpoint: &str, count: usize) -> Result<Vec<Self>, LoadError> {
        let mut wires = Vec::new();
        for _ in 0..count {
            wires.push(Self::connect(endpoint).await?);
        }
        Ok(wires)
    }

    /// Asks until it is answered, and tells how long that took. A call that is refused for there being too much is made again after what was asked for; both are
    /// asked so, and the echo never refuses. The copy that the generated client consumes is made before the clock runs.
    pub(super) async fn ask<M: Method>(
        &mut self,
        number: usize,
        question: &M::Question,
    ) -> Result<(M::Answer, Duration), LoadError> {
        let mut next = request(number, question);
        let begin = Instant::now();
        loop {
            let source = match M::ask(&mut self.client, next).await {
                Ok(answer) => return Ok((answer.into_inner(), begin.elapsed())),
                Err(source) => source,
            };
            let pause = pushback(&source).filter(|pause| begin.elapsed() + *pause < DEADLINE);
            let Some(pause) = pause else {
                return Err(LoadError::Refused {
                    call: number,
                    source: Box::new(source),
                });
            };
            self.refused.fetch_add(1, Ordering::Relaxed);
            sleep(pause).await;
            next = request(number, question);
        }
    }

    /// How often calls were refused on it, or on its clones.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

fn request<Q: Clone>(number: usize, question: &Q) -> Request<Q> {
    let mut request = Request::new(question.clone());
    request.set_timeout(DEADLINE);
    let value = MetadataValue::from(number);
    request.metadata_mut().insert(CALL_HEADER, value);
    request
}

/// How long to wait before a call is made again, if it was not taken on and the service says when it may be.
fn pushback(status: &Status) -> Option<Duration> {
    if status.code() != Code::ResourceExhausted {
        return None;
    }
    let asked = status.metadata().get(PUSHBACK)?.to_str().ok()?;
    Some(Duration::from_millis(asked.parse().ok()?))
}

#[cfg(test)]
mod tests;
