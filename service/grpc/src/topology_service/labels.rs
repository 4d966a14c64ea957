//! Labels of revisions: SetRevisionLabel, DeleteRevisionLabel, ListRevisionLabels.

use causeway_access::Service;
use causeway_engine::{Consistency, Label};
use causeway_model::revision::{LabelName, Revision, TopologyName};
use causeway_proto::v1;
use v1::set_revision_label_request::At;

use crate::access::Asker;
use crate::error::{CallError, read};
use crate::page::{self, Cursor};
use crate::place;
use crate::requests::{self, Page};
use crate::telemetry::{Part, Stage, note};
use crate::wire::Wire;

pub(super) async fn set(
    asker: &Asker,
    wire: v1::SetRevisionLabelRequest,
) -> Result<v1::SetRevisionLabelResponse, CallError> {
    let digest = page::digest("SetRevisionLabel", &wire);
    let v1::SetRevisionLabelRequest {
        topology,
        label,
        at,
        request_id,
    } = wire;
    let (named, at, request) = Part::Decode.within(|| {
        read(|faults| {
            let topology: Option<TopologyName> =
                faults.field("topology", |faults| Wire::parse(topology, faults));
            let label = faults.field("label", |faults| Wire::parse(label, faults));
            let at = match at {
                None => Some(Consistency::Newest),
                Some(At::Revision(revision)) => Some(place::exact(revision)),
                Some(At::AsOf(time)) => place::as_of("as_of", time, faults),
                Some(At::OtherLabel(name)) => place::label("other_label", name, faults),
            };
            let request = requests::request(request_id, digest, faults);
            Some(((topology?, label?), at?, request?))
        })
    })?;
    note(|facts| facts.topology = Some(named.0.to_string()));
    let writing = asker.writing("SetRevisionLabel", &named.0, request.as_ref());
    let outcome = match asker.admit(Service::SetRevisionLabel, &named.0) {
        Ok(engine) => {
            let set = engine.set_label(named, at, asker.own(request));
            Part::Commit.during(set).await.map_err(CallError::from)
        }
        Err(refused) => Err(refused),
    };
    let label = writing.told(outcome, |label| Some(label.revision))?;
    note(|facts| facts.revision = Some(label.revision.0));
    Ok(v1::SetRevisionLabelResponse {
        label: Some(render(&label)),
    })
}

pub(super) async fn delete(
    asker: &Asker,
    wire: v1::DeleteRevisionLabelRequest,
) -> Result<v1::DeleteRevisionLabelResponse, CallError> {
    let digest = page::digest("DeleteRevisionLabel", &wire);
    let v1::DeleteRevisionLabelRequest {
        topology,
        label,
        request_id,
    } = wire;
    let (named, request) = Part::Decode.within(|| {
        read(|faults| {
            let topology: Option<TopologyName> =
                faults.field("topology", |faults| Wire::parse(topology, faults));
            let label = faults.field("label", |faults| Wire::parse(label, faults));
            let request = requests::request(request_id, digest, faults);
            Some(((topology?, label?), request?))
        })
    })?;
    note(|facts| facts.topology = Some(named.0.to_string()));
    let writing = asker.writing("DeleteRevisionLabel", &named.0, request.as_ref());
    let outcome = match asker.admit(Service::DeleteRevisionLabel, &named.0) {
        Ok(engine) => {
            let deleted = engine.delete_label(named, asker.own(request));
            Part::Commit.during(deleted).await.map_err(CallError::from)
        }
        Err(refused) => Err(refused),
    };
    writing.told(outcome, |_| None)?;
    Ok(v1::DeleteRevisionLabelResponse {})
}

pub(super) async fn list(
    asker: &Asker,
    mut wire: v1::ListRevisionLabelsRequest,
) -> Result<v1::ListRevisionLabelsResponse, CallError> {
    let page = Page::take(&mut wire.page_size, &mut wire.page_token);
    let digest = page::digest("ListRevisionLabels", &wire);
    let after: Option<LabelName> = requests::last(page::open(&page.token, &digest)?.as_ref())?;
    let (topology, size): (TopologyName, usize) = Part::Decode.within(|| {
        read(|faults| {
            let topology: Option<TopologyName> =
                faults.field("topology", |faults| Wire::parse(wire.topology, faults));
            let size = page::size(page.size, faults);
            Some((topology?, size?))
        })
    })?;
    note(|facts| facts.topology = Some(topology.to_string()));
    let engine = asker.admit(Service::ReadTopology, &topology)?;
    let found = engine.list_labels(&topology, after.as_ref(), size);
    let (labels, more) = Part::Snapshot.during(found).await?;
    let _stage = Stage::begin(Part::Encode);
    let next = labels.last().filter(|_| more).map(|last| Cursor {
        revision: Revision::ZERO,
        last: last.name.to_string(),
    });
    Ok(v1::ListRevisionLabelsResponse {
        labels: labels.iter().map(render).collect(),
        next_page_token: page::seal(next, &digest),
    })
}

fn render(label: &Label) -> v1::RevisionLabel {
    let Label {
        name,
        revision,
        time,
    } = label;
    v1::RevisionLabel {
        label: name.to_string(),
        revision: revision.0,
        set_time: Some(time.render()),
    }
}
