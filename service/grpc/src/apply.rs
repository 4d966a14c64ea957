//! Applying a change set. If some of it cannot be read, the rest is checked all the same, so that all faults are told at once.

use causeway_engine::{Applied, Engine};
use causeway_proto::v1;

use crate::error::{CallError, FoundFaults};
use crate::offload::off_thread;
use crate::requests::{self, Apply, Unread};
use crate::status;
use crate::telemetry::{Part, Stage, note};

/// Applies the set of a request, or validates it.
pub(crate) async fn run(
    engine: &Engine,
    wire: v1::ApplyChangesRequest,
) -> Result<Applied, CallError> {
    let count = wire.changes.len();
    engine.check_changes(count)?;
    let Apply {
        write,
        changes,
        validate_only,
    } = match read(engine, count, wire).await? {
        Ok(apply) => apply,
        Err(unread) => return Err(faults(engine, *unread).await),
    };
    note(|facts| facts.topology = Some(write.topology.to_string()));
    let _stage = Stage::begin(Part::Commit);
    let applied = if validate_only {
        engine.validate(write, changes).await?
    } else {
        engine.apply(write, changes).await?
    };
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
pub(crate) async fn faults(engine: &Engine, unread: Unread) -> CallError {
    let Unread { faults, part } = unread;
    let mut faults = FoundFaults::from(faults);
    if let Some(part) = part {
        // A topology that cannot be checked against, as one that does not exist, is told once the request can be read.
        let rest = engine.faults_of(part).await.unwrap_or_default();
        faults.extend(status::of_changes(rest));
    }
    CallError::InvalidRequest(faults)
}
