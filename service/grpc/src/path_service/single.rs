//! ResolvePath: one flow, in full detail.

use std::pin::Pin;
use std::sync::Arc;

use causeway_engine::{Paths, ResolveError};
use http_body::Body as HttpBody;
use prost::bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, uint64};
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

use super::Asking;
use super::answers::{Unanswered, Written};
use super::pieces::{InPieces, ResolveRequest};
use super::state::{self, Fields};
use crate::error::CallError;
use crate::server::MAX_MESSAGE_BYTES;
use crate::telemetry::{Part, Stage, note};

/// Field of ResolvePathResponse, and of PathAnswer.
const ANSWER: u32 = 1;
const REVISION: u32 = 2;

/// Answers a call.
pub(super) async fn answer<B>(asking: Asking, request: http::Request<B>) -> http::Response<Body>
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    let mut grpc = Grpc::new(InPieces::default()).max_decoding_message_size(MAX_MESSAGE_BYTES);
    grpc.unary(Call { asking }, request).await
}

/// One call.
struct Call {
    asking: Asking,
}

impl UnaryService<ResolveRequest> for Call {
    type Response = Vec<Bytes>;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<Bytes>>, Status>> + Send>>;

    fn call(&mut self, request: Request<ResolveRequest>) -> Self::Future {
        let asking = self.asking.clone();
        Box::pin(async move { Ok(Response::new(resolve(&asking, request.into_inner()).await?)) })
    }
}

async fn resolve(asking: &Asking, wire: ResolveRequest) -> Result<Vec<Bytes>, CallError> {
    let ResolveRequest {
        topology,
        consistency,
        flow,
        changes,
    } = wire;
    let fields = Fields {
        topology,
        consistency,
        changes,
    };
    let (state, flow) = state::read(&asking.asker, fields, |faults| {
        faults.field("flow", |faults| flow.or_else(|| faults.missing("a flow")))
    })
    .await?;
    let topology = state.topology().clone();
    let paths = state.paths(&asking.asker).await?;
    let stage = Stage::begin(Part::Walk);
    // What is at hand takes less time than another thread takes to wake up.
    let answer = match asking.answers.alone_at_hand(&paths, &flow) {
        Some(answer) => Ok(answer),
        None => {
            let (answers, paths) = (Arc::clone(&asking.answers), paths.clone());
            let walk = move || answers.alone(&paths, &flow);
            asking.asker.work().run(walk).await?
        }
    };
    drop(stage);
    note(|facts| {
        (facts.flows, facts.distinct_flows) = (Some(1), Some(1));
        facts.cache_hits = paths.hits();
    });
    let answer = answer.map_err(|why| match why {
        Unanswered::Call(error) => error,
        Unanswered::Flow(error) => error.within("flow"),
        Unanswered::Unresolved(ResolveError::UnknownResource { id }) => {
            CallError::Engine(paths.not_found(&id))
        }
    });
    let answer = asking.asker.read(&topology, answer)?;
    let _stage = Stage::begin(Part::Encode);
    Ok(message(&paths, answer))
}

/// The message: the answer with its revision behind it.
fn message(paths: &Paths, answer: Written) -> Vec<Bytes> {
    let mut revision = Vec::new();
    uint64::encode(REVISION, &paths.revision().0, &mut revision);
    let length = answer.len().saturating_add(revision.len());
    let mut head = Vec::new();
    encode_key(ANSWER, WireType::LengthDelimited, &mut head);
    encode_varint(u64::try_from(length).unwrap_or(u64::MAX), &mut head);
    vec![head.into(), answer.into_vec().into(), revision.into()]
}
