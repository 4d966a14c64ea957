//! The calls that a load may consist of, so that what asks and what echoes is written once for all of them.

use causeway_proto::v1::path_service_client::PathServiceClient;
use causeway_proto::v1::{
    BatchResolvePathsRequest, BatchResolvePathsResponse, ResolvePathRequest, ResolvePathResponse,
};
use prost::Message;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::report::Tally;

/// Largest message, sent or taken: what the service has.
pub(crate) const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// A method of the contract that answers flows.
pub(crate) trait Method: Send + Sync + 'static {
    /// What is asked.
    type Question: Message + Default + Clone + 'static;
    /// What is answered.
    type Answer: Message + Default + PartialEq + 'static;

    /// Where gRPC finds it.
    const PATH: &'static str;

    /// Asks once, by the generated client.
    fn ask(
        client: &mut PathServiceClient<Channel>,
        question: Request<Self::Question>,
    ) -> impl Future<Output = Result<Response<Self::Answer>, Status>> + Send;

    /// The revision that an answer was computed at.
    fn revision(answer: &Self::Answer) -> u64;

    /// Counts what an answer says.
    fn count(answer: &Self::Answer, tally: &mut Tally);
}

/// `BatchResolvePaths`.
#[derive(Debug)]
pub(crate) enum Batch {}

/// `ResolvePath`.
#[derive(Debug)]
pub(crate) enum Single {}

impl Method for Batch {
    type Question = BatchResolvePathsRequest;
    type Answer = BatchResolvePathsResponse;

    const PATH: &'static str = "/causeway.v1.PathService/BatchResolvePaths";

    async fn ask(
        client: &mut PathServiceClient<Channel>,
        question: Request<Self::Question>,
    ) -> Result<Response<Self::Answer>, Status> {
        client.batch_resolve_paths(question).await
    }

    fn revision(answer: &Self::Answer) -> u64 {
        answer.revision
    }

    fn count(answer: &Self::Answer, tally: &mut Tally) {
        tally.add(answer);
    }
}

impl Method for Single {
    type Question = ResolvePathRequest;
    type Answer = ResolvePathResponse;

    const PATH: &'static str = "/causeway.v1.PathService/ResolvePath";

    async fn ask(
        client: &mut PathServiceClient<Channel>,
        question: Request<Self::Question>,
    ) -> Result<Response<Self::Answer>, Status> {
        client.resolve_path(question).await
    }

    fn revision(answer: &Self::Answer) -> u64 {
        answer.answer.as_ref().map_or(0, |answer| answer.revision)
    }

    fn count(answer: &Self::Answer, tally: &mut Tally) {
        if let Some(answer) = &answer.answer {
            tally.add_path(answer);
        }
    }
}
