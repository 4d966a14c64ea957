//! Making, listing and deleting topologies.

use causeway_model::revision::{Revision, Timestamp, TopologyName};
use causeway_store::{Base, NewTopology, RequestRecord, StoreError, TopologyRecord};

use crate::commit::Request;
use crate::engine::Engine;
use crate::error::EngineError;

/// What is told of a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologyInfo {
    /// Its name.
    pub name: TopologyName,
    /// What it is for.
    pub description: String,
    /// When it was created.
    pub time: Timestamp,
    /// Its newest revision.
    pub revision: Revision,
    /// How many resources it holds there.
    pub resources: usize,
}

impl TopologyInfo {
    /// What is told of a topology that was just created.
    fn created(record: TopologyRecord) -> Self {
        Self {
            name: record.name,
            description: record.description,
            time: record.time,
            revision: Revision::ZERO,
            resources: 0,
        }
    }
}

// === impl Engine ===

impl Engine {
    /// Makes an empty topology, or tells of it again if this very request made it.
    ///
    /// # Errors
    /// [`EngineError::TopologyExists`] if the name is taken; [`EngineError::RequestReused`] if the request id is, by another request.
    pub async fn create_topology(
        &self,
        name: TopologyName,
        description: String,
        request: Option<Request>,
    ) -> Result<TopologyInfo, EngineError> {
        let time = self.clock.now();
        let record = request.clone().map(|request| RequestRecord {
            key: request.key,
            digest: request.digest,
            time,
            revision: Revision::ZERO,
            counts: [0; 4],
        });
        let new = NewTopology {
            name: name.clone(),
            description,
            time,
            request: record,
            base: Base::Empty,
        };
        match self.store.create(new).await {
            Ok(record) => Ok(TopologyInfo::created(record)),
            Err(StoreError::NameTaken { .. }) => self.created_before(name, request).await,
            Err(error) => Err(EngineError::from_store(error, &name)),
        }
    }

    async fn created_before(
        &self,
        name: TopologyName,
        request: Option<Request>,
    ) -> Result<TopologyInfo, EngineError> {
        let fail = |error| EngineError::from_store(error, &name);
        let (Some(request), Some(record)) = (request, self.store.find(&name).await.map_err(fail)?)
        else {
            return Err(EngineError::TopologyExists { name });
        };
        match self
            .store
            .request(record.id, &request.key)
            .await
            .map_err(fail)?
        {
            Some(first) if first.digest == request.digest => Ok(TopologyInfo::created(record)),
            Some(_) => Err(EngineError::RequestReused { id: request.key.id }),
            None => Err(EngineError::TopologyExists { name }),
        }
    }

    /// Tells what a topology is.
    ///
    /// # Errors
    /// [`EngineError::TopologyNotFound`] if there is none of this name.
    pub async fn get_topology(&self, name: &TopologyName) -> Result<TopologyInfo, EngineError> {
        let topology = self.topology(name).await?;
        let (head, record) = (topology.head(), &topology.record);
        Ok(TopologyInfo {
            name: record.name.clone(),
            description: record.description.clone(),
            time: record.time,
            revision: head.revision,
            resources: head.snapshot.len(),
        })
    }

    /// Lists topologies after a name, by name, at most so many; and whether there are more.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_topologies(
        &self,
        after: Option<&TopologyName>,
        limit: usize,
    ) -> Result<(Vec<TopologyInfo>, bool), EngineError> {
        let records = self
            .store
            .list()
            .await
            .map_err(|source| EngineError::StoreFailed { source })?;
        let mut found = Vec::new();
        for record in records
            .into_iter()
            .filter(|record| after.is_none_or(|after| record.name > *after))
        {
            if found.len() == limit {
                return Ok((found, true));
            }
            match self.get_topology(&record.name).await {
                Ok(info) => found.push(info),
                // It was deleted after the list was read.
                Err(EngineError::TopologyNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((found, false))
    }

    /// Deletes a topology with all its revisions.
    ///
    /// # Errors
    /// [`EngineError::TopologyNotFound`] if there is none of this name.
    pub async fn delete_topology(&self, name: TopologyName) -> Result<(), EngineError> {
        let engine = self.clone();
        self.uncancelled(async move { engine.delete_locked(&name).await })
            .await
    }

    async fn delete_locked(&self, name: &TopologyName) -> Result<(), EngineError> {
        let topology = self.topology(name).await?;
        let _lock = self.registry.lock(name).lock().await;
        let _turn = topology.turn().await?;
        let id = topology.record.id;
        self.store
            .delete(id, None)
            .await
            .map_err(|error| EngineError::from_store(error, name))?;
        topology.mark_deleted();
        self.registry.remove(name);
        self.states.forget(id);
        Ok(())
    }
}
