//! BatchResolvePaths: many flows at one revision in one message.

use std::pin::Pin;
use std::sync::Arc;

use causeway_engine::{Engine, EngineError};
use causeway_proto::v1;
use http_body::Body as HttpBody;
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

use super::pieces::{BatchRequest, InPieces, Written};
use super::state::{self, Fields};
use super::{Asking, chunk};
use crate::admission::Door;
use crate::error::CallError;
use crate::server::MAX_MESSAGE_BYTES;
use crate::status::refused;
use crate::wire::Wire;
use crate::wire::answer::Detail;

/// Most flows of a batch that asks for detail FULL, of which a message could not hold more.
const MAX_FULL_FLOWS: usize = 10_000;

/// Answers a call.
pub(super) async fn answer<B>(asking: Asking, request: http::Request<B>) -> http::Response<Body>
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    let written = Written::default();
    let call = Call {
        asking,
        written: written.clone(),
    };
    let mut grpc = Grpc::new(InPieces::default()).max_decoding_message_size(MAX_MESSAGE_BYTES);
    let response = grpc.unary(call, request).await;
    match written.into_body() {
        Some(body) => response.map(|_| Body::new(body)),
        None => response,
    }
}

/// One call.
struct Call {
    asking: Asking,
    written: Written,
}

impl UnaryService<BatchRequest> for Call {
    type Response = Vec<Bytes>;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<Bytes>>, Status>> + Send>>;

    fn call(&mut self, request: Request<BatchRequest>) -> Self::Future {
        let (asking, written) = (self.asking.clone(), self.written.clone());
        let door = request.extensions().get::<Arc<Door>>().cloned();
        Box::pin(async move {
            let wire = request.into_inner();
            let _pass = match door {
                Some(door) => Some(door.enter(wire.flows.len()).await.map_err(refused)?),
                None => None,
            };
            written.put(resolve(&asking, wire).await?);
            Ok(Response::new(Vec::new()))
        })
    }
}

async fn resolve(asking: &Asking, wire: BatchRequest) -> Result<Vec<Bytes>, CallError> {
    check_count(asking.asker.work(), wire.flows.len(), wire.detail())?;
    let BatchRequest {
        topology,
        consistency,
        flows,
        detail,
        changes,
    } = wire;
    let fields = Fields {
        topology,
        consistency,
        changes,
    };
    let is_empty = flows.is_empty();
    let (state, detail) = state::read(&asking.asker, fields, move |faults| {
        if is_empty {
            faults.field("flows", |faults| faults.missing::<()>("at least one flow"));
        }
        faults.field("detail", |faults| Detail::parse(detail, faults))
    })
    .await?;
    let paths = state.paths(&asking.asker).await?;
    chunk::resolve(asking, &paths, detail, flows).await
}

/// Refuses a batch of more flows than its detail allows, before any of them is looked at.
fn check_count(engine: &Engine, count: usize, detail: v1::Detail) -> Result<(), CallError> {
    engine.check_batch(count)?;
    if detail == v1::Detail::Full && count > MAX_FULL_FLOWS {
        return Err(CallError::Engine(EngineError::TooManyItems {
            what: "flows with detail FULL",
            count,
            maximum: MAX_FULL_FLOWS,
        }));
    }
    Ok(())
}
