//! Descriptors: connections may not take those that the store needs.

use std::fs;

use causeway_grpc::ConnectionLimits;

/// Descriptors that are left for everything else: the store, its files that change their names, metrics, probes.
const OTHERS: usize = 128;

/// The limits, with no more connections than the system lets the process have descriptors for.
pub(super) fn fit(limits: ConnectionLimits) -> ConnectionLimits {
    let Some(descriptors) = most() else {
        return limits;
    };
    let room = descriptors.saturating_sub(OTHERS).max(descriptors / 2);
    if room >= limits.maximum {
        return limits;
    }
    tracing::warn!(
        "there can be no more than {room} connections at once, for the process may open {descriptors} files (ulimit -n); {} were asked for",
        limits.maximum
    );
    ConnectionLimits {
        maximum: room.max(1),
        ..limits
    }
}

/// How many descriptors the process may have; none where the system does not tell, or where there is no bound.
fn most() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
