//! Reading the repository as text: its files, and the few things in them that the rules look for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::edges::root;

/// A text file of the repository.
pub(super) struct Source {
    /// Its path from the top, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    pub(super) fn is_test(&self) -> bool {
        ["/tests/", "/benches/"]
            .iter()
            .any(|folder| self.path.contains(folder))
            || self.path.ends_with("/tests.rs")
    }

    /// The file up to its tests.
    pub(super) fn production(&self) -> &str {
        self.text.split("\n#[cfg(test)]").next().unwrap_or_default()
    }
}

pub(super) fn rust() -> Vec<Source> {
    sources()
        .into_iter()
        .filter(|source| source.path.ends_with(".rs"))
        .collect()
}

/// All text files, but what .gitignore keeps out.
pub(super) fn sources() -> Vec<Source> {
    let ignored = ignored();
    let mut found = Vec::new();
    let mut open = vec![root()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if ignored.contains(&name) || name.ends_with(".log") {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                found.push(Source {
                    path: relative(&entry.path()),
                    text,
                });
            }
        }
    }
    assert!(
        found.len() > 50,
        "only {} files were found under {}",
        found.len(),
        root().display()
    );
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

pub(super) fn ignored() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join(".gitignore")).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix('/'))
        .map(|name| name.trim_end_matches('/').to_owned());
    names.chain([".git".to_owned()]).collect()
}

fn relative(path: &Path) -> String {
    let parts = path
        .strip_prefix(root())
        .unwrap()
        .iter()
        .map(|part| part.to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

pub(super) fn is_service(path: &str) -> bool {
    path.starts_with("service/grpc/src/") && path.ends_with("_service.rs")
}

/// The handlers of a file and the lines of their bodies: the async functions of its impls, as rustfmt lays them out.
pub(super) fn handlers(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(rest) = line.strip_prefix("    async fn ") else {
            continue;
        };
        let name = rest.split(['(', '<']).next().unwrap_or_default().to_owned();
        if !line.ends_with('{') {
            let _signature = lines.by_ref().find(|line| line.ends_with('{'));
        }
        found.push((
            name,
            lines.by_ref().take_while(|line| *line != "    }").count(),
        ));
    }
    found
}

/// The message of an error, and what follows it.
pub(super) struct Message {
    pub(super) text: String,
    follows: String,
}

pub(super) fn messages(text: &str) -> Vec<Message> {
    let parts = text.split(concat!("#[err", "or(")).skip(1);
    parts
        .filter_map(|part| part.trim_start().strip_prefix('"'))
        .map(message)
        .collect()
}

fn message(part: &str) -> Message {
    let mut escaped = false;
    let ends = |character| {
        let end = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        end
    };
    let (text, follows) = part.split_at(part.find(ends).unwrap_or(part.len()));
    Message {
        text: text.to_owned(),
        follows: follows.lines().take(3).collect::<Vec<_>>().join("\n"),
    }
}

pub(super) fn fault(message: &Message) -> Option<&'static str> {
    let text = &message.text;
    let from_source = ["(#[from]", "(#[source]"]
        .iter()
        .any(|mark| message.follows.contains(mark));
    let mut start = text.chars();
    if start.next().is_some_and(char::is_uppercase) && start.next().is_some_and(char::is_lowercase)
    {
        Some("starts with a capital letter")
    } else if text.ends_with('.') {
        Some("ends with a period")
    } else if text.contains("\\n") || text.contains('\n') {
        Some("has several lines")
    } else if text.contains("{source") || (from_source && text.contains("{0")) {
        Some("repeats its source")
    } else {
        None
    }
}

/// The codes of the model: variant and name.
pub(super) fn code_names(rust: &[Source]) -> BTreeMap<String, String> {
    let trace = rust
        .iter()
        .find(|source| source.path == "service/model/src/trace.rs")
        .expect("the codes are in service/model/src/trace.rs");
    let (_, codes) = trace
        .text
        .split_once("pub enum Code {")
        .expect("the codes are in `pub enum Code`");
    let lines = codes.lines().take_while(|line| line.trim() != "}");
    let pairs = lines.filter_map(|line| line.trim().trim_end_matches(',').split_once(" = "));
    pairs
        .map(|(variant, name)| (variant.to_owned(), name.trim_matches('"').to_owned()))
        .collect()
}

/// The values of the contract's `ExplanationCode`.
pub(super) fn contract_codes() -> BTreeSet<String> {
    let path = root().join("proto/causeway/v1/path_service.proto");
    let text = std::fs::read_to_string(path).unwrap();
    let values = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("EXPLANATION_CODE_"));
    values
        .filter_map(|value| value.split(' ').next())
        .filter(|name| *name != "UNSPECIFIED")
        .map(str::to_owned)
        .collect()
}

/// The variants in every `Code::Variant` of a text, but those that are patterns of a match.
pub(super) fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.split("Code::").skip(1).filter_map(|part| {
        let end = part.find(|character: char| !character.is_ascii_alphanumeric());
        let (name, rest) = part.split_at(end.unwrap_or(part.len()));
        let rest = rest.trim_start();
        let is_pattern = rest.starts_with("=>") || rest.starts_with('|');
        (!is_pattern && name.starts_with(char::is_uppercase)).then_some(name)
    })
}

pub(super) fn has_word(text: &str, word: &str) -> bool {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .any(|part| part == word)
}
