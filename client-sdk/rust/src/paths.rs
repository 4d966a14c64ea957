//! Asking for one path.

use std::sync::Arc;

use causeway_proto::v1;

use crate::call::Call;
use crate::{Client, ClientError};

const METHOD: &str = "/causeway.v1.PathService/ResolvePath";

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
        flow: impl Into<v1::Flow>,
        consistency: v1::Consistency,
    ) -> Result<v1::PathAnswer, ClientError> {
        let message = v1::ResolvePathRequest {
            topology: topology.to_owned(),
            consistency: Some(consistency),
            flow: Some(flow.into()),
            changes: Vec::new(),
        };
        self.resolve_message(message).await
    }

    pub(crate) async fn resolve_message(
        &self,
        message: v1::ResolvePathRequest,
    ) -> Result<v1::PathAnswer, ClientError> {
        let message = Arc::new(message);
        let answer: v1::ResolvePathResponse = self
            .call(Call::read(&message.topology), |attempt| {
                let request = attempt.request(Arc::clone(&message));
                async move { self.send_shared(METHOD, request).await }
            })
            .await?;
        answer.answer.ok_or(ClientError::Incomplete {
            call: "ResolvePath",
            what: "the answer",
        })
    }
}
