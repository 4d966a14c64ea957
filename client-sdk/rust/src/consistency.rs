//! Which revision a path is answered from.

use causeway_proto::v1::Consistency;
use causeway_proto::v1::consistency::Requirement;

use crate::{At, Timestamp};

/// The newest revision.
#[must_use]
pub fn newest() -> Consistency {
    of(Requirement::Newest(true))
}

/// This revision or a newer one: what a caller asks for to see its own write.
#[must_use]
pub fn at_least(revision: u64) -> Consistency {
    of(Requirement::AtLeastRevision(revision))
}

/// This very revision.
#[must_use]
pub fn exactly(revision: u64) -> Consistency {
    of(Requirement::ExactRevision(revision))
}

/// The newest revision at this time or before it.
#[must_use]
pub fn as_of(time: Timestamp) -> Consistency {
    of(Requirement::AsOf(time))
}

/// The revision that has this label.
#[must_use]
pub fn label(label: impl Into<String>) -> Consistency {
    of(Requirement::Label(label.into()))
}

/// This place in history.
#[must_use]
pub fn at(at: At) -> Consistency {
    match at {
        At::Newest => newest(),
        At::Revision(revision) => exactly(revision),
        At::Time(time) => as_of(time),
        At::Label(name) => label(name),
    }
}

fn of(requirement: Requirement) -> Consistency {
    Consistency {
        requirement: Some(requirement),
    }
}
