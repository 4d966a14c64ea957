//! Importing many resources as one revision: a stream of messages of bounded size, made only as fast as the service takes them.

use std::sync::Arc;

use futures::stream;
use prost::Message;

use causeway_proto::v1::{self, import_resources_request::Part};

use crate::apply::new_request_id;
use crate::call::{Call, Repeat};
use crate::{Client, ClientError};

/// Size at which a chunk is full, in bytes. Small enough for flow control to work on, large enough for its framing not to matter.
const CHUNK_BYTES: usize = 256 * 1024;

/// An import on its way; [`Import::send`] sends it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let fake = causeway_client::fake::Fake::start().await?;
/// # fake.topology("prod");
/// # let client = fake.client().await?;
/// use causeway_client::{resource::Home, v1};
///
/// // What it holds of VPCs of this account and Region is all that there is: others are deleted.
/// let scope = v1::ImportScope {
///     owner_id: "111122223333".to_owned(),
///     region: "eu-west-1".to_owned(),
///     kind: v1::ResourceKind::Vpc.into(),
/// };
/// let vpc = Home::new("111122223333", "eu-west-1").vpc("vpc-0abc", "10.0.0.0/16").build()?;
/// let imported = client.import("prod").scopes([scope]).author("collector").send(vec![vpc]).await?;
/// assert_eq!(imported.revision, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is imported before `send`"]
pub struct Import<'c> {
    client: &'c Client,
    header: v1::ImportHeader,
}

/// The messages of an import: the header, then chunks.
struct Messages<I: Iterator> {
    header: Option<v1::ImportHeader>,
    resources: std::iter::Peekable<I>,
}

// === impl Client ===

impl Client {
    /// Begins an import into `topology`.
    pub fn import(&self, topology: &str) -> Import<'_> {
        Import {
            client: self,
            header: v1::ImportHeader {
                topology: topology.to_owned(),
                ..v1::ImportHeader::default()
            },
        }
    }
}

// === impl Import ===

impl Import<'_> {
    /// What the resources are complete for: what these scopes hold and the import lacks is deleted. None by default, then nothing is deleted.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = v1::ImportScope>) -> Self {
        self.header.scopes.extend(scopes);
        self
    }

    /// The revision that the head must be at; any, if not given.
    pub fn expected_revision(mut self, revision: u64) -> Self {
        self.header.expected_revision = Some(revision);
        self
    }

    /// The id of this request, up to 128 bytes. Without one a new one is made up, so that it can be repeated safely.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.header.request_id = id.into();
        self
    }

    /// Who imports.
    pub fn author(mut self, author: impl Into<String>) -> Self {
        self.header.author = author.into();
        self
    }

    /// Why.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.header.message = message.into();
        self
    }

    /// Sends the resources. They are kept until the answer is there, so that the import can be repeated.
    ///
    /// # Errors
    /// INVALID_ARGUMENT names every fault; ABORTED if the head is not at the expected revision.
    pub async fn send(
        self,
        resources: Vec<v1::Resource>,
    ) -> Result<v1::ImportResourcesResponse, ClientError> {
        let resources = Arc::new(resources);
        self.run(Repeat::Safe, || {
            let shared = Arc::clone(&resources);
            (0..shared.len()).map_while(move |at| shared.get(at).cloned())
        })
        .await
    }

    /// Sends resources as they are made, without keeping them. They are there once, so the import is never repeated.
    ///
    /// # Errors
    /// As [`Import::send`].
    pub async fn send_once<I>(
        self,
        resources: I,
    ) -> Result<v1::ImportResourcesResponse, ClientError>
    where
        I: Iterator<Item = v1::Resource> + Send + 'static,
    {
        let mut resources = Some(resources);
        self.run(Repeat::Never, || resources.take().into_iter().flatten())
            .await
    }

    async fn run<I>(
        mut self,
        repeat: Repeat,
        mut resources: impl FnMut() -> I,
    ) -> Result<v1::ImportResourcesResponse, ClientError>
    where
        I: Iterator<Item = v1::Resource> + Send + 'static,
    {
        if self.header.request_id.is_empty() {
            self.header.request_id = new_request_id();
        }
        let (client, header) = (self.client, self.header);
        let call = Call {
            topology: &header.topology,
            repeat,
        };
        client
            .call(call, |attempt| {
                let messages = Messages {
                    header: Some(header.clone()),
                    resources: resources().peekable(),
                };
                let request = attempt.request(stream::iter(messages));
                let mut service = client.topology_service();
                async move { service.import_resources(request).await }
            })
            .await
    }
}

// === impl Messages ===

impl<I: Iterator<Item = v1::Resource>> Iterator for Messages<I> {
    type Item = v1::ImportResourcesRequest;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(header) = self.header.take() {
            return Some(message(Part::Header(header)));
        }
        let mut resources = vec![self.resources.next()?];
        let mut bytes = resources.first().map_or(0, framed_len);
        while let Some(resource) = self
            .resources
            .next_if(|next| bytes + framed_len(next) <= CHUNK_BYTES)
        {
            bytes += framed_len(&resource);
            resources.push(resource);
        }
        Some(message(Part::Chunk(v1::ImportChunk { resources })))
    }
}

/// Bytes that a resource takes in a chunk, its tag and length included.
fn framed_len(resource: &v1::Resource) -> usize {
    let len = resource.encoded_len();
    1 + prost::length_delimiter_len(len) + len
}

fn message(part: Part) -> v1::ImportResourcesRequest {
    v1::ImportResourcesRequest { part: Some(part) }
}

#[cfg(test)]
mod tests;
