//! Requests of the topology service, read into what the engine takes.

use std::collections::BTreeSet;
use std::str::FromStr;

use causeway_engine::{Asked, Changes, Consistency, Filter, Part, Request, RequestKey, Write};
use causeway_model::ids::ResourceId;
use causeway_model::revision::{Revision, TopologyName};
use causeway_proto::v1;
use prost::Message;
use v1::topology_source::At;

use crate::error::{CallError, read};
use crate::faults::Faults;
use crate::page::{self, Cursor, Digest};
use crate::place;
use crate::telemetry::trace_parent;
use crate::wire::resource::raw_id;
use crate::wire::{Wire, change};

/// Most bytes of the texts of a write.
const MAX_REQUEST_ID: usize = 128;
const MAX_AUTHOR: usize = 256;
const MAX_MESSAGE: usize = 4_096;
const MAX_DESCRIPTION: usize = 1_024;

/// A topology to make.
pub(crate) struct Create {
    pub(crate) name: TopologyName,
    pub(crate) description: String,
    pub(crate) request: Option<Request>,
    /// What it is a fork of.
    pub(crate) source: Option<(TopologyName, Consistency)>,
}

/// A topology to delete.
pub(crate) struct Delete {
    pub(crate) name: TopologyName,
    pub(crate) request: Option<Request>,
}

/// A change set to apply.
pub(crate) struct Apply {
    pub(crate) write: Write,
    pub(crate) changes: Changes,
    pub(crate) validate_only: bool,
}

/// A change set of which not all can be read.
pub(crate) struct Unread {
    pub(crate) faults: Faults,
    /// What can be; none if that cannot be checked against a topology.
    pub(crate) part: Option<Part>,
}

/// A page of a list to give.
pub(crate) struct List<T> {
    pub(crate) what: T,
    pub(crate) size: usize,
    /// Of the request without its page, for the token of the next.
    pub(crate) digest: Digest,
}

/// Resources to list.
pub(crate) struct Resources {
    pub(crate) topology: TopologyName,
    pub(crate) consistency: Consistency,
    pub(crate) filter: Filter,
    pub(crate) after: Option<ResourceId>,
}

/// Revisions to list.
pub(crate) struct Revisions {
    pub(crate) topology: TopologyName,
    /// Where the first page begins.
    pub(crate) from: Consistency,
    /// Where a later one does.
    pub(crate) below: Option<Revision>,
}

/// The page that a request asks for.
pub(crate) struct Page {
    pub(crate) size: u32,
    pub(crate) token: String,
}

/// What every write says, as the contract has it.
pub(crate) struct WriteFields {
    pub(crate) topology: String,
    pub(crate) expected_revision: Option<u64>,
    pub(crate) request_id: String,
    pub(crate) author: String,
    pub(crate) message: String,
}

pub(crate) fn create(wire: v1::CreateTopologyRequest) -> Result<Create, CallError> {
    let digest = page::digest("CreateTopology", &wire);
    let v1::CreateTopologyRequest {
        name,
        description,
        request_id,
        source,
    } = wire;
    read(|faults| {
        let name = faults.field("name", |faults| Wire::parse(name, faults));
        let description = bounded("description", description, MAX_DESCRIPTION, faults);
        let request = request(request_id, digest, faults);
        let source = match source {
            Some(wire) => faults
                .field("source", |faults| source_of(wire, faults))
                .map(Some),
            None => Some(None),
        };
        Some(Create {
            name: name?,
            description: description?,
            request: request?,
            source: source?,
        })
    })
}

/// What a fork begins with.
fn source_of(wire: v1::TopologySource, faults: &mut Faults) -> Option<(TopologyName, Consistency)> {
    let v1::TopologySource { topology, at } = wire;
    let topology = faults.field("topology", |faults| Wire::parse(topology, faults));
    let at = match at {
        None => Some(Consistency::Newest),
        Some(At::Revision(revision)) => Some(place::exact(revision)),
        Some(At::AsOf(time)) => place::as_of("as_of", time, faults),
        Some(At::Label(name)) => place::label("label", name, faults),
    };
    Some((topology?, at?))
}

pub(crate) fn delete(wire: v1::DeleteTopologyRequest) -> Result<Delete, CallError> {
    let digest = page::digest("DeleteTopology", &wire);
    let v1::DeleteTopologyRequest { name, request_id } = wire;
    read(|faults| {
        let name = faults.field("name", |faults| Wire::parse(name, faults));
        let request = request(request_id, digest, faults);
        Some(Delete {
            name: name?,
            request: request?,
        })
    })
}

/// The name of the topology, in a request that has nothing else to read.
pub(crate) fn name(field: &'static str, name: String) -> Result<TopologyName, CallError> {
    read(|faults| faults.field(field, |faults| Wire::parse(name, faults)))
}

pub(crate) fn apply(wire: v1::ApplyChangesRequest) -> Result<Apply, Box<Unread>> {
    let digest = page::digest("ApplyChanges", &wire);
    let v1::ApplyChangesRequest {
        topology,
        changes,
        expected_revision,
        validate_only,
        request_id,
        author,
        message,
    } = wire;
    let fields = WriteFields {
        topology,
        expected_revision,
        request_id,
        author,
        message,
    };
    let faults = &mut Faults::default();
    let topology = fields.topology.parse();
    let write = write(fields, digest, faults);
    let (changes, unread) = faults.field("changes", |faults| read_changes(changes, faults));
    match write {
        Some(write) if faults.count() == 0 => {
            let changes: Vec<Asked> = changes.into_iter().map(|(_, change)| change).collect();
            Ok(Apply {
                write,
                changes: changes.into(),
                validate_only,
            })
        }
        Some(_) | None => Err(Box::new(Unread {
            faults: std::mem::take(faults),
            part: topology.ok().map(|topology| Part {
                topology,
                at: Consistency::Newest,
                expected: expected_revision.map(Revision),
                changes,
                unread,
                is_what_if: false,
            }),
        })),
    }
}

/// The changes that can be read, with their places, and what the others would put.
pub(crate) fn read_changes(
    wire: Vec<v1::Change>,
    faults: &mut Faults,
) -> (Vec<(usize, Asked)>, BTreeSet<ResourceId>) {
    if wire.is_empty() {
        faults.missing::<()>("at least one change");
    }
    let (mut changes, mut unread) = (Vec::with_capacity(wire.len()), BTreeSet::new());
    for (index, change) in wire.into_iter().enumerate() {
        let id = put_id(&change);
        match faults.item(index, |faults| change::asked(change, faults)) {
            Some(change) => changes.push((index, change)),
            None => unread.extend(id.and_then(|id| id.parse::<ResourceId>().ok())),
        }
    }
    (changes, unread)
}

/// The id of what a change puts, as it stands there.
fn put_id(change: &v1::Change) -> Option<String> {
    match change.action.as_ref()? {
        v1::change::Action::Put(resource) => raw_id(resource).map(str::to_owned),
        v1::change::Action::DeleteResourceId(_) | v1::change::Action::Patch(_) => None,
    }
}

/// Reads what every write says.
pub(crate) fn write(fields: WriteFields, digest: Digest, faults: &mut Faults) -> Option<Write> {
    let WriteFields {
        topology,
        expected_revision,
        request_id,
        author,
        message,
    } = fields;
    let topology = faults.field("topology", |faults| Wire::parse(topology, faults));
    let request = request(request_id, digest, faults);
    let author = bounded("author", author, MAX_AUTHOR, faults);
    let message = bounded("message", message, MAX_MESSAGE, faults);
    Some(Write {
        topology: topology?,
        expected: expected_revision.map(Revision),
        request: request?,
        author: author?,
        message: message?,
        trace: trace_parent(),
    })
}

pub(crate) fn get_resource(
    wire: v1::GetResourceRequest,
) -> Result<(TopologyName, ResourceId, Consistency), CallError> {
    let v1::GetResourceRequest {
        topology,
        resource_id,
        revision,
        as_of,
        label,
    } = wire;
    read(|faults| {
        let topology = faults.field("topology", |faults| Wire::parse(topology, faults));
        let id = faults.field("resource_id", |faults| Wire::parse(resource_id, faults));
        let consistency = place::at(revision, as_of, label, faults);
        Some((topology?, id?, consistency?))
    })
}

pub(crate) fn list_topologies(
    mut wire: v1::ListTopologiesRequest,
) -> Result<List<Option<TopologyName>>, CallError> {
    let page = Page::take(&mut wire.page_size, &mut wire.page_token);
    let digest = page::digest("ListTopologies", &wire);
    let after = last(page::open(&page.token, &digest)?.as_ref())?;
    read(|faults| {
        let size = page::size(page.size, faults);
        Some(List {
            what: after,
            size: size?,
            digest,
        })
    })
}

pub(crate) fn list_resources(
    mut wire: v1::ListResourcesRequest,
) -> Result<List<Resources>, CallError> {
    let page = Page::take(&mut wire.page_size, &mut wire.page_token);
    let digest = page::digest("ListResources", &wire);
    let v1::ListResourcesRequest {
        topology,
        revision,
        filter,
        page_size: _,
        page_token: _,
        as_of,
        label,
    } = wire;
    let cursor = page::open(&page.token, &digest)?;
    let after = last(cursor.as_ref())?;
    read(|faults| {
        let topology = faults.field("topology", |faults| Wire::parse(topology, faults));
        let filter = faults.field("filter", |faults| {
            Filter::parse(filter.unwrap_or_default(), faults)
        });
        let size = page::size(page.size, faults);
        // All pages show the revision of the first.
        let consistency = match cursor {
            Some(cursor) => Some(Consistency::Exact(cursor.revision)),
            None => place::at(revision, as_of, label, faults),
        };
        let what = Resources {
            topology: topology?,
            consistency: consistency?,
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

pub(crate) fn list_revisions(
    mut wire: v1::ListRevisionsRequest,
) -> Result<List<Revisions>, CallError> {
    let page = Page::take(&mut wire.page_size, &mut wire.page_token);
    let digest = page::digest("ListRevisions", &wire);
    let below = page::open(&page.token, &digest)?.map(|cursor| cursor.revision);
    read(|faults| {
        let topology = faults.field("topology", |faults| Wire::parse(wire.topology, faults));
        let from = place::at(wire.revision, wire.as_of, wire.label, faults);
        let size = page::size(page.size, faults);
        let what = Revisions {
            topology: topology?,
            from: from?,
            below,
        };
        Some(List {
            what,
            size: size?,
            digest,
        })
    })
}

// === impl Page ===

impl Page {
    /// Takes the page out of a request: what is left is what the token belongs to.
    pub(crate) fn take(size: &mut u32, token: &mut String) -> Self {
        Self {
            size: std::mem::take(size),
            token: std::mem::take(token),
        }
    }
}

/// The last item of the page before.
pub(crate) fn last<T: FromStr>(cursor: Option<&Cursor>) -> Result<Option<T>, CallError> {
    let last = cursor.map(|cursor| cursor.last.parse()).transpose();
    last.map_err(|_| CallError::InvalidPageToken)
}

pub(crate) fn request(id: String, digest: Digest, faults: &mut Faults) -> Option<Option<Request>> {
    let id = bounded("request_id", id, MAX_REQUEST_ID, faults)?;
    let key = (!id.is_empty()).then(|| RequestKey {
        caller: String::new(),
        id,
    });
    Some(key.map(|key| Request { key, digest }))
}

fn bounded(
    field: &'static str,
    text: String,
    maximum: usize,
    faults: &mut Faults,
) -> Option<String> {
    if text.len() <= maximum {
        return Some(text);
    }
    faults.field(field, |faults| {
        faults.add(format!(
            "is {} bytes long, the maximum is {maximum}",
            text.len()
        ))
    })
}

/// Size of a message on the wire, in bytes.
pub(crate) fn bytes(message: &impl Message) -> usize {
    message.encoded_len()
}
