//! RollbackTopology: a new revision that holds what an earlier one held.

use causeway_access::Service;
use causeway_engine::{Applied, Consistency, Write};
use causeway_proto::v1;
use v1::rollback_topology_request::To;

use crate::access::Asker;
use crate::error::{CallError, read};
use crate::page;
use crate::place;
use crate::requests::{self, WriteFields};
use crate::telemetry::{Part, Stage, note};

/// What to go back to.
struct Rollback {
    write: Write,
    to: Consistency,
    validate_only: bool,
}

pub(super) async fn run(
    asker: &Asker,
    wire: v1::RollbackTopologyRequest,
) -> Result<v1::RollbackTopologyResponse, CallError> {
    let Rollback {
        write,
        to,
        validate_only,
    } = Part::Decode.within(|| request(wire))?;
    let topology = write.topology.clone();
    note(|facts| facts.topology = Some(topology.to_string()));
    let stage = Stage::begin(Part::Commit);
    let applied = if validate_only {
        let engine = asker.admit(Service::RollbackTopology, &topology)?;
        let outcome = engine.validate_rollback(write, to).await;
        asker.read(&topology, outcome.map_err(CallError::from))?
    } else {
        let writing = asker.writing("RollbackTopology", &topology, write.request.as_ref());
        let outcome = roll_back(asker, write, to).await;
        writing.told(outcome, |applied| Some(applied.revision))?
    };
    drop(stage);
    note(|facts| facts.revision = Some(applied.revision.0));
    let Applied {
        revision,
        created,
        updated,
        deleted,
        unchanged: _,
    } = applied;
    Ok(v1::RollbackTopologyResponse {
        revision: revision.0,
        changed: applied.is_change(),
        put_count: created.saturating_add(updated),
        deleted_count: deleted,
    })
}

async fn roll_back(asker: &Asker, mut write: Write, to: Consistency) -> Result<Applied, CallError> {
    let engine = asker.admit(Service::RollbackTopology, &write.topology)?;
    write.request = asker.own(write.request);
    Ok(engine.rollback(write, to).await?)
}

fn request(wire: v1::RollbackTopologyRequest) -> Result<Rollback, CallError> {
    let digest = page::digest("RollbackTopology", &wire);
    let v1::RollbackTopologyRequest {
        topology,
        to,
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
    read(|faults| {
        let write = requests::write(fields, digest, faults);
        let to = match to {
            Some(To::ToRevision(revision)) => Some(place::exact(revision)),
            Some(To::ToAsOf(time)) => place::as_of("to_as_of", time, faults),
            Some(To::ToLabel(name)) => place::label("to_label", name, faults),
            None => faults.field("to", |faults| {
                faults.missing("a revision, a time or a label")
            }),
        };
        Some(Rollback {
            write: write?,
            to: to?,
            validate_only,
        })
    })
}
