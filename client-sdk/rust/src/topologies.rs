//! Reading topologies, their resources and revisions, and making and deleting them.

use futures::stream::{self, Stream, TryStreamExt};

use causeway_proto::v1;

use crate::apply::new_request_id;
use crate::call::Call;
use crate::pages::{PAGE_SIZE, pages};
use crate::{At, Client, ClientError};

/// The resources that a list has, all read at one revision.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceList {
    /// The revision.
    pub revision: u64,
    /// The resources, by id.
    pub resources: Vec<v1::Resource>,
}

// === impl Client ===

impl Client {
    /// Makes an empty topology. `description` may be empty. [`Client::fork`] makes one that is not.
    ///
    /// # Errors
    /// ALREADY_EXISTS if the name is taken; INVALID_ARGUMENT if it is no name.
    pub async fn create_topology(
        &self,
        name: &str,
        description: &str,
    ) -> Result<v1::Topology, ClientError> {
        let message = v1::CreateTopologyRequest {
            name: name.to_owned(),
            description: description.to_owned(),
            request_id: new_request_id(),
            source: None,
        };
        self.create(message).await
    }

    /// Makes a topology, or a fork, whose request has an id.
    pub(crate) async fn create(
        &self,
        message: v1::CreateTopologyRequest,
    ) -> Result<v1::Topology, ClientError> {
        let answer = self
            .call(Call::safe(&message.name), |attempt| {
                let (mut service, request) =
                    (self.topology_service(), attempt.request(message.clone()));
                async move { service.create_topology(request).await }
            })
            .await?;
        answer.topology.ok_or(ClientError::Incomplete {
            call: "CreateTopology",
            what: "the topology",
        })
    }

    /// Tells what a topology is.
    ///
    /// # Errors
    /// NOT_FOUND if there is none of this name.
    pub async fn get_topology(&self, name: &str) -> Result<v1::Topology, ClientError> {
        let message = v1::GetTopologyRequest {
            name: name.to_owned(),
        };
        let answer = self
            .call(Call::read(name), |attempt| {
                let (mut service, request) =
                    (self.topology_service(), attempt.request(message.clone()));
                async move { service.get_topology(request).await }
            })
            .await?;
        answer.topology.ok_or(ClientError::Incomplete {
            call: "GetTopology",
            what: "the topology",
        })
    }

    /// Lists all topologies, by name.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list_topologies(&self) -> Result<Vec<v1::Topology>, ClientError> {
        pages(async |page_token| {
            let message = v1::ListTopologiesRequest {
                page_size: PAGE_SIZE,
                page_token,
            };
            let answer = self
                .call(Call::read(""), |attempt| {
                    let (mut service, request) =
                        (self.topology_service(), attempt.request(message.clone()));
                    async move { service.list_topologies(request).await }
                })
                .await?;
            Ok((answer.topologies, answer.next_page_token))
        })
        .try_concat()
        .await
    }

    /// Deletes a topology with all its revisions and labels, for good; its forks stay. Its request id keeps an attempt that is repeated from deleting
    /// a topology that was made since under the same name.
    ///
    /// # Errors
    /// NOT_FOUND if there is none of this name.
    pub async fn delete_topology(&self, name: &str) -> Result<(), ClientError> {
        let message = v1::DeleteTopologyRequest {
            name: name.to_owned(),
            request_id: new_request_id(),
        };
        self.call(Call::safe(name), |attempt| {
            let (mut service, request) =
                (self.topology_service(), attempt.request(message.clone()));
            async move { service.delete_topology(request).await }
        })
        .await?;
        Ok(())
    }

    /// Reads one resource, at a revision, a time, a label, or (`None`) the newest revision.
    ///
    /// # Errors
    /// NOT_FOUND if the topology does not hold it there; OUT_OF_RANGE if there is no such revision, or the topology was not there at that time.
    pub async fn get_resource(
        &self,
        topology: &str,
        resource_id: &str,
        at: impl Into<At>,
    ) -> Result<v1::Resource, ClientError> {
        let (revision, as_of, label) = at.into().fields();
        let message = v1::GetResourceRequest {
            topology: topology.to_owned(),
            resource_id: resource_id.to_owned(),
            revision,
            as_of,
            label,
        };
        let answer = self
            .call(Call::read(topology), |attempt| {
                let (mut service, request) =
                    (self.topology_service(), attempt.request(message.clone()));
                async move { service.get_resource(request).await }
            })
            .await?;
        answer.resource.ok_or(ClientError::Incomplete {
            call: "GetResource",
            what: "the resource",
        })
    }

    /// Lists all resources that meet `filter`, at a revision, a time, a label, or (`None`) the newest revision.
    ///
    /// # Errors
    /// OUT_OF_RANGE if there is no such revision, or it is no longer kept, or the topology was not there at that time.
    pub async fn list_resources(
        &self,
        topology: &str,
        at: impl Into<At>,
        filter: v1::ResourceFilter,
    ) -> Result<ResourceList, ClientError> {
        let empty = ResourceList {
            revision: 0,
            resources: Vec::new(),
        };
        self.resource_pages(topology, at.into(), filter)
            .try_fold(empty, async |mut list, page| {
                list.revision = page.revision;
                list.resources.extend(page.resources);
                Ok(list)
            })
            .await
    }

    /// The same as a stream, which asks for a page when the one before is used up.
    pub fn stream_resources(
        &self,
        topology: &str,
        at: impl Into<At>,
        filter: v1::ResourceFilter,
    ) -> impl Stream<Item = Result<v1::Resource, ClientError>> {
        self.resource_pages(topology, at.into(), filter)
            .map_ok(|page| stream::iter(page.resources.into_iter().map(Ok)))
            .try_flatten()
    }

    /// Lists the revisions, newest first, as a stream: from a revision down, from the one of a time or a label, or (`None`) from the newest.
    pub fn stream_revisions(
        &self,
        topology: &str,
        from: impl Into<At>,
    ) -> impl Stream<Item = Result<v1::Revision, ClientError>> {
        let (revision, as_of, label) = from.into().fields();
        pages(move |page_token| {
            let message = v1::ListRevisionsRequest {
                topology: topology.to_owned(),
                page_size: PAGE_SIZE,
                page_token,
                revision,
                as_of,
                label: label.clone(),
            };
            async move {
                let answer = self
                    .call(Call::read(topology), |attempt| {
                        let (mut service, request) =
                            (self.topology_service(), attempt.request(message.clone()));
                        async move { service.list_revisions(request).await }
                    })
                    .await?;
                Ok((answer.revisions, answer.next_page_token))
            }
        })
        .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
        .try_flatten()
    }

    /// Lists all revisions that are kept, newest first.
    ///
    /// # Errors
    /// NOT_FOUND if there is no such topology.
    pub async fn list_revisions(&self, topology: &str) -> Result<Vec<v1::Revision>, ClientError> {
        self.stream_revisions(topology, None).try_collect().await
    }

    fn resource_pages(
        &self,
        topology: &str,
        at: At,
        filter: v1::ResourceFilter,
    ) -> impl Stream<Item = Result<v1::ListResourcesResponse, ClientError>> {
        let (revision, as_of, label) = at.fields();
        pages(move |page_token| {
            let message = v1::ListResourcesRequest {
                topology: topology.to_owned(),
                revision,
                as_of,
                label: label.clone(),
                filter: Some(filter.clone()),
                page_size: PAGE_SIZE,
                page_token,
            };
            async move {
                let mut answer = self.list_resources_once(message).await?;
                let next = std::mem::take(&mut answer.next_page_token);
                Ok((answer, next))
            }
        })
    }

    async fn list_resources_once(
        &self,
        message: v1::ListResourcesRequest,
    ) -> Result<v1::ListResourcesResponse, ClientError> {
        self.call(Call::read(&message.topology), |attempt| {
            let (mut service, request) =
                (self.topology_service(), attempt.request(message.clone()));
            async move { service.list_resources(request).await }
        })
        .await
    }
}
