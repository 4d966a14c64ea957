//! Places in a topology's history, as requests name them: a revision, a time or a label.

use causeway_engine::Consistency;
use causeway_model::revision::Revision;

use crate::faults::Faults;
use crate::wire::Wire;

/// What a request reads that has a field for each of the three.
pub(crate) fn at(
    revision: Option<u64>,
    time: Option<prost_types::Timestamp>,
    name: String,
    faults: &mut Faults,
) -> Option<Consistency> {
    let has_label = !name.is_empty();
    if has_label && (revision.is_some() || time.is_some()) {
        return faults.field("label", |faults| {
            faults.add("stands beside a revision or a time; give one of them")
        });
    }
    match (revision, time) {
        (None, None) if has_label => label("label", name, faults),
        (None, None) => Some(Consistency::Newest),
        (Some(revision), None) => Some(exact(revision)),
        (None, Some(time)) => as_of("as_of", time, faults),
        (Some(_), Some(_)) => faults.field("as_of", |faults| {
            faults.add("stands beside a revision; give one of the two")
        }),
    }
}

/// A revision by its number.
pub(crate) fn exact(revision: u64) -> Consistency {
    Consistency::Exact(Revision(revision))
}

/// A revision by its time.
pub(crate) fn as_of(
    field: &'static str,
    time: prost_types::Timestamp,
    faults: &mut Faults,
) -> Option<Consistency> {
    faults
        .field(field, |faults| Wire::parse(time, faults))
        .map(Consistency::AsOf)
}

/// A revision by its label.
pub(crate) fn label(field: &'static str, name: String, faults: &mut Faults) -> Option<Consistency> {
    faults
        .field(field, |faults| Wire::parse(name, faults))
        .map(Consistency::Label)
}
