//! ExportTopologies: a stream that a task feeds, as fast as it is read.
//!
//! A reader that takes nothing for too long is disconnected: an export holds a thread and a state.

use causeway_engine::Export;
use causeway_model::revision::TopologyName;
use causeway_proto::v1;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};

use crate::access::{Access, Asker};
use crate::error::{CallError, read};
use crate::expiry::Expiry;
use crate::status::{self, ExportEnd};
use crate::telemetry::Part;
use crate::topology_service::Watching;
use crate::wire::Wire;

/// What an export answers with.
pub(crate) type Chunks = ReceiverStream<Result<v1::ExportTopologiesResponse, Status>>;

/// Where the chunks go.
type Queue = mpsc::Sender<Result<v1::ExportTopologiesResponse, Status>>;

/// Chunks that wait for a reader, at most.
const QUEUE: usize = 2;

/// Most names of one request.
const MAX_NAMES: usize = 10_000;

/// An export that is under way.
struct Exporting {
    export: Export,
    names: Vec<TopologyName>,
    asker: Asker,
}

/// Begins an export, and leaves it to a task.
pub(super) async fn run(
    access: &Access,
    watching: Watching,
    request: Request<v1::ExportTopologiesRequest>,
) -> Result<Chunks, CallError> {
    let headers = request.metadata().clone().into_headers();
    let expiry = Expiry::of(&headers);
    let asker = access.asker_of(&request);
    let names = Part::Decode.within(|| topologies(request.into_inner()))?;
    let engine = asker.admit_export(&names).await?;
    let export = engine.export(names.clone()).await?;
    let (queue, chunks) = mpsc::channel(QUEUE);
    let exporting = Exporting {
        export,
        names,
        asker,
    };
    tokio::spawn(serve(exporting, queue, watching, expiry));
    Ok(ReceiverStream::new(chunks))
}

fn topologies(wire: v1::ExportTopologiesRequest) -> Result<Vec<TopologyName>, CallError> {
    let v1::ExportTopologiesRequest { topologies } = wire;
    read(|faults| {
        faults.field("topologies", |faults| {
            let count = topologies.len();
            if count > MAX_NAMES {
                return faults.add(format!("has {count} names, the maximum is {MAX_NAMES}"));
            }
            let names = topologies.into_iter().enumerate();
            // All of them are read, so that every fault is told.
            let names: Vec<Option<TopologyName>> = names
                .map(|(index, name)| faults.item(index, |faults| Wire::parse(name, faults)))
                .collect();
            names.into_iter().collect()
        })
    })
}

async fn serve(exporting: Exporting, queue: Queue, watching: Watching, expiry: Expiry) {
    // A place for the status, however full the queue is by then.
    let Ok(last) = queue.clone().reserve_owned().await else {
        return;
    };
    let mut stopping = watching.stopping.clone();
    let end = tokio::select! {
        end = feed(exporting, &queue, &watching) => end,
        // A server that is gone without a word has stopped too.
        _ = stopping.wait_for(|stopping| *stopping) => Some(ExportEnd::Stopping),
        _ = expiry.passed() => Some(ExportEnd::Deadline),
        () = queue.closed() => None,
    };
    if let Some(end) = end {
        last.send(Err(status::export_ended(end)));
    }
}

/// Sends chunks until there are no more; tells why, if that is not the end of the backup.
async fn feed(mut exporting: Exporting, queue: &Queue, watching: &Watching) -> Option<ExportEnd> {
    loop {
        let chunk = match exporting.export.next().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return None,
            Err(error) => return Some(ExportEnd::Failed(error)),
        };
        if let Err(refused) = exporting.admit().await {
            return Some(ExportEnd::Refused(refused));
        }
        let response = v1::ExportTopologiesResponse { chunk };
        match queue.send_timeout(Ok(response), watching.patience).await {
            Ok(()) => {}
            Err(SendTimeoutError::Timeout(_)) => {
                return Some(ExportEnd::TooSlow(watching.patience));
            }
            Err(SendTimeoutError::Closed(_)) => return None,
        }
    }
}

// === impl Exporting ===

impl Exporting {
    /// Asks again whether its caller may make it, if other policies are in force than when that was asked last.
    async fn admit(&mut self) -> Result<(), CallError> {
        if !self.asker.is_current() {
            self.asker = self.asker.renewed();
            self.asker.admit_export(&self.names).await?;
        }
        Ok(())
    }
}
