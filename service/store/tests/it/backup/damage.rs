//! Damage: wherever it is, it is found and named.

use causeway_store::backup::{BackupError, Selection};
use causeway_store::{MemoryStore, Store as _};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::hostile::{Frames, OPENING};
use super::{exported, futures_now, refused, sample};
use crate::support::{TestResult, grown};

fn bytes() -> TestResult<Vec<u8>> {
    let store = MemoryStore::new();
    futures_now(sample::fill(&store))?;
    Ok(futures_now(exported(&store, &Selection::All))?)
}

/// A small one, of all kinds of frames but those that a state takes.
fn small() -> TestResult<Vec<u8>> {
    let store = MemoryStore::new();
    let id = futures_now(grown(&store, "acme", 2))?.id;
    futures_now(store.set_label(
        id,
        sample::label("v1", 2)?,
        Some(crate::support::request("r")),
    ))?;
    Ok(futures_now(exported(&store, &Selection::All))?)
}

#[test]
fn every_flipped_bit_is_found() -> TestResult {
    let whole = small()?;
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << bit;
            drop(refused(&bytes));
        }
    }
    Ok(())
}

#[test]
fn damage_in_any_frame_is_named_with_its_place() -> TestResult {
    let whole = bytes()?;
    let (mut at, mut number) = (OPENING, 1);
    for (_, payload) in Frames::of(&whole).0 {
        let last = 5 + payload.len() + 4;
        for place in [0, 5 + payload.len() / 2, last - 1] {
            let mut bytes = whole.clone();
            bytes[at + place] ^= 0x10;
            let error = refused(&bytes);
            let BackupError::Frame { frame, byte, fault } = error else {
                panic!("{error}");
            };
            assert_eq!((frame, byte), (number, u64::try_from(at)?), "{fault}");
            assert!(
                fault.starts_with("it is damaged or out of its place"),
                "{fault}"
            );
        }
        (at, number) = (at + last, number + 1);
    }
    assert_eq!(at, whole.len());
    Ok(())
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_ends() -> TestResult {
    let whole = small()?;
    for end in 0..whole.len() {
        let error = refused(&whole[..end]);
        let BackupError::CutOff { bytes, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(bytes, u64::try_from(end)?);
    }
    Ok(())
}

#[test]
fn frames_that_are_missing_or_twice_or_out_of_order_are_refused() -> TestResult {
    let whole = bytes()?;
    let Frames(frames) = Frames::of(&whole);
    let raw = frames_in_bytes(&whole);
    for place in 0..frames.len() - 1 {
        let joined = |order: &[usize]| {
            let parts = order.iter().map(|at| raw[*at].as_slice());
            [&whole[..OPENING]]
                .into_iter()
                .chain(parts)
                .flatten()
                .copied()
                .collect::<Vec<u8>>()
        };
        let all: Vec<usize> = (0..frames.len()).collect();
        let mut swapped = all.clone();
        swapped.swap(place, place + 1);
        let mut twice = all.clone();
        twice.insert(place, place);
        let mut missing = all;
        missing.remove(place);
        for order in [swapped, twice, missing] {
            assert!(matches!(
                refused(&joined(&order)),
                BackupError::Frame { .. }
            ));
        }
    }
    Ok(())
}

fn frames_in_bytes(whole: &[u8]) -> Vec<Vec<u8>> {
    let (mut at, mut raw) = (OPENING, Vec::new());
    for (_, payload) in Frames::of(whole).0 {
        let end = at + 5 + payload.len() + 4;
        raw.push(whole[at..end].to_vec());
        at = end;
    }
    raw
}

#[test]
fn what_follows_the_end_is_refused() -> TestResult {
    let whole = small()?;
    for more in [&b"\n"[..], &whole] {
        let error = refused(&[&whole, more].concat());
        let BackupError::Follows { byte } = error else {
            panic!("{error}");
        };
        assert_eq!(byte, u64::try_from(whole.len())?);
    }
    Ok(())
}

/// Both have frames of the same kinds at the same numbers.
#[test]
fn a_frame_of_another_backup_is_refused() -> TestResult {
    let (one, store) = (small()?, MemoryStore::new());
    let id = futures_now(grown(&store, "emca", 2))?.id;
    futures_now(store.set_label(
        id,
        sample::label("v1", 2)?,
        Some(crate::support::request("r")),
    ))?;
    let other = futures_now(exported(&store, &Selection::All))?;
    let (mine, theirs) = (frames_in_bytes(&one), frames_in_bytes(&other));
    assert_eq!(mine.len(), theirs.len());
    let mixed = [&one[..OPENING], &theirs[0], &mine[1..].concat()].concat();
    assert!(
        refused(&mixed).to_string().contains("differs"),
        "{}",
        refused(&mixed)
    );
    Ok(())
}

#[test]
fn files_of_other_sorts_are_foreign() {
    for bytes in [
        &b"PK\x03\x04"[..],
        b"causeway-backup\n\x01\0\0\0",
        b"{}",
        &[0; 100],
    ] {
        assert!(matches!(refused(bytes), BackupError::Foreign), "{bytes:?}");
    }
}

#[test]
fn a_newer_format_is_named() {
    let error = refused(b"causeway backup\n\x02\0\0\0");
    assert_eq!(
        error.to_string(),
        "it is a backup of format 2, and this version of the program reads format 1 only; use a newer one"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
    #[test]
    fn a_backup_with_any_bits_flipped_is_refused(flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4)) {
        let whole = bytes().expect("the sample can be exported");
        let mut bytes = whole.clone();
        for (place, flip) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
        }
        prop_assume!(bytes != whole);
        drop(refused(&bytes));
    }
}
