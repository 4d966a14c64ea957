//! ComputeReachabilityMatrix: the verdicts of all flows between many ends, packed.
//!
//! Cells are computed only while the caller takes them: nothing piles up here, however large the matrix is.

use std::pin::Pin;

use causeway_access::Service;
use causeway_engine::{EngineError, Matrix};
use causeway_model::flow::FlowEnd;
use causeway_model::revision::TopologyName;
use causeway_proto::v1;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http_body::Body as HttpBody;
use tonic::body::Body;
use tonic::codegen::StdError;
use tonic::server::{Grpc, ServerStreamingService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use v1::compute_reachability_matrix_response::Part;

use super::Asking;
use crate::error::{CallError, read};
use crate::expiry::Expiry;
use crate::faults::Faults;
use crate::server::MAX_MESSAGE_BYTES;
use crate::status;
use crate::telemetry::{Part as CallPart, Stage, note};
use crate::wire::{Wire, matrix};

/// Ends in one message.
const ENDS: usize = 1_000;

/// Pieces of cells in one message, about: 64 thousand cells, 16 KiB.
const PIECES: usize = 32;

/// Answers a call.
pub(super) async fn answer<B>(asking: Asking, request: http::Request<B>) -> http::Response<Body>
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    let call = Call {
        asking,
        expiry: Expiry::of(request.headers()),
    };
    let mut grpc = Grpc::new(ProstCodec::default()).max_decoding_message_size(MAX_MESSAGE_BYTES);
    grpc.server_streaming(call, request).await
}

/// One call.
struct Call {
    asking: Asking,
    expiry: Expiry,
}

/// The messages of an answer.
type Parts = BoxStream<'static, Result<v1::ComputeReachabilityMatrixResponse, Status>>;

impl ServerStreamingService<v1::ComputeReachabilityMatrixRequest> for Call {
    type Response = v1::ComputeReachabilityMatrixResponse;
    type ResponseStream = Parts;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Parts>, Status>> + Send>>;

    fn call(&mut self, request: Request<v1::ComputeReachabilityMatrixRequest>) -> Self::Future {
        let (asking, expiry) = (self.asking.clone(), self.expiry);
        Box::pin(async move {
            let parts = begin(&asking, request.into_inner()).await?;
            Ok(Response::new(expiry.end(parts)))
        })
    }
}

async fn begin(
    asking: &Asking,
    wire: v1::ComputeReachabilityMatrixRequest,
) -> Result<Parts, CallError> {
    let v1::ComputeReachabilityMatrixRequest {
        topology,
        consistency,
        sources,
        destinations,
        services,
    } = wire;
    let parse = |faults: &mut Faults| {
        let topology: Option<TopologyName> =
            faults.field("topology", |faults| Wire::parse(topology, faults));
        let consistency = faults.field("consistency", |faults| Wire::parse(consistency, faults));
        let question = matrix::question([sources, destinations], services, faults);
        Some((topology?, consistency?, question?))
    };
    let (topology, consistency, question) = CallPart::Decode.within(|| read(parse))?;
    note(|facts| facts.topology = Some(topology.to_string()));
    let asker = &asking.asker;
    let engine = asker.admit(Service::ComputeReachabilityMatrix, &topology)?;
    let stage = Stage::begin(CallPart::Snapshot);
    let made = engine.matrix(&topology, consistency, question).await;
    drop(stage);
    let made = asker.read(&topology, made.map_err(refused))?;
    note(|facts| facts.revision = Some(made.revision().0));
    // Cells are computed while the caller takes them.
    let walk = Stage::begin(CallPart::Walk);
    let asker = asker.clone();
    let walked = move |part| {
        let _until_the_last = &walk;
        // Its ends were chosen by policies that may no longer be in force.
        if asker.is_current() {
            part
        } else {
            Err(status::matrix_outlived())
        }
    };
    Ok(parts(&made).map(walked).boxed())
}

/// Why there is no matrix: an axis without an end is a fault of its field.
fn refused(error: EngineError) -> CallError {
    if let EngineError::NothingSelected { what } = &error {
        let told = read(|faults| faults.field(what, |faults| faults.add::<()>(error.to_string())));
        if let Err(told) = told {
            return told;
        }
    }
    CallError::Engine(error)
}

/// The header, the axes, the cells.
fn parts(made: &Matrix) -> Parts {
    let (sources, destinations) = (made.sources(), made.destinations());
    let header = Part::Header(v1::MatrixHeader {
        revision: made.revision().0,
        source_count: count(sources.len()),
        destination_count: count(destinations.len()),
        services: made.services().iter().copied().map(matrix::told).collect(),
    });
    // The ends are written when their message is sent.
    let of = made.clone();
    let sources = (0..sources.len())
        .step_by(ENDS)
        .map(|first| (v1::MatrixAxis::Sources, first));
    let destinations = (0..destinations.len())
        .step_by(ENDS)
        .map(|first| (v1::MatrixAxis::Destinations, first));
    let axes = sources.chain(destinations).map(move |(axis, first)| {
        let ends = match axis {
            v1::MatrixAxis::Destinations => of.destinations(),
            v1::MatrixAxis::Sources | v1::MatrixAxis::Unspecified => of.sources(),
        };
        axis_part(axis, first, ends)
    });
    let cells = made.pieces(|cells, verdicts| v1::MatrixCells {
        first: u64::try_from(cells.start).unwrap_or(u64::MAX),
        count: count(verdicts.len()),
        verdicts: matrix::packed(&verdicts),
    });
    let cells = cells.map_err(|error| Status::from(CallError::Engine(error)));
    let cells = cells.try_chunks(PIECES).map_err(|broken| broken.1);
    let cells = cells.map_ok(|pieces| Part::Cells(together(pieces)));
    let beginning = stream::iter([header]).chain(stream::iter(axes)).map(Ok);
    let all = beginning.chain(cells);
    all.map_ok(|part| v1::ComputeReachabilityMatrixResponse { part: Some(part) })
        .boxed()
}

fn axis_part(axis: v1::MatrixAxis, first: usize, ends: &[FlowEnd]) -> Part {
    let own = ends.iter().skip(first).take(ENDS);
    Part::Ends(v1::MatrixEnds {
        axis: axis.into(),
        first: count(first),
        ends: own.map(ToString::to_string).collect(),
    })
}

/// Pieces that follow each other, in one: all but the last have whole bytes.
fn together(pieces: Vec<v1::MatrixCells>) -> v1::MatrixCells {
    let mut pieces = pieces.into_iter();
    let mut whole = pieces.next().unwrap_or_default();
    for piece in pieces {
        whole.count = whole.count.saturating_add(piece.count);
        whole.verdicts.extend(piece.verdicts);
    }
    whole
}

/// What the limits of a matrix keep within its type.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
