//! A connection to the service or to its echo: the generated client on a channel of its own, for both alike.

use std::time::{Duration, Instant};

use causeway_proto::v1::path_service_client::PathServiceClient;
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};

use crate::LoadError;
use crate::echo::CALL_HEADER;
use crate::method::{MAX_MESSAGE_BYTES, Method};

/// HTTP/2 windows: those of the client for Rust.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// How long a call may take. The client for Rust gives as much.
const DEADLINE: Duration = Duration::from_secs(30);

/// A connection.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    client: PathServiceClient<Channel>,
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

    /// Asks once, and tells how long it took. The copy that the generated client consumes is made before the clock runs.
    pub(super) async fn ask<M: Method>(
        &mut self,
        number: usize,
        question: &M::Question,
    ) -> Result<(M::Answer, Duration), LoadError> {
        let mut question = Request::new(question.clone());
        question.set_timeout(DEADLINE);
        let value = MetadataValue::from(number);
        question.metadata_mut().insert(CALL_HEADER, value);
        let begin = Instant::now();
        let answer = M::ask(&mut self.client, question).await;
        let took = begin.elapsed();
        match answer {
            Ok(answer) => Ok((answer.into_inner(), took)),
            Err(source) => Err(LoadError::Refused {
                call: number,
                source: Box::new(source),
            }),
        }
    }
}
