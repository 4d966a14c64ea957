//! `causeway.v1.PathService`.

use causeway_engine::Depth;
use causeway_engine::{Answers, Consistency, Engine};
use causeway_model::flow::Flow;
use causeway_model::revision::TopologyName;
use causeway_proto::v1::{self, path_service_server::PathService};
use tonic::{Request, Response, Status};

use crate::error::{CallError, read};
use crate::offload::off_thread;
use crate::status;
use crate::wire::answer::{self, Detail};
use crate::wire::{Wire, flow};

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
        self.engine.check_batch(count).map_err(CallError::from)?;
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
        .await?;
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
    for wire in flows {
        match read(|faults| flow::parse(wire, faults)) {
            Ok(flow) => {
                batch.flows.push(flow);
                batch.unreadable.push(None);
            }
            Err(error) => batch.unreadable.push(Some(status::unreadable(error))),
        }
    }
    Ok(batch)
}

/// One item for each flow of the request: its answer, or why it could not be read.
fn batch_response(
    answers: &Answers,
    detail: Detail,
    unreadable: Vec<Option<tonic_types::Status>>,
) -> v1::BatchResolvePathsResponse {
    let mut answered = answer::items(answers, detail);
    let item = |error: Option<tonic_types::Status>| match error {
        Some(error) => v1::BatchItem {
            error: Some(error),
            ..v1::BatchItem::default()
        },
        None => answered.next().unwrap_or_default(),
    };
    v1::BatchResolvePathsResponse {
        revision: answers.revision.0,
        items: unreadable.into_iter().map(item).collect(),
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
