//! Deleting a topology, for good and once.

use causeway_model::revision::TopologyName;
use causeway_store::StoreError;

use crate::commit::Request;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::topology::Topology;

/// How often the forks of a topology are detached, for those that are made meanwhile.
const ATTEMPTS: usize = 16;

// === impl Engine ===

impl Engine {
    /// Deletes a topology with all its revisions. Its forks stay, and have states of their own before it goes. If this very request deleted a topology of
    /// this name before, nothing is deleted, whatever has the name now.
    ///
    /// # Errors
    /// [`EngineError::TopologyNotFound`] if there is none of this name; [`EngineError::RequestReused`]; [`EngineError::ForkedMeanwhile`];
    /// [`EngineError::ForkCorrupt`].
    pub async fn delete_topology(
        &self,
        name: TopologyName,
        request: Option<Request>,
    ) -> Result<(), EngineError> {
        let engine = self.clone();
        self.uncancelled(async move { engine.delete(&name, request.as_ref()).await })
            .await
    }

    async fn delete(
        &self,
        name: &TopologyName,
        request: Option<&Request>,
    ) -> Result<(), EngineError> {
        if self.was_deleted(name, request).await? {
            return Ok(());
        }
        let topology = self.topology(name).await?;
        let mut attempt = 1;
        loop {
            // Before any lock is held: it takes as long as writing their states does.
            self.detach_forks_of(topology.record.id).await?;
            let Some(fork) = self.delete_locked(&topology, request).await? else {
                return Ok(());
            };
            self.check_whole(name, fork).await?;
            if attempt == ATTEMPTS {
                return Err(EngineError::ForkedMeanwhile { name: name.clone() });
            }
            attempt += 1;
        }
    }

    /// That a fork, which was not detached, can be.
    async fn check_whole(
        &self,
        topology: &TopologyName,
        fork: TopologyName,
    ) -> Result<(), EngineError> {
        match self.store.find(&fork).await {
            Err(source @ StoreError::Corrupt { .. }) => Err(EngineError::ForkCorrupt {
                topology: topology.clone(),
                fork,
                source,
            }),
            Err(error) => Err(EngineError::from_store(error, &fork)),
            Ok(_) => Ok(()),
        }
    }

    /// Deletes the topology, or tells of a fork that leans on it.
    async fn delete_locked(
        &self,
        topology: &Topology,
        request: Option<&Request>,
    ) -> Result<Option<TopologyName>, EngineError> {
        let (name, id) = (&topology.record.name, topology.record.id);
        let _lock = self.registry.lock(name).lock().await;
        // The same request may have come twice at once, and somebody may have made the topology again in between.
        if self.was_deleted(name, request).await? {
            return Ok(None);
        }
        let _turn = topology.turn().await?;
        if self.first(topology, request).await?.is_some() {
            // It was one of this topology, and succeeded; that another write had the id is an error.
            return Ok(None);
        }
        let time = self.clock.now();
        // The store notes the revision that the topology had.
        let record = request.map(|request| request.recorded_at(time));
        match self.store.delete(id, record).await {
            Ok(()) => {}
            Err(StoreError::LeanedOn { fork, .. }) => return Ok(Some(fork)),
            Err(error) => return Err(EngineError::from_store(error, name)),
        }
        topology.mark_deleted();
        self.registry.remove(name);
        self.states.forget(id);
        Ok(None)
    }

    /// Whether this very request deleted a topology of this name.
    async fn was_deleted(
        &self,
        name: &TopologyName,
        request: Option<&Request>,
    ) -> Result<bool, EngineError> {
        let Some(request) = request else {
            return Ok(false);
        };
        let found = self.store.deletion(name, &request.key).await;
        match found.map_err(|error| EngineError::from_store(error, name))? {
            Some(first) if first.digest == request.digest => Ok(true),
            Some(_) => Err(request.reused()),
            None => Ok(false),
        }
    }
}
