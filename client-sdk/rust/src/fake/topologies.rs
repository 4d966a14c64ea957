//! Topologies by name, with the numbers of their revisions. What a change means is not known here.

use std::pin::Pin;

use causeway_proto::v1;
use futures::stream::{self, Stream};
use tokio::sync::watch;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status, Streaming};
use v1::ErrorReason;
use v1::import_resources_request::Part;
use v1::topology_service_server::TopologyService;
use v1::watch_revisions_request::Start;
use v1::watch_revisions_response::Event;

use super::script::{NewRevision, Script};
use super::{Asked, Fault};

/// A watch between two events.
struct Watching {
    script: Script,
    changed: watch::Receiver<()>,
    topology: String,
    include_changes: bool,
    /// The last revision that was told.
    told: u64,
    interruptions: u64,
}

#[tonic::async_trait]
impl TopologyService for Script {
    async fn create_topology(
        &self,
        request: Request<v1::CreateTopologyRequest>,
    ) -> Result<Response<v1::CreateTopologyResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let asked = Asked::CreateTopology(message.clone());
        self.note(&metadata, asked).await?;
        if self.state().topologies.contains_key(&message.name) {
            let text = format!("there is a topology `{}`", message.name);
            let fault = Fault::new(Code::AlreadyExists, text);
            return Err(fault.reason(ErrorReason::TopologyAlreadyExists).into());
        }
        self.make(&message.name);
        let topology = Some(self.state().kept(&message.name)?.topology.clone());
        Ok(Response::new(v1::CreateTopologyResponse { topology }))
    }

    async fn get_topology(
        &self,
        request: Request<v1::GetTopologyRequest>,
    ) -> Result<Response<v1::GetTopologyResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let asked = Asked::GetTopology(message.clone());
        self.note(&metadata, asked).await?;
        let topology = Some(self.state().kept(&message.name)?.topology.clone());
        Ok(Response::new(v1::GetTopologyResponse { topology }))
    }

    async fn list_topologies(
        &self,
        request: Request<v1::ListTopologiesRequest>,
    ) -> Result<Response<v1::ListTopologiesResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.note(&metadata, Asked::ListTopologies(message)).await?;
        let state = self.state();
        let topologies = state.topologies.values();
        Ok(Response::new(v1::ListTopologiesResponse {
            topologies: topologies.map(|kept| kept.topology.clone()).collect(),
            next_page_token: String::new(),
        }))
    }

    async fn delete_topology(
        &self,
        request: Request<v1::DeleteTopologyRequest>,
    ) -> Result<Response<v1::DeleteTopologyResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let asked = Asked::DeleteTopology(message.clone());
        self.note(&metadata, asked).await?;
        let mut state = self.state();
        state.kept(&message.name)?;
        state.topologies.remove(&message.name);
        Ok(Response::new(v1::DeleteTopologyResponse {}))
    }

    async fn apply_changes(
        &self,
        request: Request<v1::ApplyChangesRequest>,
    ) -> Result<Response<v1::ApplyChangesResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let asked = Asked::ApplyChanges(message.clone());
        self.note(&metadata, asked).await?;
        if message.validate_only {
            let head = self.state().kept(&message.topology)?.topology.revision;
            return Ok(Response::new(v1::ApplyChangesResponse {
                revision: head,
                ..v1::ApplyChangesResponse::default()
            }));
        }
        let revision = self.commit(NewRevision {
            topology: message.topology,
            request_id: message.request_id,
            expected: message.expected_revision,
            changes: message.changes,
            revision: v1::Revision {
                author: message.author,
                message: message.message,
                ..v1::Revision::default()
            },
        })?;
        Ok(Response::new(v1::ApplyChangesResponse {
            revision,
            ..v1::ApplyChangesResponse::default()
        }))
    }

    async fn import_resources(
        &self,
        request: Request<Streaming<v1::ImportResourcesRequest>>,
    ) -> Result<Response<v1::ImportResourcesResponse>, Status> {
        let (metadata, _, mut parts) = request.into_parts();
        let (mut header, mut resources) = (v1::ImportHeader::default(), Vec::new());
        while let Some(message) = parts.message().await? {
            match message.part {
                Some(Part::Header(one)) => header = one,
                Some(Part::Chunk(chunk)) => resources.extend(chunk.resources),
                None => {}
            }
        }
        let asked = Asked::ImportResources(header.clone(), resources);
        self.note(&metadata, asked).await?;
        let revision = self.commit(NewRevision {
            topology: header.topology,
            request_id: header.request_id,
            expected: header.expected_revision,
            changes: Vec::new(),
            revision: v1::Revision {
                author: header.author,
                message: header.message,
                ..v1::Revision::default()
            },
        })?;
        Ok(Response::new(v1::ImportResourcesResponse {
            revision,
            changed: true,
            ..v1::ImportResourcesResponse::default()
        }))
    }

    type WatchRevisionsStream =
        Pin<Box<dyn Stream<Item = Result<v1::WatchRevisionsResponse, Status>> + Send>>;

    async fn watch_revisions(
        &self,
        request: Request<v1::WatchRevisionsRequest>,
    ) -> Result<Response<Self::WatchRevisionsStream>, Status> {
        let (metadata, _, message) = request.into_parts();
        let asked = Asked::WatchRevisions(message.clone());
        self.note(&metadata, asked).await?;
        let mut state = self.state();
        let head = state.kept(&message.topology)?.topology.revision;
        let told = match message.start {
            None => head,
            Some(Start::AfterRevision(revision)) => revision,
            Some(Start::ResumeToken(token)) => token.parse().unwrap_or(head),
        };
        let watching = Watching {
            script: self.clone(),
            changed: self.changes(),
            topology: message.topology,
            include_changes: message.include_changes,
            told,
            interruptions: state.interruptions,
        };
        let events = stream::try_unfold(watching, async |mut watching| {
            let event = watching.next().await?;
            Ok(Some((event, watching)))
        });
        Ok(Response::new(Box::pin(events)))
    }

    async fn rollback_topology(
        &self,
        request: Request<v1::RollbackTopologyRequest>,
    ) -> Result<Response<v1::RollbackTopologyResponse>, Status> {
        self.other("RollbackTopology", request.metadata()).await
    }

    async fn set_revision_label(
        &self,
        request: Request<v1::SetRevisionLabelRequest>,
    ) -> Result<Response<v1::SetRevisionLabelResponse>, Status> {
        self.other("SetRevisionLabel", request.metadata()).await
    }

    async fn delete_revision_label(
        &self,
        request: Request<v1::DeleteRevisionLabelRequest>,
    ) -> Result<Response<v1::DeleteRevisionLabelResponse>, Status> {
        self.other("DeleteRevisionLabel", request.metadata()).await
    }

    async fn list_revision_labels(
        &self,
        request: Request<v1::ListRevisionLabelsRequest>,
    ) -> Result<Response<v1::ListRevisionLabelsResponse>, Status> {
        self.other("ListRevisionLabels", request.metadata()).await
    }

    async fn get_resource(
        &self,
        request: Request<v1::GetResourceRequest>,
    ) -> Result<Response<v1::GetResourceResponse>, Status> {
        self.other("GetResource", request.metadata()).await
    }

    async fn list_resources(
        &self,
        request: Request<v1::ListResourcesRequest>,
    ) -> Result<Response<v1::ListResourcesResponse>, Status> {
        self.other("ListResources", request.metadata()).await
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> Result<Response<v1::ListRevisionsResponse>, Status> {
        self.other("ListRevisions", request.metadata()).await
    }

    async fn diff_revisions(
        &self,
        request: Request<v1::DiffRevisionsRequest>,
    ) -> Result<Response<v1::DiffRevisionsResponse>, Status> {
        self.other("DiffRevisions", request.metadata()).await
    }
}

// === impl Script ===

impl Script {
    /// Refuses a method that fakes do not have, unless it is to be refused otherwise.
    pub(super) async fn other<A>(
        &self,
        method: &'static str,
        metadata: &MetadataMap,
    ) -> Result<Response<A>, Status> {
        self.note(metadata, Asked::Other(method)).await?;
        let message = format!("the fake has no {method}; test it against `causeway serve`");
        Err(Status::unimplemented(message))
    }
}

// === impl Watching ===

impl Watching {
    async fn next(&mut self) -> Result<v1::WatchRevisionsResponse, Status> {
        loop {
            if let Some(event) = self.seen()? {
                return Ok(event);
            }
            if self.changed.changed().await.is_err() {
                return Err(stopping().into());
            }
        }
    }

    /// The event that is there to be told, if there is one.
    fn seen(&mut self) -> Result<Option<v1::WatchRevisionsResponse>, Fault> {
        let mut state = self.script.state();
        if state.interruptions > self.interruptions {
            return Err(stopping());
        }
        let kept = state.kept(&self.topology)?;
        let place = usize::try_from(self.told).unwrap_or(usize::MAX);
        let Some(event) = kept.revisions.get(place) else {
            return Ok(None);
        };
        let mut event = event.clone();
        if !self.include_changes {
            event.changes.clear();
        }
        self.told += 1;
        Ok(Some(v1::WatchRevisionsResponse {
            event: Some(Event::Revision(event)),
            resume_token: self.told.to_string(),
        }))
    }
}

fn stopping() -> Fault {
    let fault = Fault::new(Code::Unavailable, "the fake is told to stop");
    fault.reason(ErrorReason::ServerStopping)
}
