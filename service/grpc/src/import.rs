//! An import as it streams in: the header, then chunks, each read and dropped before the next.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use causeway_access::Service;
use causeway_engine::{Applied, EngineError, Write};
use causeway_model::change::Fault;
use causeway_model::ids::ResourceId;
use causeway_model::resource::Resource;
use causeway_model::snapshot::Scope;
use causeway_proto::v1::{self, import_resources_request::Part};
use prost::Message;
use sha2::{Digest as _, Sha256};
use tonic::Streaming;

use crate::access::Asker;
use crate::error::{CallError, FoundFaults};
use crate::faults::{Faults, FieldFault, KEPT};
use crate::requests::{self, WriteFields};
use crate::telemetry::{Part as CallPart, Stage, note};
use crate::wire::Wire;

/// Most bytes of a chunk.
const MAX_CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Most resources of an import.
const MAX_RESOURCES: usize = 5_000_000;

/// What was read of an import so far.
#[derive(Default)]
struct Import {
    header: Option<(v1::ImportHeader, Option<Vec<Scope>>)>,
    resources: BTreeMap<ResourceId, (Arc<Resource>, Place)>,
    chunks: usize,
    faults: Faults,
    digest: Sha256,
}

/// An import that was read to its end.
struct Whole {
    write: Write,
    scopes: Vec<Scope>,
    resources: BTreeMap<ResourceId, Arc<Resource>>,
    places: BTreeMap<ResourceId, Place>,
}

/// Where a resource stood in the stream.
#[derive(Debug, Clone, Copy)]
struct Place {
    chunk: usize,
    index: usize,
}

/// Takes the whole stream, then applies it as one revision.
pub(crate) async fn run(
    asker: &Asker,
    mut stream: Streaming<v1::ImportResourcesRequest>,
) -> Result<Applied, CallError> {
    let stage = Stage::begin(CallPart::Decode);
    let mut import = Import::default();
    while let Some(message) = stream
        .message()
        .await
        .map_err(|status| CallError::Stream(Box::new(status)))?
    {
        import.take(message)?;
    }
    let whole = import.finish()?;
    drop(stage);
    // It may have taken long to come, and is decided by the policies of now.
    let asker = &asker.renewed();
    note(|facts| facts.topology = Some(whole.write.topology.to_string()));
    let (topology, request) = (&whole.write.topology, whole.write.request.as_ref());
    let writing = asker.writing("ImportResources", topology, request);
    let applied = writing.told(apply(asker, whole).await, |applied| Some(applied.revision))?;
    note(|facts| facts.revision = Some(applied.revision.0));
    Ok(applied)
}

async fn apply(asker: &Asker, whole: Whole) -> Result<Applied, CallError> {
    let Whole {
        mut write,
        scopes,
        resources,
        places,
    } = whole;
    let _stage = Stage::begin(CallPart::Commit);
    let engine = asker.admit(Service::ImportResources, &write.topology)?;
    write.request = asker.own(write.request);
    let outcome = engine.import(write, scopes, resources).await;
    outcome.map_err(|error| with_places(error, &places))
}

// === impl Import ===

impl Import {
    fn take(&mut self, message: v1::ImportResourcesRequest) -> Result<(), CallError> {
        match (message.part, self.header.is_some()) {
            (Some(Part::Header(header)), false) => self.take_header(header),
            (Some(Part::Header(_)), true) => self.faults.field("header", |faults| {
                faults.add("came twice; it is the first message, once")
            }),
            (Some(Part::Chunk(_)), false) => {
                return Err(missing_header());
            }
            (Some(Part::Chunk(chunk)), true) => self.take_chunk(chunk),
            (None, _) => self
                .faults
                .field("part", |faults| faults.missing("a header or a chunk")),
        };
        // Past this no answer could tell more, and the rest of the stream is not worth reading.
        if self.faults.count() >= KEPT {
            Err(CallError::InvalidRequest(
                std::mem::take(&mut self.faults).into(),
            ))
        } else {
            Ok(())
        }
    }

    fn take_header(&mut self, header: v1::ImportHeader) -> Option<()> {
        self.digest.update(b"ImportResources\0");
        self.digest.update(header.encode_to_vec());
        let scopes = header.scopes.clone();
        let scopes = self.faults.field("header", |faults| {
            faults.field("scopes", |faults| Wire::parse(scopes, faults))
        });
        self.header = Some((header, scopes));
        Some(())
    }

    fn take_chunk(&mut self, chunk: v1::ImportChunk) -> Option<()> {
        let at = self.chunks;
        self.chunks = at.saturating_add(1);
        let bytes = requests::bytes(&chunk);
        if bytes > MAX_CHUNK_BYTES {
            let fault = format!(
                "is {bytes} bytes, the maximum is {MAX_CHUNK_BYTES}; send more and smaller chunks"
            );
            return self.faults.field("chunks", |faults| {
                faults.item(at, |faults| faults.add(fault))
            });
        }
        for (index, resource) in chunk.resources.into_iter().enumerate() {
            self.take_resource(Place { chunk: at, index }, resource);
        }
        Some(())
    }

    fn take_resource(&mut self, place: Place, wire: v1::Resource) {
        let encoded = wire.encode_to_vec();
        self.digest.update(encoded.len().to_be_bytes());
        self.digest.update(encoded);
        let Self {
            resources, faults, ..
        } = self;
        place.within(faults, |faults| {
            let resource = Resource::parse(wire, faults)?;
            if resources.len() >= MAX_RESOURCES {
                return faults.add(format!(
                    "is one resource too many, the maximum is {MAX_RESOURCES}"
                ));
            }
            match resources.entry(resource.id().clone()) {
                Entry::Vacant(vacant) => {
                    vacant.insert((Arc::new(resource), place));
                    Some(())
                }
                Entry::Occupied(held) if *held.get().0 == resource => Some(()),
                Entry::Occupied(held) => {
                    let first = held.get().1.path("");
                    faults.add(format!(
                        "says something else of `{}` than {first}; give each id once",
                        resource.id()
                    ))
                }
            }
        });
    }

    fn finish(mut self) -> Result<Whole, CallError> {
        let Some((header, scopes)) = self.header else {
            return Err(missing_header());
        };
        let v1::ImportHeader {
            topology,
            scopes: _,
            expected_revision,
            request_id,
            author,
            message,
        } = header;
        let fields = WriteFields {
            topology,
            expected_revision,
            request_id,
            author,
            message,
        };
        let digest = self.digest.finalize().into();
        let write = self
            .faults
            .field("header", |faults| requests::write(fields, digest, faults));
        let (Some(write), Some(scopes), 0) = (write, scopes, self.faults.count()) else {
            return Err(CallError::InvalidRequest(self.faults.into()));
        };
        let (mut resources, mut places) = (BTreeMap::new(), BTreeMap::new());
        for (id, (resource, place)) in self.resources {
            places.insert(id.clone(), place);
            resources.insert(id, resource);
        }
        Ok(Whole {
            write,
            scopes,
            resources,
            places,
        })
    }
}

// === impl Place ===

impl Place {
    fn within(
        self,
        faults: &mut Faults,
        read: impl FnOnce(&mut Faults) -> Option<()>,
    ) -> Option<()> {
        faults.field("chunks", |faults| {
            faults.item(self.chunk, |faults| {
                faults.field("resources", |faults| faults.item(self.index, read))
            })
        })
    }

    fn path(self, field: &str) -> String {
        let dot = if field.is_empty() { "" } else { "." };
        format!(
            "chunks[{}].resources[{}]{dot}{field}",
            self.chunk, self.index
        )
    }
}

/// Faults of the difference, told at the places of the stream that brought them.
fn with_places(error: EngineError, places: &BTreeMap<ResourceId, Place>) -> CallError {
    let EngineError::InvalidChangeSet { faults } = error else {
        return error.into();
    };
    let count = faults.len();
    let found = faults
        .iter()
        .take(KEPT)
        .map(|fault| field_fault(fault, places))
        .collect();
    CallError::InvalidChangeSet(FoundFaults { found, count })
}

fn field_fault(fault: &Fault, places: &BTreeMap<ResourceId, Place>) -> FieldFault {
    let place = places.get(&fault.resource);
    // What the stream lacks is deleted because a scope was declared complete.
    let field = place.map_or_else(
        || "header.scopes".to_owned(),
        |place| place.path(&fault.field),
    );
    FieldFault {
        field,
        description: crate::status::described(fault),
    }
}

fn missing_header() -> CallError {
    let header = FieldFault {
        field: "header".to_owned(),
        description: "is required, as the first message of the stream".to_owned(),
    };
    CallError::InvalidRequest(FoundFaults {
        found: vec![header],
        count: 1,
    })
}
