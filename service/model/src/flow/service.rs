//! What is asked for at a destination, wherever it is.

use crate::protocol::Protocol;

use super::{Flow, FlowEnd, FlowPortError};

/// A protocol, and a port where it has ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    protocol: Protocol,
    port: Option<u16>,
}

impl Service {
    /// A service.
    ///
    /// # Errors
    /// [`FlowPortError`] if the port does not fit the protocol.
    pub fn new(protocol: Protocol, port: Option<u16>) -> Result<Self, FlowPortError> {
        let is_whole = port.is_some_and(|port| port > 0);
        match (protocol.has_ports(), port) {
            (true, _) if !is_whole => Err(FlowPortError::Missing { protocol }),
            (false, Some(_)) => Err(FlowPortError::Unexpected { protocol }),
            (true | false, _) => Ok(Self { protocol, port }),
        }
    }

    /// Its protocol.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        self.protocol
    }

    /// Its port.
    #[must_use]
    pub fn port(self) -> Option<u16> {
        self.port
    }

    /// A flow that asks for it.
    ///
    /// # Errors
    /// None that a service has which was made.
    pub fn flow(self, ends: (FlowEnd, FlowEnd)) -> Result<Flow, FlowPortError> {
        Flow::new(ends, self.protocol, self.port, None)
    }
}
