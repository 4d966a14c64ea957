//! Asking for any number of paths, chunk by chunk.

use std::sync::Arc;

use causeway_proto::v1;
use futures::stream::{self, Stream, StreamExt};
use tokio::time::timeout;
use tonic::Streaming;
use v1::stream_resolve_paths_request::Part;

use crate::call::Attempt;
use crate::client::Settings;
use crate::traces::put_back;
use crate::{Client, ClientError};

/// The answers to a chunk of flows.
#[derive(Debug, Clone, PartialEq)]
pub struct PathChunk {
    /// Which chunk it was, from 0. Answers come as they are ready, and not in this order.
    pub chunk: u64,
    /// The revision that all answers of the stream are computed at.
    pub revision: u64,
    /// One item a flow, in the order of the chunk's flows.
    pub items: Vec<v1::BatchItem>,
}

// === impl Client ===

impl Client {
    /// Resolves any number of flows at one revision, chunk by chunk: up to 10,000 flows a chunk, 1,000 with detail FULL. Chunks are taken from
    /// `chunks` as the service takes them, and answers are there as soon as they are ready; whoever is slow, nothing piles up.
    ///
    /// The stream has no deadline, only its beginning has. It is not repeated when it is interrupted, since the chunks are there once.
    ///
    /// # Errors
    /// NOT_FOUND for a topology that does not exist; OUT_OF_RANGE for a revision that is not there; while it goes on INVALID_ARGUMENT for a chunk that is
    /// empty or too large.
    pub async fn stream_paths<C>(
        &self,
        topology: &str,
        chunks: C,
        detail: v1::Detail,
        consistency: v1::Consistency,
    ) -> Result<impl Stream<Item = Result<PathChunk, ClientError>> + Send + use<C>, ClientError>
    where
        C: Stream<Item = Vec<v1::Flow>> + Send + 'static,
    {
        let header = v1::StreamHeader {
            topology: topology.to_owned(),
            consistency: Some(consistency),
            detail: detail.into(),
            changes: Vec::new(),
        };
        self.stream_after(header, chunks).await
    }

    pub(crate) async fn stream_after<C>(
        &self,
        header: v1::StreamHeader,
        chunks: C,
    ) -> Result<impl Stream<Item = Result<PathChunk, ClientError>> + Send + use<C>, ClientError>
    where
        C: Stream<Item = Vec<v1::Flow>> + Send + 'static,
    {
        let begin = Attempt::endless(&header.topology, &self.settings).request(());
        let numbered = stream::iter(0..).zip(chunks);
        let chunks =
            numbered.map(|(chunk_id, flows)| Part::Chunk(v1::FlowChunk { chunk_id, flows }));
        let parts = stream::iter([Part::Header(header)])
            .chain(chunks)
            .map(|part| v1::StreamResolvePathsRequest { part: Some(part) });
        let request = begin.map(|()| parts);
        let settings = Arc::clone(&self.settings);
        let mut service = self.path_service();
        let opened = timeout(
            settings.deadline.allowed,
            service.stream_resolve_paths(request),
        )
        .await
        .map_err(|_elapsed| ClientError::deadline(&settings))?;
        let opened = opened.map_err(|status| ClientError::from_status(&status, &settings))?;
        let answers = stream::try_unfold(opened.into_inner(), move |mut answers| {
            let settings = Arc::clone(&settings);
            async move {
                let next = next(&mut answers, &settings).await?;
                Ok(next.map(|chunk| (chunk, answers)))
            }
        });
        Ok(answers)
    }
}

async fn next(
    answers: &mut Streaming<v1::StreamResolvePathsResponse>,
    settings: &Settings,
) -> Result<Option<PathChunk>, ClientError> {
    let answer = answers.message().await;
    let answer = answer.map_err(|status| ClientError::from_status(&status, settings))?;
    let Some(answer) = answer else {
        return Ok(None);
    };
    let v1::StreamResolvePathsResponse {
        revision,
        mut items,
        traces,
        chunk_id,
    } = answer;
    put_back("StreamResolvePaths", &mut items, traces)?;
    Ok(Some(PathChunk {
        chunk: chunk_id,
        revision,
        items,
    }))
}
