//! Labels: names of revisions.

use causeway_model::revision::{LabelName, Revision, TopologyName};
use causeway_store::Label;

use crate::commit::Request;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::Consistency;
use crate::topology::Topology;

// === impl Engine ===

impl Engine {
    /// Gives a revision a label, which is taken from another one if that has it.
    ///
    /// # Errors
    /// [`EngineError::TooManyLabels`]; [`EngineError::RequestReused`]; those of [`Engine::view`].
    pub async fn set_label(
        &self,
        (topology, label): (TopologyName, LabelName),
        at: Consistency,
        request: Option<Request>,
    ) -> Result<Label, EngineError> {
        let engine = self.clone();
        self.uncancelled(async move {
            let topology = engine.topology(&topology).await?;
            engine
                .set_label_in_turn(&topology, label, at, request.as_ref())
                .await
        })
        .await
    }

    async fn set_label_in_turn(
        &self,
        topology: &Topology,
        name: LabelName,
        at: Consistency,
        request: Option<&Request>,
    ) -> Result<Label, EngineError> {
        let record = &topology.record;
        let fail = |error| EngineError::from_store(error, &record.name);
        let _turn = topology.turn().await?;
        if let Some(first) = self.first(topology, request).await? {
            let (revision, time) = (first.revision, first.time);
            return Ok(Label {
                name,
                revision,
                time,
            });
        }
        let revision = self.revision_of(topology, at).await?;
        let labels = self.store.labels(record.id).await.map_err(fail)?;
        let maximum = self.limits.max_labels;
        if labels.len() >= maximum && labels.iter().all(|label| label.name != name) {
            return Err(EngineError::TooManyLabels {
                topology: record.name.clone(),
                maximum,
            });
        }
        let time = self.clock.now();
        let label = Label {
            name,
            revision,
            time,
        };
        // The store notes the revision.
        let request = request.map(|request| request.recorded_at(time));
        let set = self
            .store
            .set_label(record.id, label.clone(), request)
            .await;
        set.map_err(fail)?;
        Ok(label)
    }

    /// Takes a label away.
    ///
    /// # Errors
    /// [`EngineError::LabelNotFound`]; [`EngineError::RequestReused`].
    pub async fn delete_label(
        &self,
        (topology, label): (TopologyName, LabelName),
        request: Option<Request>,
    ) -> Result<(), EngineError> {
        let engine = self.clone();
        self.uncancelled(async move {
            let topology = engine.topology(&topology).await?;
            let _turn = topology.turn().await?;
            if engine.first(&topology, request.as_ref()).await?.is_some() {
                return Ok(());
            }
            let request = request.map(|request| request.recorded_at(engine.clock.now()));
            let id = topology.record.id;
            let deleted = engine.store.delete_label(id, &label, request).await;
            deleted.map_err(|error| EngineError::from_store(error, &topology.record.name))
        })
        .await
    }

    /// Lists the labels after a name, by name, at most so many; and whether there are more.
    ///
    /// # Errors
    /// [`EngineError::TopologyNotFound`].
    pub async fn list_labels(
        &self,
        name: &TopologyName,
        after: Option<&LabelName>,
        limit: usize,
    ) -> Result<(Vec<Label>, bool), EngineError> {
        let topology = self.topology(name).await?;
        let found = self.store.labels(topology.record.id).await;
        let mut labels = found.map_err(|error| EngineError::from_store(error, name))?;
        labels.retain(|label| after.is_none_or(|after| label.name > *after));
        let more = labels.len() > limit;
        labels.truncate(limit);
        Ok((labels, more))
    }

    /// The revision that has a label.
    pub(crate) async fn labelled(
        &self,
        topology: &Topology,
        label: LabelName,
    ) -> Result<Revision, EngineError> {
        let name = &topology.record.name;
        let labels = self.store.labels(topology.record.id).await;
        let labels = labels.map_err(|error| EngineError::from_store(error, name))?;
        let found = labels.iter().find(|found| found.name == label);
        found
            .map(|found| found.revision)
            .ok_or_else(|| EngineError::LabelNotFound {
                topology: name.clone(),
                label,
            })
    }
}
