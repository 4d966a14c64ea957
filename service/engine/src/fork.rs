//! Forks: topologies that begin with what another one holds.
//!
//! A fork is made without copying anything: it leans on the other topology, which keeps its revision 0 for it, and shares the other's snapshot in memory.
//! Then it is detached, in the background: it gets a checkpoint of its own at revision 0, and what becomes of the other topology is nothing to it.

use std::sync::Arc;

use causeway_model::revision::{Revision, TopologyName};
use causeway_model::snapshot::Snapshot;
use causeway_store::{Base, NewTopology, StoreError, TopologyId, TopologyRecord};

use crate::checkpoint::Growth;
use crate::commit::Request;
use crate::create::{self, TopologyInfo};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::Consistency;
use crate::topology::{Topology, View};

/// A fork that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The name of the new topology.
    pub name: TopologyName,
    /// What it is for.
    pub description: String,
    /// What it is known by when it is repeated.
    pub request: Option<Request>,
    /// The topology that is forked.
    pub source: TopologyName,
    /// Where.
    pub at: Consistency,
}

// === impl Engine ===

impl Engine {
    /// Makes a topology that holds at revision 0 what another one holds somewhere, or tells of it again if this very request made it.
    ///
    /// # Errors
    /// [`EngineError::TopologyExists`] if the name is taken; [`EngineError::RequestReused`] if the request id is, by another request; for the topology that is
    /// forked those of [`Engine::view`].
    pub async fn fork_topology(&self, fork: Fork) -> Result<TopologyInfo, EngineError> {
        let engine = self.clone();
        self.uncancelled(async move { engine.fork(fork).await })
            .await
    }

    async fn fork(&self, fork: Fork) -> Result<TopologyInfo, EngineError> {
        let Fork {
            name,
            description,
            request,
            source,
            at,
        } = fork;
        // Whoever repeats a request is told of the fork, also if what was forked is not there any more.
        let taken = self.store.find(&name).await;
        if taken
            .map_err(|error| EngineError::from_store(error, &name))?
            .is_some()
        {
            return self.created_before(name, request).await;
        }
        let forked = self.topology(&source).await?;
        let View { revision, snapshot } = self.view_of(&forked, at).await?;
        self.check_copied(&source, &snapshot).await?;
        let (time, resources) = (self.clock.now(), create::count(&snapshot));
        let record = request.clone();
        let new = NewTopology {
            name: name.clone(),
            description,
            time,
            // What a repetition is told of its size, however large it is by then.
            request: record
                .map(|request| request.recorded(time, Revision::ZERO, [resources, 0, 0, 0])),
            base: Base::Fork {
                of: forked.record.id,
                at: revision,
            },
        };
        let _lock = self.registry.lock(&name).lock().await;
        let record = match self.store.create(new).await {
            Ok(record) => record,
            Err(StoreError::NameTaken { .. }) => return self.created_before(name, request).await,
            Err(error) => return Err(EngineError::from_store(error, &source)),
        };
        let head = View {
            revision: record.head,
            snapshot,
        };
        let topology = Topology::new(record.clone(), head, record.time, Growth::default());
        self.registry.insert(Arc::new(topology));
        self.detach_later(vec![record.clone()]);
        Ok(TopologyInfo::created(record, resources))
    }

    /// Refuses a copy of what its caller may not see: in the copy, they might.
    async fn check_copied(
        &self,
        source: &TopologyName,
        snapshot: &Snapshot,
    ) -> Result<(), EngineError> {
        let Some(guard) = self.veil().map(Arc::clone) else {
            return Ok(());
        };
        let snapshot = snapshot.clone();
        let look = move || snapshot.iter().all(|held| guard.shows(held));
        if self.compute.run(look).await? {
            return Ok(());
        }
        Err(EngineError::HidesSome {
            topology: source.clone(),
        })
    }

    /// Detaches the forks that still lean on other topologies, as after a stop, in the background. Must be called inside a tokio runtime.
    pub fn detach_forks(&self) {
        let engine = self.clone();
        tokio::spawn(async move {
            match engine.leaning(|_| true).await {
                Ok(forks) => engine.detach_later(forks),
                Err(error) => warn(&error, "all"),
            }
        });
    }

    /// Detaches the forks that lean on a topology.
    pub(crate) async fn detach_forks_of(&self, id: TopologyId) -> Result<(), EngineError> {
        for fork in self.leaning(|on| on == id).await? {
            self.detach(&fork).await?;
        }
        Ok(())
    }

    /// The forks that lean on such topologies, oldest first: those that others lean on come before them.
    async fn leaning(
        &self,
        on: impl Fn(TopologyId) -> bool,
    ) -> Result<Vec<TopologyRecord>, EngineError> {
        let all = self.store.list().await;
        let mut forks = all.map_err(|source| EngineError::StoreFailed { source })?;
        forks.retain(|fork| fork.leans_on.is_some_and(|(of, _)| on(of)));
        forks.sort_by_key(|fork| fork.id);
        Ok(forks)
    }

    /// Detaches forks one after the other, in the background. Those that cannot be are tried again at the next start.
    fn detach_later(&self, forks: Vec<TopologyRecord>) {
        let (engine, turns) = (Arc::downgrade(&self.shared), Arc::clone(&self.background));
        tokio::spawn(async move {
            for fork in forks {
                let Ok(_turn) = turns.acquire().await else {
                    return;
                };
                // Who waits here keeps no engine alive that is to stop.
                let Some(shared) = engine.upgrade() else {
                    return;
                };
                let engine = Self {
                    shared,
                    guard: None,
                };
                if let Err(error) = engine.detach(&fork).await {
                    warn(&error, fork.name.as_str());
                }
            }
        });
    }

    /// Gives a fork a checkpoint of its own at revision 0, so that it leans on nothing any more.
    async fn detach(&self, fork: &TopologyRecord) -> Result<(), EngineError> {
        let _alone = self.detaching.of(&fork.name).lock().await;
        match self.detach_alone(fork).await {
            // It was deleted, or revision 0 is no longer kept: either way it leans on nothing.
            Err(EngineError::TopologyNotFound { .. } | EngineError::RevisionNotKept { .. }) => {
                Ok(())
            }
            detached => detached,
        }
    }

    async fn detach_alone(&self, fork: &TopologyRecord) -> Result<(), EngineError> {
        let record = self.current(fork).await?;
        if record.leans_on.is_none() {
            return Ok(());
        }
        let snapshot = self.rebuild(&record, Revision::ZERO).await?;
        let put = self
            .store
            .put_checkpoint(record.id, Revision::ZERO, snapshot)
            .await;
        put.map_err(|error| EngineError::from_store(error, &record.name))
    }
}

fn warn(error: &EngineError, fork: &str) {
    tracing::warn!(
        fork,
        error = error as &dyn std::error::Error,
        "no state of its own was written for a fork; it goes on leaning on the topology that it was forked from"
    );
}
