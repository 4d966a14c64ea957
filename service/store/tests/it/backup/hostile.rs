//! Files that are made to do harm: their checksums are right, and what they say is not.
//!
//! The frames are read and written here by docs/backup-format.md, and not by the code that is tested.

use causeway_store::MemoryStore;
use causeway_store::backup::{self, BackupError, Selection};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sha2::{Digest as _, Sha256};

use super::{exported, futures_now, refused, sample};
use crate::support::TestResult;

/// Bytes before the first frame.
pub(super) const OPENING: usize = 20;

const TOPOLOGY: u8 = 2;
pub(super) const RESOURCES: u8 = 3;
const REVISION: u8 = 5;
pub(super) const CHANGES: u8 = 6;
const LABELS: u8 = 7;
const TOPOLOGY_END: u8 = 8;
const END: u8 = 9;

/// Kinds and payloads of frames.
#[derive(Debug, Clone)]
pub(super) struct Frames(pub(super) Vec<(u8, Vec<u8>)>);

impl Frames {
    /// The frames of a backup.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let (mut rest, mut frames) = (&bytes[OPENING..], Vec::new());
        while let Some((header, after)) = rest.split_first_chunk::<5>() {
            let length = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
            let (payload, after) = after.split_at(usize::try_from(length).unwrap());
            frames.push((header[0], payload.to_vec()));
            rest = &after[4..];
        }
        Self(frames)
    }

    /// A backup of these frames, with an end of its own that says so much of what is before it.
    fn sealed(&self, topologies: u8, deletions: u8) -> Vec<u8> {
        let mut bytes = b"causeway backup\n\x01\0\0\0".to_vec();
        let frames: Vec<_> = self.0.iter().filter(|(kind, _)| *kind != END).collect();
        for (number, (kind, payload)) in (1_u64..).zip(&frames) {
            bytes.extend(frame(number, *kind, payload));
        }
        let count = u64::try_from(frames.len()).unwrap();
        let mut end = vec![70, 1, topologies, deletions];
        put_number(&mut end, count);
        put_number(&mut end, u64::try_from(bytes.len()).unwrap());
        end.extend(Sha256::digest(&bytes));
        bytes.extend(frame(count + 1, END, &end));
        bytes
    }

    fn first(&mut self, kind: u8) -> &mut Vec<u8> {
        let found = self.0.iter_mut().find(|(other, _)| *other == kind);
        &mut found.unwrap().1
    }
}

fn frame(number: u64, kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    let mut sum = crc32fast::Hasher::new();
    sum.update(&number.to_le_bytes());
    let frame = [&[kind][..], &length, payload].concat();
    sum.update(&frame);
    [frame, sum.finalize().to_le_bytes().to_vec()].concat()
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap());
}

fn sample() -> TestResult<Frames> {
    let store = MemoryStore::new();
    futures_now(sample::fill(&store))?;
    let bytes = futures_now(exported(&store, &Selection::All))?;
    let frames = Frames::of(&bytes);
    assert_eq!(frames.sealed(5, 1), bytes, "written by the documentation");
    Ok(frames)
}

#[test]
fn a_backup_that_lacks_any_frame_is_refused_though_its_checksums_are_right() -> TestResult {
    let whole = sample()?;
    for place in 0..whole.0.len() - 1 {
        let mut frames = whole.clone();
        frames.0.remove(place);
        assert!(matches!(
            refused(&frames.sealed(5, 1)),
            BackupError::Frame { .. }
        ));
    }
    Ok(())
}

#[test]
fn a_backup_in_another_order_is_refused_though_its_checksums_are_right() -> TestResult {
    let whole = sample()?;
    for place in 0..whole.0.len() - 2 {
        let mut frames = whole.clone();
        frames.0.swap(place, place + 1);
        assert!(matches!(
            refused(&frames.sealed(5, 1)),
            BackupError::Frame { .. }
        ));
    }
    Ok(())
}

/// Says why a sample is refused after something was done to it.
fn why(what: impl FnOnce(&mut Frames)) -> TestResult<String> {
    let mut frames = sample()?;
    what(&mut frames);
    Ok(refused(&frames.sealed(5, 1)).to_string())
}

#[test]
fn counts_and_digests_are_held_against_what_is_there() -> TestResult {
    let digest = why(|frames| *frames.first(TOPOLOGY_END).last_mut().unwrap() ^= 1)?;
    assert!(
        digest.ends_with("the state of topology `acme` at revision 5 is not what it was"),
        "{digest}"
    );
    let head = why(|frames| frames.first(TOPOLOGY_END)[2] += 1)?;
    assert!(
        head.ends_with("topology `acme` comes to revision 5, expected 6"),
        "{head}"
    );
    let requests = why(|frames| frames.first(TOPOLOGY_END)[3] += 1)?;
    assert!(
        requests.ends_with("topology `acme` comes to requests 2, expected 3"),
        "{requests}"
    );
    let frames = sample()?;
    let topologies = refused(&frames.sealed(6, 1)).to_string();
    assert!(
        topologies.contains("it ends 6 topologies and 1 deletions, and there are 5 and 1"),
        "{topologies}"
    );
    Ok(())
}

#[test]
fn a_history_with_a_gap_is_refused() -> TestResult {
    let gap = why(|frames| {
        let second = frames
            .0
            .iter()
            .enumerate()
            .filter(|(_, (kind, _))| *kind == REVISION)
            .nth(1)
            .unwrap()
            .0;
        frames.0.drain(second..second + 2);
    })?;
    assert!(
        gap.ends_with("it is revision 3, and revision 2 has to follow"),
        "{gap}"
    );
    Ok(())
}

#[test]
fn a_topology_that_is_there_twice_is_refused() -> TestResult {
    let twice = why(|frames| {
        let end = frames
            .0
            .iter()
            .position(|(kind, _)| *kind == TOPOLOGY_END)
            .unwrap();
        let first = frames
            .0
            .iter()
            .position(|(kind, _)| *kind == TOPOLOGY)
            .unwrap();
        let again = frames.0[first..=end].to_vec();
        frames.0.splice(end + 1..end + 1, again);
    })?;
    assert!(twice.ends_with("topology `acme` is in it twice"), "{twice}");
    Ok(())
}

#[test]
fn a_label_of_a_revision_that_is_not_there_is_refused() -> TestResult {
    let label = why(|frames| {
        let labels = frames.first(LABELS);
        let place = labels
            .windows(4)
            .position(|found| found == b"v1.0")
            .unwrap();
        labels[place + 4] = 9;
    })?;
    assert!(
        label.ends_with("label `v1.0` is at revision 9, which is not there"),
        "{label}"
    );
    Ok(())
}

#[test]
fn a_revision_without_changes_is_refused() -> TestResult {
    let nothing = why(|frames| *frames.first(CHANGES) = vec![3, 1, 0])?;
    assert!(nothing.ends_with("revision 1 has no changes"), "{nothing}");
    Ok(())
}

#[test]
fn lengths_and_counts_that_lie_reserve_nothing() -> TestResult {
    const HUGE: [u8; 9] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    // So many changes, of which none is there.
    let changes = why(|frames| *frames.first(CHANGES) = [&[3, 1][..], &HUGE].concat())?;
    assert!(changes.contains("which are not complete"), "{changes}");
    // A resource of so many bytes, of which none is there.
    let resources = why(|frames| *frames.first(RESOURCES) = [&[5, 1][..], &HUGE].concat())?;
    assert!(
        resources.contains("which is not complete") || resources.contains("not complete"),
        "{resources}"
    );
    let labels = why(|frames| *frames.first(LABELS) = [&[67, 1][..], &HUGE].concat())?;
    assert!(labels.ends_with("it ends in the middle"), "{labels}");
    // A frame of four gigabytes.
    let mut bytes = b"causeway backup\n\x01\0\0\0".to_vec();
    bytes.extend([TOPOLOGY, 0xff, 0xff, 0xff, 0xff]);
    assert!(
        refused(&bytes)
            .to_string()
            .contains("it would have 4294967295 bytes")
    );
    Ok(())
}

#[test]
fn a_frame_of_a_kind_that_is_not_known_is_named() -> TestResult {
    let unknown = why(|frames| frames.0[0].0 = 77)?;
    assert!(
        unknown.contains("a frame of kind 77 is not known"),
        "{unknown}"
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
    #[test]
    fn any_change_under_right_checksums_is_taken_or_refused_and_never_a_panic(
        frame: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut frames = sample().expect("the sample can be exported");
        let frame = frame.index(frames.0.len());
        for (place, byte) in changes {
            let payload = &mut frames.0[frame].1;
            let place = place.index(payload.len());
            payload[place] = byte;
        }
        let bytes = frames.sealed(5, 1);
        drop(backup::verify(&mut bytes.as_slice()));
    }
}
