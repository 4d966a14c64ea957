//! What a check of a whole store tells.

use causeway_model::revision::Revision;

/// What is in a store, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The topologies, by name; damaged ones too.
    pub topologies: Vec<TopologyReport>,
    /// Records that an interrupted write left and that serving the store removes. They do no harm.
    pub leftovers: u64,
    /// What is wrong. Empty for a store that is whole.
    pub faults: Vec<Fault>,
}

/// What a store keeps of one topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologyReport {
    /// Its name.
    pub name: String,
    /// Its newest revision.
    pub head: Revision,
    /// Its oldest revision that is kept.
    pub oldest: Revision,
    /// Revisions of its log.
    pub revisions: u64,
    /// Its checkpoints.
    pub checkpoints: u64,
    /// Of these, how many were compared with a replay of the log.
    pub compared: u64,
    /// Its labels.
    pub labels: u64,
    /// Its requests.
    pub requests: u64,
}

/// Something that is wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The topology, by its name.
    pub topology: Option<String>,
    /// The revision.
    pub revision: Option<Revision>,
    /// What is damaged, with its topology and revision.
    pub what: String,
    /// What is wrong with it.
    pub detail: String,
}
