//! What differs between snapshots, held against comparing every resource.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, RngSeed};

use super::{Change, ResourceId, Snapshot, delete, put, set, vpc};
use crate::snapshot::Difference;

/// A change of one of 300 VPCs: enough for a tree of several levels.
fn change() -> impl Strategy<Value = Change> {
    (0..300_u32, 0..4_u8).prop_map(|(number, what)| {
        let id = format!("vpc-{number}");
        match what {
            0 => delete(&id),
            block => put(vpc(&id, &format!("10.{block}.0.0/16"))),
        }
    })
}

/// The slow way: every id of both, looked up in both.
fn compared(before: &Snapshot, after: &Snapshot) -> Vec<Difference> {
    let ids = before.iter().chain(after.iter());
    let ids: BTreeSet<ResourceId> = ids.map(|resource| resource.id().clone()).collect();
    let differing = ids.iter().filter_map(|id| {
        match (
            before.get(id.as_str()).cloned(),
            after.get(id.as_str()).cloned(),
        ) {
            (None, Some(after)) => Some(Difference::Created { after }),
            (Some(before), None) => Some(Difference::Deleted { before }),
            (Some(before), Some(after)) if before != after => {
                Some(Difference::Changed { before, after })
            }
            _ => None,
        }
    });
    differing.collect()
}

proptest::proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(1), ..Config::default() })]

    #[test]
    fn differences_are_those_of_a_comparison_of_everything(
        base in vec(change(), 0..600),
        further in vec(vec(change(), 0..20), 0..6),
        shares in any::<bool>(),
    ) {
        let before = Snapshot::default().replay(&set(base));
        let after = further
            .into_iter()
            .fold(before.clone(), |snapshot, changes| snapshot.replay(&set(changes)));
        // States that are rebuilt apart from each other share nothing.
        let after = if shares {
            after
        } else {
            let all = after.iter().map(|resource| put(resource.as_ref().clone()));
            Snapshot::default().replay(&set(all))
        };
        for (one, other) in [(&before, &after), (&after, &before), (&before, &before)] {
            let found: Vec<_> = one.differences_to(other).collect();
            proptest::prop_assert_eq!(found, compared(one, other));
        }
    }
}
