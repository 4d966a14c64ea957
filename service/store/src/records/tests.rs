//! What stored bytes must hold to: they stay readable, they stay small, and hostile ones do no harm.

use std::time::Duration;

use causeway_model::change::{Change, ChangeSet};
use causeway_model::fields::Value;
use causeway_model::resource::Kind;
use causeway_model::revision::{Revision, RevisionNote, Timestamp, TraceParent};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::codec::{Input, RecordError};
use super::*;
use crate::port::{Origin, TopologyId};
use crate::samples;

type TestResult = Result<(), Box<dyn std::error::Error>>;

fn golden_of<R: Record + PartialEq + std::fmt::Debug>(file: &str, record: &R) -> TestResult {
    let bytes = record.encode();
    compare(file, &bytes)?;
    assert_eq!(&R::decode(&bytes)?, record, "what was decoded from {file}");
    Ok(())
}

/// Compares bytes with a golden file, which holds hexadecimal digits in lines of 32 bytes. A file that is
/// not there yet is written where `CAUSEWAY_NEW_GOLDEN` is set; one that is there never changes.
#[track_caller]
fn compare(file: &str, bytes: &[u8]) -> TestResult {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file);
    let lines = bytes.chunks(32).map(|line| {
        line.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            + "\n"
    });
    let found: String = lines.collect();
    if std::env::var_os("CAUSEWAY_NEW_GOLDEN").is_some() && !path.exists() {
        std::fs::write(&path, &found)?;
    }
    assert_eq!(
        std::fs::read_to_string(&path)?,
        found,
        "the bytes of an existing version changed: raise the version and keep the old file ({file})"
    );
    Ok(())
}

fn time() -> Timestamp {
    Timestamp(Duration::new(1_700_000_000, 123_456_789))
}

fn extent() -> Extent {
    Extent {
        bytes: 200_000,
        chunks: 4,
        checksum: 0xdead_beef,
    }
}

#[test]
fn bytes_of_every_record_are_as_in_the_golden_files() -> TestResult {
    let note = RevisionNote {
        author: "ann".to_owned(),
        message: "opens 443, für alle".to_owned(),
        time: time(),
        trace: trace(),
    };
    let id = "subnet-1".parse()?;
    let puts = samples::every_kind()?.into_iter().map(Change::put);
    let changes = puts.chain([Change::Delete(id)]).collect();
    golden_of("topology.v2.hex", &topology()?)?;
    golden_of(
        "label.v1.hex",
        &LabelRow {
            revision: Revision(300),
            time: time(),
        },
    )?;
    golden_of(
        "log.v2.hex",
        &LogRow {
            note,
            counts: [3, 130],
            body: extent(),
        },
    )?;
    golden_of("changes.v1.hex", &ChangesRow(ChangeSet { changes }))?;
    golden_of(
        "checkpoint.v1.hex",
        &CheckpointRow {
            resources: 1_000_000,
            body: extent(),
        },
    )?;
    let digest = std::array::from_fn(|place| u8::try_from(place).unwrap_or(0));
    golden_of(
        "request.v1.hex",
        &RequestRow {
            digest,
            time: time(),
            revision: Revision(300),
            counts: [1, 2, 3, 400],
        },
    )?;
    golden_of("counter.v1.hex", &CounterRow { next: 1 << 40 })?;
    golden_of("name.v1.hex", &NameRow { id: TopologyId(77) })?;
    golden_of("mark.v1.hex", &MarkRow)
}

fn trace() -> Option<TraceParent> {
    TraceParent::new([0xab; 16], [0xcd; 8], true)
}

/// As the first version wrote it, which knew nothing of traces.
#[test]
fn a_revision_of_the_first_version_keeps_everything_and_is_in_no_trace() -> TestResult {
    let expected = LogRow {
        note: RevisionNote {
            author: "ann".to_owned(),
            message: "opens 443, für alle".to_owned(),
            time: time(),
            trace: None,
        },
        counts: [3, 130],
        body: extent(),
    };
    assert_eq!(LogRow::decode(&golden("log.v1.hex")?)?, expected);
    Ok(())
}

fn topology() -> Result<TopologyRow, Box<dyn std::error::Error>> {
    let revision = Revision(200);
    Ok(TopologyRow {
        name: "acme-1".parse()?,
        description: "all of acme".to_owned(),
        time: time(),
        oldest: Revision(128),
        origin: Some(Origin {
            name: "acme-0".parse()?,
            revision,
        }),
        leans_on: Some((TopologyId(77), revision)),
        label_changes: 3,
    })
}

/// Bytes that an older version of the program wrote are read, and what they did not tell is as it was then.
#[test]
fn a_topology_of_the_first_version_keeps_everything_and_leans_on_nothing() -> TestResult {
    let bytes = golden("topology.v1.hex")?;
    let expected = TopologyRow {
        oldest: Revision::ZERO,
        origin: None,
        leans_on: None,
        label_changes: 0,
        ..topology()?
    };
    assert_eq!(TopologyRow::decode(&bytes)?, expected);
    Ok(())
}

/// The bytes in a golden file.
fn golden(file: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file);
    let digits: String = std::fs::read_to_string(path)?.split_whitespace().collect();
    let mut bytes = Vec::new();
    for pair in digits.as_bytes().chunks(2) {
        bytes.push(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?);
    }
    Ok(bytes)
}

#[test]
fn bytes_of_a_checkpoint_are_as_in_the_golden_file_and_can_be_cut_anywhere() -> TestResult {
    let resources = samples::every_kind()?;
    let mut bytes = checkpoint_opening();
    resources
        .iter()
        .for_each(|resource| put_checkpoint_resource(&mut bytes, resource));
    compare("resources.v1.hex", &bytes)?;
    for end in 2..bytes.len() {
        let mut input = Input::new(&bytes[..end]);
        take_checkpoint_opening(&mut input)?;
        let mut whole = 0;
        while let Some(resource) = take_checkpoint_resource(&mut input)? {
            assert_eq!(Some(&resource), resources.get(whole));
            whole += 1;
        }
        assert!(whole < resources.len());
    }
    Ok(())
}

#[test]
fn the_samples_have_every_kind() -> TestResult {
    let mut kinds: Vec<Kind> = samples::every_kind()?.iter().map(Resource::kind).collect();
    kinds.sort();
    assert_eq!(kinds, Kind::ALL);
    Ok(())
}

#[test]
fn a_dictionary_grows_only_at_its_end() {
    let words = |entries: &[&str]| {
        entries
            .iter()
            .map(|entry| format!("{entry}\n"))
            .collect::<String>()
    };
    let check = |file: &str, found: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(file);
        if std::env::var_os("CAUSEWAY_NEW_GOLDEN").is_some() && !path.exists() {
            std::fs::write(&path, found).expect("the golden file can be written");
        }
        let kept = std::fs::read_to_string(&path).expect("the golden file is there");
        assert!(
            found.starts_with(&kept),
            "entries of {file} moved or changed: stored bytes would change their meaning"
        );
    };
    check("names.txt", &words(names::NAMES));
    check("words.txt", &words(names::WORDS));
}

#[test]
fn a_dictionary_has_no_entry_twice() {
    for entries in [names::NAMES, names::WORDS] {
        let distinct: std::collections::BTreeSet<_> = entries.iter().collect();
        assert_eq!(distinct.len(), entries.len());
    }
}

/// The model's sources are read for it, so that a field that nobody filled in a sample is not forgotten.
#[test]
fn the_dictionaries_have_every_field_and_variant_of_the_model() -> TestResult {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/src");
    let mut files = vec![sources.join("resource.rs")];
    for entry in std::fs::read_dir(sources.join("resources"))? {
        files.push(entry?.path());
    }
    let (mut missing, mut seen) = (Vec::new(), 0);
    for file in files {
        for (sort, text) in model_words(&std::fs::read_to_string(file)?) {
            let is_there = if sort == Sort::Word {
                names::place_of_word(&text).is_some()
            } else {
                names::place_of_name(&text).is_some()
            };
            seen += 1;
            if !is_there {
                missing.push((sort, text));
            }
        }
    }
    assert!(
        seen > 400,
        "the model's sources look different now, only {seen} fields and variants were found"
    );
    assert!(
        missing.is_empty(),
        "append these to the dictionaries: {missing:?}"
    );
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sort {
    Name,
    Word,
}

fn model_words(source: &str) -> Vec<(Sort, String)> {
    let mut found = Vec::new();
    let mut inside = "";
    for line in source.lines() {
        inside = match line {
            "record! {" | "choice! {" | "enumeration! {" | "kinds! {" => line,
            "}" => "",
            _ => inside,
        };
        let text = line.trim();
        if inside.is_empty() || text.starts_with("//") {
            continue;
        }
        if let Some((_, quoted)) = text.split_once('"') {
            let holds_nothing =
                !text.split(" = ").next().unwrap_or_default().contains('(') && inside != "kinds! {";
            let word = quoted.split('"').next().unwrap_or_default();
            found.push((
                if holds_nothing {
                    Sort::Word
                } else {
                    Sort::Name
                },
                word.to_owned(),
            ));
        } else if let Some((name, _)) = text
            .split_once(": ")
            .filter(|_| inside == "record! {" && line.starts_with("        "))
        {
            found.push((Sort::Name, name.trim_start_matches("r#").to_owned()));
        }
    }
    found
}

#[test]
fn fields_are_stored_by_the_names_of_the_contract() -> TestResult {
    for resource in samples::every_kind()? {
        let mut bytes = Vec::new();
        values::put_resource(&mut bytes, &resource);
        assert!(
            !bytes.windows(2).any(|pair| pair == b"r#"),
            "a name of {} is Rust's",
            resource.id()
        );
    }
    Ok(())
}

#[test]
fn a_subnet_takes_less_than_a_hundred_and_twenty_bytes() -> TestResult {
    let mut bytes = Vec::new();
    values::put_resource(&mut bytes, &samples::subnet(7)?);
    assert!(bytes.len() < 120, "it takes {}", bytes.len());
    Ok(())
}

#[test]
fn a_newer_version_is_named() {
    let mut bytes = CounterRow { next: 5 }.encode();
    bytes[1] = 2;
    let error = CounterRow::decode(&bytes).expect_err("version 2 does not exist yet");
    assert_eq!(
        error.to_string(),
        "it was written by a newer version of the program: format 2 of a counter, this version knows up to 1"
    );
    bytes[1] = 0;
    assert_eq!(
        CounterRow::decode(&bytes),
        Err(RecordError::NoVersion {
            what: "counter",
            found: 0
        })
    );
}

#[test]
fn a_record_is_not_taken_for_another() {
    let bytes = CounterRow { next: 5 }.encode();
    assert_eq!(
        NameRow::decode(&bytes),
        Err(RecordError::WrongKind {
            expected: "name record",
            found: CounterRow::KIND
        })
    );
}

#[test]
fn bytes_after_the_end_of_a_record_are_refused() {
    let mut bytes = CounterRow { next: 5 }.encode();
    bytes.push(0);
    assert_eq!(
        CounterRow::decode(&bytes),
        Err(RecordError::Long { bytes: 1 })
    );
}

#[test]
fn a_length_that_lies_reserves_nothing() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    for tag in [3_u8, 5, 6] {
        let bytes = [&[tag][..], &huge].concat();
        assert_eq!(
            values::take_value(&mut Input::new(&bytes)),
            Err(RecordError::Short),
            "tag {tag}"
        );
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| {
        (0..depth)
            .flat_map(|_| [5_u8, 1])
            .chain([1])
            .collect::<Vec<u8>>()
    };
    assert!(values::take_value(&mut Input::new(&nested(values::MAX_DEPTH))).is_ok());
    let deeper = nested(values::MAX_DEPTH + 1);
    assert_eq!(
        values::take_value(&mut Input::new(&deeper)),
        Err(RecordError::Deep {
            limit: values::MAX_DEPTH
        })
    );
    let endless = nested(1_000_000);
    assert!(values::take_value(&mut Input::new(&endless)).is_err());
}

#[test]
fn a_moment_has_less_than_a_second_of_nanoseconds() {
    let mut bytes = Vec::new();
    codec::put_number(&mut bytes, u64::MAX);
    codec::put_number(&mut bytes, 1_000_000_000);
    let found = values::take_time(&mut Input::new(&bytes));
    assert_eq!(
        found,
        Err(RecordError::Range {
            what: "nanoseconds",
            number: 1_000_000_000
        })
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let known =
        (0..names::WORDS.len()).prop_map(|place| Value::Text(names::WORDS[place].to_owned()));
    let leaf = prop_oneof![
        Just(Value::Absent),
        Just(Value::True),
        any::<i64>().prop_map(Value::Number),
        (-70_i64..70).prop_map(Value::Number),
        any::<String>().prop_map(Value::Text),
        known,
    ];
    let known =
        (0..names::NAMES.len()).prop_map(|place| FieldNameOf::Borrowed(names::NAMES[place]));
    let name = prop_oneof![known, any::<String>().prop_map(FieldNameOf::Owned)];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(Value::Record),
        ]
    })
}

type FieldNameOf = causeway_model::fields::FieldName;

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn a_value_comes_back_as_it_was(value in any_value()) {
        let mut bytes = Vec::new();
        values::put_value(&mut bytes, &value);
        let mut input = Input::new(&bytes);
        prop_assert_eq!(values::take_value(&mut input), Ok(value));
        prop_assert_eq!(input.finish(), Ok(()));
    }

    #[test]
    fn a_number_comes_back_as_it_was(number: u64, signed: i64) {
        let mut bytes = Vec::new();
        codec::put_number(&mut bytes, number);
        codec::put_signed(&mut bytes, signed);
        let mut input = Input::new(&bytes);
        prop_assert_eq!((input.number(), input.signed()), (Ok(number), Ok(signed)));
    }

    #[test]
    fn a_value_that_is_cut_off_is_refused(value in any_value(), cut: prop::sample::Index) {
        let mut bytes = Vec::new();
        values::put_value(&mut bytes, &value);
        let end = cut.index(bytes.len());
        prop_assert!(values::take_value(&mut Input::new(&bytes[..end])).is_err());
    }

    #[test]
    fn hostile_bytes_are_refused_and_never_panic(kind in 0_u8..12, version in 0_u8..4, bytes: Vec<u8>) {
        let bytes = [&[kind, version][..], &bytes].concat();
        drop(TopologyRow::decode(&bytes));
        drop(LabelRow::decode(&bytes));
        drop(LogRow::decode(&bytes));
        drop(ChangesRow::decode(&bytes));
        drop(CheckpointRow::decode(&bytes));
        drop(RequestRow::decode(&bytes));
        drop(CounterRow::decode(&bytes));
        drop(NameRow::decode(&bytes));
        drop(take_checkpoint_resource(&mut Input::new(&bytes)));
    }

    #[test]
    fn a_change_set_with_a_flipped_byte_never_panics(place: prop::sample::Index, flip in 1_u8..) {
        let puts = samples::every_kind().expect("the samples are well formed").into_iter().map(Change::put);
        let mut bytes = ChangesRow(ChangeSet { changes: puts.collect() }).encode();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        drop(ChangesRow::decode(&bytes));
    }
}
