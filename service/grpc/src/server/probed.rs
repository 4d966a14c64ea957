//! Health alone, in the clear, on a listener of its own: who probes has no certificate.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::service::Routes;

use super::{Served, bounded};
use crate::accept::{Reception, connections};
use crate::health::Health;
use crate::seats::{ConnectionLimits, Seats};

/// Connections to the port for probes, and calls of one of them that are answered at once.
const PROBE_CONNECTIONS: usize = 64;
const PROBE_CALLS: u32 = 16;
const PROBE_LOOKS: Duration = Duration::from_secs(30);

/// The task that tells health alone. It ends with this.
pub(super) struct Probed {
    task: JoinHandle<Served>,
}

// === impl Probed ===

impl Probed {
    pub(super) fn start(listener: TcpListener, health: &Health, limits: ConnectionLimits) -> Self {
        let reception = Reception {
            tls: None,
            seats: Seats::new(PROBE_CONNECTIONS),
            begin_within: limits.handshake,
            // Answers about health have a few bytes.
            look_every: PROBE_LOOKS,
        };
        let limits = ConnectionLimits {
            streams: PROBE_CALLS,
            ..limits
        };
        let probes = bounded(limits).serve_with_incoming(
            Routes::new(health.service()),
            connections(listener, reception),
        );
        Self {
            task: tokio::spawn(probes),
        }
    }
}

impl Drop for Probed {
    fn drop(&mut self) {
        self.task.abort();
    }
}
