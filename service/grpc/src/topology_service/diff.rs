//! DiffRevisions: what differs between two revisions.

use std::sync::Arc;

use causeway_access::Service;
use causeway_engine::{Consistency, DifferencePage, Filter};
use causeway_model::ids::ResourceId;
use causeway_model::resource::Resource;
use causeway_model::revision::{Revision, TopologyName};
use causeway_model::snapshot::Difference;
use causeway_proto::v1;
use v1::diff_revisions_request::{From, To};

use crate::access::Asker;
use crate::difference;
use crate::error::{CallError, read};
use crate::offload::off_thread;
use crate::page::{self, Cursor, Digest};
use crate::place;
use crate::requests::{List, Page};
use crate::telemetry::{Part, note};
use crate::wire::Wire;

/// How many items one difference counts for where it is decided which thread writes the answer: each is read by the contract's description.
const WEIGHT: usize = 10;

/// What to compare.
struct Compared {
    topology: TopologyName,
    from: Consistency,
    to: Consistency,
    filter: Filter,
    after: Option<ResourceId>,
}

/// Compares, and writes a page of the answer.
pub(super) async fn run(
    asker: &Asker,
    wire: v1::DiffRevisionsRequest,
) -> Result<v1::DiffRevisionsResponse, CallError> {
    let List { what, size, digest } = Part::Decode.within(|| request(wire))?;
    let Compared {
        topology,
        from,
        to,
        filter,
        after,
    } = what;
    note(|facts| facts.topology = Some(topology.to_string()));
    let engine = asker.admit(Service::ReadTopology, &topology)?;
    let found = engine.diff(&topology, (from, to), filter, (after, size));
    let found = Part::Snapshot.during(found).await?;
    note(|facts| facts.revision = Some(found.to.0));
    let weight = found.differences.len().saturating_mul(WEIGHT);
    let written = off_thread(&engine, weight, move || response(&found, &digest));
    Part::Encode.during(written).await?
}

fn request(mut wire: v1::DiffRevisionsRequest) -> Result<List<Compared>, CallError> {
    let page = Page::take(&mut wire.page_size, &mut wire.page_token);
    let digest = page::digest("DiffRevisions", &wire);
    let pinned = page::open(&page.token, &digest)?.map(pinned).transpose()?;
    let v1::DiffRevisionsRequest {
        topology,
        from,
        to,
        filter,
        page_size: _,
        page_token: _,
    } = wire;
    read(|faults| {
        let topology = faults.field("topology", |faults| Wire::parse(topology, faults));
        let from = match from {
            Some(From::FromRevision(revision)) => Some(place::exact(revision)),
            Some(From::FromAsOf(time)) => place::as_of("from_as_of", time, faults),
            Some(From::FromLabel(name)) => place::label("from_label", name, faults),
            None => faults.field("from", |faults| {
                faults.missing("a revision, a time or a label")
            }),
        };
        let to = match to {
            Some(To::ToRevision(revision)) => Some(place::exact(revision)),
            Some(To::ToAsOf(time)) => place::as_of("to_as_of", time, faults),
            Some(To::ToLabel(name)) => place::label("to_label", name, faults),
            None => Some(Consistency::Newest),
        };
        let filter = faults.field("filter", |faults| {
            Filter::parse(filter.unwrap_or_default(), faults)
        });
        let size = page::size(page.size, faults);
        let (from, to, after) = match pinned {
            Some(Pinned { from, to, last }) => (
                Some(Consistency::Exact(from)),
                Some(Consistency::Exact(to)),
                Some(last),
            ),
            None => (from, to, None),
        };
        let what = Compared {
            topology: topology?,
            from: from?,
            to: to?,
            filter: filter?,
            after,
        };
        Some(List {
            what,
            size: size?,
            digest,
        })
    })
}

/// What the pages after the first begin with.
struct Pinned {
    from: Revision,
    to: Revision,
    last: ResourceId,
}

/// All pages compare the revisions of the first: the cursor has one, and the other stands before the last id.
fn pinned(cursor: Cursor) -> Result<Pinned, CallError> {
    let Cursor { revision, last } = cursor;
    let parts = last.split_once(' ').and_then(|(from, last)| {
        Some(Pinned {
            from: Revision(from.parse().ok()?),
            to: revision,
            last: last.parse().ok()?,
        })
    });
    parts.ok_or(CallError::InvalidPageToken)
}

fn response(
    page: &DifferencePage,
    digest: &Digest,
) -> Result<v1::DiffRevisionsResponse, CallError> {
    let DifferencePage {
        from,
        to,
        differences,
        more,
    } = page;
    let next = differences.last().filter(|_| *more).map(|last| Cursor {
        revision: *to,
        last: format!("{from} {}", last.resource().id()),
    });
    Ok(v1::DiffRevisionsResponse {
        differences: differences
            .iter()
            .map(difference)
            .collect::<Result<_, _>>()?,
        next_page_token: page::seal(next, digest),
        from_revision: from.0,
        to_revision: to.0,
    })
}

fn difference(difference: &Difference) -> Result<v1::ResourceDifference, CallError> {
    let resource = difference.resource();
    let whole = |resource: &Arc<Resource>| Some(resource.as_ref().render());
    let (r#type, whole, fields) = match difference {
        Difference::Created { after } => (v1::DifferenceType::Created, whole(after), Vec::new()),
        Difference::Deleted { before } => (v1::DifferenceType::Deleted, whole(before), Vec::new()),
        Difference::Changed { before, after } => (
            v1::DifferenceType::Changed,
            None,
            difference::fields(before, after)?,
        ),
    };
    Ok(v1::ResourceDifference {
        resource_id: resource.id().to_string(),
        resource_kind: resource.kind().render(),
        name: resource.tag("Name").unwrap_or_default().to_owned(),
        r#type: r#type.into(),
        resource: whole,
        fields,
    })
}
