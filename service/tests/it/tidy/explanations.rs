//! Every code that AWS or the contract knows is given in a scenario, or docs/semantics.md says why not.
//!
//! The list of codes, the scenarios and the document are read as text. What a code means is not known here.

use std::collections::BTreeSet;

use super::hold;
use super::text::{contract_codes, has_word, sources};
use crate::edges::root;

/// All codes, one a line, in the order of the alphabet.
const LIST: &str = "service/tests/data/codes.txt";
const DOCUMENT: &str = "docs/semantics.md";

#[test]
fn every_code_is_in_a_scenario_or_the_document_says_why_not() {
    let (answers, excused) = (answers(), excused());
    let mut all = listed();
    all.extend(contract_codes());
    let wrong: Vec<&String> = all
        .iter()
        .filter(|code| !has_word(&answers, code) && !excused.contains(*code))
        .collect();
    hold(
        "give the code in a scenario of service/tests/scenarios, or say in the section `Codes` of docs/semantics.md why no answer has it",
        &wrong,
    );
}

#[test]
fn no_code_of_a_scenario_is_said_to_be_missing() {
    let (answers, excused) = (answers(), excused());
    let wrong: Vec<&String> = excused
        .iter()
        .filter(|code| has_word(&answers, code))
        .collect();
    hold(
        "a scenario gives the code: take it out of the section `Codes` of docs/semantics.md",
        &wrong,
    );
}

#[test]
fn the_list_of_codes_has_those_of_the_contract_and_the_document() {
    let listed = listed();
    let known: BTreeSet<String> = contract_codes().into_iter().chain(excused()).collect();
    let wrong: Vec<&String> = known.difference(&listed).collect();
    hold(
        "no such code is in service/tests/data/codes.txt: mend its name, or add it there",
        &wrong,
    );
}

#[test]
fn the_list_of_codes_is_sorted_and_names_each_once() {
    let text = read(LIST);
    let lines: Vec<&str> = text.lines().collect();
    let wrong: Vec<&str> = lines
        .windows(2)
        .filter(|pair| pair[0] >= pair[1])
        .map(|pair| pair[1])
        .collect();
    hold(
        "keep service/tests/data/codes.txt in the order of the alphabet, each code once",
        &wrong,
    );
    let wrong: Vec<&&str> = lines.iter().filter(|line| !is_code(line)).collect();
    hold(
        "service/tests/data/codes.txt has one code a line, and nothing else",
        &wrong,
    );
}

/// What the scenarios expect, without their comments.
fn answers() -> String {
    let scenarios = sources()
        .into_iter()
        .filter(|source| source.path.starts_with("service/tests/scenarios/"));
    let texts: Vec<String> = scenarios.map(|source| source.text).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let expected: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
    assert!(!expected.is_empty(), "there are no scenarios");
    expected.join("\n")
}

/// The codes in the first column of the tables of the section `Codes`. Each row must give a reason.
fn excused() -> BTreeSet<String> {
    let text = read(DOCUMENT);
    let (_, section) = text
        .split_once("\n## Codes\n")
        .expect("docs/semantics.md has a section `Codes`");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut codes = BTreeSet::new();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    for row in rows {
        let mut cells = row.split('|').map(str::trim);
        let names = cells.next().unwrap_or_default();
        if !names.split(", ").all(is_code) {
            assert_eq!(names, "code", "{DOCUMENT}: the first column has codes");
            continue;
        }
        assert!(
            cells.next().is_some_and(|reason| !reason.is_empty()),
            "{DOCUMENT}: {names} has no reason"
        );
        for name in names.split(", ") {
            assert!(
                codes.insert(name.to_owned()),
                "{DOCUMENT}: {name} is there twice"
            );
        }
    }
    codes
}

fn listed() -> BTreeSet<String> {
    read(LIST).lines().map(str::to_owned).collect()
}

fn is_code(word: &str) -> bool {
    let is_part = |next: char| next.is_ascii_uppercase() || next.is_ascii_digit() || next == '_';
    !word.is_empty() && word.chars().all(is_part)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}
