//! What the repository looks like: rules that no compiler holds, each with a message that says what to do.
//!
//! The rules are read from the text of the files. They know nothing of what the code does.
#![cfg(test)]

mod explanations;
mod facts;
mod semantics;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use self::text::{
    Source, code_names, codes, contract_codes, fault, handlers, has_word, ignored, is_service,
    messages, rust, sources,
};
use crate::edges::{ROOMS, dependencies, root, table};

/// What each member may be built from, beside other members (those are in edges.rs). Think twice before a name is added.
const DEPENDENCIES: [(&str, &str); 12] = [
    (
        "causeway-proto",
        "prost prost-types protox tonic tonic-prost tonic-prost-build tonic-types",
    ),
    (
        "causeway-model",
        "compact_str imbl ipnet serde_json thiserror",
    ),
    (
        "causeway-access",
        "cedar-policy quick_cache serde_json sha2 subtle thiserror tracing",
    ),
    (
        "causeway-resolver",
        "imbl ipnet rustc-hash smallvec thiserror",
    ),
    (
        "causeway-store",
        "async-trait crc32fast sha2 sled thiserror tokio tracing",
    ),
    (
        "causeway-engine",
        "futures quick_cache smallvec thiserror tokio tracing",
    ),
    (
        "causeway-grpc",
        "base64 futures http http-body ipnet opentelemetry prost prost-reflect prost-types rustls rustls-webpki serde_json sha2 smallvec thiserror tokio \
         tokio-rustls tokio-stream tonic tonic-health tonic-prost tonic-reflection tonic-types tower tower-layer tower-service tracing",
    ),
    (
        "causeway-cli",
        "base64 clap comfy-table futures prost prost-reflect prost-types serde serde_json strsim thiserror tokio",
    ),
    (
        "causeway-client",
        "fastrand futures http http-body opentelemetry prost prost-types thiserror tokio tonic tonic-types tower-service uuid",
    ),
    ("causeway-aws-import", "ipnet serde serde_json thiserror"),
    (
        "causeway-loadtest",
        "base64 clap fastrand futures hdrhistogram http-body-util hyper hyper-util indicatif prost serde serde_json thiserror tokio toml tonic",
    ),
    (
        "causeway",
        "clap getrandom http-body-util hyper hyper-util opentelemetry opentelemetry-otlp opentelemetry-prometheus opentelemetry_sdk prometheus serde serde_json \
         tempfile thiserror tokio toml tonic tonic-health tracing tracing-subscriber",
    ),
];

/// Crates that are no rooms, and why not is said in their manifests.
const OUTSIDE: [&str; 2] = [
    "service/grpc/fuzz/Cargo.toml",
    "service/resolver/fuzz/Cargo.toml",
];

const FOLDERS: [&str; 7] = [
    ".ci",
    "client-sdk",
    "deploy",
    "docs",
    "loadtest",
    "proto",
    "service",
];

/// What the service is compared with serves too (decision 0022).
const ECHO: &str = "loadtest/src/echo";

/// What users test their programs with serves too (decision 0038).
const FAKE: &str = "client-sdk/rust/src/fake";

/// Folders at the root of a machine under which somebody's own files lie.
const MACHINE_ROOTS: [&str; 4] = ["work", "tmp", "root", "home"];

/// The command that README.md gives people to run all tests, and that `.ci/run` runs.
const TEST_COMMAND: &str = "cargo test --workspace --locked";

// === what comes in ===

#[test]
fn members_are_built_from_what_the_list_allows() {
    let allowed: BTreeMap<&str, &str> = DEPENDENCIES.into_iter().collect();
    let mut wrong = Vec::new();
    for room in &ROOMS {
        for used in dependencies(room.folder, &["dependencies", "build-dependencies"]) {
            if !used.starts_with("causeway") && !has_name(allowed[room.package], &used) {
                wrong.push(format!("{} uses {used}", room.package));
            }
        }
    }
    hold(
        "do without, or add it to DEPENDENCIES in service/tests/it/tidy.rs and say in docs/decisions why",
        &wrong,
    );
}

#[test]
fn dependencies_have_their_versions_from_the_workspace() {
    let mut wrong = Vec::new();
    for room in &ROOMS {
        let manifest = table(&format!("{}/Cargo.toml", room.folder));
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in manifest
                .get(section)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                    wrong.push(format!("{}: {name}", room.package));
                }
            }
        }
    }
    hold(
        "write `name.workspace = true`, and the version once, in the workspace's Cargo.toml",
        &wrong,
    );
}

/// With two of them, what one half of the process begins the other half does not see, and nothing says so.
#[test]
fn there_is_one_version_of_opentelemetry() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    let versions: Vec<&str> = packages
        .filter(|package| package["name"].as_str() == Some("opentelemetry"))
        .filter_map(|package| package["version"].as_str())
        .collect();
    assert_eq!(
        versions.len(),
        1,
        "let all that uses it use one: {versions:?}"
    );
}

#[test]
fn only_the_server_rooms_serve() {
    let mut wrong = Vec::new();
    for source in rust().iter().filter(|source| !source.is_test()) {
        let serves = [
            "transport::Server",
            "_service_server::",
            "tonic_health::",
            "tonic_reflection::",
        ];
        let may = ["service/grpc/", "service/src/", "proto/", ECHO, FAKE]
            .iter()
            .any(|room| source.path.starts_with(room));
        if !may && serves.iter().any(|mark| source.production().contains(mark)) {
            wrong.push(source.path.clone());
        }
    }
    hold(
        "tonic's server side belongs to service/grpc and service/src, to the echo that they are compared with, and to the client's fake",
        &wrong,
    );
}

/// What both would share could be wrong in both, and no comparison would show it.
#[test]
fn the_reference_walk_shares_nothing_that_decides() {
    let shared = [
        "crate::walk::",
        "crate::decide::",
        "crate::prefix_index::",
        "packet.matches",
        ".by_address",
    ];
    let mut wrong = Vec::new();
    let naive = "service/resolver/src/naive";
    let rust = rust();
    let own = rust.iter().filter(|source| source.path.starts_with(naive));
    for source in own {
        let marks = shared.iter().filter(|mark| source.text.contains(**mark));
        wrong.extend(marks.map(|mark| format!("{}: {mark}", source.path)));
    }
    hold(
        "write it apart in service/resolver/src/naive, from the rule and not from the walk (decision 0013)",
        &wrong,
    );
}

#[test]
fn no_crate_is_called_common_or_utils() {
    let vague = ["common", "util", "utils", "shared", "misc"];
    let wrong: Vec<&str> = ROOMS
        .iter()
        .map(|room| room.package)
        .filter(|name| vague.iter().any(|word| name.ends_with(word)))
        .collect();
    hold("name a crate after what it knows", &wrong);
}

// === the shape of the tree ===

#[test]
fn the_top_level_has_no_other_folders() {
    let ignored = ignored();
    let found = std::fs::read_dir(root())
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_dir());
    let names = found.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let wrong: Vec<String> = names
        .filter(|name| !ignored.contains(name.as_str()) && !FOLDERS.contains(&name.as_str()))
        .collect();
    hold(
        "put it into one of the folders that docs/architecture.md names",
        &wrong,
    );
}

#[test]
fn every_manifest_is_a_member() {
    let rooms = ROOMS.iter();
    let rooms = rooms.map(|room| format!("{}/Cargo.toml", room.folder));
    let outside = OUTSIDE.iter().map(|path| (*path).to_owned());
    let known: BTreeSet<String> = rooms.chain(outside).collect();
    let manifests = sources()
        .into_iter()
        .map(|source| source.path)
        .filter(|path| path.ends_with("/Cargo.toml"));
    let wrong: Vec<String> = manifests.filter(|path| !known.contains(path)).collect();
    hold(
        "list it in the members of Cargo.toml and in ROOMS of service/tests/it/edges.rs",
        &wrong,
    );
}

#[test]
fn there_is_no_mod_rs() {
    let wrong: Vec<String> = rust()
        .into_iter()
        .map(|source| source.path)
        .filter(|path| path.ends_with("/mod.rs"))
        .collect();
    hold("move `foo/mod.rs` to `foo.rs`", &wrong);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = rust()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "));
    let wrong: Vec<String> = silent.map(|source| source.path).collect();
    hold(
        "open the file with a `//!` comment: what it knows, and what it must not know",
        &wrong,
    );
}

#[test]
fn files_keep_to_their_budget() {
    let mut wrong = Vec::new();
    for source in rust().iter().filter(|source| !source.is_test()) {
        let lines = source.production().lines().count();
        if lines > 500 {
            wrong.push(format!("{}: {lines} lines", source.path));
        }
    }
    hold(
        "split the file by what it knows: 300 lines are aimed at, 500 are the end (before its tests)",
        &wrong,
    );
}

#[test]
fn main_only_starts_things() {
    let mut wrong = Vec::new();
    for source in rust()
        .iter()
        .filter(|source| source.path.ends_with("/main.rs") && !source.is_test())
    {
        let lines = source.text.lines().count();
        if lines >= 30 {
            wrong.push(format!("{}: {lines} lines", source.path));
        }
    }
    hold(
        "move it into the library: main.rs has fewer than 30 lines",
        &wrong,
    );
}

#[test]
fn handlers_parse_call_and_render() {
    let mut lengths = Vec::new();
    let mut wrong = Vec::new();
    for source in rust().iter().filter(|source| is_service(&source.path)) {
        for (name, length) in handlers(source.production()) {
            lengths.push(length);
            if length > 25 {
                wrong.push(format!("{}: {name} has {length} lines", source.path));
            }
        }
    }
    hold(
        "a handler parses, makes one call of the engine and renders, in 25 lines at most",
        &wrong,
    );
    lengths.sort_unstable();
    let median = lengths
        .get(lengths.len() / 2)
        .expect("handlers are looked for in service/grpc/src/*_service.rs, and there are none");
    assert!(
        *median <= 12,
        "half of the handlers have more than {median} lines; move what is common to them out: 12 are the median's end"
    );
}

#[test]
fn no_path_of_somebodys_machine_is_in_the_repository() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if MACHINE_ROOTS.iter().any(|root| is_under(line, root)) {
                wrong.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    hold(
        "name files by their path in the repository, and let tests make folders of their own with tempfile",
        &wrong,
    );
}

#[test]
fn paths_of_machines_are_told_from_others() {
    for root in MACHINE_ROOTS {
        for line in [
            format!("/{root}/a"),
            format!("see `/{root}/a`"),
            format!("dir=/{root}/.b"),
            format!("file:///{root}/a"),
        ] {
            assert!(is_under(&line, root), "{line}");
        }
        for line in [
            format!("/{root}"),
            format!("/{root}er/a"),
            format!("service/{root}/a"),
            format!("https://example.com/{root}/a"),
        ] {
            assert!(!is_under(&line, root), "{line}");
        }
    }
}

// === errors ===

#[test]
fn messages_of_errors_are_of_one_form() {
    let mut wrong = Vec::new();
    for source in rust().iter().filter(|source| !source.is_test()) {
        for message in messages(source.production()) {
            wrong.extend(
                fault(&message).map(|fault| format!("{}: `{}` {fault}", source.path, message.text)),
            );
        }
    }
    hold(
        "messages are one line in lowercase, without a final period, and leave the source to the chain",
        &wrong,
    );
}

#[test]
fn faults_of_messages_are_found() {
    let check = |code: &str| messages(code).iter().map(fault).collect::<Vec<_>>();
    assert_eq!(
        check(concat!(
            "#[err",
            "or(\"`{id}` is gone\")]\nGone { id: Id },"
        )),
        [None]
    );
    assert_eq!(
        check(concat!(
            "#[err",
            "or(\"VPC `{id}` is gone\")]\nGone { id: Id },"
        )),
        [None]
    );
    assert_eq!(
        check(concat!("#[err", "or(transparent)]\nGone(#[from] Other),")),
        []
    );
    assert_eq!(
        check(concat!("#[err", "or(\"Gone\")]\nGone,")),
        [Some("starts with a capital letter")]
    );
    assert_eq!(
        check(concat!("#[err", "or(\"gone.\")]\nGone,")),
        [Some("ends with a period")]
    );
    assert_eq!(
        check(concat!("#[err", "or(\n\"gone: {source}\"\n)]\nGone {")),
        [Some("repeats its source")]
    );
    assert_eq!(
        check(concat!("#[err", "or(\"gone: {0}\")]\nGone(#[from] Other),")),
        [Some("repeats its source")]
    );
}

// === tests ===

#[test]
fn no_test_is_switched_off_or_waits_by_the_clock() {
    let everywhere = [concat!("#[ign", "ore"), concat!("#[should_", "panic")];
    let in_tests = [concat!("thread::sl", "eep"), concat!("time::sl", "eep")];
    let mut wrong = Vec::new();
    for source in rust() {
        let tests = if source.is_test() {
            source.text.as_str()
        } else {
            source
                .text
                .strip_prefix(source.production())
                .unwrap_or_default()
        };
        let marks = everywhere
            .iter()
            .filter(|mark| source.text.contains(**mark));
        let marks = marks.chain(in_tests.iter().filter(|mark| tests.contains(**mark)));
        wrong.extend(marks.map(|mark| format!("{}: {mark}", source.path)));
    }
    hold(
        "assert on the error instead of a panic, wait for the event instead of a time, and mend or delete what is switched off",
        &wrong,
    );
}

/// What fails must fail again, for everybody.
#[test]
fn properties_are_asked_of_the_same_cases_each_time() {
    let runs = [concat!("proptest", "! {"), concat!("TestRunner::", "new(")];
    let sources = rust().into_iter();
    let random = sources.filter(|source| {
        let asks = runs.iter().any(|run| source.text.contains(run));
        asks && !source.text.contains(concat!("RngSeed::", "Fixed"))
    });
    let wrong: Vec<String> = random.map(|source| source.path).collect();
    hold(
        "give the configuration of proptest a seed, `RngSeed::Fixed(1)`",
        &wrong,
    );
}

#[test]
fn people_and_machines_run_the_same_test_command() {
    for path in ["README.md", ".ci/run"] {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        assert!(
            text.lines().any(|line| line.ends_with(TEST_COMMAND)),
            "{path} does not have a line that ends with the command `{TEST_COMMAND}`"
        );
    }
}

#[test]
fn every_code_that_the_resolver_emits_has_a_test_that_expects_it() {
    let rust = rust();
    let names = code_names(&rust);
    let in_room = |source: &&Source| source.path.starts_with("service/resolver/");
    let emitted: BTreeSet<&str> = rust
        .iter()
        .filter(in_room)
        .filter(|source| !source.is_test())
        .flat_map(|source| codes(source.production()))
        .collect();
    let mut expectations: Vec<String> = rust
        .iter()
        .filter(in_room)
        .filter(|source| source.is_test())
        .map(|source| source.text.clone())
        .collect();
    let corpus = sources()
        .into_iter()
        .filter(|source| source.path.starts_with("service/tests/"));
    expectations.extend(
        corpus
            .filter(|source| {
                source.path.ends_with(".net") || source.path.ends_with("expected.jsonl")
            })
            .map(|source| source.text),
    );
    let expected = |code: &str| {
        let name = names
            .get(code)
            .unwrap_or_else(|| panic!("`Code::{code}` is not in service/model/src/trace.rs"));
        expectations
            .iter()
            .any(|text| has_word(text, name) || codes(text).any(|other| other == code))
    };
    let wrong: Vec<&str> = emitted.into_iter().filter(|code| !expected(code)).collect();
    hold(
        "add a scenario to service/tests/scenarios whose expected trace shows the code",
        &wrong,
    );
}

#[test]
fn the_model_has_the_codes_of_the_contract() {
    let names = code_names(&rust());
    let model: BTreeSet<String> = names.values().cloned().collect();
    assert_eq!(
        model,
        contract_codes(),
        "`Code` of the model (left) and `ExplanationCode` of the contract (right) must have the same codes"
    );
}

// === helpers ===

#[track_caller]
fn hold(rule: &str, wrong: &[impl AsRef<str>]) {
    let lines: Vec<&str> = wrong.iter().map(AsRef::as_ref).collect();
    assert!(wrong.is_empty(), "{rule}:\n  {}", lines.join("\n  "));
}

/// Whether a line names a file under this folder of the machine's root.
fn is_under(line: &str, root: &str) -> bool {
    let folder = format!("/{root}/");
    line.match_indices(&folder).any(|(at, _)| {
        let (before, path) = line.split_at(at);
        let rest = path.strip_prefix(&folder).unwrap_or_default();
        // In the middle of a path it is another folder of the same name.
        let starts = before.ends_with("//")
            || !before.ends_with(|character: char| {
                character.is_alphanumeric() || "/._-}".contains(character)
            });
        starts
            && rest.starts_with(|character: char| character.is_alphanumeric() || character == '.')
    })
}

fn has_name(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|other| other == name)
}
