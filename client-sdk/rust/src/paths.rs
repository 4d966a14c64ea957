//! Asking for paths: one, or many at one revision.

use causeway_proto::v1;

use crate::call::Call;
use crate::traces::put_back;
use crate::{Client, ClientError, consistency};

/// How many flows one call of a batch may have.
pub const MAX_BATCH: usize = 100_000;

/// How many flows one call of a batch with detail FULL may have.
pub const MAX_FULL_BATCH: usize = 10_000;

// === impl Client ===

impl Client {
    /// Resolves one flow, in full detail.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a flow that cannot be read; NOT_FOUND for a topology or a resource that does not exist; OUT_OF_RANGE for a revision that
    /// is not there.
    pub async fn resolve(
        &self,
        topology: &str,
        flow: v1::Flow,
        consistency: v1::Consistency,
    ) -> Result<v1::PathAnswer, ClientError> {
        let message = v1::ResolvePathRequest {
            topology: topology.to_owned(),
            consistency: Some(consistency),
            flow: Some(flow),
            changes: Vec::new(),
        };
        self.resolve_message(message).await
    }

    pub(crate) async fn resolve_message(
        &self,
        message: v1::ResolvePathRequest,
    ) -> Result<v1::PathAnswer, ClientError> {
        let answer = self
            .call(Call::safe(&message.topology), |attempt| {
                let (mut service, request) =
                    (self.path_service(), attempt.request(message.clone()));
                async move { service.resolve_path(request).await }
            })
            .await?;
        answer.answer.ok_or(ClientError::Incomplete {
            call: "ResolvePath",
            what: "the answer",
        })
    }

    /// Resolves many flows at one revision; the answer has an item for each, in their order. A fault of one flow is the `error` of its item. Whole answers have their
    /// traces in them.
    ///
    /// More than [`MAX_BATCH`] flows, with detail FULL more than [`MAX_FULL_BATCH`], are asked in several calls, the later ones at the very revision of the
    /// first: they fail with OUT_OF_RANGE if it is dropped in between. Calls whose answers would be larger than a message may be are made again with half
    /// as many flows. The deadline holds for each of the calls.
    ///
    /// # Errors
    /// NOT_FOUND for a topology that does not exist; OUT_OF_RANGE for a revision that is not there; RESOURCE_EXHAUSTED for a flow whose answer alone is too
    /// large.
    pub async fn batch(
        &self,
        topology: &str,
        flows: Vec<v1::Flow>,
        detail: v1::Detail,
        consistency: v1::Consistency,
    ) -> Result<v1::BatchResolvePathsResponse, ClientError> {
        let message = v1::BatchResolvePathsRequest {
            topology: topology.to_owned(),
            consistency: Some(consistency),
            flows,
            detail: detail.into(),
            changes: Vec::new(),
        };
        self.batch_message(message).await
    }

    /// All the flows of a message, in as many calls as it takes.
    pub(crate) async fn batch_message(
        &self,
        mut message: v1::BatchResolvePathsRequest,
    ) -> Result<v1::BatchResolvePathsResponse, ClientError> {
        let mut most = most_flows(message.detail());
        let mut rest = std::mem::take(&mut message.flows);
        let mut items = Vec::new();
        loop {
            let later = rest.split_off(rest.len().min(most));
            message.flows = std::mem::replace(&mut rest, later);
            let revision = match self.batch_once(&message).await {
                Ok(part) => {
                    items.extend(part.items);
                    part.revision
                }
                Err(error) if is_too_large(&error) && message.flows.len() > 1 => {
                    most = message.flows.len() / 2;
                    message.flows.append(&mut rest);
                    rest = std::mem::take(&mut message.flows);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if rest.is_empty() {
                return Ok(v1::BatchResolvePathsResponse {
                    revision,
                    items,
                    traces: None,
                });
            }
            message.consistency = Some(consistency::exactly(revision));
        }
    }

    async fn batch_once(
        &self,
        message: &v1::BatchResolvePathsRequest,
    ) -> Result<v1::BatchResolvePathsResponse, ClientError> {
        let mut answer = self
            .call(Call::safe(&message.topology), |attempt| {
                let (mut service, request) =
                    (self.path_service(), attempt.request(message.clone()));
                async move { service.batch_resolve_paths(request).await }
            })
            .await?;
        if answer.items.len() != message.flows.len() {
            return Err(ClientError::Incomplete {
                call: "BatchResolvePaths",
                what: "an item for each flow",
            });
        }
        let traces = answer.traces.take();
        put_back("BatchResolvePaths", &mut answer.items, traces)?;
        Ok(answer)
    }
}

/// How many flows one call may have.
fn most_flows(detail: v1::Detail) -> usize {
    match detail {
        v1::Detail::Full => MAX_FULL_BATCH,
        v1::Detail::Unspecified | v1::Detail::Verdict | v1::Detail::Path => MAX_BATCH,
    }
}

fn is_too_large(error: &ClientError) -> bool {
    error.reason() == Some(v1::ErrorReason::AnswerTooLarge)
}
