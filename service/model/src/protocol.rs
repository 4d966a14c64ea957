//! Protocols and ports, as rules and flows name them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::fields::{Field, FieldError, Value};

/// An IP protocol by its number (IANA's Assigned Internet Protocol Numbers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

/// The text is no protocol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no protocol: expected {all}tcp, udp, icmp, icmpv6 or a number from 0 to 255")]
pub struct ProtocolError {
    /// The text, cut at 40 characters.
    pub text: String,
    /// How all protocols are written, with a comma after it; empty where only one will do.
    pub all: &'static str,
}

impl Protocol {
    /// ICMP (RFC 792).
    pub const ICMP: Self = Self(1);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// ICMP for IPv6 (RFC 4443).
    pub const ICMPV6: Self = Self(58);

    /// Whether its packets have ports.
    #[must_use]
    pub fn has_ports(self) -> bool {
        matches!(self, Self::TCP | Self::UDP)
    }

    /// Whether it is ICMP, of either family.
    #[must_use]
    pub fn is_icmp(self) -> bool {
        matches!(self, Self::ICMP | Self::ICMPV6)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ICMP => f.write_str("icmp"),
            Self::TCP => f.write_str("tcp"),
            Self::UDP => f.write_str("udp"),
            Self::ICMPV6 => f.write_str("icmpv6"),
            Self(number) => number.fmt(f),
        }
    }
}

impl FromStr for Protocol {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, ProtocolError> {
        match text.to_ascii_lowercase().as_str() {
            "icmp" => Ok(Self::ICMP),
            "tcp" => Ok(Self::TCP),
            "udp" => Ok(Self::UDP),
            "icmpv6" => Ok(Self::ICMPV6),
            _ => text.parse().map(Self).map_err(|_| ProtocolError {
                text: text.chars().take(40).collect(),
                all: "",
            }),
        }
    }
}

/// The protocols that a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolMatch {
    /// All, written `-1`.
    All,
    /// One.
    Is(Protocol),
}

impl ProtocolMatch {
    /// Whether packets of this protocol match.
    #[must_use]
    pub fn matches(self, protocol: Protocol) -> bool {
        match self {
            Self::All => true,
            Self::Is(own) => own == protocol,
        }
    }
}

impl fmt::Display for ProtocolMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Is(protocol) => protocol.fmt(f),
        }
    }
}

impl FromStr for ProtocolMatch {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, ProtocolError> {
        if matches!(text, "-1" | "all") {
            Ok(Self::All)
        } else {
            let one = text.parse().map(Self::Is);
            one.map_err(|fault: ProtocolError| ProtocolError {
                all: "-1, ",
                ..fault
            })
        }
    }
}

impl Field for ProtocolMatch {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn from_value(value: Value) -> Result<Self, FieldError> {
        value.parse_text()
    }
}

/// A range of ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    from: u16,
    to: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: Self = Self {
        from: 0,
        to: u16::MAX,
    };
    /// The source ports of a flow that names none (Linux; Windows stays within): 32768 to 65535.
    pub const EPHEMERAL: Self = Self {
        from: 32768,
        to: u16::MAX,
    };
    /// The source ports of a NAT gateway or a load balancer: 1024 to 65535.
    pub const TRANSLATED: Self = Self {
        from: 1024,
        to: u16::MAX,
    };
    /// The range of a protocol without ports: 0 alone.
    pub const NONE: Self = Self { from: 0, to: 0 };

    /// The ports from one to another; nothing if the last is below the first.
    #[must_use]
    pub fn new(from: u16, to: u16) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// One port.
    #[must_use]
    pub fn one(port: u16) -> Self {
        Self {
            from: port,
            to: port,
        }
    }

    /// First port.
    #[must_use]
    pub fn from(self) -> u16 {
        self.from
    }

    /// Last port.
    #[must_use]
    pub fn to(self) -> u16 {
        self.to
    }

    /// Whether every port of the other range is in this one.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    /// The ports that are in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            self.from.fmt(f)
        } else {
            write!(f, "{}-{}", self.from, self.to)
        }
    }
}

impl Field for PortRange {
    fn to_value(&self) -> Value {
        Value::List(vec![self.from.to_value(), self.to.to_value()])
    }

    fn from_value(value: Value) -> Result<Self, FieldError> {
        let ends = Vec::<u16>::from_value(value)?;
        let &[from, to] = ends.as_slice() else {
            return Err(FieldError::Shape {
                expected: "two ports",
                found: "another number of them",
            });
        };
        Self::new(from, to).ok_or_else(|| FieldError::Range { number: to.into() })
    }
}
