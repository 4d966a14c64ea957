//! `causeway.v1.PathService`.

use causeway_engine::{Answers, Consistency, Depth, Engine, EngineError};
use causeway_model::flow::Flow;
use causeway_model::revision::TopologyName;
use causeway_proto::v1::{self, path_service_server::PathService};
use prost::{Message, length_delimiter_len};
use tonic::{Request, Response, Status};

use crate::error::{CallError, read};
use crate::offload::off_thread;
use crate::server::MAX_MESSAGE_BYTES;
use crate::status;
use crate::wire::answer::{self, Detail};
use crate::wire::{Wire, flow};

/// Most flows of a batch that asks for detail FULL, of which a message could not hold more.
const MAX_FULL_FLOWS: usize = 10_000;

/// The handlers.
#[derive(Debug, Clone)]
pub(crate) struct Handlers {
    pub(crate) engine: Engine,
}

/// One flow to resolve.
struct One {
    topology: TopologyName,
    consistency: Consistency,
    flow: Flow,
}

/// Many flows to resolve.
struct Batch {
    topology: TopologyName,
    consistency: Consistency,
    detail: Detail,
    flows: Vec<Flow>,
    /// For each flow of the request why it cannot be read, if so.
    unreadable: Vec<Option<tonic_types::Status>>,
}

/// The bytes that an answer has taken of those that a message may have.
struct Room {
    taken: usize,
}

#[tonic::async_trait]
impl PathService for Handlers {
    async fn resolve_path(
        &self,
        request: Request<v1::ResolvePathRequest>,
    ) -> Result<Response<v1::ResolvePathResponse>, Status> {
        let One {
            topology,
            consistency,
            flow,
        } = one(request.into_inner())?;
        let (found, revision) = self
            .engine
            .resolve(&topology, consistency, flow)
            .await
            .map_err(CallError::from)?;
        Ok(Response::new(v1::ResolvePathResponse {
            answer: Some(answer::path(&found, revision)),
        }))
    }

    async fn batch_resolve_paths(
        &self,
        request: Request<v1::BatchResolvePathsRequest>,
    ) -> Result<Response<v1::BatchResolvePathsResponse>, Status> {
        let wire = request.into_inner();
        let count = wire.flows.len();
        check_count(&self.engine, &wire)?;
        let Batch {
            topology,
            consistency,
            detail,
            flows,
            unreadable,
        } = off_thread(&self.engine, count, || batch(wire)).await??;
        let answers = self
            .engine
            .resolve_batch(&topology, consistency, flows, detail.into())
            .await
            .map_err(CallError::from)?;
        let response = off_thread(&self.engine, count, move || {
            batch_response(&answers, detail, unreadable)
        })
        .await??;
        Ok(Response::new(response))
    }
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

/// Refuses a batch of more flows than its detail allows, before any of them is looked at.
fn check_count(engine: &Engine, wire: &v1::BatchResolvePathsRequest) -> Result<(), CallError> {
    let count = wire.flows.len();
    engine.check_batch(count)?;
    if wire.detail() == v1::Detail::Full && count > MAX_FULL_FLOWS {
        return Err(CallError::Engine(EngineError::TooManyItems {
            what: "flows with detail FULL",
            count,
            maximum: MAX_FULL_FLOWS,
        }));
    }
    Ok(())
}

fn batch(wire: v1::BatchResolvePathsRequest) -> Result<Batch, CallError> {
    let v1::BatchResolvePathsRequest {
        topology,
        consistency,
        flows,
        detail,
    } = wire;
    let (topology, consistency, detail) = read(|faults| {
        let topology = faults.field("topology", |faults| Wire::parse(topology, faults));
        let consistency = faults.field("consistency", |faults| Wire::parse(consistency, faults));
        let detail = faults.field("detail", |faults| Detail::parse(detail, faults));
        if flows.is_empty() {
            faults.field("flows", |faults| faults.missing::<()>("at least one flow"));
        }
        Some((topology?, consistency?, detail?))
    })?;
    let mut batch = Batch {
        topology,
        consistency,
        detail,
        flows: Vec::with_capacity(flows.len()),
        unreadable: Vec::with_capacity(flows.len()),
    };
    let mut room = Room::new();
    for wire in flows {
        match read(|faults| flow::parse(wire, faults)) {
            Ok(flow) => {
                batch.flows.push(flow);
                batch.unreadable.push(None);
            }
            Err(error) => {
                let error = status::unreadable(error);
                room.take(error.encoded_len())?;
                batch.unreadable.push(Some(error));
            }
        }
    }
    Ok(batch)
}

/// One item for each flow of the request: its answer, or why it could not be read. Given up as soon as it is larger than a message may be.
fn batch_response(
    answers: &Answers,
    detail: Detail,
    unreadable: Vec<Option<tonic_types::Status>>,
) -> Result<v1::BatchResolvePathsResponse, CallError> {
    let mut answered = answer::items(answers, detail);
    let mut response = v1::BatchResolvePathsResponse {
        revision: answers.revision.0,
        items: Vec::with_capacity(unreadable.len()),
    };
    let mut room = Room::new();
    room.take(response.encoded_len())?;
    for error in unreadable {
        let item = match error {
            Some(error) => v1::BatchItem {
                error: Some(error),
                ..v1::BatchItem::default()
            },
            None => answered.next().unwrap_or_default(),
        };
        let bytes = item.encoded_len();
        // The field's number and the length of the item stand before it.
        room.take(bytes.saturating_add(1 + length_delimiter_len(bytes)))?;
        response.items.push(item);
    }
    Ok(response)
}

// === impl Room ===

impl Room {
    fn new() -> Self {
        Self { taken: 0 }
    }

    fn take(&mut self, bytes: usize) -> Result<(), CallError> {
        self.taken = self.taken.saturating_add(bytes);
        if self.taken > MAX_MESSAGE_BYTES {
            return Err(CallError::AnswerTooLarge {
                size: self.taken,
                maximum: MAX_MESSAGE_BYTES,
            });
        }
        Ok(())
    }
}

impl From<Detail> for Depth {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Verdict => Self::Verdict,
            Detail::Path | Detail::Full => Self::Full,
        }
    }
}

#[cfg(test)]
mod tests;
