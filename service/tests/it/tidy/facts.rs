//! docs/platform-facts.md names a test for each fact, in the form of docs/semantics.md.

use super::hold;
use super::semantics::{blocks, fault, references_of};
use super::text::sources;
use crate::edges::root;

const DOCUMENT: &str = "docs/platform-facts.md";

/// Where each function is a rule that every backend is asked, and no test by itself.
const CONTRACT: &str = "service/store/tests/it/contract/";

fn document() -> String {
    std::fs::read_to_string(root().join(DOCUMENT)).unwrap()
}

#[test]
fn every_fact_of_the_platform_names_its_test() {
    let blocks = blocks(&document());
    assert!(blocks.len() > 50, "{DOCUMENT} has {} facts", blocks.len());
    let wrong: Vec<String> = blocks.iter().filter_map(|block| fault(block)).collect();
    hold(
        "end each row of docs/platform-facts.md with `[PATH: TEST]`, or say it under `What no test shows`",
        &wrong,
    );
}

#[test]
fn every_test_that_a_fact_names_exists() {
    let sources = sources();
    let is_there = |path: &str, name: &str| {
        let mut files = sources.iter().filter(|source| source.path == path);
        files.any(|source| {
            let is_rule = path.starts_with(CONTRACT);
            is_test(&source.text, name)
                || is_rule && source.text.contains(&format!("async fn {name}("))
        })
    };
    let references = references_of(&document());
    let wrong = references
        .into_iter()
        .filter(|(path, name)| !is_there(path, name))
        .map(|(path, name)| format!("[{path}: {name}]"));
    hold(
        "docs/platform-facts.md names a test that does not exist: mend the reference, or write the test",
        &wrong.collect::<Vec<_>>(),
    );
}

/// Whether the function is one that the test runner calls, whatever runtime it asks for.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let start = format!("fn {name}(");
    let mut windows = lines.windows(2);
    windows.any(|lines| {
        let attribute = lines[0].starts_with("#[test]") || lines[0].starts_with("#[tokio::test");
        attribute && lines[1].contains(&start)
    })
}
