//! StreamResolvePaths: any number of flows at one revision, chunk by chunk.
//!
//! Chunks are taken from the caller only while few are in hand and the caller takes the answers: nothing piles up here, whoever is slow.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use causeway_engine::{EngineError, Paths};
use causeway_proto::v1;
use futures::stream::{self, BoxStream, StreamExt};
use http_body::Body as HttpBody;
use prost::bytes::Bytes;
use prost::encoding::uint64;
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::{Grpc, StreamingService};
use tonic::{Request, Response, Status, Streaming};

use super::pieces::{FlowChunk, InPieces, StreamRequest};
use super::state::{self, Fields};
use super::{Asking, chunk};
use crate::access::Asker;
use crate::error::{CallError, read};
use crate::expiry::Expiry;
use crate::server::MAX_MESSAGE_BYTES;
use crate::status;
use crate::wire::Wire;
use crate::wire::answer::Detail;

/// Most flows of a chunk, and of one with whole answers.
const MAX_FLOWS: usize = 10_000;
const MAX_FULL_FLOWS: usize = 1_000;

/// Chunks of one stream that are in hand at once: one is resolved while another is read.
const IN_HAND: usize = 2;

/// Field of StreamResolvePathsResponse.
const CHUNK_ID: u32 = 4;

/// Answers a call.
pub(super) async fn answer<B>(asking: Asking, request: http::Request<B>) -> http::Response<Body>
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    let call = Call {
        asking,
        expiry: Expiry::of(request.headers()),
    };
    let mut grpc = Grpc::new(InPieces::default()).max_decoding_message_size(MAX_MESSAGE_BYTES);
    grpc.streaming(call, request).await
}

/// One call.
struct Call {
    asking: Asking,
    expiry: Expiry,
}

/// The messages of an answer.
type Answers = BoxStream<'static, Result<Vec<Bytes>, Status>>;

impl StreamingService<StreamRequest> for Call {
    type Response = Vec<Bytes>;
    type ResponseStream = Answers;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answers>, Status>> + Send>>;

    fn call(&mut self, request: Request<Streaming<StreamRequest>>) -> Self::Future {
        let (asking, expiry) = (self.asking.clone(), self.expiry);
        Box::pin(async move {
            let answers = begin(asking, request.into_inner()).await?;
            Ok(Response::new(expiry.end(answers)))
        })
    }
}

/// Reads the header, and answers the chunks that follow it.
async fn begin(asking: Asking, mut parts: Streaming<StreamRequest>) -> Result<Answers, CallError> {
    let first = parts.message().await.map_err(broken)?;
    let header = header_of(first.unwrap_or_default())?;
    let read = state_of(&asking.asker, header).await;
    let (paths, detail) = read.map_err(|error| error.within("header"))?;
    let (mut stopping, is_cut_off) = (asking.stopping.clone(), Arc::new(AtomicBool::new(false)));
    let cut_off = Arc::clone(&is_cut_off);
    let stopped = async move {
        // A server that is gone stops too.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        cut_off.store(true, Ordering::Relaxed);
    };
    // What is in hand when the server stops is answered, and no more is taken.
    let answers = parts
        .take_until(Box::pin(stopped))
        .map(move |part| {
            let (asking, paths) = (asking.clone(), paths.clone());
            async move {
                let chunk = chunk_of(part.map_err(broken)?, detail)?;
                // What it sees was decided by policies that are no longer in force.
                if !asking.asker.is_current() {
                    return Err(status::paths_outlived());
                }
                Ok(resolve(&asking, &paths, detail, chunk).await?)
            }
        })
        .buffer_unordered(IN_HAND);
    let end = stream::once(async move {
        let is_cut_off = is_cut_off.load(Ordering::Relaxed);
        is_cut_off.then(|| Err(status::paths_ended()))
    });
    Ok(answers.chain(end.filter_map(ready)).boxed())
}

async fn resolve(
    asking: &Asking,
    paths: &Paths,
    detail: Detail,
    chunk: FlowChunk,
) -> Result<Vec<Bytes>, CallError> {
    let mut message = chunk::resolve(asking, paths, detail, chunk.flows).await?;
    let mut number = Vec::new();
    uint64::encode(CHUNK_ID, &chunk.chunk_id, &mut number);
    message.push(number.into());
    Ok(message)
}

fn broken(status: Status) -> CallError {
    CallError::Stream(Box::new(status))
}

fn header_of(first: StreamRequest) -> Result<v1::StreamHeader, CallError> {
    let StreamRequest { header, chunk } = first;
    read(|faults| match (header, chunk) {
        (Some(header), None) => Some(header),
        (_, Some(_)) | (None, None) => faults.field("header", |faults| {
            faults.missing("the header in the first message, and nowhere else")
        }),
    })
}

/// The state that all chunks are answered from, and how much to tell.
async fn state_of(asker: &Asker, header: v1::StreamHeader) -> Result<(Paths, Detail), CallError> {
    let v1::StreamHeader {
        topology,
        consistency,
        detail,
        changes,
    } = header;
    let fields = Fields {
        topology,
        consistency,
        changes,
    };
    let (state, detail) = state::read(asker, fields, move |faults| {
        faults.field("detail", |faults| Detail::parse(detail, faults))
    })
    .await?;
    Ok((state.paths(asker).await?, detail))
}

fn chunk_of(part: StreamRequest, detail: Detail) -> Result<FlowChunk, CallError> {
    let StreamRequest { header, chunk } = part;
    let chunk = read(|faults| match (header, chunk) {
        (None, Some(chunk)) if !chunk.flows.is_empty() => Some(chunk),
        (None, Some(_)) => faults.field("chunk", |faults| {
            faults.field("flows", |faults| faults.missing("at least one flow"))
        }),
        (Some(_), _) | (None, None) => faults.field("chunk", |faults| {
            faults.missing("a chunk in each message after the first")
        }),
    })?;
    let (what, maximum) = match detail {
        Detail::Verdict | Detail::Path => ("flows in a chunk", MAX_FLOWS),
        Detail::Full => ("flows in a chunk with detail FULL", MAX_FULL_FLOWS),
    };
    let count = chunk.flows.len();
    if count > maximum {
        return Err(CallError::Engine(EngineError::TooManyItems {
            what,
            count,
            maximum,
        }));
    }
    Ok(chunk)
}
