//! What the way of a flow must do without, must take and must not take.

use std::fmt;
use std::str::FromStr;

use crate::ids::{IdError, ResourceId, ZoneName, looks_like_resource_id};

/// Conditions that the asker puts on the ways of a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Constraints {
    /// Resources and zones that are taken as down.
    pub without: Vec<Lost>,
    /// Resources that the packet's way must pass.
    pub through: Vec<ResourceId>,
    /// Resources that neither the packet's way nor the reply's may pass.
    pub avoiding: Vec<ResourceId>,
}

/// A resource or a zone that is taken as down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lost {
    /// A resource, with all that is in it.
    Resource(ResourceId),
    /// A zone, by its name or its id.
    Zone(ZoneName),
}

impl Constraints {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.without.is_empty() && self.through.is_empty() && self.avoiding.is_empty()
    }
}

impl FromStr for Lost {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if looks_like_resource_id(text) {
            text.parse().map(Self::Resource)
        } else {
            text.parse().map(Self::Zone)
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(id) => id.fmt(f),
            Self::Zone(zone) => zone.fmt(f),
        }
    }
}
