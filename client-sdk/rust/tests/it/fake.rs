//! A service that notes what it is asked, and answers from a script.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::Stream;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

use causeway_client::{Client, ClientBuilder, v1};
use v1::path_service_server::{PathService, PathServiceServer};
use v1::stream_resolve_paths_request::Part;
use v1::topology_service_server::{TopologyService, TopologyServiceServer};

/// What a test gives back; an error ends it.
pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// A running service. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    notes: Notes,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
}

/// What the service was asked, and how it is to answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Headers of each call, in order.
    pub(crate) headers: Vec<BTreeMap<String, String>>,
    /// Statuses for the next calls; when there are none left, calls succeed.
    pub(crate) failures: VecDeque<Status>,
    /// Whether calls are to wait for ever.
    pub(crate) hang: bool,
    pub(crate) applied: Vec<v1::ApplyChangesRequest>,
    pub(crate) created: Vec<v1::CreateTopologyRequest>,
    pub(crate) deleted: Vec<v1::DeleteTopologyRequest>,
    pub(crate) rollbacks: Vec<v1::RollbackTopologyRequest>,
    pub(crate) labels_set: Vec<v1::SetRevisionLabelRequest>,
    pub(crate) labels_deleted: Vec<v1::DeleteRevisionLabelRequest>,
    /// The messages of each import that was taken whole.
    pub(crate) imports: Vec<Vec<v1::ImportResourcesRequest>>,
    pub(crate) lists: Vec<v1::ListResourcesRequest>,
    pub(crate) resolved: Vec<v1::ResolvePathRequest>,
    pub(crate) batches: Vec<v1::BatchResolvePathsRequest>,
    pub(crate) streams: Vec<v1::StreamHeader>,
    pub(crate) watches: Vec<v1::WatchRevisionsRequest>,
    /// What the next watches tell.
    pub(crate) watched: VecDeque<Vec<Result<v1::WatchRevisionsResponse, Status>>>,
}

// === impl Fake ===

impl Fake {
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(crate) async fn start_at(address: SocketAddr) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let notes = Notes::default();
        let (stop, stopped) = oneshot::channel();
        let server = Server::builder()
            .add_service(TopologyServiceServer::new(notes.clone()))
            .add_service(
                PathServiceServer::new(notes.clone()).max_decoding_message_size(64 * 1024 * 1024),
            )
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
                let _ended: Result<(), _> = stopped.await;
            });
        Ok(Self {
            address,
            notes,
            stop,
            server: tokio::spawn(server),
        })
    }

    /// Ends the service, and gives its address back.
    pub(crate) async fn stop(self) -> Result<SocketAddr, Box<dyn Error>> {
        drop(self.stop);
        self.server.await??;
        Ok(self.address)
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().endpoint(format!("http://{}", self.address))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.notes.state()
    }

    pub(crate) fn fail_next(&self, statuses: impl IntoIterator<Item = Status>) {
        self.state().failures.extend(statuses);
    }
}

// === impl Notes ===

impl Notes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn note<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let headers = request.metadata().clone().into_headers();
        let text = headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let hang = {
            let mut state = self.state();
            state.headers.push(text.collect());
            state.hang
        };
        if hang {
            std::future::pending::<()>().await;
        }
        self.state().failures.pop_front().map_or(Ok(()), Err)
    }
}

#[tonic::async_trait]
impl TopologyService for Notes {
    async fn create_topology(
        &self,
        request: Request<v1::CreateTopologyRequest>,
    ) -> Result<Response<v1::CreateTopologyResponse>, Status> {
        self.state().created.push(request.get_ref().clone());
        self.note(&request).await?;
        // Forks alone are told of.
        let topology = request.into_inner().source.map(|source| v1::Topology {
            name: source.topology,
            ..v1::Topology::default()
        });
        Ok(Response::new(v1::CreateTopologyResponse { topology }))
    }

    async fn get_topology(
        &self,
        request: Request<v1::GetTopologyRequest>,
    ) -> Result<Response<v1::GetTopologyResponse>, Status> {
        self.note(&request).await?;
        let topology = v1::Topology {
            name: request.into_inner().name,
            ..v1::Topology::default()
        };
        Ok(Response::new(v1::GetTopologyResponse {
            topology: Some(topology),
        }))
    }

    async fn list_topologies(
        &self,
        request: Request<v1::ListTopologiesRequest>,
    ) -> Result<Response<v1::ListTopologiesResponse>, Status> {
        self.note(&request).await?;
        // Pages `a`, `b`, `c` of one topology each: the token is the name.
        let (name, next) = match request.into_inner().page_token.as_str() {
            "" => ("a", "b"),
            "b" => ("b", "c"),
            "c" => ("c", ""),
            other => return Err(Status::invalid_argument(other)),
        };
        let topology = v1::Topology {
            name: name.to_owned(),
            ..v1::Topology::default()
        };
        Ok(Response::new(v1::ListTopologiesResponse {
            topologies: vec![topology],
            next_page_token: next.to_owned(),
        }))
    }

    async fn delete_topology(
        &self,
        request: Request<v1::DeleteTopologyRequest>,
    ) -> Result<Response<v1::DeleteTopologyResponse>, Status> {
        self.state().deleted.push(request.get_ref().clone());
        self.note(&request).await?;
        Ok(Response::new(v1::DeleteTopologyResponse {}))
    }

    async fn apply_changes(
        &self,
        request: Request<v1::ApplyChangesRequest>,
    ) -> Result<Response<v1::ApplyChangesResponse>, Status> {
        self.state().applied.push(request.get_ref().clone());
        self.note(&request).await?;
        Ok(Response::new(v1::ApplyChangesResponse {
            revision: 7,
            ..v1::ApplyChangesResponse::default()
        }))
    }

    async fn rollback_topology(
        &self,
        request: Request<v1::RollbackTopologyRequest>,
    ) -> Result<Response<v1::RollbackTopologyResponse>, Status> {
        self.state().rollbacks.push(request.get_ref().clone());
        self.note(&request).await?;
        Ok(Response::new(v1::RollbackTopologyResponse {
            revision: 8,
            ..v1::RollbackTopologyResponse::default()
        }))
    }

    async fn set_revision_label(
        &self,
        request: Request<v1::SetRevisionLabelRequest>,
    ) -> Result<Response<v1::SetRevisionLabelResponse>, Status> {
        self.state().labels_set.push(request.get_ref().clone());
        self.note(&request).await?;
        let label = v1::RevisionLabel {
            label: request.into_inner().label,
            ..v1::RevisionLabel::default()
        };
        Ok(Response::new(v1::SetRevisionLabelResponse {
            label: Some(label),
        }))
    }

    async fn delete_revision_label(
        &self,
        request: Request<v1::DeleteRevisionLabelRequest>,
    ) -> Result<Response<v1::DeleteRevisionLabelResponse>, Status> {
        self.state().labels_deleted.push(request.get_ref().clone());
        self.note(&request).await?;
        Ok(Response::new(v1::DeleteRevisionLabelResponse {}))
    }

    async fn list_revision_labels(
        &self,
        request: Request<v1::ListRevisionLabelsRequest>,
    ) -> Result<Response<v1::ListRevisionLabelsResponse>, Status> {
        self.note(&request).await?;
        let is_first = request.into_inner().page_token.is_empty();
        let (label, next) = if is_first { ("a", "b") } else { ("b", "") };
        let label = v1::RevisionLabel {
            label: label.to_owned(),
            ..v1::RevisionLabel::default()
        };
        Ok(Response::new(v1::ListRevisionLabelsResponse {
            labels: vec![label],
            next_page_token: next.to_owned(),
        }))
    }

    async fn import_resources(
        &self,
        request: Request<Streaming<v1::ImportResourcesRequest>>,
    ) -> Result<Response<v1::ImportResourcesResponse>, Status> {
        let noted = self.note(&request).await;
        let mut stream = request.into_inner();
        let mut messages = Vec::new();
        while let Some(message) = stream.message().await? {
            messages.push(message);
        }
        self.state().imports.push(messages);
        noted?;
        Ok(Response::new(v1::ImportResourcesResponse {
            revision: 3,
            ..v1::ImportResourcesResponse::default()
        }))
    }

    async fn get_resource(
        &self,
        request: Request<v1::GetResourceRequest>,
    ) -> Result<Response<v1::GetResourceResponse>, Status> {
        self.note(&request).await?;
        Ok(Response::new(v1::GetResourceResponse::default()))
    }

    async fn list_resources(
        &self,
        request: Request<v1::ListResourcesRequest>,
    ) -> Result<Response<v1::ListResourcesResponse>, Status> {
        self.note(&request).await?;
        let message = request.into_inner();
        let first = message.page_token.is_empty();
        self.state().lists.push(message);
        Ok(Response::new(v1::ListResourcesResponse {
            resources: vec![v1::Resource::default(); 2],
            next_page_token: if first { "next" } else { "" }.to_owned(),
            revision: 5,
        }))
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> Result<Response<v1::ListRevisionsResponse>, Status> {
        self.note(&request).await?;
        Ok(Response::new(v1::ListRevisionsResponse::default()))
    }

    async fn diff_revisions(
        &self,
        request: Request<v1::DiffRevisionsRequest>,
    ) -> Result<Response<v1::DiffRevisionsResponse>, Status> {
        self.note(&request).await?;
        Ok(Response::new(v1::DiffRevisionsResponse::default()))
    }

    type WatchRevisionsStream =
        tokio_stream::Iter<std::vec::IntoIter<Result<v1::WatchRevisionsResponse, Status>>>;

    async fn watch_revisions(
        &self,
        request: Request<v1::WatchRevisionsRequest>,
    ) -> Result<Response<Self::WatchRevisionsStream>, Status> {
        self.state().watches.push(request.get_ref().clone());
        self.note(&request).await?;
        let script = self.state().watched.pop_front().unwrap_or_default();
        Ok(Response::new(tokio_stream::iter(script)))
    }
}

#[tonic::async_trait]
impl PathService for Notes {
    async fn resolve_path(
        &self,
        request: Request<v1::ResolvePathRequest>,
    ) -> Result<Response<v1::ResolvePathResponse>, Status> {
        self.note(&request).await?;
        self.state().resolved.push(request.into_inner());
        Ok(Response::new(v1::ResolvePathResponse {
            answer: Some(v1::PathAnswer::default()),
        }))
    }

    async fn batch_resolve_paths(
        &self,
        request: Request<v1::BatchResolvePathsRequest>,
    ) -> Result<Response<v1::BatchResolvePathsResponse>, Status> {
        self.note(&request).await?;
        let message = request.into_inner();
        let items = message.flows.iter().map(|flow| v1::BatchItem {
            path: vec![flow.source.clone()],
            ..v1::BatchItem::default()
        });
        let items = items.collect();
        self.state().batches.push(message);
        Ok(Response::new(v1::BatchResolvePathsResponse {
            revision: 9,
            items,
            traces: None,
        }))
    }

    type StreamResolvePathsStream =
        Pin<Box<dyn Stream<Item = Result<v1::StreamResolvePathsResponse, Status>> + Send>>;

    /// Answers the second chunk first, if there are two.
    async fn stream_resolve_paths(
        &self,
        request: Request<Streaming<v1::StreamResolvePathsRequest>>,
    ) -> Result<Response<Self::StreamResolvePathsStream>, Status> {
        self.note(&request).await?;
        let mut parts = request.into_inner();
        let mut answers = VecDeque::new();
        while let Some(part) = parts.message().await? {
            match part.part {
                Some(Part::Header(header)) => self.state().streams.push(header),
                Some(Part::Chunk(chunk)) => answers.push_front(Ok(answer(&chunk))),
                None => {}
            }
        }
        Ok(Response::new(Box::pin(futures::stream::iter(answers))))
    }

    type ComputeReachabilityMatrixStream =
        tonic::codegen::BoxStream<v1::ComputeReachabilityMatrixResponse>;

    async fn compute_reachability_matrix(
        &self,
        _request: Request<v1::ComputeReachabilityMatrixRequest>,
    ) -> Result<Response<Self::ComputeReachabilityMatrixStream>, Status> {
        Err(Status::unimplemented(
            "matrices are asked of the service itself",
        ))
    }
}

fn answer(chunk: &v1::FlowChunk) -> v1::StreamResolvePathsResponse {
    let items = chunk.flows.iter().map(|flow| v1::BatchItem {
        path: vec![flow.source.clone()],
        ..v1::BatchItem::default()
    });
    v1::StreamResolvePathsResponse {
        revision: 9,
        items: items.collect(),
        traces: None,
        chunk_id: chunk.chunk_id,
    }
}
