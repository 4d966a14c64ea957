//! What is kept and let go, over closing and opening, damage, and ends in the middle.

use super::super::chunks::seal;
use super::*;
use crate::port::{Base, Label, Logged, Origin};
use crate::records::{MarkRow, Record, TopologyRow};

fn label(text: &str, revision: u64) -> Label {
    Label {
        name: text.parse().expect("the tests' labels are labels"),
        revision: Revision(revision),
        time: Timestamp::default(),
    }
}

fn fork(name: &str, of: TopologyId, at: u64) -> NewTopology {
    let base = Base::Fork {
        of,
        at: Revision(at),
    };
    NewTopology { base, ..new(name) }
}

async fn find(store: &SledStore, name: &str) -> Result<TopologyRecord, Box<dyn std::error::Error>> {
    Ok(store.find(&name.parse()?).await?.ok_or("it is lost")?)
}

#[track_caller]
fn assert_whole(directory: &TempDir) -> TestResult {
    assert_eq!(SledStore::check(directory.path())?.faults, []);
    Ok(())
}

/// A fork of `acme` at revision 2 with a label, and `acme` itself trimmed to 2.
async fn forked(directory: &TempDir) -> Result<TopologyId, Box<dyn std::error::Error>> {
    let id = acme(directory).await?;
    let store = SledStore::open(directory.path())?;
    let made = store.create(fork("what-if", id, 2)).await?.id;
    store.append(append(made, 0)).await?;
    store
        .set_label(made, label("prod", 1), Some(request("l")))
        .await?;
    store.set_label(made, label("gone", 1), None).await?;
    store.delete_label(made, &"gone".parse()?, None).await?;
    store.trim(id, Revision(2)).await?;
    Ok(made)
}

#[tokio::test]
async fn forks_labels_and_trims_are_there_after_opening() -> TestResult {
    let directory = TempDir::new()?;
    let made = forked(&directory).await?;
    assert_whole(&directory)?;
    let store = SledStore::open(directory.path())?;
    let (acme, what_if) = (find(&store, "acme").await?, find(&store, "what-if").await?);
    assert_eq!((acme.oldest, acme.head), (Revision(2), Revision(3)));
    assert_eq!(what_if.leans_on, Some((acme.id, Revision(2))));
    let origin = what_if.origin.map(|origin| origin.name.to_string());
    assert_eq!(
        (origin, what_if.head),
        (Some("acme".to_owned()), Revision(1))
    );
    assert_eq!(store.labels(made).await?, [label("prod", 1)]);
    assert!(matches!(
        store.delete(acme.id, None).await,
        Err(StoreError::LeanedOn { .. })
    ));
    Ok(())
}

#[tokio::test]
async fn a_detached_fork_and_a_deletion_are_there_after_opening() -> TestResult {
    let directory = TempDir::new()?;
    let made = forked(&directory).await?;
    let store = SledStore::open(directory.path())?;
    let source = find(&store, "acme").await?.id;
    store
        .put_checkpoint(made, Revision::ZERO, Snapshot::default())
        .await?;
    store.delete(source, Some(request("delete"))).await?;
    drop(store);
    let store = SledStore::open(directory.path())?;
    assert_eq!(find(&store, "what-if").await?.leans_on, None);
    let found = store
        .deletion(&"acme".parse()?, &request("delete").key)
        .await?;
    assert_eq!(found.map(|found| found.revision), Some(Revision(3)));
    drop(store);
    assert_whole(&directory)
}

#[tokio::test]
async fn a_restored_history_is_there_after_opening() -> TestResult {
    let directory = TempDir::new()?;
    let store = SledStore::open(directory.path())?;
    let origin = Origin {
        name: "elsewhere".parse()?,
        revision: Revision(4),
    };
    let first = Logged {
        revision: Revision(7),
        note: RevisionNote::default(),
        counts: [1, 2],
    };
    let base = Base::Restored {
        first: first.clone(),
        origin: Some(origin.clone()),
    };
    let made = store
        .create(NewTopology {
            base,
            ..new("acme")
        })
        .await?;
    drop(store);
    // Until its checkpoint is there, the check says so.
    let faults = SledStore::check(directory.path())?.faults;
    let details: Vec<_> = faults.iter().map(|fault| fault.detail.as_str()).collect();
    assert_eq!(details, ["missing, and the history begins with it"]);
    let store = SledStore::open(directory.path())?;
    store
        .put_checkpoint(made.id, Revision(7), Snapshot::default())
        .await?;
    store.append(append(made.id, 7)).await?;
    drop(store);
    let store = SledStore::open(directory.path())?;
    let found = find(&store, "acme").await?;
    assert_eq!((found.oldest, found.head), (Revision(7), Revision(8)));
    assert_eq!(found.origin, Some(origin));
    assert_eq!(
        store.history(made.id, Revision(9), 9).await?.last(),
        Some(&first)
    );
    drop(store);
    assert_whole(&directory)
}

#[tokio::test]
async fn a_trim_that_was_cut_off_is_gone_on_with_after_opening() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    tamper(&directory, &Sort::Topology.of(id), |value| {
        let row: TopologyRow = chunks::unseal_record(&Sort::Topology.of(id), &value).ok()?;
        let trimmed = TopologyRow {
            oldest: Revision(2),
            ..row
        };
        Some(seal(&Sort::Topology.of(id), &trimmed.encode()))
    })?;
    // One is gone already: that is no gap.
    tamper(&directory, &Sort::Log.at(id, Revision(1)), |_| None)?;
    let report = SledStore::check(directory.path())?;
    assert_eq!((report.faults.as_slice(), report.leftovers), (&[][..], 2));
    let store = SledStore::open(directory.path())?;
    let found = find(&store, "acme").await?;
    assert_eq!((found.oldest, found.head), (Revision(2), Revision(3)));
    for number in 0..10 {
        store.create(new(&format!("n{number}"))).await?;
    }
    assert_eq!(store.read(id, Revision(2), Revision(3)).await?.len(), 1);
    drop(store);
    let report = SledStore::check(directory.path())?;
    assert_eq!((report.faults.as_slice(), report.leftovers), (&[][..], 0));
    // Of the log two records and the chunk of the newest; the checkpoint; the request; the topology.
    assert_eq!(keys_left(&directory, id)?, 7);
    Ok(())
}

#[tokio::test]
async fn a_dropped_checkpoint_leaves_no_key() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let before = keys_left(&directory, id)?;
    let store = SledStore::open(directory.path())?;
    store.drop_checkpoint(id, Revision(2)).await?;
    for number in 0..4 {
        store.create(new(&format!("n{number}"))).await?;
    }
    drop(store);
    assert_eq!(keys_left(&directory, id)?, before - 2);
    assert_whole(&directory)
}

#[tokio::test]
async fn chunks_of_a_dropped_checkpoint_are_no_fault_and_are_cleaned_up() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let mark = Sort::Unfinished.at(id, Revision(2));
    tamper(&directory, &Sort::Checkpoint.at(id, Revision(2)), |_| None)?;
    let db = open::database(directory.path())?;
    db.insert(mark.as_slice(), seal(&mark, &MarkRow.encode()))?;
    drop(db);
    let report = SledStore::check(directory.path())?;
    assert_eq!((report.faults.as_slice(), report.leftovers), (&[][..], 2));
    drop(SledStore::open(directory.path())?);
    assert_eq!(SledStore::check(directory.path())?.leftovers, 0);
    Ok(())
}

#[tokio::test]
async fn a_trim_takes_no_damaged_checkpoint() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    tamper(
        &directory,
        &Sort::CheckpointChunk.chunk(id, Revision(2), 0),
        flip,
    )?;
    let store = SledStore::open(directory.path())?;
    let outcome = store.trim(id, Revision(2)).await;
    assert!(
        matches!(outcome, Err(StoreError::NoCheckpoint { .. })),
        "{outcome:?}"
    );
    assert_eq!(store.read(id, Revision::ZERO, Revision(3)).await?.len(), 3);
    Ok(())
}

/// The checkpoint that a history begins with is written again only if it is of no use.
#[tokio::test]
async fn the_first_checkpoint_can_be_put_right() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let store = SledStore::open(directory.path())?;
    store.trim(id, Revision(2)).await?;
    store
        .put_checkpoint(id, Revision(2), Snapshot::default())
        .await?;
    let held = store.checkpoint(id, Revision(2)).await?;
    let (_, whole) = held.ok_or("it is lost")?;
    assert_eq!(whole.len(), 2);
    drop(store);
    tamper(
        &directory,
        &Sort::CheckpointChunk.chunk(id, Revision(2), 0),
        flip,
    )?;
    let store = SledStore::open(directory.path())?;
    assert_eq!(store.checkpoint(id, Revision(3)).await?, None);
    store.put_checkpoint(id, Revision(2), whole.clone()).await?;
    assert_eq!(
        store.checkpoint(id, Revision(3)).await?,
        Some((Revision(2), whole))
    );
    Ok(())
}

#[tokio::test]
async fn a_fork_of_what_is_missing_or_damaged_is_named_and_not_served() -> TestResult {
    type Broken = fn(TopologyId) -> Key;
    let breaks: [(Broken, &str); 2] = [
        (|id| Sort::Log.at(id, Revision(2)), "damaged"),
        (
            |_| keys::name(&"acme".parse().expect("it is a name")),
            "missing",
        ),
    ];
    for (broken, how) in breaks {
        let directory = TempDir::new()?;
        let made = forked(&directory).await?;
        let id = TopologyId(made.0 - 2);
        let store = SledStore::open(directory.path())?;
        store.create(fork("second", made, 1)).await?;
        drop(store);
        tamper(&directory, &broken(id), |_| None)?;
        let store = SledStore::open(directory.path())?;
        for name in ["what-if", "second"] {
            let error = store
                .find(&name.parse()?)
                .await
                .expect_err("it leans on damage");
            let text = error.to_string();
            assert!(text.contains("it is a fork of `"), "{how}: {text}");
        }
        assert!(
            store
                .list()
                .await?
                .iter()
                .all(|record| record.name.as_str() == "other")
        );
        drop(store);
        assert_ne!(SledStore::check(directory.path())?.faults, []);
    }
    Ok(())
}

/// It may be put right, and then needs what it leans on.
#[tokio::test]
async fn what_a_damaged_fork_leans_on_is_kept() -> TestResult {
    let directory = TempDir::new()?;
    let made = forked(&directory).await?;
    tamper(&directory, &keys::label(made, &"prod".parse()?), flip)?;
    let store = SledStore::open(directory.path())?;
    let error = store
        .find(&"what-if".parse()?)
        .await
        .expect_err("its label is damaged");
    assert!(
        error
            .to_string()
            .contains("its label `prod` cannot be read"),
        "{error}"
    );
    let source = find(&store, "acme").await?.id;
    let outcome = store.delete(source, None).await;
    assert!(
        matches!(outcome, Err(StoreError::LeanedOn { .. })),
        "{outcome:?}"
    );
    Ok(())
}

#[tokio::test]
async fn what_labels_and_forks_lack_is_named_by_the_check() -> TestResult {
    let directory = TempDir::new()?;
    let made = forked(&directory).await?;
    let key = Sort::Topology.of(made);
    tamper(&directory, &key, |value| {
        let row: TopologyRow = chunks::unseal_record(&key, &value).ok()?;
        let leans_on = row.leans_on.map(|(on, _)| (on, Revision(1)));
        Some(seal(&key, &TopologyRow { leans_on, ..row }.encode()))
    })?;
    let stray = keys::label(made, &"stray".parse()?);
    let row = crate::records::LabelRow {
        revision: Revision(2),
        time: Timestamp::default(),
    };
    let db = open::database(directory.path())?;
    db.insert(stray.as_slice(), seal(&stray, &row.encode()))?;
    drop(db);
    let faults = SledStore::check(directory.path())?.faults;
    let found: Vec<_> = faults
        .iter()
        .map(|fault| format!("{}: {}", fault.what, fault.detail))
        .collect();
    assert_eq!(
        found,
        [
            "label `stray` of topology `what-if` at revision 2: its revision is not kept",
            "topology `what-if`: it is a fork of `acme` at revision 1, which is not there",
        ]
    );
    Ok(())
}

/// The database as it was before a label was set: sled took what followed for the end of its log.
#[tokio::test]
async fn a_label_that_is_cut_off_by_damage_is_named() -> TestResult {
    let directory = TempDir::new()?;
    let id = acme(&directory).await?;
    let key = Sort::Topology.of(id);
    let store = SledStore::open(directory.path())?;
    store.set_label(id, label("prod", 1), None).await?;
    store.set_label(id, label("prod", 2), None).await?;
    drop(store);
    tamper(&directory, &key, |value| {
        let row: TopologyRow = chunks::unseal_record(&key, &value).ok()?;
        let label_changes = 1;
        Some(seal(
            &key,
            &TopologyRow {
                label_changes,
                ..row
            }
            .encode(),
        ))
    })?;
    for _ in 0..2 {
        let store = SledStore::open(directory.path())?;
        assert_corrupt(store.find(&"acme".parse()?).await, "topology `acme`");
        drop(store);
        let faults = SledStore::check(directory.path())?.faults;
        let details: Vec<_> = faults.iter().map(|fault| fault.detail.as_str()).collect();
        assert_eq!(
            details,
            ["1 changes of its labels are there, and 2 were durable"]
        );
    }
    Ok(())
}
