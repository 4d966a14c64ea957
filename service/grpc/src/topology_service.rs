//! `causeway.v1.TopologyService`.

mod diff;
mod labels;
mod reads;
mod rollback;
mod token;
mod watch;

use causeway_access::Service;
use causeway_engine::{Applied, Fork, Logged, Request as Write, TopologyInfo};
use causeway_model::revision::TopologyName;
use causeway_proto::v1::{self, topology_service_server::TopologyService};
use tonic::{Request, Response, Status, Streaming};

use crate::access::{Access, Asker};
use crate::error::CallError;
use crate::requests::{self, Create, Delete};
use crate::telemetry::{Part, note};
use crate::wire::Wire;
use crate::{apply, import};

pub(crate) use self::watch::Watching;

/// The handlers.
#[derive(Debug, Clone)]
pub(crate) struct Handlers {
    pub(crate) access: Access,
    pub(crate) watching: Watching,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl TopologyService for Handlers {
    async fn create_topology(
        &self,
        request: Request<v1::CreateTopologyRequest>,
    ) -> Answer<v1::CreateTopologyResponse> {
        let asker = self.access.asker_of(&request);
        let read = Part::Decode.within(|| requests::create(request.into_inner()));
        let create = read?;
        let writing = asker.writing("CreateTopology", &create.name, create.request.as_ref());
        let info = writing.told(make(&asker, create).await, |info| Some(info.revision))?;
        Ok(Response::new(v1::CreateTopologyResponse {
            topology: Some(topology(info)),
        }))
    }

    async fn get_topology(
        &self,
        request: Request<v1::GetTopologyRequest>,
    ) -> Answer<v1::GetTopologyResponse> {
        let answer =
            reads::get_topology(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_topologies(
        &self,
        request: Request<v1::ListTopologiesRequest>,
    ) -> Answer<v1::ListTopologiesResponse> {
        let answer =
            reads::list_topologies(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn delete_topology(
        &self,
        request: Request<v1::DeleteTopologyRequest>,
    ) -> Answer<v1::DeleteTopologyResponse> {
        let asker = self.access.asker_of(&request);
        let read = Part::Decode.within(|| requests::delete(request.into_inner()));
        let Delete { name, request } = read?;
        let writing = asker.writing("DeleteTopology", &name, request.as_ref());
        writing.told(delete(&asker, name, request).await, |()| None)?;
        Ok(Response::new(v1::DeleteTopologyResponse {}))
    }

    async fn apply_changes(
        &self,
        request: Request<v1::ApplyChangesRequest>,
    ) -> Answer<v1::ApplyChangesResponse> {
        let asker = self.access.asker_of(&request);
        let outcome = apply::run(&asker, request.into_inner()).await?;
        Ok(Response::new(applied(&outcome)))
    }

    async fn import_resources(
        &self,
        request: Request<Streaming<v1::ImportResourcesRequest>>,
    ) -> Answer<v1::ImportResourcesResponse> {
        let applied = import::run(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(imported(&applied)))
    }

    async fn rollback_topology(
        &self,
        request: Request<v1::RollbackTopologyRequest>,
    ) -> Answer<v1::RollbackTopologyResponse> {
        let answer = rollback::run(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn set_revision_label(
        &self,
        request: Request<v1::SetRevisionLabelRequest>,
    ) -> Answer<v1::SetRevisionLabelResponse> {
        let answer = labels::set(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn delete_revision_label(
        &self,
        request: Request<v1::DeleteRevisionLabelRequest>,
    ) -> Answer<v1::DeleteRevisionLabelResponse> {
        let answer = labels::delete(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_revision_labels(
        &self,
        request: Request<v1::ListRevisionLabelsRequest>,
    ) -> Answer<v1::ListRevisionLabelsResponse> {
        let answer = labels::list(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_resource(
        &self,
        request: Request<v1::GetResourceRequest>,
    ) -> Answer<v1::GetResourceResponse> {
        let answer =
            reads::get_resource(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_resources(
        &self,
        request: Request<v1::ListResourcesRequest>,
    ) -> Answer<v1::ListResourcesResponse> {
        let answer =
            reads::list_resources(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> Answer<v1::ListRevisionsResponse> {
        let answer =
            reads::list_revisions(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn diff_revisions(
        &self,
        request: Request<v1::DiffRevisionsRequest>,
    ) -> Answer<v1::DiffRevisionsResponse> {
        let answer = diff::run(&self.access.asker_of(&request), request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    type WatchRevisionsStream = watch::Events;

    async fn watch_revisions(
        &self,
        request: Request<v1::WatchRevisionsRequest>,
    ) -> Answer<watch::Events> {
        let events = watch::run(&self.access, self.watching.clone(), request).await?;
        Ok(Response::new(events))
    }
}

/// Makes an empty topology, or a fork.
async fn make(asker: &Asker, create: Create) -> Result<TopologyInfo, CallError> {
    let Create {
        name,
        description,
        request,
        source,
    } = create;
    let request = asker.own(request);
    note(|facts| facts.topology = Some(name.to_string()));
    let made = asker.admit(Service::CreateTopology, &name)?;
    let made = match source {
        None => {
            let create = made.create_topology(name, description, request);
            Part::Commit.during(create).await
        }
        Some((source, at)) => {
            let engine = asker.admit(Service::ForkTopology, &source)?;
            let fork = Fork {
                name,
                description,
                request,
                source,
                at,
            };
            Part::Commit.during(engine.fork_topology(fork)).await
        }
    };
    Ok(made?)
}

async fn delete(
    asker: &Asker,
    name: TopologyName,
    request: Option<Write>,
) -> Result<(), CallError> {
    let engine = asker.admit(Service::DeleteTopology, &name)?;
    note(|facts| facts.topology = Some(name.to_string()));
    let delete = engine.delete_topology(name, asker.own(request));
    Ok(Part::Commit.during(delete).await?)
}

fn topology(info: TopologyInfo) -> v1::Topology {
    let TopologyInfo {
        name,
        description,
        time,
        revision,
        resources,
        oldest,
        origin,
    } = info;
    v1::Topology {
        name: name.to_string(),
        revision: revision.0,
        create_time: Some(time.render()),
        resource_count: resources,
        description,
        forked_from: origin.map(|origin| v1::ForkOrigin {
            topology: origin.name.to_string(),
            revision: origin.revision.0,
        }),
        oldest_revision: oldest.0,
    }
}

fn revision(logged: Logged) -> v1::Revision {
    let Logged {
        revision,
        note,
        counts: [put_count, deleted_count],
    } = logged;
    v1::Revision {
        revision: revision.0,
        create_time: Some(note.time.render()),
        author: note.author,
        message: note.message,
        put_count,
        deleted_count,
        labels: Vec::new(),
        trace_parent: note
            .trace
            .map(|trace| trace.to_string())
            .unwrap_or_default(),
    }
}

fn applied(applied: &Applied) -> v1::ApplyChangesResponse {
    let Applied {
        revision,
        created,
        updated,
        deleted,
        unchanged: _,
    } = *applied;
    v1::ApplyChangesResponse {
        revision: revision.0,
        put_count: created.saturating_add(updated),
        deleted_count: deleted,
    }
}

fn imported(applied: &Applied) -> v1::ImportResourcesResponse {
    let Applied {
        revision,
        created,
        updated,
        deleted,
        unchanged,
    } = *applied;
    v1::ImportResourcesResponse {
        revision: revision.0,
        changed: applied.is_change(),
        created_count: created,
        updated_count: updated,
        deleted_count: deleted,
        unchanged_count: unchanged,
    }
}
