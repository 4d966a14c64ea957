//! `causeway.v1.TopologyService`.

mod diff;
mod labels;
mod rollback;
mod token;
mod watch;

use causeway_engine::{
    Applied, Engine, EngineError, Fork, Logged, ResourcePage, RevisionPage, TopologyInfo,
};
use causeway_model::revision::{LabelName, Revision};
use causeway_proto::v1::{self, topology_service_server::TopologyService};
use tonic::{Request, Response, Status, Streaming};

use crate::error::CallError;
use crate::page::{self, Cursor, Digest};
use crate::requests::{self, Create, Delete, List, Resources};
use crate::wire::Wire;
use crate::{apply, import};

pub(crate) use self::watch::Watching;

/// The handlers.
#[derive(Debug, Clone)]
pub(crate) struct Handlers {
    pub(crate) engine: Engine,
    pub(crate) watching: Watching,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl TopologyService for Handlers {
    async fn create_topology(
        &self,
        request: Request<v1::CreateTopologyRequest>,
    ) -> Answer<v1::CreateTopologyResponse> {
        let create = requests::create(request.into_inner())?;
        let info = make(&self.engine, create).await.map_err(CallError::from)?;
        Ok(Response::new(v1::CreateTopologyResponse {
            topology: Some(topology(info)),
        }))
    }

    async fn get_topology(
        &self,
        request: Request<v1::GetTopologyRequest>,
    ) -> Answer<v1::GetTopologyResponse> {
        let name = requests::name("name", request.into_inner().name)?;
        let info = self
            .engine
            .get_topology(&name)
            .await
            .map_err(CallError::from)?;
        Ok(Response::new(v1::GetTopologyResponse {
            topology: Some(topology(info)),
        }))
    }

    async fn list_topologies(
        &self,
        request: Request<v1::ListTopologiesRequest>,
    ) -> Answer<v1::ListTopologiesResponse> {
        let List { what, size, digest } = requests::list_topologies(request.into_inner())?;
        let found = self.engine.list_topologies(what.as_ref(), size).await;
        let (found, more) = found.map_err(CallError::from)?;
        Ok(Response::new(topology_page(found, more, &digest)))
    }

    async fn delete_topology(
        &self,
        request: Request<v1::DeleteTopologyRequest>,
    ) -> Answer<v1::DeleteTopologyResponse> {
        let Delete { name, request } = requests::delete(request.into_inner())?;
        self.engine
            .delete_topology(name, request)
            .await
            .map_err(CallError::from)?;
        Ok(Response::new(v1::DeleteTopologyResponse {}))
    }

    async fn apply_changes(
        &self,
        request: Request<v1::ApplyChangesRequest>,
    ) -> Answer<v1::ApplyChangesResponse> {
        let outcome = apply::run(&self.engine, request.into_inner()).await?;
        Ok(Response::new(applied(&outcome)))
    }

    async fn import_resources(
        &self,
        request: Request<Streaming<v1::ImportResourcesRequest>>,
    ) -> Answer<v1::ImportResourcesResponse> {
        let applied = import::run(&self.engine, request.into_inner()).await?;
        Ok(Response::new(imported(&applied)))
    }

    async fn rollback_topology(
        &self,
        request: Request<v1::RollbackTopologyRequest>,
    ) -> Answer<v1::RollbackTopologyResponse> {
        let answer = rollback::run(&self.engine, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn set_revision_label(
        &self,
        request: Request<v1::SetRevisionLabelRequest>,
    ) -> Answer<v1::SetRevisionLabelResponse> {
        let answer = labels::set(&self.engine, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn delete_revision_label(
        &self,
        request: Request<v1::DeleteRevisionLabelRequest>,
    ) -> Answer<v1::DeleteRevisionLabelResponse> {
        let answer = labels::delete(&self.engine, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_revision_labels(
        &self,
        request: Request<v1::ListRevisionLabelsRequest>,
    ) -> Answer<v1::ListRevisionLabelsResponse> {
        let answer = labels::list(&self.engine, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_resource(
        &self,
        request: Request<v1::GetResourceRequest>,
    ) -> Answer<v1::GetResourceResponse> {
        let (topology, id, consistency) = requests::get_resource(request.into_inner())?;
        let (resource, revision) = self
            .engine
            .get_resource(&topology, &id, consistency)
            .await
            .map_err(CallError::from)?;
        Ok(Response::new(v1::GetResourceResponse {
            resource: Some(resource.as_ref().render()),
            revision: revision.0,
        }))
    }

    async fn list_resources(
        &self,
        request: Request<v1::ListResourcesRequest>,
    ) -> Answer<v1::ListResourcesResponse> {
        let List { what, size, digest } = requests::list_resources(request.into_inner())?;
        let Resources {
            topology,
            consistency,
            filter,
            after,
        } = what;
        let found = self
            .engine
            .list_resources(&topology, consistency, filter, (after, size))
            .await;
        let page = found.map_err(CallError::from)?;
        Ok(Response::new(resource_page(&page, &digest)))
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> Answer<v1::ListRevisionsResponse> {
        let List { what, size, digest } = requests::list_revisions(request.into_inner())?;
        let found = self
            .engine
            .list_revisions(&what.topology, what.from, (what.below, size))
            .await;
        let page = found.map_err(CallError::from)?;
        Ok(Response::new(revision_page(page, &digest)))
    }

    async fn diff_revisions(
        &self,
        request: Request<v1::DiffRevisionsRequest>,
    ) -> Answer<v1::DiffRevisionsResponse> {
        let answer = diff::run(&self.engine, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    type WatchRevisionsStream = watch::Events;

    async fn watch_revisions(
        &self,
        request: Request<v1::WatchRevisionsRequest>,
    ) -> Answer<watch::Events> {
        let events = watch::run(&self.engine, self.watching.clone(), request).await?;
        Ok(Response::new(events))
    }
}

/// Makes an empty topology, or a fork.
async fn make(engine: &Engine, create: Create) -> Result<TopologyInfo, EngineError> {
    let Create {
        name,
        description,
        request,
        source,
    } = create;
    match source {
        None => engine.create_topology(name, description, request).await,
        Some((source, at)) => {
            let fork = Fork {
                name,
                description,
                request,
                source,
                at,
            };
            engine.fork_topology(fork).await
        }
    }
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
