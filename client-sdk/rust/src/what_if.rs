//! What if: asking for paths with changes that are laid over a revision, of which nothing is stored.

use causeway_proto::v1;
use futures::stream::Stream;

use crate::batch::flows::Each;
use crate::stream::PathChunk;
use crate::{Batch, Client, ClientError, change};

/// Changes to ask for paths with; nothing is stored of them. It can be asked as often as one likes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let fake = causeway_client::fake::Fake::start().await?;
/// # fake.topology("prod");
/// # fake.answer(|_| Ok(causeway_client::fake::reachable(["i-0def"])));
/// # let client = fake.client().await?;
/// use causeway_client::{consistency, flow};
///
/// let flow = flow::tcp("i-0abc", "i-0def", 5432);
/// let closed = client.what_if("prod").delete("sg-0abc");
/// let answer = closed.resolve(flow, consistency::newest()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is asked yet"]
pub struct WhatIf<'c> {
    client: &'c Client,
    topology: String,
    changes: Vec<v1::Change>,
}

// === impl Client ===

impl Client {
    /// Begins changes of `topology` to ask for paths with. They hold for the calls that are made with them and for nobody else.
    pub fn what_if(&self, topology: &str) -> WhatIf<'_> {
        WhatIf {
            client: self,
            topology: topology.to_owned(),
            changes: Vec::new(),
        }
    }
}

// === impl WhatIf ===

impl WhatIf<'_> {
    /// Creates `resource`, or replaces the one with its id.
    pub fn put(self, resource: v1::Resource) -> Self {
        self.changes([change::put(resource)])
    }

    /// Deletes the resource with this id; it must exist.
    pub fn delete(self, resource_id: impl Into<String>) -> Self {
        self.changes([change::delete(resource_id)])
    }

    /// Gives the resource with this id the values that `resource` has at these paths, as `tags` or `subnet.cidr_blocks`; all else of it stays.
    pub fn patch<'p>(
        self,
        resource_id: impl Into<String>,
        resource: v1::Resource,
        paths: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        self.changes([change::patch(resource_id, resource, paths)])
    }

    /// Adds changes that are already made. All together may be 10,000.
    pub fn changes(mut self, changes: impl IntoIterator<Item = v1::Change>) -> Self {
        self.changes.extend(changes);
        self
    }

    /// Resolves one flow as [`Client::resolve`], with the changes. The answer tells the revision that lies beneath.
    ///
    /// # Errors
    /// INVALID_ARGUMENT names every fault of the changes; those of [`Client::resolve`].
    pub async fn resolve(
        &self,
        flow: impl Into<v1::Flow>,
        consistency: v1::Consistency,
    ) -> Result<v1::PathAnswer, ClientError> {
        let message = v1::ResolvePathRequest {
            topology: self.topology.clone(),
            consistency: Some(consistency),
            flow: Some(flow.into()),
            changes: self.changes.clone(),
        };
        self.client.resolve_message(message).await
    }

    /// Asks for any number of flows as [`Client::batch`], with the changes: each of its calls carries them.
    ///
    /// # Errors
    /// INVALID_ARGUMENT names every fault of the changes; those of [`Client::batch`].
    pub fn batch<I>(
        &self,
        flows: I,
        detail: v1::Detail,
        consistency: v1::Consistency,
    ) -> Batch<Each<I::IntoIter>>
    where
        I: IntoIterator<Item: Into<v1::Flow>>,
    {
        let message = v1::BatchResolvePathsRequest {
            topology: self.topology.clone(),
            consistency: Some(consistency),
            flows: Vec::new(),
            detail: detail.into(),
            changes: self.changes.clone(),
        };
        self.client.batch_of(message, Each(flows.into_iter()))
    }

    /// Resolves any number of flows as [`Client::stream_paths`], with the changes, which are sent once.
    ///
    /// # Errors
    /// INVALID_ARGUMENT names every fault of the changes; those of [`Client::stream_paths`].
    pub async fn stream_paths<C>(
        &self,
        chunks: C,
        detail: v1::Detail,
        consistency: v1::Consistency,
    ) -> Result<impl Stream<Item = Result<PathChunk, ClientError>> + Send + use<C>, ClientError>
    where
        C: Stream<Item = Vec<v1::Flow>> + Send + 'static,
    {
        let header = v1::StreamHeader {
            topology: self.topology.clone(),
            consistency: Some(consistency),
            detail: detail.into(),
            changes: self.changes.clone(),
        };
        self.client.stream_after(header, chunks).await
    }
}
