//! RollbackTopology: a new revision that holds what an earlier one held.

use causeway_engine::{Applied, Consistency, Engine, Write};
use causeway_proto::v1;
use v1::rollback_topology_request::To;

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
    engine: &Engine,
    wire: v1::RollbackTopologyRequest,
) -> Result<v1::RollbackTopologyResponse, CallError> {
    let Rollback {
        write,
        to,
        validate_only,
    } = request(wire)?;
    note(|facts| facts.topology = Some(write.topology.to_string()));
    let stage = Stage::begin(Part::Commit);
    let applied = if validate_only {
        engine.validate_rollback(write, to).await?
    } else {
        engine.rollback(write, to).await?
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
