//! The keys, as the page of the records lays them out: a letter, then numbers with the highest byte first.

use causeway_model::revision::{LabelName, Revision, TopologyName};

use crate::port::{RequestKey, TopologyId};
use crate::records::codec::{self, Input};

/// A key.
pub(super) type Key = Vec<u8>;

/// What keys of one sort start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Sort {
    Counter = b'#',
    Name = b'n',
    Topology = b't',
    Log = b'h',
    LogChunk = b'l',
    Checkpoint = b'c',
    CheckpointChunk = b'k',
    Unfinished = b'p',
    Label = b'b',
    Request = b'r',
    Deletion = b'e',
    Deleted = b'd',
}

impl Sort {
    /// The sorts that hold what belongs to one topology, and that its deletion has to clear.
    pub(super) const OWNED: [Self; 7] = [
        Self::Label,
        Self::Request,
        Self::Log,
        Self::LogChunk,
        Self::Unfinished,
        Self::Checkpoint,
        Self::CheckpointChunk,
    ];

    /// All sorts.
    pub(super) const ALL: [Self; 12] = [
        Self::Counter,
        Self::Name,
        Self::Topology,
        Self::Log,
        Self::LogChunk,
        Self::Checkpoint,
        Self::CheckpointChunk,
        Self::Unfinished,
        Self::Label,
        Self::Request,
        Self::Deletion,
        Self::Deleted,
    ];

    /// The key of what there is once.
    pub(super) fn alone(self) -> Key {
        vec![self as u8]
    }

    /// The key of a topology's, or what the keys of its own start with.
    pub(super) fn of(self, id: TopologyId) -> Key {
        let mut key = self.alone();
        key.extend_from_slice(&id.0.to_be_bytes());
        key
    }

    /// The key of a revision's, or what the keys of its own start with.
    pub(super) fn at(self, id: TopologyId, revision: Revision) -> Key {
        let mut key = self.of(id);
        key.extend_from_slice(&revision.0.to_be_bytes());
        key
    }

    /// The key of a chunk.
    pub(super) fn chunk(self, id: TopologyId, revision: Revision, chunk: u32) -> Key {
        let mut key = self.at(id, revision);
        key.extend_from_slice(&chunk.to_be_bytes());
        key
    }
}

/// The key of a name.
pub(super) fn name(name: &TopologyName) -> Key {
    let mut key = Sort::Name.alone();
    key.extend_from_slice(name.as_str().as_bytes());
    key
}

/// The key of a request.
pub(super) fn request(id: TopologyId, request: &RequestKey) -> Key {
    let mut key = Sort::Request.of(id);
    codec::put_text(&mut key, &request.caller);
    key.extend_from_slice(request.id.as_bytes());
    key
}

/// The key of a label.
pub(super) fn label(id: TopologyId, label: &LabelName) -> Key {
    let mut key = Sort::Label.of(id);
    key.extend_from_slice(label.as_str().as_bytes());
    key
}

/// The key of a request that deleted a topology of this name.
pub(super) fn deletion(name: &TopologyName, request: &RequestKey) -> Key {
    let mut key = Sort::Deletion.alone();
    codec::put_text(&mut key, name.as_str());
    codec::put_text(&mut key, &request.caller);
    key.extend_from_slice(request.id.as_bytes());
    key
}

/// The name in a key.
pub(super) fn name_in(key: &[u8]) -> Option<TopologyName> {
    let (_, name) = key.split_first()?;
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// The topology in a key that names nothing else.
pub(super) fn topology_in(key: &[u8]) -> Option<TopologyId> {
    let mut input = Input::new(key.split_first()?.1);
    let id = TopologyId(u64::from_be_bytes(input.array().ok()?));
    input.finish().ok().map(|()| id)
}

/// The topology and the revision in a key that names nothing else.
pub(super) fn revision_in(key: &[u8]) -> Option<(TopologyId, Revision)> {
    let mut input = Input::new(key.split_first()?.1);
    let id = TopologyId(u64::from_be_bytes(input.array().ok()?));
    let revision = Revision(u64::from_be_bytes(input.array().ok()?));
    input.finish().ok().map(|()| (id, revision))
}

/// The topology, the revision and the place in the key of a chunk.
pub(super) fn chunk_in(key: &[u8]) -> Option<(TopologyId, Revision, u32)> {
    let (rest, place) = key.split_last_chunk()?;
    let (id, revision) = revision_in(rest)?;
    Some((id, revision, u32::from_be_bytes(*place)))
}

/// The topology and the request in a key of a request.
pub(super) fn request_in(key: &[u8]) -> Option<(TopologyId, RequestKey)> {
    let mut input = Input::new(key.split_first()?.1);
    let id = TopologyId(u64::from_be_bytes(input.array().ok()?));
    Some((id, take_request(&mut input)?))
}

/// The topology and the label in a key of a label.
pub(super) fn label_in(key: &[u8]) -> Option<(TopologyId, LabelName)> {
    let mut input = Input::new(key.split_first()?.1);
    let id = TopologyId(u64::from_be_bytes(input.array().ok()?));
    let label = input.bytes(input.left()).ok()?;
    Some((id, std::str::from_utf8(label).ok()?.parse().ok()?))
}

/// The name and the request in a key of a request that deleted a topology.
pub(super) fn deletion_in(key: &[u8]) -> Option<(TopologyName, RequestKey)> {
    let mut input = Input::new(key.split_first()?.1);
    let name = input.text().ok()?.parse().ok()?;
    Some((name, take_request(&mut input)?))
}

fn take_request(input: &mut Input<'_>) -> Option<RequestKey> {
    let caller = input.text().ok()?.to_owned();
    let text = input.bytes(input.left()).ok()?;
    let id = std::str::from_utf8(text).ok()?.to_owned();
    Some(RequestKey { caller, id })
}

/// The topology that a key belongs to whose sort is one of [`Sort::OWNED`], if the key is of its form.
pub(super) fn owner_in(sort: Sort, key: &[u8]) -> Option<TopologyId> {
    match sort {
        Sort::Counter | Sort::Name | Sort::Deletion => None,
        Sort::Topology | Sort::Deleted => topology_in(key),
        Sort::Log | Sort::Checkpoint | Sort::Unfinished => revision_in(key).map(|(id, _)| id),
        Sort::LogChunk | Sort::CheckpointChunk => chunk_in(key).map(|(id, ..)| id),
        Sort::Label => label_in(key).map(|(id, _)| id),
        Sort::Request => request_in(key).map(|(id, _)| id),
    }
}
