//! Applying a change set. If some of it cannot be read, the rest is checked all the same, so that all faults are told at once.

use causeway_access::Service;
use causeway_engine::{Applied, Changes, Engine, EngineError, Write};
use causeway_proto::v1;

use crate::access::Asker;
use crate::error::{CallError, FoundFaults};
use crate::offload::off_thread;
use crate::requests::{self, Apply, Unread};
use crate::status;
use crate::telemetry::{Part, Stage, note};

/// Applies the set of a request, or validates it.
pub(crate) async fn run(
    asker: &Asker,
    wire: v1::ApplyChangesRequest,
) -> Result<Applied, CallError> {
    let count = wire.changes.len();
    asker.work().check_changes(count)?;
    let Apply {
        mut write,
        changes,
        validate_only,
    } = match read(asker.work(), count, wire).await? {
        Ok(apply) => apply,
        Err(unread) => return Err(faults(asker, Service::ReadTopology, *unread).await),
    };
    let topology = write.topology.clone();
    note(|facts| facts.topology = Some(topology.to_string()));
    let admitted = asker.admit(Service::ReadTopology, &topology);
    if validate_only {
        let outcome = validate(admitted, write, changes).await;
        return asker.read(&topology, outcome);
    }
    let stage = Stage::begin(Part::Commit);
    let writing = asker.writing("ApplyChanges", &topology, write.request.as_ref());
    write.request = asker.own(write.request);
    let outcome = match admitted {
        Ok(engine) => engine.apply(write, changes).await.map_err(CallError::from),
        Err(refused) => Err(refused),
    };
    drop(stage);
    let applied = writing.told(outcome, |applied| Some(applied.revision))?;
    note(|facts| facts.revision = Some(applied.revision.0));
    Ok(applied)
}

async fn validate(
    admitted: Result<Engine, CallError>,
    write: Write,
    changes: Changes,
) -> Result<Applied, CallError> {
    let _stage = Stage::begin(Part::Commit);
    let applied = admitted?.validate(write, changes).await?;
    note(|facts| facts.revision = Some(applied.revision.0));
    Ok(applied)
}

async fn read(
    engine: &Engine,
    count: usize,
    wire: v1::ApplyChangesRequest,
) -> Result<Result<Apply, Box<Unread>>, CallError> {
    let _stage = Stage::begin(Part::Decode);
    off_thread(engine, count, || requests::apply(wire)).await
}

/// The faults that were found while reading, then those of what could be read.
pub(crate) async fn faults(asker: &Asker, service: Service, unread: Unread) -> CallError {
    let Unread { faults, part } = unread;
    let mut faults = FoundFaults::from(faults);
    if let Some(part) = part {
        let engine = match asker.admit(service, &part.topology) {
            Ok(engine) => engine,
            Err(refused) => return refused,
        };
        // A topology that cannot be checked against, as one that does not exist, is told once the request can be read.
        match engine.faults_of(part).await {
            Ok(rest) => faults.extend(status::of_changes(rest)),
            Err(error @ (EngineError::NotAllowed { .. } | EngineError::NotShown { .. })) => {
                return error.into();
            }
            Err(_) => {}
        }
    }
    CallError::InvalidRequest(faults)
}
