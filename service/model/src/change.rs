//! Changes of a topology, and everything that can be wrong with them.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::ids::ResourceId;
use crate::resource::{Kind, Resource};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Creates the resource, or replaces the one with its id. Shared with the snapshots that hold it.
    Put(Arc<Resource>),
    /// Deletes the resource with this id.
    Delete(ResourceId),
}

impl Change {
    /// A change that puts the resource.
    #[must_use]
    pub fn put(resource: Resource) -> Self {
        Self::Put(Arc::new(resource))
    }

    /// Id of the resource it is about.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        match self {
            Self::Put(resource) => resource.id(),
            Self::Delete(id) => id,
        }
    }
}

/// Changes that take effect together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeSet {
    /// The changes. Their order does not matter.
    pub changes: Vec<Change>,
}

/// What a change set does to a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// The changes that make a difference, by id, each id once: what a log has to keep.
    pub changes: ChangeSet,
    /// How many resources are new.
    pub created: u64,
    /// How many resources are replaced by something else.
    pub updated: u64,
    /// How many resources are deleted.
    pub deleted: u64,
}

impl Effect {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.changes.changes.is_empty()
    }
}

/// One thing that is wrong with a change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which change is at fault, by its place in the set, from 0.
    pub change: usize,
    /// The resource it is about.
    pub resource: ResourceId,
    /// The field at fault, as a path in the contract's names: `subnet.vpc_id`; empty for the resource as a whole.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "change {}, `{}`", self.change, self.resource)?;
        if !self.field.is_empty() {
            write!(f, ", field `{}`", self.field)?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// What is wrong with a change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// Two changes of one set say different things of one resource.
    #[error("change {other} of the same set says something else of this id; give each id once")]
    Contradiction {
        /// The other change.
        other: usize,
    },
    /// A resource that is to be deleted does not exist.
    #[error("there is no such resource to delete")]
    NotThere,
    /// A resource that is to be patched does not exist.
    #[error("there is no such resource to patch; put it whole")]
    NothingToPatch,
    /// With its patch, a field is not what it must be.
    #[error("with the patch: {reason}")]
    Patched {
        /// What is wrong with it.
        reason: String,
    },
    /// What must contain the resource does not exist.
    #[error(
        "`{container}` does not exist in the topology; put it in the same change set or before"
    )]
    NoContainer {
        /// The container.
        container: ResourceId,
    },
    /// What must contain the resource is of another kind.
    #[error("`{container}` is a {found}, expected a {expected}")]
    WrongContainer {
        /// The container.
        container: ResourceId,
        /// What it is.
        found: Kind,
        /// What it should be.
        expected: Kind,
    },
    /// A resource is deleted while it contains another.
    #[error("`{contained}` is still in it; delete that too")]
    StillContains {
        /// What is still in it.
        contained: ResourceId,
    },
    /// A container is changed so that something in it no longer fits.
    #[error("`{contained}`, which is in it, would no longer fit: {reason}")]
    NoLongerFits {
        /// What is in it.
        contained: ResourceId,
        /// Why it does not fit, field and problem.
        reason: String,
    },
    /// An address or a CIDR block is outside of what contains it.
    #[error("`{value}` is not within the CIDR blocks of `{container}`")]
    OutsideContainer {
        /// The address or block.
        value: String,
        /// What should contain it.
        container: ResourceId,
    },
    /// A resource and its container name different VPCs.
    #[error("the resource is in `{own}`, but `{container}` is in `{other}`")]
    VpcDiffers {
        /// The resource's VPC.
        own: ResourceId,
        /// The container.
        container: ResourceId,
        /// The container's VPC.
        other: ResourceId,
    },
    /// A list that must not be empty is.
    #[error("is empty, at least one is needed")]
    EmptyList,
    /// A value stands twice where it may stand once.
    #[error("`{value}` stands twice")]
    Duplicate {
        /// The value.
        value: String,
    },
    /// A value is not one that the field takes.
    #[error("`{value}` is not allowed: {rule}")]
    NotAllowed {
        /// The value.
        value: String,
        /// What is allowed.
        rule: &'static str,
    },
}
