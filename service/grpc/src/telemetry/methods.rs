//! The methods that calls are counted by. Whatever else is called counts as one, so that nobody can make up names for us to keep.

/// All methods of the contract, in order.
const METHODS: [&str; 20] = [
    "causeway.v1.BackupService/ExportTopologies",
    "causeway.v1.PathService/BatchResolvePaths",
    "causeway.v1.PathService/ComputeReachabilityMatrix",
    "causeway.v1.PathService/ResolvePath",
    "causeway.v1.PathService/StreamResolvePaths",
    "causeway.v1.TopologyService/ApplyChanges",
    "causeway.v1.TopologyService/CreateTopology",
    "causeway.v1.TopologyService/DeleteRevisionLabel",
    "causeway.v1.TopologyService/DeleteTopology",
    "causeway.v1.TopologyService/DiffRevisions",
    "causeway.v1.TopologyService/GetResource",
    "causeway.v1.TopologyService/GetTopology",
    "causeway.v1.TopologyService/ImportResources",
    "causeway.v1.TopologyService/ListResources",
    "causeway.v1.TopologyService/ListRevisionLabels",
    "causeway.v1.TopologyService/ListRevisions",
    "causeway.v1.TopologyService/ListTopologies",
    "causeway.v1.TopologyService/RollbackTopology",
    "causeway.v1.TopologyService/SetRevisionLabel",
    "causeway.v1.TopologyService/WatchRevisions",
];

/// Services that are asked all the time and tell nothing of the work: health and reflection.
const LEFT_OUT: [&str; 2] = ["grpc.health.", "grpc.reflection."];

/// What a path calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// A method of the contract.
    Known(&'static str),
    /// Something that there is not.
    Other,
    /// What is left out.
    LeftOut,
}

// === impl Method ===

impl Method {
    pub(super) fn of(path: &str) -> Self {
        let name = path.strip_prefix('/').unwrap_or(path);
        if let Ok(place) = METHODS.binary_search(&name)
            && let Some(known) = METHODS.get(place)
        {
            Self::Known(known)
        } else if LEFT_OUT.iter().any(|service| name.starts_with(service)) {
            Self::LeftOut
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use causeway_proto::FILE_DESCRIPTOR_SET;
    use prost_reflect::DescriptorPool;

    use super::{METHODS, Method};

    #[test]
    fn the_list_is_that_of_the_contract() {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
        let services = pool.services().collect::<Vec<_>>();
        let methods = services.iter().flat_map(|service| service.methods());
        let mut methods: Vec<String> = methods
            .map(|method| format!("{}/{}", method.parent_service().full_name(), method.name()))
            .collect();
        methods.sort();
        assert_eq!(methods, METHODS);
    }

    #[test]
    fn what_the_contract_does_not_have_is_one_thing() {
        let known = "causeway.v1.PathService/ResolvePath";
        assert_eq!(Method::of(&format!("/{known}")), Method::Known(known));
        for path in [
            "",
            "/",
            "/causeway.v1.PathService/",
            "/causeway.v1.No/Such",
            "/x",
        ] {
            assert_eq!(Method::of(path), Method::Other, "{path}");
        }
        assert_eq!(Method::of("/grpc.health.v1.Health/Check"), Method::LeftOut);
    }
}
