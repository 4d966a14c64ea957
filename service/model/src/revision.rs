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
}
