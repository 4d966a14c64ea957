//! Flows, in one line each. Ends are written as the contract has them: an id, an address, `internet`, or (a destination) a DNS name.

use causeway_proto::v1::Flow;

/// A TCP flow to a port. The source port is any ephemeral one; set `source_port` for another.
#[must_use]
pub fn tcp(source: impl Into<String>, destination: impl Into<String>, port: u16) -> Flow {
    with_port("tcp", source.into(), destination.into(), port)
}

/// A UDP flow to a port. The source port is any ephemeral one; set `source_port` for another.
#[must_use]
pub fn udp(source: impl Into<String>, destination: impl Into<String>, port: u16) -> Flow {
    with_port("udp", source.into(), destination.into(), port)
}

/// An ICMP echo and its reply.
#[must_use]
pub fn icmp(source: impl Into<String>, destination: impl Into<String>) -> Flow {
    without_ports(source, destination, "icmp")
}

/// A flow of a protocol without ports, by its name or number.
#[must_use]
pub fn without_ports(
    source: impl Into<String>,
    destination: impl Into<String>,
    protocol: impl Into<String>,
) -> Flow {
    Flow {
        source: source.into(),
        destination: destination.into(),
        protocol: protocol.into(),
        destination_port: None,
        source_port: None,
        ..Flow::default()
    }
}

/// The flow with what its packets ask a service for, so that the policies of endpoints are consulted: who asks, by ARN, the action as
/// `s3:GetObject`, and the ARN of the resource, or `*`.
#[must_use]
pub fn asking(
    flow: Flow,
    principal: impl Into<String>,
    action: impl Into<String>,
    resource: impl Into<String>,
) -> Flow {
    Flow {
        principal: principal.into(),
        action: action.into(),
        resource: resource.into(),
        ..flow
    }
}

fn with_port(protocol: &str, source: String, destination: String, port: u16) -> Flow {
    Flow {
        destination_port: Some(u32::from(port)),
        ..without_ports(source, destination, protocol)
    }
}
