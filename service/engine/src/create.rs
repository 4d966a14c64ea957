//! Making and listing topologies.

use causeway_model::revision::{Revision, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;
use causeway_store::{Base, NewTopology, Origin, StoreError, TopologyRecord};

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
    pub resources: u64,
    /// The oldest revision that can be read.
    pub oldest: Revision,
    /// Where it was forked from, if it was.
    pub origin: Option<Origin>,
}

impl TopologyInfo {
    /// What is told of a topology that was just created, and holds this many resources.
    pub(crate) fn created(record: TopologyRecord, resources: u64) -> Self {
        Self {
            name: record.name,
            description: record.description,
            time: record.time,
            revision: Revision::ZERO,
            resources,
            oldest: Revision::ZERO,
            origin: record.origin,
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
        let record = request.clone();
        let new = NewTopology {
            name: name.clone(),
            description,
            time,
            request: record.map(|request| request.recorded(time, Revision::ZERO, [0; 4])),
            base: Base::Empty,
        };
        match self.store.create(new).await {
            Ok(record) => Ok(TopologyInfo::created(record, 0)),
            Err(StoreError::NameTaken { .. }) => self.created_before(name, request).await,
            Err(error) => Err(EngineError::from_store(error, &name)),
        }
    }

    /// What the very request that made the topology of this name was told.
    pub(crate) async fn created_before(
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
            Some(first) if first.digest == request.digest => {
                let [resources, ..] = first.counts;
                Ok(TopologyInfo::created(record, resources))
            }
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
        let record = self.current(&topology.record).await?;
        let head = topology.head();
        Ok(TopologyInfo {
            name: record.name,
            description: record.description,
            time: record.time,
            revision: head.revision,
            resources: count(&head.snapshot),
            // What the store lets go a moment before is told, as it is refused, from then on.
            oldest: topology.oldest(),
            origin: record.origin,
        })
    }

    /// The names of all topologies, damaged ones among them, if they have one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn topology_names(&self) -> Result<Vec<TopologyName>, EngineError> {
        let records = self.store.list().await;
        let records = records.map_err(|source| EngineError::StoreFailed { source })?;
        Ok(records.into_iter().map(|record| record.name).collect())
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
            .filter(|record| {
                self.guard
                    .as_ref()
                    .is_none_or(|guard| guard.lists(&record.name))
            })
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
}

/// How many resources a state has.
pub(crate) fn count(snapshot: &Snapshot) -> u64 {
    u64::try_from(snapshot.len()).unwrap_or(u64::MAX)
}
