//! Applying a set of changes.

use uuid::Uuid;

use causeway_proto::v1;

use crate::call::Call;
use crate::{Client, ClientError, change};

/// A set of changes on its way; [`Apply::send`] sends it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let fake = causeway_client::fake::Fake::start().await?;
/// # fake.topology("prod");
/// # let client = fake.client().await?;
/// use causeway_client::resource::{Home, Traffic};
/// use causeway_client::v1::ErrorReason;
///
/// let home = Home::new("111122223333", "eu-west-1");
/// let group = home.security_group("sg-0abc", "vpc-0abc").ingress(Traffic::tcp(443), "10.0.0.0/8");
/// let head = client.get_topology("prod").await?.revision;
/// let apply = client.apply("prod").put(group.build()?).expected_revision(head);
/// match apply.author("me").message("open the portal").send().await {
///     Ok(applied) => assert_eq!(applied.revision, head + 1),
///     Err(error) if error.reason() == Some(ErrorReason::RevisionMismatch) => {
///         // Somebody else was first: read again what it is now.
///     }
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is applied before `send`"]
pub struct Apply<'c> {
    client: &'c Client,
    request: v1::ApplyChangesRequest,
}

// === impl Client ===

impl Client {
    /// Begins a set of changes to `topology`, which take effect together or not at all.
    pub fn apply(&self, topology: &str) -> Apply<'_> {
        self.apply_request(v1::ApplyChangesRequest {
            topology: topology.to_owned(),
            ..v1::ApplyChangesRequest::default()
        })
    }

    /// The same, from a request that is already made.
    pub fn apply_request(&self, request: v1::ApplyChangesRequest) -> Apply<'_> {
        Apply {
            client: self,
            request,
        }
    }
}

// === impl Apply ===

impl Apply<'_> {
    /// Creates `resource`, or replaces the one with its id.
    pub fn put(self, resource: v1::Resource) -> Self {
        self.change(change::put(resource))
    }

    /// Deletes the resource with this id; it must exist.
    pub fn delete(self, resource_id: impl Into<String>) -> Self {
        self.change(change::delete(resource_id))
    }

    /// Gives the resource with this id the values that `resource` has at these paths, as `tags` or `subnet.cidr_blocks`; all else of it stays.
    pub fn patch<'p>(
        self,
        resource_id: impl Into<String>,
        resource: v1::Resource,
        paths: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        self.change(change::patch(resource_id, resource, paths))
    }

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

    /// Who applies it.
    pub fn author(mut self, author: impl Into<String>) -> Self {
        self.request.author = author.into();
        self
    }

    /// Why.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.request.message = message.into();
        self
    }

    /// Sends the set. When this returns without error, it is durable (or checked, with `validate_only`).
    ///
    /// # Errors
    /// INVALID_ARGUMENT names every fault of the set; ABORTED if the head is not at the expected revision.
    pub async fn send(mut self) -> Result<v1::ApplyChangesResponse, ClientError> {
        // A check stores nothing, so it needs no id to be repeated.
        if self.request.request_id.is_empty() && !self.request.validate_only {
            self.request.request_id = new_request_id();
        }
        let (client, message) = (self.client, self.request);
        client
            .call(Call::safe(&message.topology), |attempt| {
                let (mut service, request) =
                    (client.topology_service(), attempt.request(message.clone()));
                async move { service.apply_changes(request).await }
            })
            .await
    }

    fn change(mut self, change: v1::Change) -> Self {
        self.request.changes.push(change);
        self
    }
}

/// An id that no other request has.
pub(crate) fn new_request_id() -> String {
    Uuid::new_v4().to_string()
}
