//! The settings of connections: how many there may be, and what each of them may do.

use causeway_grpc::ConnectionLimits;
use serde::Deserialize;

use super::{ConfigError, at_least_one, positive_seconds};

/// As it is written in the file.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    maximum: Option<usize>,
    streams: Option<u32>,
    handshake_seconds: Option<f64>,
    ping_seconds: Option<f64>,
    ping_wait_seconds: Option<f64>,
}

// === impl File ===

impl File {
    /// The settings, where an argument wins over the file.
    pub(super) fn checked(self, maximum: Option<usize>) -> Result<ConnectionLimits, ConfigError> {
        let standard = ConnectionLimits::default();
        let streams = self.streams.unwrap_or(standard.streams);
        if streams == 0 {
            return Err(ConfigError::Zero {
                field: "connections.streams",
            });
        }
        let maximum = maximum.or(self.maximum);
        Ok(ConnectionLimits {
            maximum: at_least_one("connections.maximum", maximum, standard.maximum)?,
            streams,
            handshake: positive_seconds(
                "connections.handshake_seconds",
                self.handshake_seconds,
                standard.handshake,
            )?,
            ping: positive_seconds("connections.ping_seconds", self.ping_seconds, standard.ping)?,
            ping_wait: positive_seconds(
                "connections.ping_wait_seconds",
                self.ping_wait_seconds,
                standard.ping_wait,
            )?,
        })
    }
}
