//! Random histories come through a backup as they were; and the backup that there was first can be read for ever.

use std::fmt::Write as _;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::revision::Revision;
use causeway_store::backup::{self, Selection};
use causeway_store::{
    Append, Base, MemoryStore, NewTopology, Store, StoreError, TopologyId, TopologyRecord,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{exported, futures_now, kept, sample};
use crate::samples;
use crate::support::{TestResult, append, new, puts, request, snapshot};

/// Something that is done to one of a few topologies.
#[derive(Debug, Clone)]
enum Deed {
    Create,
    Fork {
        of: usize,
    },
    Put {
        numbers: Vec<u32>,
        request: Option<u8>,
    },
    Delete {
        number: u32,
    },
    Label {
        name: u8,
        back: u64,
    },
    Unlabel {
        name: u8,
    },
    Checkpoint {
        back: u64,
    },
    Trim {
        back: u64,
    },
    Remove {
        request: u8,
    },
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn deed() -> impl Strategy<Value = (usize, Deed)> {
    let number = 0_u32..12;
    let deed = prop_oneof![
        3 => Just(Deed::Create),
        1 => (0..NAMES.len()).prop_map(|of| Deed::Fork { of }),
        8 => (prop::collection::vec(number.clone(), 1..5), prop::option::of(0_u8..5))
            .prop_map(|(numbers, request)| Deed::Put { numbers, request }),
        3 => number.prop_map(|number| Deed::Delete { number }),
        2 => (0_u8..3, 0_u64..4).prop_map(|(name, back)| Deed::Label { name, back }),
        1 => (0_u8..3).prop_map(|name| Deed::Unlabel { name }),
        2 => (0_u64..4).prop_map(|back| Deed::Checkpoint { back }),
        2 => (0_u64..4).prop_map(|back| Deed::Trim { back }),
        1 => (0_u8..3).prop_map(|request| Deed::Remove { request }),
    ];
    (0..NAMES.len(), deed)
}

/// Does it, if it can be done.
async fn act(store: &MemoryStore, at: usize, deed: Deed) -> TestResult {
    let found = store.find(&NAMES[at].parse()?).await?;
    let outcome = match (deed, found) {
        (Deed::Create, _) => store.create(new(NAMES[at])?).await.map(drop),
        (Deed::Fork { of }, _) => fork(store, at, of).await?,
        (_, None) => Ok(()),
        (deed, Some(record)) => change(store, record, deed).await?,
    };
    match outcome {
        Ok(())
        | Err(
            StoreError::NameTaken { .. }
            | StoreError::LeanedOn { .. }
            | StoreError::Labelled { .. }
            | StoreError::NoLabel { .. }
            | StoreError::NoRevision { .. },
        ) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn fork(store: &MemoryStore, at: usize, of: usize) -> TestResult<Result<(), StoreError>> {
    let Some(of) = store.find(&NAMES[of].parse()?).await? else {
        return Ok(Ok(()));
    };
    let base = Base::Fork {
        of: of.id,
        at: of.head,
    };
    let fork = NewTopology {
        base,
        ..new(NAMES[at])?
    };
    Ok(store.create(fork).await.map(drop))
}

/// Does something to a topology that is there.
async fn change(
    store: &MemoryStore,
    record: TopologyRecord,
    deed: Deed,
) -> TestResult<Result<(), StoreError>> {
    let (id, head) = (record.id, record.head.0);
    let before = |back: u64| Revision(head.saturating_sub(back));
    Ok(match deed {
        Deed::Create | Deed::Fork { .. } => Ok(()),
        Deed::Put {
            numbers,
            request: asked,
        } => {
            let append = Append {
                changes: puts(numbers)?,
                request: asked.map(|asked| request(&asked.to_string())),
                ..append(id, head)?
            };
            store.append(append).await.map(drop)
        }
        Deed::Delete { number } => {
            let delete = Change::Delete(samples::subnet(number)?.id().clone());
            let changes = ChangeSet {
                changes: vec![delete],
            };
            let append = Append {
                changes,
                counts: [0, 1],
                ..append(id, head)?
            };
            store.append(append).await.map(drop)
        }
        Deed::Label { name, back } => {
            let label = sample::label(&format!("l{name}"), before(back).0)?;
            store.set_label(id, label, None).await
        }
        Deed::Unlabel { name } => {
            let name = format!("l{name}").parse()?;
            store.delete_label(id, &name, None).await
        }
        Deed::Checkpoint { back } => checkpoint(store, id, before(back)).await,
        Deed::Trim { back } => match checkpoint(store, id, before(back)).await {
            Ok(()) => store.trim(id, before(back)).await,
            failed => failed,
        },
        Deed::Remove { request: asked } => {
            let asked = request(&asked.to_string());
            store.delete(id, Some(asked)).await
        }
    })
}

/// Puts the checkpoint that the log comes to.
async fn checkpoint(store: &MemoryStore, id: TopologyId, at: Revision) -> Result<(), StoreError> {
    let state = kept::state(store, id, at).await;
    match state {
        Ok(state) => store.put_checkpoint(id, at, state).await,
        Err(_) => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn any_history_comes_through_a_backup_as_it_was(deeds in prop::collection::vec(deed(), 0..40)) {
        let store = MemoryStore::new();
        for (at, deed) in deeds {
            futures_now(act(&store, at, deed)).expect("what can be done is done");
        }
        let bytes = futures_now(exported(&store, &Selection::All)).expect("it is exported");
        let restored = MemoryStore::new();
        let mut input = bytes.as_slice();
        let contents = futures_now(backup::restore(&mut input, &restored, &Selection::All)).expect("it is restored");
        let verified = backup::verify(&mut bytes.as_slice()).expect("it is a backup");
        prop_assert_eq!(contents, verified);
        let (before, after) = (futures_now(kept::kept(&store)).unwrap(), futures_now(kept::kept(&restored)).unwrap());
        prop_assert_eq!(after, before);
        let again = futures_now(exported(&restored, &Selection::All)).expect("it is exported");
        prop_assert!(again == bytes, "the backup of what was restored differs");
    }
}

/// Compares with the golden file; one that is not there yet is written where `CAUSEWAY_NEW_GOLDEN` is set, and one that is there never changes.
#[test]
fn a_backup_is_as_in_the_golden_file_and_what_is_there_can_be_restored() -> TestResult {
    let store = MemoryStore::new();
    futures_now(golden(&store))?;
    let bytes = futures_now(exported(&store, &Selection::All))?;
    let mut found = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            write!(found, "{byte:02x}")?;
        }
        found.push('\n');
    }
    let path = golden_file("backup.v2.hex");
    if std::env::var_os("CAUSEWAY_NEW_GOLDEN").is_some() && !path.exists() {
        std::fs::write(&path, &found)?;
    }
    let golden = std::fs::read_to_string(&path)?;
    let restored = restored_from(&golden)?;
    assert_eq!(
        futures_now(kept::kept(&restored))?,
        futures_now(kept::kept(&store))?,
        "what the kept backup holds"
    );
    assert!(
        golden == found,
        "the bytes of an existing format changed: raise the version of what changed, and keep the old file"
    );
    Ok(())
}

/// The first version told nothing of traces; all else is there.
#[test]
fn a_backup_of_the_first_version_can_be_restored() -> TestResult {
    let store = MemoryStore::new();
    futures_now(golden(&store))?;
    let restored = restored_from(&std::fs::read_to_string(golden_file("backup.v1.hex"))?)?;
    let mut expected = futures_now(kept::kept(&store))?;
    expected
        .0
        .values_mut()
        .for_each(kept::Topology::forget_traces);
    assert_eq!(futures_now(kept::kept(&restored))?, expected);
    Ok(())
}

fn golden_file(name: &str) -> std::path::PathBuf {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    golden.join(name)
}

/// A store that a backup, in hexadecimal digits, was restored into.
fn restored_from(golden: &str) -> TestResult<MemoryStore> {
    let digits: Vec<u8> = golden.bytes().filter(u8::is_ascii_hexdigit).collect();
    let bytes: Result<Vec<u8>, _> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16))
        .collect();
    let restored = MemoryStore::new();
    let mut input = &bytes?[..];
    futures_now(backup::restore(&mut input, &restored, &Selection::All))?;
    Ok(restored)
}

/// All that a backup can hold, small.
async fn golden(store: &MemoryStore) -> TestResult {
    sample::acme(store).await?;
    sample::trimmed(store).await?;
    sample::fork(store).await?;
    let gone = store.create(new("gone")?).await?;
    store.delete(gone.id, Some(request("deletes gone"))).await?;
    let restored = store.create(new("restored")?).await?;
    store
        .put_checkpoint(restored.id, Revision::ZERO, snapshot(0..1)?)
        .await?;
    Ok(())
}
