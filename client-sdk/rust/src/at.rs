//! Where in its history a topology is read.

use std::str::FromStr;

pub use prost_types::Timestamp;

/// Where in its history a topology is read. As text: a revision's number, a time in RFC 3339 as `2026-01-31T08:00:00Z`, or a label, which starts with a
/// letter.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum At {
    /// At the newest revision.
    #[default]
    Newest,
    /// At this revision.
    Revision(u64),
    /// At the newest revision at this time or before it.
    Time(Timestamp),
    /// At the revision that has this label.
    Label(String),
}

/// The text names neither a revision nor a time nor a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the number of a revision, a time as 2026-01-31T08:00:00Z, or a label of `a-z`, `0-9`, `-`, `.` and `_`"
)]
pub struct AtError;

// === impl At ===

impl At {
    /// As requests have it that have a field for each.
    pub(crate) fn fields(self) -> (Option<u64>, Option<Timestamp>, String) {
        match self {
            Self::Newest => (None, None, String::new()),
            Self::Revision(revision) => (Some(revision), None, String::new()),
            Self::Time(time) => (None, Some(time), String::new()),
            Self::Label(label) => (None, None, label),
        }
    }

    /// At the revision that has this label.
    #[must_use]
    pub fn label(label: impl Into<String>) -> Self {
        Self::Label(label.into())
    }
}

impl From<u64> for At {
    fn from(revision: u64) -> Self {
        Self::Revision(revision)
    }
}

/// Nothing is the newest revision.
impl From<Option<u64>> for At {
    fn from(revision: Option<u64>) -> Self {
        revision.map_or(Self::Newest, Self::Revision)
    }
}

impl From<Timestamp> for At {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl FromStr for At {
    type Err = AtError;

    fn from_str(text: &str) -> Result<Self, AtError> {
        if let Ok(revision) = text.parse() {
            return Ok(Self::Revision(revision));
        }
        let is_label = text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .chars()
                .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || "-._".contains(one));
        if is_label {
            return Ok(Self::label(text));
        }
        // A date alone, or a time without its zone, would be a guess at what is meant.
        let is_whole = text.contains(['T', 't', ' '])
            && (text.ends_with(['Z', 'z'])
                || text
                    .rsplit(['T', 't', ' '])
                    .next()
                    .is_some_and(|time| time.contains(['+', '-'])));
        let time = text.parse().ok().filter(|_| is_whole);
        time.map(Self::Time).ok_or(AtError)
    }
}

#[cfg(test)]
mod tests {
    use super::{At, AtError, Timestamp};

    #[test]
    fn a_place_in_history_is_a_number_a_whole_time_or_a_label() {
        let time = |seconds, nanos| Ok(At::Time(Timestamp { seconds, nanos }));
        for (text, read) in [
            ("7", Ok(At::Revision(7))),
            ("1970-01-01T00:00:10Z", time(10, 0)),
            ("1970-01-01T01:00:10.5+01:00", time(10, 500_000_000)),
            ("1970-01-01T00:00:10-00:01", time(70, 0)),
            ("1970-01-01", Err(AtError)),
            ("1970-01-01T00:00:10", Err(AtError)),
            ("-1", Err(AtError)),
            ("release-1.2_rc", Ok(At::label("release-1.2_rc"))),
            ("yesterday noon", Err(AtError)),
            ("Yesterday", Err(AtError)),
            ("", Err(AtError)),
        ] {
            assert_eq!(text.parse::<At>(), read, "{text}");
        }
    }
}
