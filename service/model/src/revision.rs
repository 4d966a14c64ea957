//! Names and numbers of topologies and their states.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// Number of a topology's state: 0 before the first change, then 1, 2, 3 without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u64);

impl Revision {
    /// The state of a topology that was never changed.
    pub const ZERO: Self = Self(0);

    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Name of a topology: 1 to 63 of `a-z`, `0-9`, `-`, starting with a letter, ending with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopologyName(Arc<str>);

/// The text is no name of a topology.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{text}` is no topology name: 1 to 63 of `a-z`, `0-9` and `-`, starting with a letter, ending with a letter or digit"
)]
pub struct TopologyNameError {
    /// The text, cut at 80 characters.
    pub text: String,
}

impl TopologyName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopologyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TopologyName {
    type Err = TopologyNameError;

    fn from_str(text: &str) -> Result<Self, TopologyNameError> {
        let characters_are_good = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let starts_well = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        if characters_are_good && starts_well && !text.ends_with('-') && text.len() <= 63 {
            Ok(Self(Arc::from(text)))
        } else {
            Err(TopologyNameError {
                text: text.chars().take(80).collect(),
            })
        }
    }
}

/// A name that is given to a revision: 1 to 63 of `a-z`, `0-9`, `-`, `.` and `_`, starting with a letter, so that it is never taken for a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelName(Arc<str>);

/// The text is no label.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no label: 1 to 63 of `a-z`, `0-9`, `-`, `.` and `_`, starting with a letter")]
pub struct LabelNameError {
    /// The text, cut at 80 characters.
    pub text: String,
}

impl LabelName {
    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LabelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LabelName {
    type Err = LabelNameError;

    fn from_str(text: &str) -> Result<Self, LabelNameError> {
        let characters_are_good = text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_')
        });
        let starts_well = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        if characters_are_good && starts_well && text.len() <= 63 {
            Ok(Self(Arc::from(text)))
        } else {
            Err(LabelNameError {
                text: text.chars().take(80).collect(),
            })
        }
    }
}

/// A place in a distributed trace, as the header `traceparent` of W3C Trace Context, version 00, tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace: [u8; 16],
    span: [u8; 8],
    is_sampled: bool,
}

/// The text is no place in a trace.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{text}` is no place in a trace, expected one as `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`"
)]
pub struct TraceParentError {
    /// The text, cut at 80 characters.
    pub text: String,
}

impl TraceParent {
    /// A span of a trace; none if either has no number.
    #[must_use]
    pub fn new(trace: [u8; 16], span: [u8; 8], is_sampled: bool) -> Option<Self> {
        let is_valid = trace != [0; 16] && span != [0; 8];
        is_valid.then_some(Self {
            trace,
            span,
            is_sampled,
        })
    }

    /// Number of the trace.
    #[must_use]
    pub fn trace_id(&self) -> [u8; 16] {
        self.trace
    }

    /// Number of the span.
    #[must_use]
    pub fn span_id(&self) -> [u8; 8] {
        self.span
    }

    /// Whether the span was recorded by whoever made it.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.is_sampled
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = bytes::<1>(parts.next()?)?;
        let (trace, span) = (bytes(parts.next()?)?, bytes(parts.next()?)?);
        let [flags] = bytes::<1>(parts.next()?)?;
        // What later versions add comes after a dash; 255 is none.
        let is_whole = match version {
            [0] => parts.next().is_none(),
            [version] => version < 255,
        };
        if is_whole {
            Self::new(trace, span, flags & 1 == 1)
        } else {
            None
        }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.span
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", u8::from(self.is_sampled))
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(text: &str) -> Result<Self, TraceParentError> {
        Self::read(text).ok_or_else(|| TraceParentError {
            text: text.chars().take(80).collect(),
        })
    }
}

/// So many bytes, as lower-case hexadecimal digits.
fn bytes<const COUNT: usize>(text: &str) -> Option<[u8; COUNT]> {
    let mut read = [0; COUNT];
    let (digits, rest) = text.as_bytes().as_chunks::<2>();
    if digits.len() != COUNT || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in read.iter_mut().zip(digits) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(read)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}

/// A moment, as the time since 1970-01-01 UTC. The clock is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub Duration);

/// What is told of a revision, beside its changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RevisionNote {
    /// Who applied it.
    pub author: String,
    /// Why.
    pub message: String,
    /// When.
    pub time: Timestamp,
    /// In which trace, if it is known.
    pub trace: Option<TraceParent>,
}
