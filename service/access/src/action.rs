//! What may be asked for: the actions that policies name, and the groups that they are in.
//!
//! # Rules
//! - What is done to a resource is called as AWS calls it, `CreateVpcEndpoint`. Where AWS has no call, the nearest one stands for it, or a name of our own in its
//!   style; docs/authorization.md has the table.
//! - What is asked of a topology as a whole is called as the contract calls it.
//! - `Describe` and `Change` are groups of what concerns a resource; `Read`, `Write` and `Admin` hold these and what concerns a topology.

use std::fmt;

use causeway_model::resource::Kind;

mod names;

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// It is put, and was not there.
    Create,
    /// It is put, and was there.
    Modify,
    /// It is deleted.
    Delete,
    /// It is told of.
    Describe,
}

/// What is asked of a topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Its states, history and labels are read, and changes are applied to it, each by an action of its own.
    ReadTopology,
    /// Its revisions are watched.
    WatchRevisions,
    /// Paths in it are resolved, what-ifs too.
    ResolvePath,
    /// A matrix of verdicts is computed.
    ComputeReachabilityMatrix,
    /// Resources are imported into it.
    ImportResources,
    /// It is taken back to an earlier revision.
    RollbackTopology,
    /// A revision gets a label.
    SetRevisionLabel,
    /// A label is taken away.
    DeleteRevisionLabel,
    /// A topology of this name is made.
    CreateTopology,
    /// It is forked.
    ForkTopology,
    /// It is deleted.
    DeleteTopology,
    /// All of it is exported, whatever the caller may see of it otherwise.
    ExportTopologies,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Something of a topology.
    Of(Service),
    /// Something of a resource of a kind.
    To(Verb, Kind),
}

// === impl Verb ===

impl Verb {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Create, Self::Modify, Self::Delete, Self::Describe];
}

// === impl Service ===

impl Service {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::ReadTopology,
        Self::WatchRevisions,
        Self::ResolvePath,
        Self::ComputeReachabilityMatrix,
        Self::ImportResources,
        Self::RollbackTopology,
        Self::SetRevisionLabel,
        Self::DeleteRevisionLabel,
        Self::CreateTopology,
        Self::ForkTopology,
        Self::DeleteTopology,
        Self::ExportTopologies,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::ReadTopology => "ReadTopology",
            Self::WatchRevisions => "WatchRevisions",
            Self::ResolvePath => "ResolvePath",
            Self::ComputeReachabilityMatrix => "ComputeReachabilityMatrix",
            Self::ImportResources => "ImportResources",
            Self::RollbackTopology => "RollbackTopology",
            Self::SetRevisionLabel => "SetRevisionLabel",
            Self::DeleteRevisionLabel => "DeleteRevisionLabel",
            Self::CreateTopology => "CreateTopology",
            Self::ForkTopology => "ForkTopology",
            Self::DeleteTopology => "DeleteTopology",
            Self::ExportTopologies => "ExportTopologies",
        }
    }

    fn groups(self) -> &'static [&'static str] {
        match self {
            Self::ReadTopology
            | Self::WatchRevisions
            | Self::ResolvePath
            | Self::ComputeReachabilityMatrix => &["Read", "Admin"],
            Self::ImportResources
            | Self::RollbackTopology
            | Self::SetRevisionLabel
            | Self::DeleteRevisionLabel => &["Write", "Admin"],
            Self::CreateTopology
            | Self::ForkTopology
            | Self::DeleteTopology
            | Self::ExportTopologies => &["Admin"],
        }
    }
}

// === impl Action ===

impl Action {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let of = Service::ALL.into_iter().map(Self::Of);
        let to = Kind::ALL
            .iter()
            .flat_map(|kind| Verb::ALL.map(|verb| Self::To(verb, *kind)));
        of.chain(to)
    }

    /// What policies call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Of(service) => service.name(),
            Self::To(verb, kind) => {
                let [create, modify, delete, describe] = names::of(kind);
                match verb {
                    Verb::Create => create,
                    Verb::Modify => modify,
                    Verb::Delete => delete,
                    Verb::Describe => describe,
                }
            }
        }
    }

    /// The action of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|action| action.name() == name)
    }

    /// All groups that it is in.
    #[must_use]
    pub fn groups(self) -> &'static [&'static str] {
        match self {
            Self::Of(service) => service.groups(),
            Self::To(Verb::Describe, _) => &["Describe", "Read", "Admin"],
            Self::To(Verb::Create | Verb::Modify | Verb::Delete, _) => {
                &["Change", "Write", "Admin"]
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
