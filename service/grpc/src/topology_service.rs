//! `causeway.v1.TopologyService`.

mod diff;
mod labels;
mod rollback;
mod token;
mod watch;

use causeway_access::Service;
use causeway_engine::{
    Applied, Fork, Logged, Request as Write, ResourcePage, RevisionPage, TopologyInfo,
};
use causeway_model::revision::{LabelName, Revision, TopologyName};
use causeway_proto::v1::{self, topology_service_server::TopologyService};
use tonic::{Request, Response, Status, Streaming};

use crate::access::{Access, Asker};
use crate::error::CallError;
use crate::page::{self, Cursor, Digest};
use crate::requests::{self, Create, Delete, List, Resources};
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
        let create = requests::create(request.into_inner())?;
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
        let asker = self.access.asker_of(&request);
        let name = requests::name("name", request.into_inner().name)?;
        let engine = asker.admit(Service::ReadTopology, &name)?;
        let found = engine.get_topology(&name).await;
        let info = asker.known(found.map_err(CallError::from)?);
        Ok(Response::new(v1::GetTopologyResponse {
            topology: Some(topology(info)),
        }))
    }

    async fn list_topologies(
        &self,
        request: Request<v1::ListTopologiesRequest>,
    ) -> Answer<v1::ListTopologiesResponse> {
        let asker = self.access.asker_of(&request);
        let List { what, size, digest } = requests::list_topologies(request.into_inner())?;
        let found = asker.lists().list_topologies(what.as_ref(), size).await;
        let (found, more) = found.map_err(CallError::from)?;
        asker.check_list(found.is_empty())?;
        let found = found.into_iter().map(|info| asker.known(info)).collect();
        Ok(Response::new(topology_page(found, more, &digest)))
    }

    async fn delete_topology(
        &self,
        request: Request<v1::DeleteTopologyRequest>,
    ) -> Answer<v1::DeleteTopologyResponse> {
        let asker = self.access.asker_of(&request);
        let Delete { name, request } = requests::delete(request.into_inner())?;
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
        let asker = self.access.asker_of(&request);
        let (topology, id, consistency) = requests::get_resource(request.into_inner())?;
        let engine = asker.admit(Service::ReadTopology, &topology)?;
        let found = engine.get_resource(&topology, &id, consistency).await;
        let (resource, revision) = asker.read(&topology, found.map_err(CallError::from))?;
        Ok(Response::new(v1::GetResourceResponse {
            resource: Some(resource.as_ref().render()),
            revision: revision.0,
        }))
    }

    async fn list_resources(
        &self,
        request: Request<v1::ListResourcesRequest>,
    ) -> Answer<v1::ListResourcesResponse> {
        let asker = self.access.asker_of(&request);
        let List { what, size, digest } = requests::list_resources(request.into_inner())?;
        let Resources {
            topology,
            consistency,
            filter,
            after,
        } = what;
        let found = asker
            .admit(Service::ReadTopology, &topology)?
            .list_resources(&topology, consistency, filter, (after, size))
            .await;
        let page = found.map_err(CallError::from)?;
        Ok(Response::new(resource_page(&page, &digest)))
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> Answer<v1::ListRevisionsResponse> {
        let asker = self.access.asker_of(&request);
        let List { what, size, digest } = requests::list_revisions(request.into_inner())?;
        let found = asker
            .admit(Service::ReadTopology, &what.topology)?
            .list_revisions(&what.topology, what.from, (what.below, size))
            .await;
        let page = found.map_err(CallError::from)?;
        Ok(Response::new(revision_page(page, &digest)))
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
    let made = asker.admit(Service::CreateTopology, &name)?;
    let made = match source {
        None => made.create_topology(name, description, request).await,
        Some((source, at)) => {
            let engine = asker.admit(Service::ForkTopology, &source)?;
            let fork = Fork {
                name,
                description,
                request,
                source,
                at,
            };
            engine.fork_topology(fork).await
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
    Ok(engine.delete_topology(name, asker.own(request)).await?)
}

fn topology_page(
    found: Vec<TopologyInfo>,
    more: bool,
    digest: &Digest,
) -> v1::ListTopologiesResponse {
    let next = found.last().filter(|_| more).map(|last| Cursor {
        revision: Revision::ZERO,
        last: last.name.to_string(),
    });
    v1::ListTopologiesResponse {
        topologies: found.into_iter().map(topology).collect(),
        next_page_token: page::seal(next, digest),
    }
}

fn resource_page(page: &ResourcePage, digest: &Digest) -> v1::ListResourcesResponse {
    let ResourcePage {
        revision,
        resources,
        more,
    } = page;
    let next = resources.last().filter(|_| *more).map(|last| Cursor {
        revision: *revision,
        last: last.id().to_string(),
    });
    v1::ListResourcesResponse {
        resources: resources
            .iter()
            .map(|resource| resource.as_ref().render())
            .collect(),
        next_page_token: page::seal(next, digest),
        revision: revision.0,
    }
}

fn revision_page(page: RevisionPage, digest: &Digest) -> v1::ListRevisionsResponse {
    let RevisionPage { revisions, more } = page;
    let next = revisions.last().filter(|_| more).map(|(last, _)| Cursor {
        revision: last.revision,
        last: String::new(),
    });
    let labelled = |(logged, labels): (Logged, Vec<LabelName>)| v1::Revision {
        labels: labels.iter().map(ToString::to_string).collect(),
        ..revision(logged)
    };
    v1::ListRevisionsResponse {
        revisions: revisions.into_iter().map(labelled).collect(),
        next_page_token: page::seal(next, digest),
    }
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
