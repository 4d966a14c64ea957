//! What differs between two snapshots, resource by resource.

use std::sync::Arc;

use imbl::ordmap::DiffItem;

use crate::resource::Resource;
use crate::snapshot::Snapshot;

/// A resource that differs between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It is in the later one alone.
    Created {
        /// As it is there.
        after: Arc<Resource>,
    },
    /// It is in the earlier one alone.
    Deleted {
        /// As it was there.
        before: Arc<Resource>,
    },
    /// It is in both, and not equal.
    Changed {
        /// As it is in the earlier one.
        before: Arc<Resource>,
        /// As it is in the later one.
        after: Arc<Resource>,
    },
}

impl Difference {
    /// The resource in the earlier snapshot.
    #[must_use]
    pub fn before(&self) -> Option<&Arc<Resource>> {
        match self {
            Self::Created { .. } => None,
            Self::Deleted { before } | Self::Changed { before, .. } => Some(before),
        }
    }

    /// The resource in the later snapshot.
    #[must_use]
    pub fn after(&self) -> Option<&Arc<Resource>> {
        match self {
            Self::Deleted { .. } => None,
            Self::Created { after } | Self::Changed { after, .. } => Some(after),
        }
    }

    /// The resource, as it is in the later snapshot if it is there.
    #[must_use]
    pub fn resource(&self) -> &Arc<Resource> {
        match self {
            Self::Created { after } | Self::Changed { after, .. } => after,
            Self::Deleted { before } => before,
        }
    }
}

impl Snapshot {
    /// What differs in a later snapshot, by id. What the two share is skipped and not compared, so that two states of one history
    /// cost what differs between them; states that share nothing cost what they hold.
    pub fn differences_to(&self, later: &Self) -> impl Iterator<Item = Difference> {
        self.resources
            .diff(&later.resources)
            .map(|item| match item {
                DiffItem::Add(_, after) => Difference::Created {
                    after: Arc::clone(after),
                },
                DiffItem::Remove(_, before) => Difference::Deleted {
                    before: Arc::clone(before),
                },
                DiffItem::Update { old, new } => Difference::Changed {
                    before: Arc::clone(old.1),
                    after: Arc::clone(new.1),
                },
            })
    }
}
