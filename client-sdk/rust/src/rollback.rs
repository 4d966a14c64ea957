//! Going back to an earlier revision.

use causeway_proto::v1::{self, rollback_topology_request::To};

use crate::apply::new_request_id;
use crate::call::Call;
use crate::{At, Client, ClientError};

/// A rollback on its way; [`Rollback::send`] sends it.
#[derive(Debug, Clone)]
#[must_use = "nothing is changed before `send`"]
pub struct Rollback<'c> {
    client: &'c Client,
    request: v1::RollbackTopologyRequest,
}

// === impl Client ===

impl Client {
    /// Begins to go back: to a new revision of `topology` that holds what this one holds, which is named by its number, a time or a label. The revisions in
    /// between stay, so that a rollback can be rolled back.
    pub fn rollback(&self, topology: &str, to: impl Into<At>) -> Rollback<'_> {
        let to = match to.into() {
            At::Newest => None,
            At::Revision(revision) => Some(To::ToRevision(revision)),
            At::Time(time) => Some(To::ToAsOf(time)),
            At::Label(label) => Some(To::ToLabel(label)),
        };
        Rollback {
            client: self,
            request: v1::RollbackTopologyRequest {
                topology: topology.to_owned(),
                to,
                ..v1::RollbackTopologyRequest::default()
            },
        }
    }
}

// === impl Rollback ===

impl Rollback<'_> {
    /// The revision that the head must be at; any, if not given.
    pub fn expected_revision(mut self, revision: u64) -> Self {
        self.request.expected_revision = Some(revision);
        self
    }

    /// Whether to check alone, and store nothing.
    pub fn validate_only(mut self, validate_only: bool) -> Self {
        self.request.validate_only = validate_only;
        self
    }

    /// The id of this request, up to 128 bytes. Without one a new one is made up, so that it can be repeated safely.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request.request_id = id.into();
        self
    }

    /// Who goes back.
    pub fn author(mut self, author: impl Into<String>) -> Self {
        self.request.author = author.into();
        self
    }

    /// Why. Without it, the revision's message says what was gone back to.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.request.message = message.into();
        self
    }

    /// Goes back. When this returns without error, the new revision is durable (or checked, with `validate_only`).
    ///
    /// # Errors
    /// ABORTED if the head is not at the expected revision; OUT_OF_RANGE for a revision that does not exist or is no longer kept; NOT_FOUND for a label that no
    /// revision has; INVALID_ARGUMENT for [`At::Newest`].
    pub async fn send(mut self) -> Result<v1::RollbackTopologyResponse, ClientError> {
        // A check stores nothing, so it needs no id to be repeated.
        if self.request.request_id.is_empty() && !self.request.validate_only {
            self.request.request_id = new_request_id();
        }
        let (client, message) = (self.client, self.request);
        client
            .call(Call::safe(&message.topology), |attempt| {
                let (mut service, request) =
                    (client.topology_service(), attempt.request(message.clone()));
                async move { service.rollback_topology(request).await }
            })
            .await
    }
}
