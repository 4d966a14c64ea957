//! Answers to flows, as the test has them.

use std::pin::Pin;

use causeway_proto::v1;
use futures::stream::{self, Stream, StreamExt};
use tonic::{Code, Request, Response, Status, Streaming};
use v1::ErrorReason;
use v1::path_service_server::PathService;
use v1::stream_resolve_paths_request::Part;

use super::script::Script;
use super::{Asked, Fault};
use crate::batch::most_flows;

#[tonic::async_trait]
impl PathService for Script {
    async fn resolve_path(
        &self,
        request: Request<v1::ResolvePathRequest>,
    ) -> Result<Response<v1::ResolvePathResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let asked = Asked::ResolvePath(message.clone());
        self.note(&metadata, asked).await?;
        let consistency = message.consistency.as_ref();
        let revision = self.state().revision(&message.topology, consistency)?;
        let flow = message.flow.unwrap_or_default();
        let answer = Some(self.resolve(&flow, revision)?);
        Ok(Response::new(v1::ResolvePathResponse { answer }))
    }

    async fn batch_resolve_paths(
        &self,
        request: Request<v1::BatchResolvePathsRequest>,
    ) -> Result<Response<v1::BatchResolvePathsResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let asked = Asked::BatchResolvePaths(message.clone());
        self.note(&metadata, asked).await?;
        let consistency = message.consistency.as_ref();
        let revision = self.state().revision(&message.topology, consistency)?;
        let detail = message.detail();
        let items = self.items(&message.flows, (detail, most_flows(detail)), revision)?;
        Ok(Response::new(v1::BatchResolvePathsResponse {
            revision,
            items,
            traces: None,
        }))
    }

    type StreamResolvePathsStream =
        Pin<Box<dyn Stream<Item = Result<v1::StreamResolvePathsResponse, Status>> + Send>>;

    async fn stream_resolve_paths(
        &self,
        request: Request<Streaming<v1::StreamResolvePathsRequest>>,
    ) -> Result<Response<Self::StreamResolvePathsStream>, Status> {
        let (metadata, _, mut parts) = request.into_parts();
        let first = parts.message().await?.and_then(|message| message.part);
        let Some(Part::Header(header)) = first else {
            return Err(invalid("the first part of a stream is its header").into());
        };
        let asked = Asked::StreamResolvePaths(header.clone());
        self.note(&metadata, asked).await?;
        let consistency = header.consistency.as_ref();
        let revision = self.state().revision(&header.topology, consistency)?;
        let detail = header.detail();
        let script = self.clone();
        let answers = parts.map(move |part| {
            let Some(Part::Chunk(v1::FlowChunk { chunk_id, flows })) = part?.part else {
                return Err(invalid("a stream has one header, and then chunks").into());
            };
            // A tenth of what a call may have.
            let items = script.items(&flows, (detail, most_flows(detail) / 10), revision)?;
            Ok(v1::StreamResolvePathsResponse {
                revision,
                items,
                traces: None,
                chunk_id,
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    type ComputeReachabilityMatrixStream =
        stream::Empty<Result<v1::ComputeReachabilityMatrixResponse, Status>>;

    async fn compute_reachability_matrix(
        &self,
        request: Request<v1::ComputeReachabilityMatrixRequest>,
    ) -> Result<Response<Self::ComputeReachabilityMatrixStream>, Status> {
        self.other("ComputeReachabilityMatrix", request.metadata())
            .await
    }
}

// === impl Script ===

impl Script {
    fn items(
        &self,
        flows: &[v1::Flow],
        (detail, most): (v1::Detail, usize),
        revision: u64,
    ) -> Result<Vec<v1::BatchItem>, Fault> {
        if flows.is_empty() || flows.len() > most {
            let message = format!("`flows` has {}; it may have 1 to {most}", flows.len());
            return Err(invalid(&message).reason(ErrorReason::TooManyItems));
        }
        let items = flows
            .iter()
            .map(|flow| item(self.resolve(flow, revision), detail));
        Ok(items.collect())
    }
}

fn item(answer: Result<v1::PathAnswer, Fault>, detail: v1::Detail) -> v1::BatchItem {
    let answer = match answer {
        Ok(answer) => answer,
        Err(fault) => {
            return v1::BatchItem {
                error: Some(fault.into()),
                ..v1::BatchItem::default()
            };
        }
    };
    let codes = answer.explanations.iter().map(|one| one.code).collect();
    let hops = answer.forward.iter().flat_map(|trace| &trace.hops);
    let ids = hops.map(|hop| hop.resource_id.clone());
    let (path, is_whole) = match detail {
        v1::Detail::Unspecified | v1::Detail::Verdict => (Vec::new(), false),
        v1::Detail::Path => (ids.collect(), false),
        v1::Detail::Full => (ids.collect(), true),
    };
    v1::BatchItem {
        verdict: answer.verdict,
        codes,
        path,
        answer: is_whole.then_some(answer),
        error: None,
    }
}

fn invalid(message: &str) -> Fault {
    Fault::new(Code::InvalidArgument, message).reason(ErrorReason::InvalidRequest)
}
