//! Flows, in one line each. Ends are written as the contract has them: an id, an address, `internet`, or (a destination) a DNS name.

use std::marker::PhantomData;

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

/// Any public address that the topology does not hold, as a source or a destination.
pub const INTERNET: &str = "internet";

/// The ends of a flow whose protocol is to be said.
#[derive(Debug, Clone)]
#[must_use = "say the protocol, as with `tcp`"]
pub struct Between {
    source: String,
    destination: String,
}

/// A flow that is being made. It is taken where a [`Flow`] is; `P` is whether its protocol has ports.
#[derive(Debug, Clone)]
pub struct Builder<P> {
    flow: Flow,
    protocol: PhantomData<fn() -> P>,
}

/// Of a flow: its protocol has ports.
#[derive(Debug, Clone, Copy)]
pub enum Ports {}

/// Of a flow: its protocol has no ports.
#[derive(Debug, Clone, Copy)]
pub enum NoPorts {}

/// Begins a flow between two ends. What can be said of it depends on its protocol: one that has no ports cannot be given any.
///
/// ```
/// use causeway_client::flow;
/// use causeway_client::v1::Flow;
///
/// let asked: Flow = flow::between("i-0abc", "s3.eu-west-1.amazonaws.com")
///     .tcp(443)
///     .asking("arn:aws:iam::111122223333:role/app", "s3:GetObject", "arn:aws:s3:::bucket/key")
///     .without(["eu-west-1a"])
///     .into();
/// assert_eq!((asked.destination_port, asked.action.as_str()), (Some(443), "s3:GetObject"));
///
/// let ping: Flow = flow::between("i-0abc", flow::INTERNET).icmp().into();
/// assert_eq!(ping.destination_port, None);
/// ```
///
/// ```compile_fail
/// use causeway_client::flow;
///
/// flow::between("i-0abc", "i-0def").icmp().source_port(443);
/// ```
pub fn between(source: impl Into<String>, destination: impl Into<String>) -> Between {
    Between {
        source: source.into(),
        destination: destination.into(),
    }
}

// === impl Between ===

impl Between {
    /// TCP to a port.
    pub fn tcp(self, port: u16) -> Builder<Ports> {
        Builder::of(tcp(self.source, self.destination, port))
    }

    /// UDP to a port.
    pub fn udp(self, port: u16) -> Builder<Ports> {
        Builder::of(udp(self.source, self.destination, port))
    }

    /// An ICMP echo and its reply.
    pub fn icmp(self) -> Builder<NoPorts> {
        Builder::of(icmp(self.source, self.destination))
    }

    /// A protocol without ports, by its name or number.
    pub fn protocol(self, protocol: impl Into<String>) -> Builder<NoPorts> {
        Builder::of(without_ports(self.source, self.destination, protocol))
    }
}

// === impl Builder ===

impl Builder<Ports> {
    /// The port that it comes from; any ephemeral one, if this is not said.
    #[must_use]
    pub fn source_port(mut self, port: u16) -> Self {
        self.flow.source_port = Some(u32::from(port));
        self
    }
}

impl<P> Builder<P> {
    /// With what its packets ask a service for; see [`asking`].
    #[must_use]
    pub fn asking(
        self,
        principal: impl Into<String>,
        action: impl Into<String>,
        resource: impl Into<String>,
    ) -> Self {
        Self::of(asking(self.flow, principal, action, resource))
    }

    /// As if these resources, by id, or zones, by name or id, were down.
    #[must_use]
    pub fn without<I: Into<String>>(mut self, down: impl IntoIterator<Item = I>) -> Self {
        self.flow.without.extend(down.into_iter().map(Into::into));
        self
    }

    /// By a way that passes these resources.
    #[must_use]
    pub fn through<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.flow.through.extend(ids.into_iter().map(Into::into));
        self
    }

    /// By a way that passes none of these resources, there and back.
    #[must_use]
    pub fn avoiding<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.flow.avoiding.extend(ids.into_iter().map(Into::into));
        self
    }

    fn of(flow: Flow) -> Self {
        let protocol = PhantomData;
        Self { flow, protocol }
    }
}

impl<P> From<Builder<P>> for Flow {
    fn from(builder: Builder<P>) -> Self {
        builder.flow
    }
}
