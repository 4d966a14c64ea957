//! Making ready what the first questions need, before they come.

use std::cmp::Reverse;

use crate::engine::Engine;
use crate::read::Consistency;

impl Engine {
    /// Loads the newest states of topologies and compiles them, of as many as are kept: those with the longest histories. What cannot be read is told by
    /// whoever asks for it.
    pub async fn warm(&self) {
        let mut topologies = match self.store.list().await {
            Ok(topologies) => topologies,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "topologies were not made ready");
                return;
            }
        };
        topologies.sort_by_key(|topology| Reverse(topology.head));
        for topology in topologies.iter().take(self.limits.kept_networks) {
            if let Err(error) = self.paths(&topology.name, Consistency::Newest).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(topology = %topology.name, error, "a topology was not made ready");
            }
        }
    }
}
