//! What is asked: a packet's start, end, protocol and ports.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::ids::{DnsName, IdError, ResourceId, looks_like_resource_id};
use crate::protocol::{PortRange, Protocol};

mod constraints;
mod request;
mod service;

pub use constraints::{Constraints, Lost};
pub use request::{Request, RequestError};
pub use service::Service;

/// One end of a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlowEnd {
    /// A resource of the topology.
    Resource(ResourceId),
    /// An address.
    Address(IpAddr),
    /// Any public address that the topology does not hold.
    Internet,
    /// A DNS name, as the source resolves it.
    Name(DnsName),
}

/// The text names no end of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no resource id, no address, no DNS name and not `internet`")]
pub struct FlowEndError {
    /// The text, cut at 80 characters.
    pub text: String,
    /// What kept it from being a DNS name.
    #[source]
    pub source: IdError,
}

impl FromStr for FlowEnd {
    type Err = FlowEndError;

    fn from_str(text: &str) -> Result<Self, FlowEndError> {
        let fail = |source| FlowEndError {
            text: text.chars().take(80).collect(),
            source,
        };
        if text == "internet" {
            return Ok(Self::Internet);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if looks_like_resource_id(text) {
            return text.parse().map(Self::Resource).map_err(fail);
        }
        if !text.contains('.') {
            return Err(fail(IdError::BadCharacter {
                text: text.chars().take(64).collect(),
                expected: "a DNS name with a dot in it",
            }));
        }
        DnsName::from_any_case(text).map(Self::Name).map_err(fail)
    }
}

impl fmt::Display for FlowEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(id) => id.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Internet => f.write_str("internet"),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// A packet's way to be asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// Where it starts.
    pub source: FlowEnd,
    /// Where it goes.
    pub destination: FlowEnd,
    protocol: Protocol,
    source_ports: PortRange,
    destination_ports: PortRange,
    /// What the packets ask a service for; none if only they matter.
    pub request: Option<Request>,
    /// What its ways must do without, take and not take.
    pub constraints: Constraints,
}

/// The ports do not fit the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FlowPortError {
    /// A TCP or UDP flow has no destination port.
    #[error("{protocol} needs a destination port from 1 to 65535")]
    Missing {
        /// The protocol.
        protocol: Protocol,
    },
    /// A flow of another protocol has a port.
    #[error("{protocol} has no ports")]
    Unexpected {
        /// The protocol.
        protocol: Protocol,
    },
}

impl Flow {
    /// A flow. Without a source port, TCP and UDP flows may come from any ephemeral port.
    ///
    /// # Errors
    /// [`FlowPortError`] if the ports do not fit the protocol.
    pub fn new(
        ends: (FlowEnd, FlowEnd),
        protocol: Protocol,
        destination_port: Option<u16>,
        source_port: Option<u16>,
    ) -> Result<Self, FlowPortError> {
        let (source_ports, destination_ports) =
            match (protocol.has_ports(), destination_port, source_port) {
                (true, Some(to), Some(from)) if to > 0 && from > 0 => {
                    (PortRange::one(from), PortRange::one(to))
                }
                (true, Some(to), None) if to > 0 => (PortRange::EPHEMERAL, PortRange::one(to)),
                (true, _, _) => return Err(FlowPortError::Missing { protocol }),
                (false, None, None) => (PortRange::NONE, PortRange::NONE),
                (false, _, _) => return Err(FlowPortError::Unexpected { protocol }),
            };
        Ok(Self {
            source: ends.0,
            destination: ends.1,
            protocol,
            source_ports,
            destination_ports,
            request: None,
            constraints: Constraints::default(),
        })
    }

    /// Its protocol.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The ports it may come from.
    #[must_use]
    pub fn source_ports(&self) -> PortRange {
        self.source_ports
    }

    /// The ports it goes to: one.
    #[must_use]
    pub fn destination_ports(&self) -> PortRange {
        self.destination_ports
    }
}
