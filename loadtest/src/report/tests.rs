//! Tests of the report.

use std::time::Duration;

use causeway_client::v1::{BatchItem, BatchResolvePathsResponse, Verdict};

use super::{Tally, round};

fn answer(revision: u64, verdicts: &[Verdict]) -> BatchResolvePathsResponse {
    let items = verdicts.iter().map(|verdict| BatchItem {
        verdict: (*verdict).into(),
        ..BatchItem::default()
    });
    BatchResolvePathsResponse {
        revision,
        items: items.collect(),
        traces: None,
    }
}

#[test]
fn a_round_tells_time_rate_revision_and_verdicts() {
    let mut tally = Tally::default();
    tally.add(&answer(7, &[Verdict::Reachable, Verdict::Unreachable]));
    tally.add(&answer(7, &[Verdict::Reachable, Verdict::Undetermined]));
    let line = round(1, Duration::from_millis(500), &tally);
    assert_eq!(
        line,
        "round 1: 4 flows in 0.500 s, 8 flows/s, revision 7, REACHABLE 2, UNDETERMINED 1, UNREACHABLE 1"
    );
}

#[test]
fn flows_without_an_answer_are_counted_apart_and_the_first_is_told() {
    let mut tally = Tally::default();
    let mut failed = answer(
        3,
        &[
            Verdict::Reachable,
            Verdict::Unspecified,
            Verdict::Unspecified,
        ],
    );
    for (item, message) in failed
        .items
        .iter_mut()
        .skip(1)
        .zip(["no such id", "another"])
    {
        item.error.get_or_insert_default().message = message.to_owned();
    }
    tally.add(&answer(2, &[Verdict::Reachable]));
    tally.add(&failed);
    let line = round(2, Duration::from_secs(1), &tally);
    assert_eq!(
        line,
        "round 2: 4 flows in 1.000 s, 4 flows/s, revisions 2 to 3, REACHABLE 2, errors 2 (the first is flow 3: no such id)"
    );
}
