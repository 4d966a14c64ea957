//! Names of the metrics that the binary tells; those of calls are in the room that serves them. docs/observability.md has them all.

/// Name of the meter.
pub(super) const SCOPE: &str = "causeway";

pub(super) const CACHE_LOOKUPS: &str = "causeway.cache.lookups";
pub(super) const CACHE_INVALIDATED: &str = "causeway.cache.invalidated";
pub(super) const CACHE_EVICTIONS: &str = "causeway.cache.evictions";
pub(super) const CACHE_SIZE: &str = "causeway.cache.size";
pub(super) const CACHE_ENTRIES: &str = "causeway.cache.entries";
pub(super) const STATES_REBUILT: &str = "causeway.states.rebuilt";
pub(super) const NETWORKS_MADE: &str = "causeway.networks.made";
pub(super) const TOPOLOGIES: &str = "causeway.topologies.loaded";
pub(super) const COMPUTE: &str = "causeway.compute.work";
pub(super) const COMPUTE_THREADS: &str = "causeway.compute.threads";
pub(super) const WATCHES: &str = "causeway.watches";
pub(super) const ADMITTED: &str = "causeway.admission.admitted";
pub(super) const REQUEST_BYTES: &str = "causeway.admission.request.size";
pub(super) const REFUSED: &str = "causeway.admission.refused";
pub(super) const CONNECTIONS: &str = "causeway.connections";
pub(super) const CONNECTIONS_CLOSED: &str = "causeway.connections.closed";
pub(super) const APPEND_DURATION: &str = "causeway.store.append.duration";
pub(super) const SYNC_DURATION: &str = "causeway.store.sync.duration";
pub(super) const GROUP_SIZE: &str = "causeway.store.group.size";
pub(super) const WRITES_FAILED: &str = "causeway.store.writes.failed";
pub(super) const TRACES_CAPPED: &str = "causeway.traces.capped";
pub(super) const MEMORY: &str = "process.memory.usage";
pub(super) const BUILD: &str = "causeway.build";

/// Labels; each has few values, which are written where it is used.
pub(super) const CACHE: &str = "cache";
pub(super) const OUTCOME: &str = "outcome";
pub(super) const WHY: &str = "why";
pub(super) const HOW: &str = "how";
pub(super) const STATE: &str = "state";
pub(super) const KIND: &str = "kind";
pub(super) const LIMIT: &str = "limit";
pub(super) const VERSION: &str = "version";
