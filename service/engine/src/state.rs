//! States of topologies that are kept in memory: the newest ones, some older ones, and the networks compiled from them or derived from each other.

use std::cmp::Reverse;
use std::sync::Arc;

use causeway_model::revision::{Revision, Timestamp, TopologyName};
use causeway_model::snapshot::Snapshot;
use causeway_resolver::Network;
use causeway_store::{TopologyId, TopologyRecord};
use tokio::sync::OnceCell;

use crate::counts::add;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::limits::Limits;
use crate::recent::Recent;
use crate::topology::{Topology, View};

/// What a state is known by: a name that is created again is another topology.
type Key = (TopologyId, Revision);

/// States and networks that are kept, so that each is made once.
#[derive(Debug)]
pub(crate) struct States {
    snapshots: Recent<Key, Arc<OnceCell<Snapshot>>>,
    networks: Recent<Key, Arc<OnceCell<Arc<Network>>>>,
}

// === impl States ===

impl States {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            snapshots: Recent::new(limits.kept_states),
            networks: Recent::new(limits.kept_networks),
        }
    }

    /// The network to derive that of a revision from: of the kept ones of its topology the nearest below, else the nearest above.
    fn nearest(&self, (topology, revision): Key) -> Option<(Revision, Arc<Network>)> {
        let rank = |(id, held): &Key, network: &Arc<OnceCell<Arc<Network>>>| {
            let distance = held.0.abs_diff(revision.0);
            let is_usable = *id == topology && network.initialized();
            is_usable.then_some(Reverse((*held > revision, distance)))
        };
        let ((_, found), network) = self.networks.best(rank)?;
        Some((found, Arc::clone(network.get()?)))
    }

    /// How many states and networks are kept.
    pub(crate) fn kept(&self) -> (usize, usize) {
        (self.snapshots.len(), self.networks.len())
    }

    /// Forgets a topology that is deleted.
    pub(crate) fn forget(&self, id: TopologyId) {
        self.snapshots.retain(|(held, _)| *held != id);
        self.networks.retain(|(held, _)| *held != id);
    }
}

// === impl Engine ===

impl Engine {
    /// The topology of this name, loaded if it is not in memory.
    pub(crate) async fn topology(&self, name: &TopologyName) -> Result<Arc<Topology>, EngineError> {
        if let Some(topology) = self.registry.get(name) {
            return Ok(topology);
        }
        // In a task of its own, so that a caller that goes away does not waste the work for those who wait for it too.
        let (engine, name) = (self.clone(), name.clone());
        self.uncancelled(async move { engine.load_locked(&name).await })
            .await
    }

    async fn load_locked(&self, name: &TopologyName) -> Result<Arc<Topology>, EngineError> {
        let _lock = self.registry.lock(name).lock().await;
        if let Some(topology) = self.registry.get(name) {
            return Ok(topology);
        }
        let found = self
            .store
            .find(name)
            .await
            .map_err(|error| EngineError::from_store(error, name))?;
        let record = found.ok_or_else(|| EngineError::TopologyNotFound { name: name.clone() })?;
        let snapshot = self.rebuild(&record, record.head).await?;
        let head = View {
            revision: record.head,
            snapshot,
        };
        let time = self.head_time(&record).await?;
        let growth = self.growth(&record).await?;
        let topology = Arc::new(Topology::new(record, head, time, growth));
        self.registry.insert(Arc::clone(&topology));
        Ok(topology)
    }

    /// Reads the head again, after the store told that it moved without us. Only who has the turn may.
    pub(crate) async fn reload(&self, topology: &Topology) -> Result<(), EngineError> {
        let record = self.current(&topology.record).await?;
        let snapshot = self.rebuild(&record, record.head).await?;
        let head = View {
            revision: record.head,
            snapshot,
        };
        topology.trimmed(record.oldest);
        topology.replace(head, self.head_time(&record).await?);
        Ok(())
    }

    /// What the store tells of a topology now.
    pub(crate) async fn current(
        &self,
        record: &TopologyRecord,
    ) -> Result<TopologyRecord, EngineError> {
        let name = &record.name;
        let found = self
            .store
            .find(name)
            .await
            .map_err(|error| EngineError::from_store(error, name))?;
        found
            .filter(|found| found.id == record.id)
            .ok_or_else(|| EngineError::TopologyNotFound { name: name.clone() })
    }

    async fn head_time(&self, record: &TopologyRecord) -> Result<Timestamp, EngineError> {
        let time = self.time_of(record, record.head).await?;
        Ok(time.unwrap_or(record.time))
    }

    /// The state at a revision that is not above the head.
    pub(crate) async fn snapshot_at(
        &self,
        topology: &Topology,
        revision: Revision,
    ) -> Result<Snapshot, EngineError> {
        if let Some(view) = topology.recent(revision) {
            return Ok(view.snapshot);
        }
        let cell = self
            .states
            .snapshots
            .get_or_insert_with((topology.record.id, revision), Arc::default);
        if let Some(snapshot) = cell.get() {
            return Ok(snapshot.clone());
        }
        let (engine, record) = (self.clone(), topology.record.clone());
        self.uncancelled(async move {
            cell.get_or_try_init(|| engine.rebuild(&record, revision))
                .await
                .cloned()
        })
        .await
    }

    /// The network of a state, made once: derived from another one of the topology, or compiled if none is kept.
    pub(crate) async fn network(
        &self,
        topology: &Topology,
        view: View,
    ) -> Result<Arc<Network>, EngineError> {
        let cell = self
            .states
            .networks
            .get_or_insert_with((topology.record.id, view.revision), Arc::default);
        if let Some(network) = cell.get() {
            return Ok(Arc::clone(network));
        }
        let (engine, id) = (self.clone(), topology.record.id);
        let make = async move {
            let made = cell
                .get_or_try_init(|| {
                    let prices = Arc::clone(&engine.prices);
                    let base = engine.states.nearest((id, view.revision));
                    let tallies = &engine.tallies;
                    add(match base {
                        Some(_) => &tallies.derived_networks,
                        None => &tallies.compiled_networks,
                    });
                    let make = move || match base {
                        Some((held, base)) if held < view.revision => base.derive(&view.snapshot),
                        // The line of the present is for what comes after it.
                        Some((_, base)) => base.aside().derive(&view.snapshot),
                        None => Network::compile(&view.snapshot).priced(prices),
                    };
                    engine.compute.run(move || Arc::new(make()))
                })
                .await;
            made.cloned()
        };
        self.uncancelled(make).await
    }
}
