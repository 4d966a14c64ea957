//! docs/semantics.md says nothing that no test holds: each sentence, item or row ends with a reference to what shows it.
//!
//! A reference is `[SCENARIO: TITLE, TITLE; SCENARIO: TITLE]`, with the titles of questions, or `[PATH.rs: TEST]`. Whether what is referred to
//! shows what is said, a reader must judge.

use std::collections::{BTreeMap, BTreeSet};

use super::hold;
use super::text::{Source, sources};
use crate::edges::root;
use crate::notation;

const DOCUMENT: &str = "docs/semantics.md";

/// The sections that say what nothing can show.
const UNSHOWN: [&str; 2] = ["What no answer shows", "What no test shows"];

/// How many sentences one reference may be for.
const SENTENCES: usize = 2;

#[test]
fn every_sentence_of_the_semantics_names_its_test() {
    let blocks = blocks(&document());
    assert!(blocks.len() > 100, "{DOCUMENT} has {} blocks", blocks.len());
    let wrong: Vec<String> = blocks.iter().filter_map(|block| fault(block)).collect();
    hold(
        "end each sentence, item or row of docs/semantics.md with `[SCENARIO: TITLE]` or `[PATH.rs: TEST]`, one for two sentences at most",
        &wrong,
    );
}

#[test]
fn every_reference_of_the_semantics_is_to_something_that_exists() {
    let all = sources();
    let titles = titles(&all);
    let wrong: Vec<String> = references()
        .into_iter()
        .filter(|(place, name)| !exists(place, name, &titles, &all))
        .map(|(place, name)| format!("[{place}: {name}]"))
        .collect();
    hold(
        "docs/semantics.md names a scenario, question or test that does not exist: mend the reference, or write the question",
        &wrong,
    );
}

#[test]
fn every_title_of_a_question_is_referred_to() {
    let references = references();
    let mut wrong = Vec::new();
    for (scenario, titles) in titles(&sources()) {
        let all = titles
            .into_iter()
            .map(|title| (scenario.clone(), title))
            .filter(|pair| !references.contains(pair));
        wrong.extend(all.map(|(scenario, title)| format!("{scenario}: {title}")));
    }
    hold(
        "nothing in docs/semantics.md refers to the question: say what it shows, or take the title away",
        &wrong,
    );
}

#[test]
fn faults_of_blocks_are_found() {
    assert_eq!(fault("One. [a: b] Two, or three. [c: d, e; f.rs: g]"), None);
    assert_eq!(fault("One. Two. [a: b]"), None);
    assert_eq!(fault("One row | of a table. So. | [a: b] |"), None);
    assert!(fault("One. [a: b] Two.").is_some_and(|fault| fault.contains("no reference")));
    assert!(fault("One. Two. Three. [a: b]").is_some_and(|fault| fault.contains("3 sentences")));
    assert!(fault("One. [a]").is_some_and(|fault| fault.contains("no reference")));
    let parts: Vec<_> = parts("One. [a: b, c; d: e] Two. [f.rs: g]").collect();
    assert_eq!(parts, [("One.", "a: b, c; d: e"), ("Two.", "f.rs: g")]);
    let text = "in front\n## One\n\nA paragraph\ngoes on.\n\n- an item\n  goes on\n- another\n\n| head |\n|---|\n| row |\n";
    let blocks = blocks(text);
    assert_eq!(
        blocks,
        [
            "A paragraph goes on.",
            "an item goes on",
            "another",
            "row |"
        ]
    );
}

fn document() -> String {
    std::fs::read_to_string(root().join(DOCUMENT)).unwrap()
}

/// The paragraphs, items and rows of the sections, each on one line; what stands before the first section introduces the document.
pub(super) fn blocks(text: &str) -> Vec<String> {
    let sections = text.split("\n## ").skip(1);
    let sections =
        sections.filter(|section| !UNSHOWN.iter().any(|title| section.starts_with(title)));
    sections.flat_map(blocks_of).collect()
}

fn blocks_of(section: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let (mut goes_on, mut is_head) = (false, true);
    for line in section.lines().skip(1) {
        if let Some(item) = line.strip_prefix("- ") {
            blocks.push(item.to_owned());
            goes_on = true;
        } else if let Some(row) = line.strip_prefix("| ") {
            if !is_head {
                blocks.push(row.to_owned());
            }
            goes_on = false;
        } else if line.is_empty() || line.starts_with('#') || line.starts_with('|') {
            goes_on = false;
        } else if let Some(block) = blocks.last_mut().filter(|_| goes_on) {
            block.push(' ');
            block.push_str(line.trim());
        } else {
            blocks.push(line.to_owned());
            goes_on = true;
        }
        is_head = !line.starts_with('|');
    }
    blocks
}

/// What is wrong with a block, if anything.
pub(super) fn fault(block: &str) -> Option<String> {
    let long = parts(block)
        .map(|(text, _)| sentences(text))
        .find(|count| *count > SENTENCES);
    let rest = block.rsplit(']').next().unwrap_or_default();
    if parts(block).next().is_none() || !rest.trim_matches(['.', '|', ' ']).is_empty() {
        Some(format!("no reference at the end of: {block}"))
    } else {
        long.map(|count| format!("{count} sentences for one reference: {block}"))
    }
}

fn sentences(text: &str) -> usize {
    let text = text.trim_end_matches(['|', ' ']);
    [". ", "? "]
        .map(|end| text.matches(end).count())
        .iter()
        .sum::<usize>()
        + 1
}

/// What stands before each reference, and what is in its brackets.
fn parts(block: &str) -> impl Iterator<Item = (&str, &str)> {
    block.split(']').filter_map(|part| {
        let (text, reference) = part.split_once('[')?;
        let is_reference = reference.contains(": ");
        is_reference.then_some((text.trim(), reference))
    })
}

/// Scenario and title, or file and test, of every reference.
fn references() -> BTreeSet<(String, String)> {
    references_of(&document())
}

/// The same of any document.
pub(super) fn references_of(document: &str) -> BTreeSet<(String, String)> {
    let blocks = blocks(document);
    let parts = blocks.iter().flat_map(|block| parts(block));
    let places = parts.flat_map(|(_, reference)| reference.split("; "));
    let pairs = places.flat_map(|place| {
        let (place, names) = place.split_once(": ").unwrap_or((place, ""));
        let names = names.split(", ");
        names.map(move |name| (place.to_owned(), name.to_owned()))
    });
    pairs.collect()
}

fn exists(
    place: &str,
    name: &str,
    titles: &BTreeMap<String, BTreeSet<String>>,
    sources: &[Source],
) -> bool {
    if place.ends_with(".rs") {
        let mut files = sources.iter().filter(|source| source.path == place);
        files.any(|source| has_test(&source.text, name))
    } else {
        titles.get(place).is_some_and(|own| own.contains(name))
    }
}

fn has_test(text: &str, name: &str) -> bool {
    let start = format!("fn {name}(");
    let mut tests = text.split("test]\n").skip(1);
    tests.any(|test| test.lines().take(3).any(|line| line.contains(&start)))
}

/// The titles in each scenario, by its name.
fn titles(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let scenarios = sources.iter().filter_map(|source| {
        let name = source.path.strip_prefix("service/tests/scenarios/")?;
        Some((name.strip_suffix(".net")?, &source.text))
    });
    let read = |(name, text): (&str, &String)| {
        let scenario = notation::read(text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let questions = scenario.questions.into_iter();
        let titles = questions.filter_map(|question| question.title).collect();
        (name.to_owned(), titles)
    };
    scenarios.map(read).collect()
}
