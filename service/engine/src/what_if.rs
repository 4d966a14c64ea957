//! What if: a revision with changes laid over it, for one call. Nothing of it is stored, published or kept.

use std::sync::Arc;

use causeway_model::revision::TopologyName;
use causeway_resolver::Network;

use crate::commit::{Edit, check_count};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::guard::Purpose;
use crate::patch::Changes;
use crate::read::Consistency;
use crate::resolve::Paths;

// === impl Engine ===

impl Engine {
    /// The state in which flows are to be resolved: a revision with changes laid over it. What it answers is for its asker alone, and is not kept.
    ///
    /// # Errors
    /// [`EngineError::TooManyItems`]; [`EngineError::InvalidChangeSet`] with every fault of the changes at that revision; those of [`Engine::view`].
    pub async fn paths_with(
        &self,
        name: &TopologyName,
        consistency: Consistency,
        changes: impl Into<Changes>,
    ) -> Result<Paths, EngineError> {
        let changes = changes.into();
        self.check_laid_over(changes.len())?;
        let topology = self.topology(name).await?;
        let view = self.view_of(&topology, consistency).await?;
        let edit = Arc::new(Edit::Changes(changes));
        let gate = self.gate(&topology.record.name, Purpose::WhatIf);
        let (snapshot, ..) = self.edit(&view, &edit, gate).await?;
        let beneath = self.paths_at(&topology, view).await?;
        let base = Arc::clone(beneath.network());
        let after = snapshot.clone();
        // Derived in the line of the revisions, it would take the place of the next revision, and with it the answers that are kept.
        let derive = move || base.aside().derive_if_local(&after);
        if let Some(derived) = self.compute.run(derive).await? {
            return Ok(beneath.with_changes(derived, None));
        }
        // It shares nothing with those that are kept, and is as large: so that callers cannot fill the memory with them, each waits for its turn, and has it for
        // as long as it holds the network.
        let turn = Arc::clone(&self.compiled_what_ifs).acquire_owned().await;
        let prices = Arc::clone(&self.prices);
        let compile = move || Network::compile(&snapshot).priced(prices);
        let network = self.compute.run(compile).await?;
        Ok(beneath.with_changes(network, turn.ok()))
    }

    /// Refuses more changes than may be laid over a revision, before any of them is looked at.
    ///
    /// # Errors
    /// [`EngineError::TooManyItems`].
    pub fn check_laid_over(&self, count: usize) -> Result<(), EngineError> {
        check_count("changes", count, self.limits.max_laid_over)
    }
}
