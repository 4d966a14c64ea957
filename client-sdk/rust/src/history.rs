//! Looking back: what differs between revisions.

use futures::stream::{Stream, TryStreamExt};

use causeway_proto::v1;
use v1::diff_revisions_request::{From, To};

use crate::call::Call;
use crate::pages::{PAGE_SIZE, pages};
use crate::{At, Client, ClientError};

/// What differs between two revisions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Differences {
    /// The revision that was compared.
    pub from: u64,
    /// The revision that it was compared with.
    pub to: u64,
    /// The resources that differ, by id.
    pub resources: Vec<v1::ResourceDifference>,
}

// === impl Client ===

impl Client {
    /// Tells what differs in `to` from `from`, of the resources that meet `filter` in one of the two. Each is a revision, a time or a label.
    ///
    /// # Errors
    /// OUT_OF_RANGE for a revision that does not exist, or is no longer kept; NOT_FOUND for a label that no revision has; INVALID_ARGUMENT for [`At::Newest`] as `from`.
    pub async fn diff_revisions(
        &self,
        topology: &str,
        (from, to): (impl Into<At>, impl Into<At>),
        filter: v1::ResourceFilter,
    ) -> Result<Differences, ClientError> {
        let message = v1::DiffRevisionsRequest {
            topology: topology.to_owned(),
            from: match from.into() {
                At::Newest => None,
                At::Revision(revision) => Some(From::FromRevision(revision)),
                At::Time(time) => Some(From::FromAsOf(time)),
                At::Label(label) => Some(From::FromLabel(label)),
            },
            to: match to.into() {
                At::Newest => None,
                At::Revision(revision) => Some(To::ToRevision(revision)),
                At::Time(time) => Some(To::ToAsOf(time)),
                At::Label(label) => Some(To::ToLabel(label)),
            },
            filter: Some(filter),
            page_size: PAGE_SIZE,
            page_token: String::new(),
        };
        self.difference_pages(message)
            .try_fold(Differences::default(), async |mut all, page| {
                (all.from, all.to) = (page.from_revision, page.to_revision);
                all.resources.extend(page.differences);
                Ok(all)
            })
            .await
    }

    fn difference_pages(
        &self,
        message: v1::DiffRevisionsRequest,
    ) -> impl Stream<Item = Result<v1::DiffRevisionsResponse, ClientError>> {
        pages(move |page_token| {
            let message = v1::DiffRevisionsRequest {
                page_token,
                ..message.clone()
            };
            async move {
                let mut answer = self.diff_revisions_once(message).await?;
                let next = std::mem::take(&mut answer.next_page_token);
                Ok((answer, next))
            }
        })
    }

    async fn diff_revisions_once(
        &self,
        message: v1::DiffRevisionsRequest,
    ) -> Result<v1::DiffRevisionsResponse, ClientError> {
        self.call(Call::read(&message.topology), |attempt| {
            let (mut service, request) =
                (self.topology_service(), attempt.request(message.clone()));
            async move { service.diff_revisions(request).await }
        })
        .await
    }
}
