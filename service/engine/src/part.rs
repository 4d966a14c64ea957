//! A change set of which some changes could not be read: what is wrong with the others, so that all faults are told at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use causeway_model::change::{Fault, Problem};
use causeway_model::ids::ResourceId;
use causeway_model::revision::{Revision, TopologyName};

use crate::commit::{Edit, check_expected};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::guard::Purpose;
use crate::patch::Asked;
use crate::read::Consistency;

/// The part of a change set that could be read.
#[derive(Debug, Clone)]
pub struct Part {
    /// The topology.
    pub topology: TopologyName,
    /// The revision that the set is for.
    pub at: Consistency,
    /// Where the head must be; anywhere for none.
    pub expected: Option<Revision>,
    /// The changes, each with its place in the whole set, from 0.
    pub changes: Vec<(usize, Asked)>,
    /// What the other changes would put: nothing is known of these resources, not even whether they are there.
    pub unread: BTreeSet<ResourceId>,
    /// Whether the set is to be laid over the revision, and not to be committed.
    pub is_what_if: bool,
}

// === impl Engine ===

impl Engine {
    /// What is wrong with the part, whatever the rest of the set may be; at the places in the whole set. Nothing is stored.
    ///
    /// # Errors
    /// [`EngineError::RevisionMismatch`]; those of [`Engine::view`].
    pub async fn faults_of(&self, part: Part) -> Result<Vec<Fault>, EngineError> {
        let Part {
            topology,
            at,
            expected,
            changes,
            unread,
            is_what_if,
        } = part;
        let topology = self.topology(&topology).await?;
        check_expected(expected, topology.head().revision)?;
        let view = self.view_of(&topology, at).await?;
        let (places, changes): (Vec<usize>, Vec<Asked>) = changes.into_iter().unzip();
        let edit = Arc::new(Edit::Changes(changes.into()));
        let purpose = if is_what_if {
            Purpose::WhatIf
        } else {
            Purpose::Commit
        };
        let gate = self.gate(&topology.record.name, purpose);
        match self.edit(&view, &edit, gate).await {
            Ok(_) => Ok(Vec::new()),
            Err(EngineError::InvalidChangeSet { faults }) => Ok(faults
                .into_iter()
                .filter(|fault| !hangs_on(fault, &unread))
                .map(|fault| placed(fault, &places))
                .collect()),
            Err(error) => Err(error),
        }
    }
}

/// Whether the fault might be none if these resources were known.
fn hangs_on(fault: &Fault, unread: &BTreeSet<ResourceId>) -> bool {
    match &fault.problem {
        Problem::NoContainer { container }
        | Problem::WrongContainer { container, .. }
        | Problem::OutsideContainer { container, .. }
        | Problem::VpcDiffers { container, .. } => unread.contains(container),
        Problem::StillContains { contained } | Problem::NoLongerFits { contained, .. } => {
            unread.contains(contained)
        }
        Problem::Contradiction { .. }
        | Problem::NotThere
        | Problem::NothingToPatch
        | Problem::Patched { .. }
        | Problem::EmptyList
        | Problem::Duplicate { .. }
        | Problem::NotAllowed { .. } => false,
    }
}

/// The fault with the places of the whole set.
fn placed(mut fault: Fault, places: &[usize]) -> Fault {
    let place = |at: usize| places.get(at).copied().unwrap_or(at);
    fault.change = place(fault.change);
    if let Problem::Contradiction { other } = &mut fault.problem {
        *other = place(*other);
    }
    fault
}
