//! Going back: a new revision that holds what an earlier one held.

use causeway_model::change::{Change, ChangeSet, Effect};
use causeway_model::revision::Revision;
use causeway_model::snapshot::{Difference, Snapshot};

use crate::commit::{Applied, Work, Write, check_expected};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::guard::Purpose;
use crate::read::Consistency;
use crate::topology::{Topology, View};

/// What going back comes to.
pub(crate) struct Rollback {
    /// The revision that is gone back to.
    pub(crate) to: Revision,
    /// The state then, which shares with the head's all that stays.
    pub(crate) snapshot: Snapshot,
    pub(crate) effect: Effect,
}

// === impl Engine ===

impl Engine {
    /// Makes a revision that holds what this one holds; none if the newest one does already. Without a message, the revision's says what was gone back to.
    ///
    /// # Errors
    /// [`EngineError::RevisionMismatch`]; [`EngineError::RequestReused`]; those of [`Engine::view`].
    pub async fn rollback(&self, write: Write, to: Consistency) -> Result<Applied, EngineError> {
        // An old state is made before the writer's turn, so that others need not wait for it. What is wrong with it is told in the turn: a request that
        // is repeated gets its first success all the same.
        let topology = self.topology(&write.topology).await?;
        let _kept = self.view_of(&topology, to.clone()).await;
        self.commit(write, Work::Rollback(to)).await
    }

    /// Checks as [`Engine::rollback`] would, and tells what it would do. Nothing is stored.
    ///
    /// # Errors
    /// As [`Engine::rollback`].
    pub async fn validate_rollback(
        &self,
        write: Write,
        to: Consistency,
    ) -> Result<Applied, EngineError> {
        let topology = self.topology(&write.topology).await?;
        let head = topology.head();
        check_expected(write.expected, head.revision)?;
        let Rollback { effect, .. } = self.roll_back(&topology, &head, to).await?;
        Ok(Applied::from_effect(head.revision, &effect, 0))
    }

    /// What it takes to get from the head to another revision's state.
    pub(crate) async fn roll_back(
        &self,
        topology: &Topology,
        head: &View,
        to: Consistency,
    ) -> Result<Rollback, EngineError> {
        let target = self.view_of(topology, to).await?;
        let to = target.revision;
        let (now, then) = self.related(topology, head.clone(), target).await?;
        let head = head.snapshot.clone();
        let gate = self.gate(&topology.record.name, Purpose::Commit);
        let (snapshot, effect) = self
            .compute
            .run(move || {
                if let Some(gate) = gate {
                    gate.check_differences(now.differences_to(&then))?;
                }
                let effect = between(&now, &then);
                Ok::<_, EngineError>((head.replay(&effect.changes), effect))
            })
            .await??;
        Ok(Rollback {
            to,
            snapshot,
            effect,
        })
    }
}

/// The changes that lead from one state to another. They are not checked: both states were well-formed when they were made.
fn between(from: &Snapshot, to: &Snapshot) -> Effect {
    let mut effect = Effect::default();
    let mut changes = Vec::new();
    for difference in from.differences_to(to) {
        let (count, change) = match difference {
            Difference::Created { after } => {
                (&mut effect.created, Change::put(after.as_ref().clone()))
            }
            Difference::Changed { after, .. } => {
                (&mut effect.updated, Change::put(after.as_ref().clone()))
            }
            Difference::Deleted { before } => {
                (&mut effect.deleted, Change::Delete(before.id().clone()))
            }
        };
        *count = count.saturating_add(1);
        changes.push(change);
    }
    effect.changes = ChangeSet { changes };
    effect
}
