//! What differs between two revisions of a topology.

use std::sync::Arc;

use causeway_model::ids::ResourceId;
use causeway_model::revision::{Revision, TopologyName};
use causeway_model::snapshot::{Difference, Snapshot};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::guard::{self, Guard};
use crate::read::{Consistency, Filter};
use crate::topology::{Topology, View};

/// Revisions that may lie between two states for the later one to be made from the earlier one. States that lie further apart are read
/// each for itself: what changed between them may be more than what they hold.
const NEAR: u64 = 1_024;

/// A page of what differs.
#[derive(Debug, Clone)]
pub struct DifferencePage {
    /// The revision that is compared.
    pub from: Revision,
    /// The revision that it is compared with.
    pub to: Revision,
    /// What differs in `to`, by id.
    pub differences: Vec<Difference>,
    /// Whether there is more.
    pub more: bool,
}

// === impl Engine ===

impl Engine {
    /// What differs in the second revision from the first one, of the resources that meet the filter at one of them; after an id, by id, at
    /// most so many. Either may be the newer one.
    ///
    /// # Errors
    /// Those of [`Engine::view`].
    pub async fn diff(
        &self,
        name: &TopologyName,
        (from, to): (Consistency, Consistency),
        filter: Filter,
        (after, limit): (Option<ResourceId>, usize),
    ) -> Result<DifferencePage, EngineError> {
        let topology = self.topology(name).await?;
        let from = self.view_of(&topology, from).await?;
        let to = self.view_of(&topology, to).await?;
        let revisions = (from.revision, to.revision);
        let veil = self.veil().map(Arc::clone);
        let (before, later) = self.related(&topology, from, to).await?;
        let (differences, more) = self
            .compute
            .run(move || {
                let veil = veil.as_deref();
                page((&before, &later), &filter, veil, (after.as_ref(), limit))
            })
            .await?;
        Ok(DifferencePage {
            from: revisions.0,
            to: revisions.1,
            differences,
            more,
        })
    }

    /// Both states, the newer one made from the older one, so that they share all that stayed the same: states that were rebuilt apart from
    /// each other share nothing, and comparing them would cost what they hold.
    pub(crate) async fn related(
        &self,
        topology: &Topology,
        from: View,
        to: View,
    ) -> Result<(Snapshot, Snapshot), EngineError> {
        let is_forward = from.revision <= to.revision;
        let (older, newer) = if is_forward { (from, to) } else { (to, from) };
        let newer = if newer.revision.0.saturating_sub(older.revision.0) <= NEAR {
            self.replay(&topology.record, older.clone(), newer.revision)
                .await?
        } else {
            newer.snapshot
        };
        Ok(if is_forward {
            (older.snapshot, newer)
        } else {
            (newer, older.snapshot)
        })
    }
}

fn page(
    (before, later): (&Snapshot, &Snapshot),
    filter: &Filter,
    veil: Option<&dyn Guard>,
    (after, limit): (Option<&ResourceId>, usize),
) -> (Vec<Difference>, bool) {
    let admits = |difference: &Difference| {
        let sides = [difference.before(), difference.after()];
        sides
            .into_iter()
            .flatten()
            .any(|resource| filter.admits(resource))
    };
    let mut differing = before
        .differences_to(later)
        .skip_while(|difference| after.is_some_and(|after| difference.resource().id() <= after))
        .filter_map(|difference| guard::seen(veil, difference))
        .filter(admits);
    let page = differing.by_ref().take(limit).collect();
    (page, differing.next().is_some())
}
