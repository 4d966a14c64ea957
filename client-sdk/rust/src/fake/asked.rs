//! What a fake was asked.

use std::collections::BTreeMap;

use causeway_proto::v1;

/// A call that arrived.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// Its headers whose values are text, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// What it asked for.
    pub asked: Asked,
}

/// What a call asked for. Of streams it is the message that begins them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Asked {
    /// To make a topology.
    CreateTopology(v1::CreateTopologyRequest),
    /// What a topology is.
    GetTopology(v1::GetTopologyRequest),
    /// All topologies.
    ListTopologies(v1::ListTopologiesRequest),
    /// To delete a topology.
    DeleteTopology(v1::DeleteTopologyRequest),
    /// To change a topology.
    ApplyChanges(v1::ApplyChangesRequest),
    /// To import the resources.
    ImportResources(v1::ImportHeader, Vec<v1::Resource>),
    /// To be told of revisions.
    WatchRevisions(v1::WatchRevisionsRequest),
    /// For a path.
    ResolvePath(v1::ResolvePathRequest),
    /// For many paths.
    BatchResolvePaths(v1::BatchResolvePathsRequest),
    /// For any number of paths.
    StreamResolvePaths(v1::StreamHeader),
    /// Something that fakes do not do; the name of the method.
    Other(&'static str),
}
