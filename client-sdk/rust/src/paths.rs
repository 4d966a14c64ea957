//! Asking for paths: one, or many at one revision.

use causeway_proto::v1;

use crate::call::Call;
use crate::{Client, ClientError, consistency};

/// How many flows one call of a batch may have.
pub const MAX_BATCH: usize = 100_000;

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
        };
        let answer = self
            .call(Call::safe(topology), |attempt| {
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

    /// Resolves many flows at one revision; the answer has an item for each, in their order. A fault of one flow is the `error` of its item.
    ///
    /// More than [`MAX_BATCH`] flows are asked in several calls, the later ones at the very revision of the first: they fail with OUT_OF_RANGE if it is
    /// dropped in between. The deadline holds for each of the calls.
    ///
    /// # Errors
    /// NOT_FOUND for a topology that does not exist; OUT_OF_RANGE for a revision that is not there.
    pub async fn batch(
        &self,
        topology: &str,
        mut flows: Vec<v1::Flow>,
        detail: v1::Detail,
        consistency: v1::Consistency,
    ) -> Result<v1::BatchResolvePathsResponse, ClientError> {
        let mut rest = flows.split_off(flows.len().min(MAX_BATCH));
        let request = |flows, consistency| v1::BatchResolvePathsRequest {
            topology: topology.to_owned(),
            consistency: Some(consistency),
            flows,
            detail: detail.into(),
        };
        let mut answer = self.batch_once(request(flows, consistency)).await?;
        while !rest.is_empty() {
            let next = rest.split_off(rest.len().min(MAX_BATCH));
            let flows = std::mem::replace(&mut rest, next);
            let pinned = consistency::exactly(answer.revision);
            let more = self.batch_once(request(flows, pinned)).await?;
            answer.items.extend(more.items);
        }
        Ok(answer)
    }

    async fn batch_once(
        &self,
        message: v1::BatchResolvePathsRequest,
    ) -> Result<v1::BatchResolvePathsResponse, ClientError> {
        let answer = self
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
        Ok(answer)
    }
}
