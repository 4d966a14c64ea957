//! Reads: GetTopology, GetResource, and the lists of topologies, resources and revisions.

use causeway_access::Service;
use causeway_engine::{Logged, ResourcePage, RevisionPage, TopologyInfo};
use causeway_model::revision::{LabelName, Revision};
use causeway_proto::v1;

use super::{revision, topology};
use crate::access::Asker;
use crate::error::CallError;
use crate::page::{self, Cursor, Digest};
use crate::requests::{self, List, Resources, Revisions};
use crate::telemetry::{Part, note};
use crate::wire::Wire;

pub(super) async fn get_topology(
    asker: &Asker,
    wire: v1::GetTopologyRequest,
) -> Result<v1::GetTopologyResponse, CallError> {
    let name = Part::Decode.within(|| requests::name("name", wire.name))?;
    note(|facts| facts.topology = Some(name.to_string()));
    let engine = asker.admit(Service::ReadTopology, &name)?;
    let found = Part::Snapshot.during(engine.get_topology(&name)).await?;
    note(|facts| facts.revision = Some(found.revision.0));
    let topology = Part::Encode.within(|| topology(asker.known(found)));
    Ok(v1::GetTopologyResponse {
        topology: Some(topology),
    })
}

pub(super) async fn list_topologies(
    asker: &Asker,
    wire: v1::ListTopologiesRequest,
) -> Result<v1::ListTopologiesResponse, CallError> {
    let read = Part::Decode.within(|| requests::list_topologies(wire));
    let List { what, size, digest } = read?;
    let engine = asker.lists();
    let found = engine.list_topologies(what.as_ref(), size);
    let (found, more) = Part::Snapshot.during(found).await?;
    asker.check_list(found.is_empty())?;
    Ok(Part::Encode.within(|| {
        let found = found.into_iter().map(|info| asker.known(info)).collect();
        topology_page(found, more, &digest)
    }))
}

pub(super) async fn get_resource(
    asker: &Asker,
    wire: v1::GetResourceRequest,
) -> Result<v1::GetResourceResponse, CallError> {
    let read = Part::Decode.within(|| requests::get_resource(wire));
    let (topology, id, consistency) = read?;
    note(|facts| facts.topology = Some(topology.to_string()));
    let engine = asker.admit(Service::ReadTopology, &topology)?;
    let found = engine.get_resource(&topology, &id, consistency);
    let found = Part::Snapshot.during(found).await;
    let (resource, revision) = asker.read(&topology, found.map_err(CallError::from))?;
    note(|facts| facts.revision = Some(revision.0));
    Ok(Part::Encode.within(|| v1::GetResourceResponse {
        resource: Some(resource.as_ref().render()),
        revision: revision.0,
    }))
}

pub(super) async fn list_resources(
    asker: &Asker,
    wire: v1::ListResourcesRequest,
) -> Result<v1::ListResourcesResponse, CallError> {
    let read = Part::Decode.within(|| requests::list_resources(wire));
    let List { what, size, digest } = read?;
    let Resources {
        topology,
        consistency,
        filter,
        after,
    } = what;
    note(|facts| facts.topology = Some(topology.to_string()));
    let engine = asker.admit(Service::ReadTopology, &topology)?;
    let found = engine.list_resources(&topology, consistency, filter, (after, size));
    let page = Part::Snapshot.during(found).await?;
    note(|facts| facts.revision = Some(page.revision.0));
    Ok(Part::Encode.within(|| resource_page(&page, &digest)))
}

pub(super) async fn list_revisions(
    asker: &Asker,
    wire: v1::ListRevisionsRequest,
) -> Result<v1::ListRevisionsResponse, CallError> {
    let read = Part::Decode.within(|| requests::list_revisions(wire));
    let List { what, size, digest } = read?;
    let Revisions {
        topology,
        from,
        below,
    } = what;
    note(|facts| facts.topology = Some(topology.to_string()));
    let engine = asker.admit(Service::ReadTopology, &topology)?;
    let found = engine.list_revisions(&topology, from, (below, size));
    let page = Part::Snapshot.during(found).await?;
    Ok(Part::Encode.within(|| revision_page(page, &digest)))
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
