//! A service with just enough sense: it keeps topologies by name, and every flow to `10.0.0.9` is UNREACHABLE, from `i-gone` an error.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt};

use causeway_client::v1;
use v1::import_resources_request::Part;
use v1::path_service_server::{PathService, PathServiceServer};
use v1::topology_service_server::{TopologyService, TopologyServiceServer};

/// A running service; it runs as long as the test's runtime.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    state: Shared,
}

#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<State>>);

/// What it holds, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) topologies: BTreeMap<String, v1::Topology>,
    pub(crate) applied: Vec<v1::ApplyChangesRequest>,
    pub(crate) headers: Vec<v1::ImportHeader>,
    pub(crate) imported: Vec<v1::Resource>,
    pub(crate) resolved: Vec<v1::ResolvePathRequest>,
    pub(crate) batches: Vec<v1::BatchResolvePathsRequest>,
    pub(crate) matrices: Vec<v1::ComputeReachabilityMatrixRequest>,
    pub(crate) rollbacks: Vec<v1::RollbackTopologyRequest>,
    pub(crate) labels: BTreeMap<String, v1::RevisionLabel>,
    /// Whether imports are refused; those by `lost` take effect all the same.
    pub(crate) refuse_imports: bool,
    pub(crate) refuse_deletions: bool,
}

// === impl Fake ===

impl Fake {
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Shared::default();
        let server = Server::builder()
            .add_service(TopologyServiceServer::new(state.clone()))
            .add_service(PathServiceServer::new(state.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        Ok(Self { address, state })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Adds a topology.
    pub(crate) fn hold(&self, name: &str, revision: u64) {
        let topology = v1::Topology {
            name: name.to_owned(),
            revision,
            resource_count: 3,
            ..v1::Topology::default()
        };
        self.state().topologies.insert(name.to_owned(), topology);
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn topology(&self, name: &str) -> Result<v1::Topology, Status> {
        let topology = self.lock().topologies.get(name).cloned();
        topology.ok_or_else(|| {
            let details = ErrorDetails::with_error_info("TOPOLOGY_NOT_FOUND", "causeway.v1", []);
            Status::with_error_details(
                Code::NotFound,
                format!("there is no topology `{name}`"),
                details,
            )
        })
    }
}

#[tonic::async_trait]
impl TopologyService for Shared {
    async fn create_topology(
        &self,
        request: Request<v1::CreateTopologyRequest>,
    ) -> Result<Response<v1::CreateTopologyResponse>, Status> {
        let v1::CreateTopologyRequest {
            name,
            description,
            source,
            ..
        } = request.into_inner();
        let forked_from = source.map(|source| v1::ForkOrigin {
            revision: crate::forks::forked_at(source.at),
            topology: source.topology,
        });
        let topology = v1::Topology {
            name: name.clone(),
            description,
            forked_from,
            ..v1::Topology::default()
        };
        self.lock().topologies.insert(name, topology.clone());
        Ok(Response::new(v1::CreateTopologyResponse {
            topology: Some(topology),
        }))
    }

    async fn get_topology(
        &self,
        request: Request<v1::GetTopologyRequest>,
    ) -> Result<Response<v1::GetTopologyResponse>, Status> {
        let topology = self.topology(&request.into_inner().name)?;
        Ok(Response::new(v1::GetTopologyResponse {
            topology: Some(topology),
        }))
    }

    async fn list_topologies(
        &self,
        _request: Request<v1::ListTopologiesRequest>,
    ) -> Result<Response<v1::ListTopologiesResponse>, Status> {
        Ok(Response::new(v1::ListTopologiesResponse {
            topologies: self.lock().topologies.values().cloned().collect(),
            next_page_token: String::new(),
        }))
    }

    async fn delete_topology(
        &self,
        request: Request<v1::DeleteTopologyRequest>,
    ) -> Result<Response<v1::DeleteTopologyResponse>, Status> {
        let mut state = self.lock();
        if state.refuse_deletions {
            return Err(Status::internal("no"));
        }
        state.topologies.remove(&request.into_inner().name);
        Ok(Response::new(v1::DeleteTopologyResponse {}))
    }

    async fn apply_changes(
        &self,
        request: Request<v1::ApplyChangesRequest>,
    ) -> Result<Response<v1::ApplyChangesResponse>, Status> {
        let request = request.into_inner();
        if request.expected_revision == Some(99) {
            let mut details =
                ErrorDetails::with_error_info("INVALID_CHANGE_SET", "causeway.v1", []);
            details.add_bad_request_violation("changes[0]", "first fault");
            details.add_bad_request_violation("changes[1]", "second fault");
            return Err(Status::with_error_details(
                Code::InvalidArgument,
                "nothing was changed, for the change set has 2 faults: changes[0]: first fault",
                details,
            ));
        }
        let put_count = u64::try_from(request.changes.len()).unwrap_or(u64::MAX);
        self.lock().applied.push(request);
        Ok(Response::new(v1::ApplyChangesResponse {
            revision: 8,
            put_count,
            deleted_count: 0,
        }))
    }

    async fn rollback_topology(
        &self,
        request: Request<v1::RollbackTopologyRequest>,
    ) -> Result<Response<v1::RollbackTopologyResponse>, Status> {
        let request = request.into_inner();
        let answer = crate::forks::rolled_back(&request);
        self.lock().rollbacks.push(request);
        Ok(Response::new(answer))
    }

    async fn set_revision_label(
        &self,
        request: Request<v1::SetRevisionLabelRequest>,
    ) -> Result<Response<v1::SetRevisionLabelResponse>, Status> {
        let label = crate::forks::label(request.into_inner());
        let name = label.label.clone();
        self.lock().labels.insert(name, label.clone());
        Ok(Response::new(v1::SetRevisionLabelResponse {
            label: Some(label),
        }))
    }

    async fn delete_revision_label(
        &self,
        request: Request<v1::DeleteRevisionLabelRequest>,
    ) -> Result<Response<v1::DeleteRevisionLabelResponse>, Status> {
        let name = request.into_inner().label;
        let removed = self.lock().labels.remove(&name);
        removed.ok_or_else(|| Status::not_found(format!("there is no label `{name}`")))?;
        Ok(Response::new(v1::DeleteRevisionLabelResponse {}))
    }

    async fn list_revision_labels(
        &self,
        _request: Request<v1::ListRevisionLabelsRequest>,
    ) -> Result<Response<v1::ListRevisionLabelsResponse>, Status> {
        Ok(Response::new(v1::ListRevisionLabelsResponse {
            labels: self.lock().labels.values().cloned().collect(),
            next_page_token: String::new(),
        }))
    }

    async fn import_resources(
        &self,
        request: Request<Streaming<v1::ImportResourcesRequest>>,
    ) -> Result<Response<v1::ImportResourcesResponse>, Status> {
        let mut stream = request.into_inner();
        let (mut headers, mut resources) = (Vec::new(), Vec::new());
        while let Some(message) = stream.message().await? {
            match message.part {
                Some(Part::Header(header)) => headers.push(header),
                Some(Part::Chunk(chunk)) => resources.extend(chunk.resources),
                None => return Err(Status::invalid_argument("part")),
            }
        }
        let mut state = self.lock();
        if state.refuse_imports {
            let took_effect = headers.iter().find(|header| header.author == "lost");
            let topology =
                took_effect.and_then(|header| state.topologies.get_mut(&header.topology));
            if let Some(topology) = topology {
                topology.revision = 1;
            }
            let details = ErrorDetails::with_bad_request_violation("chunks[0].resources[0]", "bad");
            return Err(Status::with_error_details(
                Code::InvalidArgument,
                "the request has 1 fault: chunks[0].resources[0]: bad",
                details,
            ));
        }
        // The same resources again are no change.
        let changed = state.imported != resources;
        let count = u64::try_from(resources.len()).unwrap_or(u64::MAX);
        state.headers.extend(headers);
        state.imported = resources;
        Ok(Response::new(v1::ImportResourcesResponse {
            revision: 1,
            changed,
            created_count: if changed { count } else { 0 },
            unchanged_count: if changed { 0 } else { count },
            ..v1::ImportResourcesResponse::default()
        }))
    }

    async fn get_resource(
        &self,
        request: Request<v1::GetResourceRequest>,
    ) -> Result<Response<v1::GetResourceResponse>, Status> {
        let id = request.into_inner().resource_id;
        if id == "i-gone" {
            return Err(Status::not_found(id));
        }
        let tag = v1::Tag {
            key: "Name".to_owned(),
            value: format!("name of {id}"),
        };
        let resource = v1::Resource {
            tags: vec![tag],
            ..v1::Resource::default()
        };
        Ok(Response::new(v1::GetResourceResponse {
            resource: Some(resource),
            revision: 7,
        }))
    }

    async fn list_resources(
        &self,
        _request: Request<v1::ListResourcesRequest>,
    ) -> Result<Response<v1::ListResourcesResponse>, Status> {
        Ok(Response::new(v1::ListResourcesResponse::default()))
    }

    async fn list_revisions(
        &self,
        _request: Request<v1::ListRevisionsRequest>,
    ) -> Result<Response<v1::ListRevisionsResponse>, Status> {
        let revision = |revision| v1::Revision {
            revision,
            author: "me".to_owned(),
            message: "why\nin detail".to_owned(),
            put_count: 2,
            labels: match revision {
                2 => vec!["good".to_owned(), "old".to_owned()],
                _ => Vec::new(),
            },
            ..v1::Revision::default()
        };
        Ok(Response::new(v1::ListRevisionsResponse {
            revisions: [3, 2, 1].map(revision).to_vec(),
            next_page_token: String::new(),
        }))
    }

    async fn diff_revisions(
        &self,
        request: Request<v1::DiffRevisionsRequest>,
    ) -> Result<Response<v1::DiffRevisionsResponse>, Status> {
        Ok(Response::new(crate::history::differences(
            request.into_inner(),
        )))
    }

    type WatchRevisionsStream =
        tokio_stream::Iter<std::vec::IntoIter<Result<v1::WatchRevisionsResponse, Status>>>;

    async fn watch_revisions(
        &self,
        request: Request<v1::WatchRevisionsRequest>,
    ) -> Result<Response<Self::WatchRevisionsStream>, Status> {
        let told = crate::history::watched(&request.into_inner());
        Ok(Response::new(tokio_stream::iter(told)))
    }
}

fn verdict(flow: &v1::Flow) -> v1::Verdict {
    match flow.destination.as_str() {
        "10.0.0.9" => v1::Verdict::Unreachable,
        "10.0.0.8" => v1::Verdict::Ambiguous,
        _ => v1::Verdict::Reachable,
    }
}

fn answer(flow: &v1::Flow, revision: u64) -> v1::PathAnswer {
    let hop = v1::Hop {
        resource_id: "eni-1".to_owned(),
        resource_kind: v1::ResourceKind::NetworkInterface.into(),
        ..v1::Hop::default()
    };
    v1::PathAnswer {
        verdict: verdict(flow).into(),
        revision,
        forward: Some(v1::Trace {
            hops: vec![hop],
            disposition: v1::Disposition::Delivered.into(),
        }),
        ..v1::PathAnswer::default()
    }
}

fn item(flow: &v1::Flow) -> v1::BatchItem {
    if flow.source == "i-gone" {
        return v1::BatchItem {
            error: Some(tonic_types::Status {
                code: 5,
                message: "`i-gone` is not in the topology".to_owned(),
                details: Vec::new(),
            }),
            ..v1::BatchItem::default()
        };
    }
    let codes = match verdict(flow) {
        v1::Verdict::Unreachable => vec![v1::ExplanationCode::NoRouteToDestination.into()],
        v1::Verdict::Unspecified
        | v1::Verdict::Reachable
        | v1::Verdict::Ambiguous
        | v1::Verdict::Undetermined => Vec::new(),
    };
    v1::BatchItem {
        verdict: verdict(flow).into(),
        codes,
        path: vec!["eni-1".to_owned()],
        answer: Some(answer(flow, 7)),
        error: None,
    }
}

#[tonic::async_trait]
impl PathService for Shared {
    async fn resolve_path(
        &self,
        request: Request<v1::ResolvePathRequest>,
    ) -> Result<Response<v1::ResolvePathResponse>, Status> {
        let request = request.into_inner();
        let topology = self.topology(&request.topology)?;
        let flow = request.flow.clone().unwrap_or_default();
        self.lock().resolved.push(request);
        Ok(Response::new(v1::ResolvePathResponse {
            answer: Some(answer(&flow, topology.revision)),
        }))
    }

    async fn batch_resolve_paths(
        &self,
        request: Request<v1::BatchResolvePathsRequest>,
    ) -> Result<Response<v1::BatchResolvePathsResponse>, Status> {
        let request = request.into_inner();
        let revision = self.topology(&request.topology)?.revision;
        let items = request.flows.iter().map(item).collect();
        self.lock().batches.push(request);
        Ok(Response::new(v1::BatchResolvePathsResponse {
            revision,
            items,
            traces: None,
        }))
    }

    type StreamResolvePathsStream =
        tokio_stream::Empty<Result<v1::StreamResolvePathsResponse, Status>>;

    async fn stream_resolve_paths(
        &self,
        _request: Request<Streaming<v1::StreamResolvePathsRequest>>,
    ) -> Result<Response<Self::StreamResolvePathsStream>, Status> {
        Err(Status::unimplemented("the command asks for batches"))
    }

    type ComputeReachabilityMatrixStream =
        tonic::codegen::BoxStream<v1::ComputeReachabilityMatrixResponse>;

    async fn compute_reachability_matrix(
        &self,
        request: Request<v1::ComputeReachabilityMatrixRequest>,
    ) -> Result<Response<Self::ComputeReachabilityMatrixStream>, Status> {
        let asked = request.into_inner();
        let named = |selectors: &[v1::EndSelector]| -> Vec<String> {
            let ends = selectors.iter().map(|one| match &one.selector {
                Some(v1::end_selector::Selector::End(end)) => end.clone(),
                Some(v1::end_selector::Selector::All(_)) | None => "eni-1".to_owned(),
            });
            ends.collect()
        };
        let (sources, destinations) = (named(&asked.sources), named(&asked.destinations));
        let parts = crate::matrix::parts(sources, destinations, asked.services.clone());
        self.lock().matrices.push(asked);
        Ok(Response::new(Box::pin(tokio_stream::iter(parts))))
    }
}
