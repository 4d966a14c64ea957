//! Names of revisions.

use futures::stream::TryStreamExt;

use causeway_proto::v1::{self, set_revision_label_request as set};

use crate::apply::new_request_id;
use crate::call::Call;
use crate::pages::{PAGE_SIZE, pages};
use crate::{At, Client, ClientError};

// === impl Client ===

impl Client {
    /// Gives a revision a label, which is taken from another one if that has it. The revision is named by its number, a time, another label, or it is
    /// the newest (`None`).
    ///
    /// # Errors
    /// FAILED_PRECONDITION if the topology has as many labels as it may have; OUT_OF_RANGE for a revision that does not exist or is no longer kept.
    pub async fn set_label(
        &self,
        topology: &str,
        label: &str,
        at: impl Into<At>,
    ) -> Result<v1::RevisionLabel, ClientError> {
        let message = v1::SetRevisionLabelRequest {
            topology: topology.to_owned(),
            label: label.to_owned(),
            at: match at.into() {
                At::Newest => None,
                At::Revision(revision) => Some(set::At::Revision(revision)),
                At::Time(time) => Some(set::At::AsOf(time)),
                At::Label(label) => Some(set::At::OtherLabel(label)),
            },
            request_id: new_request_id(),
        };
        let answer = self
            .call(Call::safe(topology), |attempt| {
                let (mut service, request) =
                    (self.topology_service(), attempt.request(message.clone()));
                async move { service.set_revision_label(request).await }
            })
            .await?;
        answer.label.ok_or(ClientError::Incomplete {
            call: "SetRevisionLabel",
            what: "the label",
        })
    }

    /// Takes a label away; its revision stays.
    ///
    /// # Errors
    /// NOT_FOUND if there is no such label.
    pub async fn delete_label(&self, topology: &str, label: &str) -> Result<(), ClientError> {
        let message = v1::DeleteRevisionLabelRequest {
            topology: topology.to_owned(),
            label: label.to_owned(),
            request_id: new_request_id(),
        };
        self.call(Call::safe(topology), |attempt| {
            let (mut service, request) =
                (self.topology_service(), attempt.request(message.clone()));
            async move { service.delete_revision_label(request).await }
        })
        .await?;
        Ok(())
    }

    /// Lists all labels of a topology, by name.
    ///
    /// # Errors
    /// NOT_FOUND if there is no such topology.
    pub async fn list_labels(&self, topology: &str) -> Result<Vec<v1::RevisionLabel>, ClientError> {
        pages(async |page_token| {
            let message = v1::ListRevisionLabelsRequest {
                topology: topology.to_owned(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let answer = self
                .call(Call::read(topology), |attempt| {
                    let (mut service, request) =
                        (self.topology_service(), attempt.request(message.clone()));
                    async move { service.list_revision_labels(request).await }
                })
                .await?;
            Ok((answer.labels, answer.next_page_token))
        })
        .try_concat()
        .await
    }
}
