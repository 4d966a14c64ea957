//! Making a topology that begins with what another one holds.

use causeway_proto::v1::{self, topology_source};

use crate::apply::new_request_id;
use crate::{At, Client, ClientError};

/// A fork on its way; [`Fork::send`] sends it.
#[derive(Debug, Clone)]
#[must_use = "nothing is made before `send`"]
pub struct Fork<'c> {
    client: &'c Client,
    request: v1::CreateTopologyRequest,
    source: v1::TopologySource,
}

// === impl Client ===

impl Client {
    /// Begins to make a topology `name` whose revision 0 is what `source` holds at its newest revision, or elsewhere ([`Fork::at`]). Nothing is copied for
    /// it, and the two go on apart from each other.
    pub fn fork(&self, source: &str, name: &str) -> Fork<'_> {
        Fork {
            client: self,
            request: v1::CreateTopologyRequest {
                name: name.to_owned(),
                ..v1::CreateTopologyRequest::default()
            },
            source: v1::TopologySource {
                topology: source.to_owned(),
                at: None,
            },
        }
    }
}

// === impl Fork ===

impl Fork<'_> {
    /// Where the source is forked: at a revision, a time or a label.
    pub fn at(mut self, at: impl Into<At>) -> Self {
        use topology_source::At as Wire;
        self.source.at = match at.into() {
            At::Newest => None,
            At::Revision(revision) => Some(Wire::Revision(revision)),
            At::Time(time) => Some(Wire::AsOf(time)),
            At::Label(label) => Some(Wire::Label(label)),
        };
        self
    }

    /// What the new topology is for.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.request.description = description.into();
        self
    }

    /// The id of this request, up to 128 bytes. Without one a new one is made up, so that it can be repeated safely.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request.request_id = id.into();
        self
    }

    /// Makes the fork. When this returns without error, it is durable.
    ///
    /// # Errors
    /// ALREADY_EXISTS if the name is taken; for the source NOT_FOUND if there is none of this name or no such label, OUT_OF_RANGE for a revision that does not
    /// exist or is no longer kept.
    pub async fn send(mut self) -> Result<v1::Topology, ClientError> {
        if self.request.request_id.is_empty() {
            self.request.request_id = new_request_id();
        }
        self.request.source = Some(self.source);
        self.client.create(self.request).await
    }
}
