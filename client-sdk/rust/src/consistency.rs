//! Which revision a path is answered from.

use causeway_proto::v1::Consistency;
use causeway_proto::v1::consistency::Requirement;

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

fn of(requirement: Requirement) -> Consistency {
    Consistency {
        requirement: Some(requirement),
    }
}
