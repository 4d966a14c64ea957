//! `causeway.v1.PathService`.
//!
//! It is taken apart here and not by the generated server, so that messages of many flows are read and written in pieces (`chunk`).

mod batch;
mod chunk;
mod pieces;
mod stream;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use causeway_engine::{Consistency, Engine};
use causeway_model::flow::Flow;
use causeway_model::revision::TopologyName;
use causeway_proto::v1;
use causeway_proto::v1::path_service_server::SERVICE_NAME;
use http_body::Body as HttpBody;
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower_service::Service;

use crate::error::{CallError, read};
use crate::server::MAX_MESSAGE_BYTES;
use crate::wire::{Wire, answer, flow};

/// The service.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    engine: Engine,
}

/// A call that is under way.
type Answering = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

/// One flow to resolve.
struct One {
    topology: TopologyName,
    consistency: Consistency,
    flow: Flow,
}

/// The method ResolvePath.
struct ResolvePath {
    engine: Engine,
}

// === impl Paths ===

impl Paths {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

impl NamedService for Paths {
    const NAME: &'static str = SERVICE_NAME;
}

impl<B> Service<http::Request<B>> for Paths
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Answering {
        let engine = self.engine.clone();
        let method = request.uri().path().rsplit('/').next().unwrap_or_default();
        match method {
            "ResolvePath" => Box::pin(async move {
                let codec = ProstCodec::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(MAX_MESSAGE_BYTES);
                Ok(grpc.unary(ResolvePath { engine }, request).await)
            }),
            "BatchResolvePaths" => {
                Box::pin(async move { Ok(batch::answer(engine, request).await) })
            }
            "StreamResolvePaths" => {
                Box::pin(async move { Ok(stream::answer(engine, request).await) })
            }
            _ => Box::pin(async { Ok(Status::unimplemented("").into_http()) }),
        }
    }
}

// === impl ResolvePath ===

impl UnaryService<v1::ResolvePathRequest> for ResolvePath {
    type Response = v1::ResolvePathResponse;
    type Future =
        Pin<Box<dyn Future<Output = Result<Response<v1::ResolvePathResponse>, Status>> + Send>>;

    fn call(&mut self, request: Request<v1::ResolvePathRequest>) -> Self::Future {
        let engine = self.engine.clone();
        Box::pin(async move { Ok(Response::new(resolve(&engine, request.into_inner()).await?)) })
    }
}

async fn resolve(
    engine: &Engine,
    wire: v1::ResolvePathRequest,
) -> Result<v1::ResolvePathResponse, CallError> {
    let One {
        topology,
        consistency,
        flow,
    } = one(wire)?;
    let (found, revision) = engine.resolve(&topology, consistency, flow).await?;
    Ok(v1::ResolvePathResponse {
        answer: Some(answer::path(&found, revision)),
    })
}

fn one(wire: v1::ResolvePathRequest) -> Result<One, CallError> {
    let v1::ResolvePathRequest {
        topology,
        consistency,
        flow,
    } = wire;
    read(|faults| {
        let topology = faults.field("topology", |faults| Wire::parse(topology, faults));
        let consistency = faults.field("consistency", |faults| Wire::parse(consistency, faults));
        let flow = faults.field("flow", |faults| match flow {
            Some(flow) => flow::parse(flow, faults),
            None => faults.missing("a flow"),
        });
        Some(One {
            topology: topology?,
            consistency: consistency?,
            flow: flow?,
        })
    })
}
